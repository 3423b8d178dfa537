"""The loss log: a CSV line for each epoch, written as it happens."""

from __future__ import annotations

import contextlib
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

    def __init__(self, path: str, file: IO[str]) -> None:
        self.path = path
        self._file: IO[str] | None = file
        self._write(HEADER)

    def add(self, result: EpochResult, seconds: float) -> None:
        """Log one epoch; `seconds` since training began."""
        validation = "" if result.validation_loss is None else repr(result.validation_loss)
        self._write(
            f"{result.epoch},{result.iterations},{result.loss!r},{validation},"
            f"{result.largest_update!r},{seconds:.3f}"
        )

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
