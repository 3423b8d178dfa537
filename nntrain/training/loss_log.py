"""The loss log: a CSV line for each epoch, written as it happens."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from types import TracebackType
from typing import IO

from nntrain.engine.progress import EpochResult
from nntrain.errors import OutputError
from nntrain.files import explained

COLUMNS = ["epoch", "iterations", "loss", "validation_loss", "largest_update", "seconds"]


class LossLog:
    """Writes the log to a file; closes it at the end of a `with` block.

    A line is an epoch; with several `networks`, an epoch of one of them, its `member`.
    Every number is the shortest decimal that reads back to the same double, but for `seconds`, of
    3 decimals. A log whose reader has gone is written no further; training goes on. Raises
    `OutputError`.
    """

    def __init__(
        self, path: str, file: IO[str], seconds: float | None = None, *, networks: int = 1
    ) -> None:
        """A log that begins here, or goes on after the `seconds` of its last line."""
        self.path = path
        self._file: IO[str] | None = file
        self._seconds = seconds or 0.0
        if seconds is None:
            self._write(header(networks))

    def add(self, results: Sequence[EpochResult], seconds: float) -> None:
        """Log one epoch; `seconds` since training began, or went on."""
        lines = []
        for of in results:
            member = f"{of.member}," if of.member else ""
            validation = "" if of.validation_loss is None else repr(of.validation_loss)
            lines.append(
                f"{of.epoch},{member}{of.iterations},{of.loss!r},{validation},"
                f"{of.largest_update!r},{self._seconds + seconds:.3f}"
            )
        self._write("\n".join(lines))

    def sync(self) -> None:
        """See to it that what was logged outlives the machine, where that is a file's to do."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.fsync(self._file.fileno())

    def __enter__(self) -> LossLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            with contextlib.suppress(BrokenPipeError), explained(self.path):
                self._file.close()

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
    """The log's first line."""
    names = COLUMNS if networks == 1 else [COLUMNS[0], "member", *COLUMNS[1:]]
    return ",".join(names)


def cut_log(path: str, epochs: int, networks: int = 1) -> float | None:
    """Cut a log's file after so many epochs; the seconds of the last one.

    None, and the file is as it was, where it does not hold these epochs. Raises `OutputError`.
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
                of_line, seconds_of_line = int(cells[0]), float(cells[-1])
            except ValueError:
                break
            follows = of_line == epoch + 1 or (networks > 1 and of_line == epoch)
            if not follows or of_line > epochs or not line.endswith(b"\n"):
                break
            epoch, seconds, end = of_line, seconds_of_line, end + len(line)
        if epoch < epochs:
            return None
        file.truncate(end)
    return seconds
