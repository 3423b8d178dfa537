"""Which file a path leads to: the same file by two names, a device, an open descriptor."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from nntrain.errors import OutputError

MOST_LINKS = 40
"""After this many symbolic links in a row Linux gives up, too."""
LONGEST_STEM = 200
"""Bytes of a file's name that the names of its companions repeat; a name has at most 255."""
OWN_NAME = re.compile(r"\..+\.nntrain-(part(-\w+)?|lock|older|resumable|whole)", re.DOTALL)


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


def target_of(path: str | Path) -> Path:
    """The file that a path leads to, behind all symbolic links. Raises `OutputError`."""
    try:
        return Path(os.path.realpath(path))
    except FileNotFoundError:
        raise OutputError(
            f"{path}: cannot be written: the working folder has been removed; change to another"
        ) from None


def descriptor_of(path: str | Path) -> int | None:
    """The open descriptor that a path names, as `/dev/stdout` and `/dev/fd/3` do; else None.

    Followed link by link: the last link leads to the file itself, which is to be written from
    where the descriptor stands, and not to be replaced.
    """
    folders = {"/dev/fd", os.path.realpath("/proc/self/fd")}
    path = os.fspath(path)
    for _ in range(MOST_LINKS):
        folder, name = os.path.split(path)
        try:
            if name.isdecimal() and os.path.realpath(folder) in folders:
                return int(name)
            path = os.path.join(folder, os.readlink(path))  # noqa: PTH115, PTH118
        except OSError:
            return None
    return None


def is_special(path: str | Path) -> bool:
    """Whether the path is a device, a named pipe or an open descriptor: neither file nor folder."""
    if descriptor_of(path) is not None:
        return True
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def is_regular(path: str | Path) -> bool:
    """Whether the path is a regular file or could become one; not for a pipe or a device."""
    return not is_special(path)


def open_special(path: str | Path) -> IO[bytes]:
    """A device, a named pipe or an open descriptor, to write to where it stands."""
    descriptor = descriptor_of(path)
    if descriptor is None:
        return Path(path).open("wb")
    return os.fdopen(os.dup(descriptor), "wb")


def same_file(a: str | Path | int, b: str | Path | int) -> bool:
    """Whether two paths or descriptors lead to one regular file, which need not exist yet.

    Told by device and inode: also for hard links and for a folder that is mounted twice.
    """
    identity = _identity(a)
    return identity is not None and identity == _identity(b)


def same_stream(a: str | Path | int, b: str | Path | int) -> bool:
    """Whether two outputs would be mixed: one file, pipe or terminal, but not the null device."""
    try:
        one, other, null = (os.stat(each) for each in (a, b, os.devnull))  # noqa: PTH116
    except OSError:
        return False
    return os.path.samestat(one, other) and not os.path.samestat(one, null)


def _identity(path: str | Path | int) -> tuple[int, int, str] | None:
    """What only one file has: device and inode, or for a new file those of its folder and its name.

    None for what is no regular file, and for a path that leads nowhere.
    """
    try:
        status = os.stat(path)  # noqa: PTH116
        return (status.st_dev, status.st_ino, "") if stat.S_ISREG(status.st_mode) else None
    except OSError as error:
        if isinstance(path, int) or not isinstance(error, FileNotFoundError):
            return None
    try:
        target = Path(os.path.realpath(path))
        folder = target.parent.stat()
    except OSError:
        return None
    return folder.st_dev, folder.st_ino, target.name


def companion(target: Path, purpose: str) -> Path:
    """The hidden file of nntrain beside a file that serves a purpose, such as `lock`."""
    name = os.fsencode(target.name)
    stem = target.name
    if len(name) > LONGEST_STEM:
        stem = f"{os.fsdecode(name[:LONGEST_STEM])}-{zlib.crc32(name):08x}"
    return target.with_name(f".{stem}.nntrain-{purpose}")


def is_companion(target: Path) -> bool:
    """Whether a file has a name that nntrain gives to its own files."""
    return OWN_NAME.fullmatch(target.name) is not None
