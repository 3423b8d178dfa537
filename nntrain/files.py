"""Write output files whole or not at all, and keep other processes from writing them."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from nntrain.errors import OutputError


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[IO[bytes]]:
    """A binary file to write, which replaces `path` when the block ends without an error.

    The file is written beside `path`, flushed to the disk and renamed, so that readers see either
    the old file or the whole new one. A path that is no regular file (`/dev/stdout`, a named pipe)
    is written to directly. Raises `OutputError` for what the file system refuses.
    """
    target = Path(os.path.realpath(path))
    with explained(path):
        if _is_special(target):
            with target.open("wb") as file:
                yield file
            return
        temporary = _temporary(target)
        try:
            with _open_new(temporary) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
            _sync_folder(target.parent)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()


@contextlib.contextmanager
def locked(path: str | Path) -> Iterator[None]:
    """Hold a lock on `path` in the block; other processes that ask for the lock fail at once.

    The lock ends with the process, however that ends. Removes the temporary file that a killed
    process may have left. Raises `OutputError` where another process holds the lock. A path that is
    no regular file is not locked.
    """
    target = Path(os.path.realpath(path))
    if _is_special(target):
        yield
        return
    lock = target.with_name(f".{target.name}.nntrain-lock")
    with explained(path):
        descriptor = _take_lock(lock, path)
    try:
        clear_leftover(path)
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.unlink()
        os.close(descriptor)


def clear_leftover(path: str | Path) -> None:
    """Remove the temporary file that a killed process left beside `path`, if any."""
    with contextlib.suppress(OSError):
        _temporary(Path(os.path.realpath(path))).unlink()


def _take_lock(lock: Path, path: str | Path) -> int:
    """The descriptor of the lock file, locked; `path` is named in the message of the error."""
    while True:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The process that held the lock may have removed the file after it was opened here.
            # A lock on a removed file keeps nobody out: open the new file.
            if lock.exists() and os.path.samestat(os.fstat(descriptor), lock.stat()):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            raise OutputError(
                f"{path}: another run of nntrain is about to write it; wait until it ends, or "
                f"name another file with --model"
            ) from None
        os.close(descriptor)


def is_regular(path: str | Path) -> bool:
    """Whether the path is a regular file or could become one; not for a pipe or a device."""
    return not _is_special(Path(os.path.realpath(path)))


def try_output(path: str | Path) -> None:
    """Raise `OutputError` if a file could not be written at this path; changes nothing."""
    target = Path(os.path.realpath(path))
    with explained(path):
        if target.is_dir():
            raise OutputError(f"{path}: cannot be written: it is a folder")
        if not _is_special(target):
            temporary = _temporary(target)
            _open_new(temporary).close()
            temporary.unlink()


def same_file(a: str | Path, b: str | Path) -> bool:
    """Whether two paths lead to the same regular file, which need not exist yet."""
    a, b = Path(os.path.realpath(a)), Path(os.path.realpath(b))
    return a == b and (a.is_file() or not a.exists())


@contextlib.contextmanager
def explained(path: str | Path) -> Iterator[None]:
    """Turn an `OSError` in the block into an `OutputError` that names the path.

    A `BrokenPipeError` stays as it is: that a reader has gone is often no error.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from None


def _is_special(target: Path) -> bool:
    """Whether the path is neither a file nor a folder but exists: a device, a named pipe."""
    return target.exists() and not target.is_file() and not target.is_dir()


def _open_new(path: Path) -> IO[bytes]:
    return path.open("wb")


def _temporary(target: Path) -> Path:
    return target.with_name(f".{target.name}.nntrain-part")


def _sync_folder(folder: Path) -> None:
    """Flush the names of a folder's files to the disk, so that a renaming survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
