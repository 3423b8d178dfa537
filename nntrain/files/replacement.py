"""Replace a file by a new one, whole or not at all, with the mode and the owner of the old one."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from nntrain.errors import OutputError
from nntrain.files.disk import sync_file, sync_folder
from nntrain.files.paths import companion, explained, is_special, open_special, target_of
from nntrain.files.temporary import clear_leftovers, temporary_file

NOT_RENAMED_ONTO = {errno.EBUSY, errno.EXDEV}
"""What renaming onto a file says that is mounted by itself, as containers mount single files."""


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[IO[bytes]]:
    """A binary file to write, which replaces `path` when the block ends without an error.

    The file is written beside `path`, flushed to the disk and renamed, so that readers see either
    the old file or the whole new one. A path that is no regular file (`/dev/stdout`, a named pipe)
    is written to directly. Raises `OutputError` for what the file system refuses.
    """
    with explained(path):
        if is_special(path):
            with open_special(path) as file:
                yield file
            return
        target = target_of(path)
        clear_leftovers(target)
        with temporary_file(target) as (temporary, file):
            yield file
            file.flush()
            keep_attributes(target, file.fileno())
            sync_file(file.fileno(), target.parent)
            _place(temporary, target, path)
            sync_folder(target.parent)


def keep_attributes(target: Path, descriptor: int) -> None:
    """Give an open file the mode, owner, group and extended attributes of `target`, if it exists.

    Owner and group as far as this process may set them. Where the group cannot be kept, another
    group gets no more than everybody.
    """
    try:
        old = target.stat()
    except FileNotFoundError:
        return
    mode = stat.S_IMODE(old.st_mode) & 0o777
    with contextlib.suppress(OSError):
        os.fchown(descriptor, -1, old.st_gid)
    with contextlib.suppress(OSError):
        os.fchown(descriptor, old.st_uid, -1)
    if os.fstat(descriptor).st_gid != old.st_gid:
        mode &= ~0o070 | (mode & 0o007) << 3
    os.fchmod(descriptor, mode)
    if hasattr(os, "listxattr"):
        with contextlib.suppress(OSError):
            for name in os.listxattr(target):
                _copy_attribute(target, descriptor, name)


def _copy_attribute(target: Path, descriptor: int, name: str) -> None:
    """Copy an extended attribute, such as an access list, if that is permitted."""
    with contextlib.suppress(OSError):
        os.setxattr(descriptor, name, os.getxattr(target, name))


def move(source: Path, target: Path) -> None:
    """Rename a file, or copy it and then remove it where it cannot be renamed.

    A file that is mounted by itself stays where it is, and keeps its content.
    """
    try:
        os.replace(source, target)  # noqa: PTH105
    except OSError as error:
        if error.errno not in NOT_RENAMED_ONTO:
            raise
        with source.open("rb") as old, replacing(target) as new:
            shutil.copyfileobj(old, new)
        with contextlib.suppress(OSError):
            source.unlink()


def _place(temporary: Path, target: Path, path: str | Path) -> None:
    """Rename the temporary file to `target`, or write over a target that is mounted by itself."""
    try:
        os.replace(temporary, target)  # noqa: PTH105
    except OSError as error:
        if error.errno not in NOT_RENAMED_ONTO:
            raise
        whole = companion(target, "whole")
        os.replace(temporary, whole)  # noqa: PTH105
        try:
            _write_over(whole, target)
        except OSError as failed:
            raise OutputError(
                f"{path}: cannot be written: {failed.strerror}; the whole new file is {whole}"
            ) from None


def _write_over(whole: Path, target: Path) -> None:
    """Write a file over `target` in place; the file is removed when that is on the disk."""
    flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    with whole.open("rb") as source, os.fdopen(os.open(target, flags), "wb") as file:
        shutil.copyfileobj(source, file)
        file.truncate()
        file.flush()
        sync_file(file.fileno(), target.parent)
    whole.unlink()
