"""The file of a loss log: a new one, one that continues, and the older one if the run fails.

The older log waits in a hidden file beside the new one, `older`, and comes back where the run fails
or was killed. The log of a run that can be resumed is then kept as `resumable`.
"""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Collection
from pathlib import Path
from typing import IO

from nntrain.errors import UsageError
from nntrain.files.paths import companion, explained, is_special, open_special, target_of
from nntrain.files.replacement import keep_attributes, move
from nntrain.training.loss_log import COLUMNS, header

log = logging.getLogger(__name__)


class LogFile:
    """Where a run writes its log, by the name that the user gave it.

    The methods raise `OutputError`. For a device or a pipe only `open_new` does anything.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = os.fspath(path)
        self.is_special = is_special(path)
        self._target = target_of(path)
        self._older = companion(self._target, "older")
        self._resumable = companion(self._target, "resumable")
        self._is_written = False

    @property
    def has_older(self) -> bool:
        """Whether an older log waits for the end of a run, maybe of one that was killed."""
        return not self.is_special and self._older.exists()

    def recover(self, *, is_finished: bool, is_resumable: bool) -> None:
        """Put back the older log, if the run that put it aside was killed.

        `is_finished`: that run wrote its model, and the older log is of no more use.
        `is_resumable`: that run has a checkpoint, and its log is kept.
        """
        if not self.has_older:
            return
        with explained(self.path):
            if is_finished:
                self._older.unlink()
                return
            self._put_back(is_resumable=is_resumable)
            log.info("%s: the log from before a run that did not end is back", self.path)

    def open_new(self) -> IO[str]:
        """A new file, which has the older one's mode and owner; the older one is put aside."""
        self._is_written = True
        with explained(self.path):
            if self.is_special:
                return io.TextIOWrapper(open_special(self.path), "utf-8", newline="")
            self._put_aside()
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self._target, flags, 0o666)
            keep_attributes(self._older, descriptor)
            return os.fdopen(descriptor, "w", encoding="utf-8", newline="")

    def open_after(
        self, epochs: int, networks: int, last: Collection[str]
    ) -> tuple[IO[str], float] | None:
        """The log of the run that is resumed, cut after its epochs, and the seconds up to there.

        None where there is no log with these epochs; see `cut_log`.
        """
        with explained(self.path):
            for path in (self._target, self._resumable):
                seconds = cut_log(path, epochs, networks, last)
                if seconds is not None:
                    self._is_written = True
                    if path == self._resumable:
                        self._put_aside()
                        move(path, self._target)
                    return self._target.open("a", encoding="utf-8", newline=""), seconds
        return None

    def succeed(self) -> None:
        """Remove what was kept for a run that might fail."""
        if not self.is_special:
            with explained(self.path):
                self._older.unlink(missing_ok=True)
                self._resumable.unlink(missing_ok=True)

    def fail(self, *, is_resumable: bool) -> None:
        """Put back the older log, if there was one, in place of what this run has written."""
        if self._is_written and self.has_older:
            with explained(self.path):
                self._put_back(is_resumable=is_resumable)

    def _put_aside(self) -> None:
        if self._target.exists():
            move(self._target, self._older)

    def _put_back(self, *, is_resumable: bool) -> None:
        if is_resumable and self._target.exists():
            move(self._target, self._resumable)
        move(self._older, self._target)


def check_is_log(path: str | Path) -> None:
    """Raise `UsageError` for a file that a log must not replace: one that is no loss log."""
    if is_special(path):
        return
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            start = file.read(len(COLUMNS[0]) + 1)
    except OSError:
        return
    if start and start != f"{COLUMNS[0]},".encode():
        raise UsageError(
            f"{path}: exists and is not a loss log, which would replace it; remove it, or name "
            f"another file with --log"
        )


def cut_log(
    path: str | Path, epochs: int, networks: int = 1, last: Collection[str] = ()
) -> float | None:
    """Remove everything after this many epochs from a log's file; return their `seconds`.

    None, and the file stays as it is, where the log does not hold all these epochs, or not the
    lines `last` (see `line_of`), by which it is known to be of one run and no other. Raises
    `OutputError`.
    """
    if not os.path.isfile(path):  # noqa: PTH113
        return None
    with explained(path), open(path, "r+b") as file:  # noqa: PTH123
        if file.readline() != f"{header(networks)}\n".encode():
            return None
        epoch, seconds, end, missing = 0, 0.0, file.tell(), set(last)
        for line in file:
            cells = line.rstrip(b"\n").split(b",")
            try:
                line_epoch, line_seconds = int(cells[0]), float(cells[-1])
            except ValueError:
                break
            follows = line_epoch == epoch + 1 or (networks > 1 and line_epoch == epoch)
            if not follows or line_epoch > epochs or not line.endswith(b"\n"):
                break
            missing.discard(line.rpartition(b",")[0].decode(errors="replace"))
            epoch, seconds, end = line_epoch, line_seconds, end + len(line)
        if epoch < epochs or missing:
            return None
        file.truncate(end)
    return seconds
