"""An epoch in slices of a tenth of a second, between which training can be told to stop."""

from __future__ import annotations

import time
from collections.abc import Iterator

SLICE_SECONDS = 0.1
FINISH_SECONDS = 2.0
"""An epoch whose rest takes no longer than this is finished rather than stopped."""


class EpochSlicer:
    """Cuts epochs into slices of whole batches that each take about `SLICE_SECONDS`."""

    def __init__(self, batch_rows: int) -> None:
        self.batch_rows = batch_rows
        self.n_batches = 1
        self.seconds_left = 0.0
        self._seconds_per_row = 0.0

    @property
    def is_worth_stopping(self) -> bool:
        """Whether the rest of the epoch, after the present slice, would take long."""
        return self.seconds_left > FINISH_SECONDS

    def slices(self, start: int, n_rows: int) -> Iterator[range]:
        """The positions of an epoch from `start` on, in order, some whole batches at a time.

        While the caller works on a slice, `seconds_left` estimates the time for all later slices.
        """
        while start < n_rows:
            began = time.perf_counter()
            stop = min(n_rows, start + self.n_batches * self.batch_rows)
            self.seconds_left = (n_rows - stop) * self._seconds_per_row
            yield range(start, stop)
            seconds = max(time.perf_counter() - began, SLICE_SECONDS / 100)
            self._seconds_per_row = seconds / (stop - start)
            enough = SLICE_SECONDS / self._seconds_per_row / self.batch_rows
            self.n_batches = max(1, int(min(enough, 2 * self.n_batches)))
            start = stop
