"""Output files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from nntrain.errors import OutputError


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[IO[bytes]]:
    """A file to write that takes the place of `path` when the block ends without an error.

    It is written beside it, synced and renamed, so that readers see the old file or the whole new
    one. A path that is no regular file (`/dev/stdout`, a named pipe) is written to directly. Raises
    `OutputError` for what the file system refuses.
    """
    target = Path(os.path.realpath(path))
    with explained(path):
        if _is_special(target):
            with target.open("wb") as file:
                yield file
            return
        temporary = _temporary(target)
        try:
            with temporary.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
            _sync_folder(target.parent)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()


def try_output(path: str | Path) -> None:
    """Raise `OutputError` now if a file could not be written there later; changes nothing."""
    target = Path(os.path.realpath(path))
    with explained(path):
        if target.is_dir():
            raise OutputError(f"{path}: cannot be written: it is a folder")
        if not _is_special(target):
            temporary = _temporary(target)
            temporary.open("wb").close()
            temporary.unlink()


def same_file(a: str | Path, b: str | Path) -> bool:
    """Whether two paths lead to one regular file, which need not exist yet."""
    a, b = Path(os.path.realpath(a)), Path(os.path.realpath(b))
    return a == b and (a.is_file() or not a.exists())


@contextlib.contextmanager
def explained(path: str | Path) -> Iterator[None]:
    """Turn what the file system says into an `OutputError`, but for a closed pipe."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from None


def _is_special(target: Path) -> bool:
    """Whether something stands there that is no file and no folder: a device, a named pipe."""
    return target.exists() and not target.is_file() and not target.is_dir()


def _temporary(target: Path) -> Path:
    return target.with_name(f".{target.name}.nntrain-part")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
