"""The loss log: a CSV line for each epoch, written as it happens."""

from __future__ import annotations

import contextlib
import os
from types import TracebackType
from typing import IO

from nntrain.engine.training import EpochResult
from nntrain.errors import OutputError
from nntrain.files import explained

HEADER = "epoch,iterations,loss,validation_loss,largest_update,seconds"


class LossLog:
    """Writes the log to a file; closes it at the end of a `with` block.

    Every number is the shortest decimal that reads back to the same double, but for `seconds`, of
    3 decimals. A log whose reader has gone is written no further; training goes on. Raises
    `OutputError`.
    """

    def __init__(self, path: str, file: IO[str], seconds: float | None = None) -> None:
        """A log that begins here, or goes on after the `seconds` of its last line."""
        self.path = path
        self._file: IO[str] | None = file
        self._seconds = seconds or 0.0
        if seconds is None:
            self._write(HEADER)

    def add(self, result: EpochResult, seconds: float) -> None:
        """Log one epoch; `seconds` since training began, or went on."""
        validation = "" if result.validation_loss is None else repr(result.validation_loss)
        self._write(
            f"{result.epoch},{result.iterations},{result.loss!r},{validation},"
            f"{result.largest_update!r},{self._seconds + seconds:.3f}"
        )

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


def cut_log(path: str, epochs: int) -> float | None:
    """Cut a log's file after so many epochs; the seconds of the last one.

    None, and the file is as it was, where it does not hold these epochs. Raises `OutputError`.
    """
    if not os.path.isfile(path):  # noqa: PTH113
        return None
    with explained(path), open(path, "r+b") as file:  # noqa: PTH123
        if file.readline() != f"{HEADER}\n".encode():
            return None
        seconds = 0.0
        for epoch in range(1, epochs + 1):
            line = file.readline()
            cells = line.rstrip(b"\n").split(b",")
            if not line.endswith(b"\n") or cells[0] != str(epoch).encode():
                return None
            try:
                seconds = float(cells[-1])
            except ValueError:
                return None
        file.truncate(file.tell())
    return seconds
