"""Temporary files: exclusive, one for each writer, gone when their process is; attributes are kept."""

from __future__ import annotations

import errno
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nntrain.errors import OutputError
from nntrain.files import disk, replacing, try_output


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file that stands there already."""
    path = tmp_path / "out.csv"
    path.write_bytes(b"old")
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(path: Path, content: bytes = b"new") -> None:
    with replacing(path) as file:
        file.write(content)


@pytest.mark.parametrize("ending", ["part", "part-0a1b2c3d"])
def test_a_link_with_the_name_of_a_temporary_file_is_not_followed(old: Path, ending: str) -> None:
    precious = old.with_name("precious")
    precious.write_bytes(b"precious")
    old.with_name(f".out.csv.nntrain-{ending}").symlink_to(precious)
    write(old)
    assert precious.read_bytes() == b"precious"
    assert old.read_bytes() == b"new"


def test_two_writers_of_one_path_each_end_with_a_whole_file(old: Path) -> None:
    with replacing(old) as first:
        first.write(b"first, ")
        with replacing(old) as second:
            second.write(b"second, whole")
        assert old.read_bytes() == b"second, whole"
        first.write(b"whole")
    assert old.read_bytes() == b"first, whole"
    assert names(old.parent) == ["out.csv"]


WRITE = """
import sys, time
from nntrain.files import replacing
with replacing(sys.argv[1]) as file:
    file.write(b"half")
    file.flush()
    print("written", flush=True)
    sys.stdin.readline()
"""


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_writes_is_not(
    old: Path,
) -> None:
    start = [sys.executable, "-c", WRITE, str(old)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(start, **pipes) as killed, subprocess.Popen(start, **pipes) as living:
        for process in (killed, living):
            assert process.stdout is not None
            assert process.stdout.readline() == b"written\n"
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert len(names(old.parent)) == 3
        try_output(old)
        assert len(names(old.parent)) == 2
        write(old)
        living.communicate(b"\n")
        assert living.returncode == 0
    assert old.read_bytes() == b"half"
    assert names(old.parent) == ["out.csv"]


def test_a_name_that_is_no_file_stays(old: Path) -> None:
    os.mkfifo(old.with_name(".out.csv.nntrain-part-0a1b2c3d"))
    old.with_name(".out.csv.nntrain-part-4e5f6a7b").mkdir()
    write(old)
    assert len(names(old.parent)) == 3


# Mode, owner and attributes


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444])
def test_the_mode_of_a_file_that_is_replaced_is_kept(old: Path, mode: int) -> None:
    old.chmod(mode)
    write(old)
    assert old.read_bytes() == b"new"
    assert old.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_a_new_file_follows_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write(tmp_path / "new")
    finally:
        os.umask(before)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o666 & ~umask


def test_what_replaces_a_private_file_is_private_while_it_is_written(old: Path) -> None:
    old.chmod(0o600)
    with replacing(old) as file:
        assert os.fstat(file.fileno()).st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_the_owner_and_the_group_of_a_file_that_is_replaced_are_kept(old: Path) -> None:
    os.chown(old, 1234, 2345)
    write(old)
    assert (old.stat().st_uid, old.stat().st_gid) == (1234, 2345)


def test_a_group_that_cannot_be_kept_gives_no_other_group_more_than_everybody(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    old.chmod(0o664)
    status = old.stat()
    monkeypatch.setattr(os, "fchown", refuse)
    if os.geteuid() == 0:
        os.chown(old, status.st_uid, status.st_gid + 1)
        write(old)
        assert old.stat().st_mode & 0o777 == 0o644
    else:
        write(old)
        assert old.stat().st_mode & 0o777 == 0o664


def test_extended_attributes_are_kept(old: Path) -> None:
    try:
        os.setxattr(old, "user.note", b"mine")
    except OSError:
        pytest.skip("a file system without extended attributes")
    write(old)
    assert os.getxattr(old, "user.note") == b"mine"


# Files that are mounted by themselves, and disks that cannot all


def refusing(refused: Path, number: int) -> Callable[[str | Path, str | Path], None]:
    """`os.replace`, which refuses one target, as where it is mounted by itself."""
    replace = os.replace

    def replace_unless(source: str | Path, target: str | Path) -> None:
        if Path(target) == refused:
            raise OSError(number, os.strerror(number))
        replace(source, target)

    return replace_unless


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EXDEV])
@pytest.mark.parametrize("content", [b"n", b"new and longer"])
def test_a_file_that_is_mounted_by_itself_is_written_in_place(
    old: Path, monkeypatch: pytest.MonkeyPatch, number: int, content: bytes
) -> None:
    inode = old.stat().st_ino
    monkeypatch.setattr(os, "replace", refusing(old, number))
    write(old, content)
    assert (old.read_bytes(), old.stat().st_ino) == (content, inode)
    assert names(old.parent) == ["out.csv"]


def test_what_cannot_be_written_in_place_is_kept_whole_beside_it(
    old: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(os, "replace", refusing(old, errno.EBUSY))
    syncs = iter(range(10))

    def sync(_descriptor: int) -> None:
        if next(syncs):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", sync)
    whole = old.with_name(".out.csv.nntrain-whole")
    with pytest.raises(OutputError) as caught:
        write(old)
    assert str(caught.value) == (
        f"{old}: cannot be written: Input/output error; the whole new file is {whole}"
    )
    assert whole.read_bytes() == b"new"
    caplog.set_level(logging.WARNING, "nntrain")
    try_output(old)
    assert caplog.messages == [
        f"{whole}: is the whole file of a run that was killed while it wrote {old}"
    ]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EOPNOTSUPP])
def test_a_disk_that_cannot_flush_is_written_with_a_note(
    old: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, number: int
) -> None:
    def refuse(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    disk._note.cache_clear()
    caplog.set_level(logging.WARNING, "nntrain")
    write(old)
    write(old)
    assert old.read_bytes() == b"new"
    assert caplog.messages == [
        f"{old.parent}: its disk does not say when files are on it; a power cut may lose them"
    ]


@pytest.mark.parametrize("number", [errno.EPERM, errno.EROFS, errno.ETXTBSY])
def test_a_file_that_nobody_may_replace_is_found_before_any_work(
    old: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    opened = os.open

    def open_unless(path: Any, flags: int, *mode: int) -> int:
        if path == old:
            raise OSError(number, os.strerror(number))
        return opened(path, flags, *mode)

    monkeypatch.setattr(os, "open", open_unless)
    with pytest.raises(OutputError) as caught:
        try_output(old)
    assert str(caught.value) == f"{old}: cannot be written: {os.strerror(number)}"


def test_the_file_of_another_user_in_a_sticky_folder_is_found_before_any_work(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old.parent.chmod(0o1777)
    monkeypatch.setattr(os, "geteuid", lambda: old.stat().st_uid + 1)
    with pytest.raises(OutputError) as caught:
        try_output(old)
    assert str(caught.value) == (
        f"{old}: cannot be written: it is another user's; name another file"
    )
