"""Check, before any work is done, that an output can be written when the work is done."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import stat
from pathlib import Path

from nntrain.errors import OutputError, UsageError
from nntrain.files.paths import companion, descriptor_of, explained, is_companion, target_of
from nntrain.files.temporary import clear_leftovers, temporary_file

log = logging.getLogger(__name__)


def try_output(path: str | Path) -> None:
    """Raise `OutputError` if a file could not be written at this path; changes nothing.

    Removes the temporary files that killed processes left. Raises `UsageError` for a name that
    nntrain gives to files of its own.
    """
    with explained(path):
        descriptor = descriptor_of(path)
        if descriptor is not None:
            _check_descriptor(descriptor, path)
            return
        target = target_of(path)
        try:
            status = os.stat(path)  # noqa: PTH116
        except FileNotFoundError:
            status = None
        if os.fspath(path).endswith(os.sep) or (status and stat.S_ISDIR(status.st_mode)):
            raise OutputError(f"{path}: cannot be written: it is a folder")
        if is_companion(target):
            raise UsageError(f"{path}: is a name of nntrain's own files; choose another name")
        if status and not stat.S_ISREG(status.st_mode):
            _check_special(status, path)
            return
        _try_folder(target, path)
        if status:
            _check_replaceable(target, status, path)


def _check_descriptor(descriptor: int, path: str | Path) -> None:
    """Raise `OutputError` for a descriptor that is open only to be read, `OSError` if closed."""
    if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise OutputError(f"{path}: cannot be written: it is open for reading only")


def _check_special(status: os.stat_result, path: str | Path) -> None:
    """Raise `OutputError` for a disk, a socket, and a device that this user may not write to."""
    for is_kind, noun in ((stat.S_ISBLK, "a disk"), (stat.S_ISSOCK, "a socket")):
        if is_kind(status.st_mode):
            raise OutputError(f"{path}: cannot be written: it is {noun}; name a file")
    if not os.access(path, os.W_OK):
        raise OutputError(f"{path}: cannot be written: Permission denied")


def _try_folder(target: Path, path: str | Path) -> None:
    """Make a temporary file beside the target and remove it. Raises `OSError`."""
    clear_leftovers(target)
    with temporary_file(target):
        pass
    whole = companion(target, "whole")
    if whole.exists():
        log.warning("%s: is the whole file of a run that was killed while it wrote %s", whole, path)


def _check_replaceable(target: Path, status: os.stat_result, path: str | Path) -> None:
    """Raise `OSError` or `OutputError` for an old file that no other file may take the place of.

    That a file may not be written to by this user does not matter: its folder decides. But nobody
    replaces a file that is immutable, mounted read-only, or of another user in a folder such as
    /tmp.
    """
    folder = target.parent.stat()
    is_sticky = folder.st_mode & stat.S_ISVTX
    if is_sticky and os.geteuid() not in (0, folder.st_uid, status.st_uid):
        raise OutputError(f"{path}: cannot be written: it is another user's; name another file")
    flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        os.close(os.open(target, flags))
    except OSError as error:
        if error.errno != errno.EACCES:
            raise
