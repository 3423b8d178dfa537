"""Keep other processes from writing the files of a run."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from nntrain.errors import OutputError
from nntrain.files.disk import hold, is_open_at
from nntrain.files.paths import companion, explained, is_special, target_of
from nntrain.files.temporary import clear_leftovers


@contextlib.contextmanager
def locked(path: str | Path, option: str = "--model") -> Iterator[None]:
    """Hold a lock on `path` in the block; other processes that ask for the lock fail at once.

    The lock ends with the process, however that ends. Removes the temporary files that killed
    processes may have left. Raises `OutputError` where another process holds the lock; `option` is
    what the message says to name another file with. A path that is no regular file is not locked.
    """
    if is_special(path):
        yield
        return
    target = target_of(path)
    lock = companion(target, "lock")
    with explained(path):
        descriptor = _take_lock(lock, path, option)
    try:
        clear_leftovers(target)
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.unlink()
        os.close(descriptor)


def _take_lock(lock: Path, path: str | Path, option: str) -> int:
    """The descriptor of the lock file, locked; the message of the error names `path`."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    while True:
        if lock.is_symlink():
            raise OutputError(f"{path}: cannot be written: {lock} is a link; remove it")
        descriptor = os.open(lock, flags, 0o666)
        is_held = hold(descriptor, lock)
        if is_held is False:
            os.close(descriptor)
            raise OutputError(
                f"{path}: another run of nntrain is about to write it; wait until it ends, or "
                f"name another file with {option}"
            )
        # The process that held the lock may have removed the file after it was opened here.
        # A lock on a removed file keeps nobody out: open the new file.
        if is_held is None or is_open_at(descriptor, lock):
            return descriptor
        os.close(descriptor)
