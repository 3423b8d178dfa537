"""The loss log: a CSV file with a line for each epoch, written as training goes on."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Sequence
from types import TracebackType
from typing import IO

from nntrain.engine.progress import EpochResult
from nntrain.errors import OutputError
from nntrain.files.disk import sync_file
from nntrain.files.paths import explained, target_of

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
        seconds += self._seconds
        self._write("\n".join(f"{line_of(result)},{seconds:.3f}" for result in results))

    def sync(self) -> None:
        """Flush the logged lines to the disk, so that they survive a power cut.

        Raises `OutputError` for a disk that fails. A pipe or a terminal has nothing to flush.
        """
        if self._file is None:
            return
        # A stream in memory has no descriptor.
        with explained(self.path), contextlib.suppress(io.UnsupportedOperation):
            descriptor = self._file.fileno()
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                sync_file(descriptor, target_of(self.path).parent)

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


def line_of(result: EpochResult) -> str:
    """The line of an epoch without its last cell, the seconds."""
    member = f"{result.member}," if result.member else ""
    validation = "" if result.validation_loss is None else repr(result.validation_loss)
    return (
        f"{result.epoch},{member}{result.iterations},{result.loss!r},{validation},"
        f"{result.largest_update!r}"
    )
