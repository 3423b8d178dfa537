"""Which file a path leads to: one file by two names, descriptors, devices, nntrain's own names."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from nntrain.errors import OutputError, UsageError
from nntrain.files import is_regular, replacing, same_file, try_output
from nntrain.files.paths import companion, descriptor_of, is_companion, same_stream


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file that stands there already."""
    path = tmp_path / "model.npz"
    path.write_bytes(b"old")
    return path


def test_two_paths_to_one_file_are_known(old: Path) -> None:
    link, hard = old.with_name("link"), old.with_name("hard")
    link.symlink_to(old)
    hard.hardlink_to(old)
    with old.open("rb") as file:
        number = file.fileno()
        for other in (link, hard, f"/dev/fd/{number}", f"/proc/self/fd/{number}", number):
            assert same_file(old, other)
            assert same_file(other, old)
    assert not same_file(old, old.with_name("new"))
    assert not same_file(old, number)


def test_two_paths_to_one_new_file_are_known(old: Path) -> None:
    folder, new = old.parent, old.parent / "new"
    folder.with_name("other").symlink_to(folder)
    assert same_file(new, folder.with_name("other") / "new")
    assert same_file(new, folder / "." / "new")
    (folder / "link").symlink_to("new")
    assert same_file(new, folder / "link")
    assert not same_file(new, folder / "newer")
    assert not same_file(folder / "none" / "a", folder / "none" / "a")


def test_devices_and_folders_are_no_same_file(tmp_path: Path) -> None:
    assert not same_file("/dev/null", "/dev/null")
    assert not same_file(tmp_path, tmp_path)


def test_outputs_that_would_be_mixed_are_known(old: Path) -> None:
    reader, writer = os.pipe()
    assert same_stream(f"/dev/fd/{writer}", writer)
    assert same_stream(old, old)
    assert not same_stream(writer, old)
    assert not same_stream("/dev/null", "/dev/null")
    os.close(reader)
    os.close(writer)
    assert not same_stream(writer, writer)


def test_a_descriptor_is_found_behind_links(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/dev/stdout")
    for path in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", f"/proc/{os.getpid()}/fd/1", link):
        assert descriptor_of(path) == 1
        assert not is_regular(path)
    for path in ("1", "/dev/null", tmp_path, "", "/dev/fd/x"):
        assert descriptor_of(path) is None
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert descriptor_of(loop) is None


def test_an_open_descriptor_is_written_from_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb", buffering=0) as file:
        file.write(b"before, ")
        name = f"/dev/fd/{file.fileno()}"
        try_output(name)
        with replacing(name) as output:
            output.write(b"new, ")
        file.write(b"after")
    assert path.read_bytes() == b"before, new, after"
    assert list(tmp_path.iterdir()) == [path]


def test_a_descriptor_that_cannot_be_written_is_an_error(old: Path) -> None:
    with old.open("rb") as file:
        name = f"/dev/fd/{file.fileno()}"
        with pytest.raises(OutputError) as caught:
            try_output(name)
    assert str(caught.value) == f"{name}: cannot be written: it is open for reading only"
    with pytest.raises(OutputError) as caught:
        try_output(name)
    assert str(caught.value) == f"{name}: cannot be written: Bad file descriptor"


def test_a_socket_is_no_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        with pytest.raises(OutputError) as caught:
            try_output("s")
    assert str(caught.value) == "s: cannot be written: it is a socket; name a file"


def test_a_pipe_without_a_reader_is_checked_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    try_output(tmp_path / "pipe")


@pytest.mark.parametrize(
    "purpose", ["part-0a1b2c3d", "part", "lock", "older", "resumable", "whole"]
)
@pytest.mark.parametrize("name", ["m.npz", "x" * 255, "ä" * 127, "\udcff"])
def test_the_names_of_nntrains_own_files_are_refused(
    tmp_path: Path, name: str, purpose: str
) -> None:
    path = companion(tmp_path / name, purpose)
    assert len(os.fsencode(path.name)) <= 255
    assert is_companion(path)
    path.write_bytes(b"")
    with pytest.raises(UsageError) as caught:
        try_output(path)
    assert str(caught.value).endswith(": is a name of nntrain's own files; choose another name")


def test_long_names_have_companions_of_their_own(tmp_path: Path) -> None:
    names = {companion(tmp_path / ("x" * 250 + end), "older").name for end in "ab"}
    assert len(names) == 2
    with replacing(tmp_path / ("x" * 255)) as file:
        file.write(b"new")
    assert (tmp_path / ("x" * 255)).read_bytes() == b"new"


def test_a_path_that_ends_as_a_folder_is_no_output(old: Path) -> None:
    for path in (f"{old}/", f"{old.parent}/new/"):
        with pytest.raises(
            OutputError, match=r"cannot be written: (it is a folder|Not a directory)"
        ):
            try_output(path)


def test_a_working_folder_that_was_removed_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(OutputError) as caught:
        try_output("model.npz")
    assert str(caught.value) == (
        "model.npz: cannot be written: the working folder has been removed; change to another"
    )
    assert not same_file("model.npz", "model.npz")
