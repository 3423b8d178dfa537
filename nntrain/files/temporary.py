"""Temporary files beside an output: made exclusively, one for each process, removed when left over.

A process holds a lock on its temporary file until it closes the file, and the lock ends with the
process, however that ends. A temporary file that can be locked by another process is a left-over.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from nntrain.files.disk import hold, is_open_at
from nntrain.files.paths import companion

_OURS: set[Path] = set()
"""The temporary files of this process. Over NFS a process is never kept out by its own locks."""


@contextlib.contextmanager
def temporary_file(target: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """A new file beside `target`, open to write; it is removed at the end unless it was renamed.

    Where `target` exists, only its owner can read the temporary file.
    """
    path, descriptor = _make(target, 0o600 if target.exists() else 0o666)
    try:
        with _open_new(descriptor) as file:
            yield path, file
    finally:
        _OURS.discard(path)
        with contextlib.suppress(OSError):
            path.unlink()


def clear_leftovers(target: Path) -> None:
    """Remove the temporary files beside `target` whose processes have ended."""
    prefix = companion(target, "part-").name
    with contextlib.suppress(OSError), os.scandir(target.parent) as entries:
        found = [Path(entry.path) for entry in entries if entry.name.startswith(prefix)]
        for path in found:
            if path not in _OURS:
                _remove_if_left(path)


def _make(target: Path, mode: int) -> tuple[Path, int]:
    """A new file that this process has locked, and its descriptor."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    while True:
        path = companion(target, f"part-{secrets.token_hex(4)}")
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(path, flags, mode)
            # Between the opening and the locking another process may take it for a left-over.
            if hold(descriptor, path) is not False and is_open_at(descriptor, path):
                _OURS.add(path)
                return path, descriptor
            os.close(descriptor)


def _remove_if_left(path: Path) -> None:
    """Remove a temporary file unless the process that made it still holds its lock."""
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with contextlib.suppress(OSError):
        descriptor = os.open(path, flags)
        try:
            is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
            if is_file and hold(descriptor, path) and is_open_at(descriptor, path):
                path.unlink()
        finally:
            os.close(descriptor)


def _open_new(descriptor: int) -> IO[bytes]:
    return os.fdopen(descriptor, "wb")
