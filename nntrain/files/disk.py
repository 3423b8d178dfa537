"""Flush files to the disk and hold locks on them, also where a file system can do neither."""

from __future__ import annotations

import errno
import fcntl
import functools
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)

NOT_SUPPORTED = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
"""The errors by which a file system says that it does not know an operation."""
NO_LOCKS = NOT_SUPPORTED | {errno.ENOLCK}


def sync_file(descriptor: int, folder: Path) -> None:
    """Flush an open file in a folder to the disk; a note says so where the file system cannot.

    Raises `OSError` for a disk that fails.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NOT_SUPPORTED:
            raise
        _note(f"{folder}: its disk does not say when files are on it; a power cut may lose them")


def sync_folder(folder: Path) -> None:
    """Flush the names of a folder's files to the disk, so that a renaming survives a power cut."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError:
        # A folder that may be written to but not listed cannot be opened.
        return
    try:
        sync_file(descriptor, folder)
    finally:
        os.close(descriptor)


def hold(descriptor: int, path: Path) -> bool | None:
    """Lock an open file until it is closed; False where another process holds the lock.

    None, and a note, where the file system has no locks.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        _note(
            f"{path.parent}: this file system has no locks: nothing keeps two runs from writing "
            f"the same files"
        )
        return None
    return True


def is_open_at(descriptor: int, path: Path) -> bool:
    """Whether an open file still has this name."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


@functools.cache
def _note(text: str) -> None:
    """Log a note once in a process."""
    log.warning("%s", text)
