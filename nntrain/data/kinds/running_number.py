"""Running numbers: whole numbers that count the rows, in whatever order the rows stand."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nntrain.arrays import Vector

FEWEST = 20
"""Up to this many rows, no column is taken for a running number."""
YEARS = (1500, 2100)
"""Numbers between these may be years, which tell more than the number of the row."""
LARGEST = 2.0**53


@dataclass
class RunningNumber:
    """Tells whether the numbers of a column are those from a first to a last, each of them once.

    They are if their count, sum and sum of squares are those of such numbers.
    """

    n: int = 0
    minimum: float = math.inf
    maximum: float = -math.inf
    sum: int = 0
    sum_of_squares: int = 0
    is_broken: bool = False

    def add(self, values: Vector) -> None:
        """Count cells (n_rows,); a missing one or a fraction breaks the row of numbers."""
        if self.is_broken or not len(values):
            return
        low, high = float(values.min()), float(values.max())
        self.n += len(values)
        self.minimum, self.maximum = min(self.minimum, low), max(self.maximum, high)
        # NaN compares false.
        if not (low > -LARGEST and high < LARGEST) or bool((values != np.floor(values)).any()):
            self.is_broken = True
            return
        shifted = (values - low).astype(np.int64)
        if high - low > 2**20:
            self._add_exactly([int(value) for value in values.tolist()])
            return
        total, squares = int(shifted.sum()), int(np.dot(shifted, shifted))
        first, n = int(low), len(values)
        self.sum += total + n * first
        self.sum_of_squares += squares + 2 * first * total + n * first * first

    def _add_exactly(self, values: list[int]) -> None:
        self.sum += sum(values)
        self.sum_of_squares += sum(value * value for value in values)

    @property
    def counts_rows(self) -> bool:
        """Whether the numbers count the rows, and cannot be years."""
        if self.is_broken or self.n <= FEWEST or self.maximum - self.minimum != self.n - 1:
            return False
        if YEARS[0] <= self.minimum and self.maximum <= YEARS[1]:
            return False
        n, first = self.n, int(self.minimum)
        steps, squares = n * (n - 1) // 2, (n - 1) * n * (2 * n - 1) // 6
        return (
            self.sum == n * first + steps
            and self.sum_of_squares == n * first * first + 2 * first * steps + squares
        )


def counts_rows(values: Vector) -> bool:
    """Whether the cells (n_rows,) of a whole column are running numbers."""
    if len(values) <= FEWEST or values.max() - values.min() != len(values) - 1:
        return False  # NaN compares unequal
    running = RunningNumber()
    running.add(values)
    return running.counts_rows
