"""A sketch of a model's training rows, which tells how many of other rows are among them.

It keeps the smallest hashes of the rows (k minimum values: Bar-Yossef and others 2002; the theta
sketch: Dasgupta and others 2016). Hashes are as good as random, so those below the largest one kept
are a fair sample of any rows, and for this sample it is known exactly which rows were trained on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nntrain.arrays import Hashes, Mask

MOST_KEPT = 4096
"""Hashes that are kept at most: 32 KB. If a table holds the training rows, the standard error of
their share is at most 0.008; if a seventh of it is new, some 700 new rows are known for certain."""
BLOCK_ROWS = 1 << 16
"""Hashes that are sorted at once; of the later blocks only the few small ones are."""


@dataclass(frozen=True)
class RowSketch:
    """The smallest hashes of training rows, each once and rising; all if `is_complete`."""

    hashes: Hashes
    is_complete: bool

    @property
    def coverage(self) -> float:
        """The part of any rows that the sketch can tell of."""
        return 1.0 if self.is_complete else (float(self.hashes[-1]) + 1.0) / 2.0**64

    def covers(self, hashes: Hashes) -> Mask:
        """For each row's hash (n_rows,), whether the sketch can tell if the row is in it."""
        if self.is_complete:
            return np.ones(len(hashes), dtype=bool)
        covered: Mask = hashes <= self.hashes[-1]
        return covered

    def contains(self, hashes: Hashes) -> Mask:
        """For each row's hash (n_rows,), whether it is that of a training row that is kept."""
        positions = np.searchsorted(self.hashes, hashes)
        positions[positions == len(self.hashes)] = 0
        found: Mask = self.hashes[positions] == hashes
        return found

    def united(self, other: RowSketch) -> RowSketch:
        """The sketch of the rows of both."""
        hashes = np.concatenate([self.hashes, other.hashes])
        known = self.covers(hashes) & other.covers(hashes)
        union = sketch_rows(hashes[known])
        is_complete = self.is_complete and other.is_complete and union.is_complete
        return RowSketch(union.hashes, is_complete)


def sketch_rows(hashes: Hashes) -> RowSketch:
    """The sketch of rows with these hashes (n_rows,), at least one."""
    kept, is_complete = hashes[:0], True
    for start in range(0, len(hashes), BLOCK_ROWS):
        block = hashes[start : start + BLOCK_ROWS]
        if not is_complete:
            block = block[block < kept[-1]]
        kept = np.unique(np.concatenate([kept, block]))
        if len(kept) > MOST_KEPT:
            kept, is_complete = kept[:MOST_KEPT].copy(), False
    return RowSketch(kept, is_complete)
