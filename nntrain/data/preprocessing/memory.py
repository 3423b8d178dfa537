"""Long arrays that take memory only as they are filled, and give it back in parts."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np

from nntrain.arrays import Array, Vector

LONG = 1 << 17
"""An array of at least this many numbers gets memory of its own from the operating system."""


def long_array(n: int) -> Vector:
    """An array (n,) of numbers, not initialized; parts that are never written take no memory."""
    if n < LONG:
        return np.empty(n)
    memory = mmap.mmap(-1, n * 8, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return np.frombuffer(memory, dtype=np.float64)


def give_back(array: Array, start: int) -> None:
    """Free an array's memory from a position on, where its numbers then are 0.

    Only a `long_array` of at least `LONG` numbers, or a view of one, has memory that can be freed;
    for others nothing happens.
    """
    owner: Any = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    memory = owner.obj if isinstance(owner, memoryview) else None
    if isinstance(memory, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        first = -(-start * array.itemsize // mmap.PAGESIZE) * mmap.PAGESIZE
        if first < len(memory):
            memory.madvise(mmap.MADV_DONTNEED, first)


class GrowingColumns:
    """Columns of equal length to which rows are added, and trimmed to size in the end."""

    def __init__(self, n_columns: int) -> None:
        self.arrays: list[Vector] = [long_array(0) for _ in range(n_columns)]
        self.n_rows = 0

    def grow(self, n_rows: int, progress: float) -> list[Vector]:
        """Add rows: for each column, the part (n_rows,) that the caller is to fill.

        `progress` is the fraction of all rows that there are with these, or 0 if not known.
        """
        start, self.n_rows = self.n_rows, self.n_rows + n_rows
        if self.n_rows > len(self.arrays[0]):
            expected = int(self.n_rows / progress * 1.02) if progress > 0 else 2 * self.n_rows
            for i, array in enumerate(self.arrays):
                self.arrays[i] = long_array(max(self.n_rows, expected))
                self.arrays[i][:start] = array[:start]
        return [array[start : self.n_rows] for array in self.arrays]

    def trimmed(self) -> list[Vector]:
        """The columns (n_rows,) without the room to grow."""
        return [array[: self.n_rows] for array in self.arrays]
