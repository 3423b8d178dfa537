"""Output files: written whole or not at all, and checked before any work is done."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nntrain.errors import DataError, OutputError
from nntrain.files import explained, is_regular, replacing, try_output


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file that stands there already."""
    path = tmp_path / "model.npz"
    path.write_bytes(b"old")
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(path: Path, content: bytes = b"new") -> None:
    with replacing(path) as file:
        file.write(content)


def test_a_file_is_replaced_whole(old: Path) -> None:
    with replacing(old) as file:
        file.write(b"new, ")
        file.flush()
        assert old.read_bytes() == b"old"
        file.write(b"whole")
    assert old.read_bytes() == b"new, whole"
    assert names(old.parent) == ["model.npz"]


def test_a_new_file_is_made(tmp_path: Path) -> None:
    write(tmp_path / "new")
    assert (tmp_path / "new").read_bytes() == b"new"
    assert names(tmp_path) == ["new"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, DataError])
def test_an_error_on_the_way_leaves_the_old_file_as_it_was(
    old: Path, error: type[BaseException]
) -> None:
    def write_half() -> None:
        with replacing(old) as file:
            file.write(b"half")
            raise error("on the way")

    with pytest.raises(error):
        write_half()
    assert old.read_bytes() == b"old"
    assert names(old.parent) == ["model.npz"]


def test_a_link_stays_a_link_and_the_file_behind_it_is_replaced(old: Path) -> None:
    link = old.with_name("link")
    link.symlink_to(old)
    write(link)
    assert link.is_symlink()
    assert old.read_bytes() == b"new"
    assert names(old.parent) == ["link", "model.npz"]


@pytest.mark.parametrize("use", [write, try_output])
def test_a_file_of_a_similar_name_stays_as_it_was(old: Path, use: Callable[[Path], None]) -> None:
    neighbour = old.with_name("model.npz.tmp")
    neighbour.write_bytes(b"precious")
    use(old)
    assert neighbour.read_bytes() == b"precious"


def impossible_outputs(folder: Path) -> Iterator[tuple[Path, str]]:
    yield folder / "no" / "model.npz", "No such file or directory"
    yield folder / "file" / "model.npz", "Not a directory"
    yield folder / ("x" * 256), "File name too long"


@pytest.mark.parametrize("case", range(3), ids=["no folder", "file as folder", "long name"])
@pytest.mark.parametrize("use", [write, try_output])
def test_a_path_that_cannot_be_written_is_an_error(
    tmp_path: Path, case: int, use: Callable[[Path], None]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    path, reason = list(impossible_outputs(tmp_path))[case]
    with pytest.raises(OutputError) as caught:
        use(path)
    assert str(caught.value) == f"{path}: cannot be written: {reason}"
    assert names(tmp_path) == ["file"]


def test_a_folder_is_no_output_file(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(OutputError) as tried:
        try_output(folder)
    assert str(tried.value) == f"{folder}: cannot be written: it is a folder"
    with pytest.raises(OutputError) as written:
        write(folder)
    assert str(written.value) == f"{folder}: cannot be written: Is a directory"
    assert names(tmp_path) == ["folder"]


def test_trying_an_output_changes_nothing(old: Path) -> None:
    before = old.stat()
    try_output(old)
    try_output(old.with_name("new"))
    assert old.stat().st_mtime_ns == before.st_mtime_ns
    assert old.read_bytes() == b"old"
    assert names(old.parent) == ["model.npz"]


def test_a_device_is_written_to_and_not_replaced() -> None:
    try_output("/dev/null")
    write(Path("/dev/null"))
    assert Path("/dev/null").is_char_device()


# Replacing, step by step


def test_the_new_file_is_on_the_disk_before_it_has_its_name(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def recorded_fsync(descriptor: int) -> None:
        steps.append("folder" if Path(f"/proc/self/fd/{descriptor}").is_dir() else "file")
        fsync(descriptor)

    def recorded_replace(path: Path, target: Path) -> None:
        steps.append(f"{path.name[:-8]} to {target.name}")
        replace(path, target)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(os, "replace", recorded_replace)
    write(old)
    assert steps == ["file", ".model.npz.nntrain-part- to model.npz", "folder"]


def test_a_named_pipe_is_written_to_directly(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write(pipe, b"through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert names(tmp_path) == ["pipe"]


def test_a_closed_pipe_is_no_output_error() -> None:
    with pytest.raises(BrokenPipeError), explained("out"):
        raise BrokenPipeError
    with pytest.raises(OutputError) as caught, explained("out"):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    assert str(caught.value) == "out: cannot be written: Permission denied"


@pytest.mark.parametrize(
    ("path", "expected"), [("/dev/null", False), ("file", True), ("new", True), (".", True)]
)
def test_devices_are_not_regular(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, expected: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    assert is_regular(path) == expected
