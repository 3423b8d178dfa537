"""Locks on output files: one run at a time, also after a process was killed."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nntrain.errors import OutputError
from nntrain.files import disk, locked


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file that stands there already."""
    path = tmp_path / "model.npz"
    path.write_bytes(b"old")
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


HOLD = """
import sys, time
from nntrain.files import locked
with locked(sys.argv[1]):
    print("locked", flush=True)
    time.sleep(60)
"""


def hold_lock(path: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock on a path."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "locked\n"
    return process


def test_a_lock_of_another_process_is_an_error_until_it_ends(old: Path) -> None:
    link = old.with_name("link")
    link.symlink_to(old)
    process = hold_lock(link)
    try:
        with pytest.raises(OutputError) as caught, locked(old):
            pass
        with locked(old.with_name("other.npz")):
            pass
    finally:
        process.kill()
        process.communicate()
    assert str(caught.value) == (
        f"{old}: another run of nntrain is about to write it; wait until it ends, or name another "
        f"file with --model"
    )
    with locked(old):
        assert old.read_bytes() == b"old"
    assert names(old.parent) == ["link", "model.npz"]


def test_a_lock_is_free_again_after_an_error(old: Path) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="within"), locked(old):
            raise ValueError("within")
    assert names(old.parent) == ["model.npz"]


def test_taking_a_lock_removes_the_leftover_of_a_killed_process(old: Path) -> None:
    old.with_name(".model.npz.nntrain-part-0a1b2c3d").write_bytes(b"half")
    with locked(old):
        assert names(old.parent) == [".model.npz.nntrain-lock", "model.npz"]


def test_a_lock_file_removed_meanwhile_is_made_anew(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The holder removes it between the opening and the locking by the next one."""
    lock = old.with_name(".model.npz.nntrain-lock")
    flock = fcntl.flock
    calls: list[int] = []

    def flock_after_removal(descriptor: int, operation: int) -> None:
        if not calls:
            lock.unlink()
        calls.append(operation)
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock_after_removal)
    with locked(old):
        assert lock.exists()
    assert len(calls) == 2


def test_a_device_needs_no_lock() -> None:
    with locked("/dev/null"), locked("/dev/null"):
        pass


def test_a_lock_in_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught, locked(tmp_path / "none" / "model.npz"):
        pass
    assert str(caught.value) == (
        f"{tmp_path / 'none' / 'model.npz'}: cannot be written: No such file or directory"
    )


def test_a_lock_file_that_is_a_link_is_refused_and_not_followed(old: Path) -> None:
    precious = old.with_name("precious")
    precious.write_bytes(b"precious")
    lock = old.with_name(".model.npz.nntrain-lock")
    lock.symlink_to(precious)
    with pytest.raises(OutputError) as caught, locked(old):
        pass
    assert str(caught.value) == f"{old}: cannot be written: {lock} is a link; remove it"
    assert precious.read_bytes() == b"precious"


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_without_locks_on_a_file_system_a_run_goes_on_with_a_note(
    old: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, number: int
) -> None:
    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    disk._note.cache_clear()
    caplog.set_level(logging.WARNING, "nntrain")
    with locked(old), locked(old):
        pass
    assert caplog.messages == [
        f"{old.parent}: this file system has no locks: nothing keeps two runs from writing the "
        f"same files"
    ]
    assert names(old.parent) == ["model.npz"]
