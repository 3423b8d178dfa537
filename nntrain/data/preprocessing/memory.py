"""Long arrays that take memory only as they are filled, and give it back in parts."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np

from nntrain.arrays import Array, Vector
from nntrain.errors import OutOfMemoryError
from nntrain.memory_limit import memory_limit

LONG = 1 << 17
"""An array of at least this many numbers gets memory of its own from the operating system."""

LESS_TABLE = "train on fewer rows, or put columns under ignore"
"""What lowers the memory of a table: its numbers are doubles, whatever the network's dtype."""
FEW_ROWS_READ = 0.05
"""Up to this fraction of a table, the number of its rows is not estimated."""


def long_array(n: int) -> Vector:
    """An array (n,) of numbers, not initialized; parts that are never written take no memory.

    Raises `OutOfMemoryError` where the system has none for a long one.
    """
    if n < LONG:
        return np.empty(n)
    try:
        memory = mmap.mmap(-1, n * 8, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError:
        raise OutOfMemoryError(
            f"out of memory: no room for a column of {n:,} numbers; {LESS_TABLE}"
        ) from None
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
        self.memory = memory_limit()

    def grow(self, n_rows: int, progress: float) -> list[Vector]:
        """Add rows: for each column, the part (n_rows,) that the caller is to fill.

        `progress` is the fraction of all rows that there are with these, or 0 if not known. Raises
        `OutOfMemoryError` if all rows, as far as they are known, do not fit into memory.
        """
        start, self.n_rows = self.n_rows, self.n_rows + n_rows
        self._check_size(progress)
        if self.n_rows > len(self.arrays[0]):
            expected = int(self.n_rows / progress * 1.02) if progress > 0 else 2 * self.n_rows
            for i, array in enumerate(self.arrays):
                self.arrays[i] = long_array(max(self.n_rows, expected))
                self.arrays[i][:start] = array[:start]
        return [array[start : self.n_rows] for array in self.arrays]

    def _check_size(self, progress: float) -> None:
        """Raise `OutOfMemoryError` for rows that do not fit into memory, before they are read.

        A control group has a process killed, without a word, that goes beyond its limit. The first
        rows are too few to tell how many there will be.
        """
        n_rows = self.n_rows / progress if progress > FEW_ROWS_READ else self.n_rows
        size = n_rows * len(self.arrays) * 8
        if size > self.memory:
            raise OutOfMemoryError(
                f"the table takes {size / 1e9:,.2f} GB as numbers, and this process may take "
                f"{self.memory / 1e9:,.2f} GB; {LESS_TABLE}"
            )

    def trimmed(self) -> list[Vector]:
        """The columns (n_rows,) without the room to grow."""
        return [array[: self.n_rows] for array in self.arrays]
