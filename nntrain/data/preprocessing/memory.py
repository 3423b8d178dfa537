"""Long arrays whose memory is taken as they are filled, and can be given back in parts."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

LONG = 1 << 17
"""From this many numbers on an array has memory of its own, outside that of small objects."""


def long_array(n: int) -> NDArray[np.float64]:
    """Room for n numbers; that which is not written to takes no memory."""
    if n < LONG:
        return np.empty(n)
    memory = mmap.mmap(-1, n * 8, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return np.frombuffer(memory, dtype=np.float64)


def give_back(array: NDArray[Any], start: int) -> None:
    """Free the memory of a `long_array` from a position on, as far as it is one; then it is 0."""
    owner: Any = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    memory = owner.obj if isinstance(owner, memoryview) else None
    if isinstance(memory, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        first = -(-start * array.itemsize // mmap.PAGESIZE) * mmap.PAGESIZE
        if first < len(memory):
            memory.madvise(mmap.MADV_DONTNEED, first)
