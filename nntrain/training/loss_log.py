"""The loss log: a CSV file with a line for each epoch, written as training goes on."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from nntrain.engine.progress import EpochResult
from nntrain.errors import OutputError
from nntrain.files import explained

log = logging.getLogger(__name__)

COLUMNS = ["epoch", "iterations", "loss", "validation_loss", "largest_update", "seconds"]


class LossLog:
    """Writes the loss log to a text file; closes it at the end of a `with` block.

    A line is an epoch; with several `networks`, an epoch of one of them, its `member`.
    Every number is the shortest decimal that reads back to the same double, except `seconds`, which
    has 3 decimals. When the reader of a pipe has gone, nothing more is written, and training goes
    on. Raises `OutputError` where the file cannot be written.
    """

    def __init__(
        self, path: str, file: IO[str] | None, seconds: float | None = None, *, networks: int = 1
    ) -> None:
        """A new log, or with `seconds` one that continues after a line with these seconds.

        Without a file nothing is written. Messages name the file by `path`.
        """
        self.path = path
        self._file = file
        self._seconds = seconds or 0.0
        if seconds is None:
            self._write(header(networks))

    def add(self, results: Sequence[EpochResult], seconds: float) -> None:
        """Log one epoch; `seconds` have passed since training began, or was resumed."""
        lines = []
        for result in results:
            member = f"{result.member}," if result.member else ""
            validation = "" if result.validation_loss is None else repr(result.validation_loss)
            lines.append(
                f"{result.epoch},{member}{result.iterations},{result.loss!r},{validation},"
                f"{result.largest_update!r},{self._seconds + seconds:.3f}"
            )
        self._write("\n".join(lines))

    def sync(self) -> None:
        """Flush the logged lines to the disk, so that they survive a power cut."""
        if self._file is not None:
            # A pipe or a terminal cannot be flushed to a disk.
            with contextlib.suppress(OSError):
                os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file; later calls do nothing. Raises `OutputError`."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(BrokenPipeError), explained(self.path):
                file.close()

    def __enter__(self) -> LossLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _write(self, line: str) -> None:
        if self._file is None:
            return
        try:
            with explained(self.path):
                self._file.write(line + "\n")
                self._file.flush()
        except (BrokenPipeError, OutputError) as error:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None
            if isinstance(error, OutputError):
                raise


def header(networks: int) -> str:
    """The first line of a log."""
    names = COLUMNS if networks == 1 else [COLUMNS[0], "member", *COLUMNS[1:]]
    return ",".join(names)


def open_log(target: str | Path | IO[str] | None, epochs_done: int, networks: int) -> LossLog:
    """The loss log of a run of which `epochs_done` epochs are done.

    `target` is the path of the file, an open text stream, or None for no log. Where the file
    already holds the epochs done, it is continued after them; otherwise it is replaced. Raises
    `OutputError`.
    """
    if target is None or not isinstance(target, (str, Path)):
        return LossLog("standard output", target, networks=networks)
    path = os.fspath(target)
    seconds = cut_log(path, epochs_done, networks) if epochs_done else None
    if epochs_done and seconds is None:
        log.warning(
            "%s: does not hold the epochs up to %s; begins with the next one",
            path,
            f"{epochs_done:,}",
        )
    with explained(path):
        mode = "w" if seconds is None else "a"
        file = open(path, mode, encoding="utf-8", newline="")  # noqa: PTH123, SIM115
    return LossLog(path, file, seconds, networks=networks)


def cut_log(path: str, epochs: int, networks: int = 1) -> float | None:
    """Remove everything after this many epochs from a log's file; return their `seconds`.

    None, and the file stays as it is, where the log does not hold all these epochs. Raises
    `OutputError`.
    """
    if not os.path.isfile(path):  # noqa: PTH113
        return None
    with explained(path), open(path, "r+b") as file:  # noqa: PTH123
        if file.readline() != f"{header(networks)}\n".encode():
            return None
        epoch, seconds, end = 0, 0.0, file.tell()
        for line in file:
            cells = line.rstrip(b"\n").split(b",")
            try:
                line_epoch, line_seconds = int(cells[0]), float(cells[-1])
            except ValueError:
                break
            follows = line_epoch == epoch + 1 or (networks > 1 and line_epoch == epoch)
            if not follows or line_epoch > epochs or not line.endswith(b"\n"):
                break
            epoch, seconds, end = line_epoch, line_seconds, end + len(line)
        if epoch < epochs:
            return None
        file.truncate(end)
    return seconds
