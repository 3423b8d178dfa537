"""A number for each row by which equal rows are known, however their table came."""

from __future__ import annotations

import numpy as np

from nntrain.arrays import Hashes, Matrix, Vector

HASHED_ROWS = 1 << 12
"""Rows that are hashed at once, so that they fit the processor's cache."""
NAN_BITS = np.uint64(0x7FF8000000000000)
"""The bits that stand for every missing number; NaN has many."""
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST_FACTOR, SECOND_FACTOR = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
"""The constants of SplitMix64 (Steele, Lea and Flood 2014)."""
FIRST_SHIFT, SECOND_SHIFT, LAST_SHIFT = np.uint64(30), np.uint64(27), np.uint64(31)


def hash_rows(values: Matrix, y_true: Matrix) -> Hashes:
    """A 64-bit hash (n_rows,) of each row's feature values and true values.

    Rows have the same hash where all their numbers are equal, a missing one to a missing one and
    -0 to 0. The hashes of other rows are as good as random: uniform, and never equal in practice.
    They are the same on every machine and in every run.
    """
    hashes = np.empty(len(values), np.uint64)
    for start in range(0, len(values), HASHED_ROWS):
        rows = slice(start, start + HASHED_ROWS)
        _hash_block(values[rows], y_true[rows], hashes[rows])
    return hashes


def _hash_block(values: Matrix, y_true: Matrix, out: Hashes) -> None:
    """Fill `out` (n_rows,) with the hashes of rows."""
    out[:] = 0
    scratch = np.empty_like(out)
    for column in (*values.T, *y_true.T):
        out ^= _bits(column)
        _mix(out, scratch)


def _bits(column: Vector) -> Hashes:
    """The bits of each number, the same for equal numbers."""
    positive_zero = column + 0.0
    bits = positive_zero.view(np.uint64)
    bits[np.isnan(positive_zero)] = NAN_BITS
    return bits


def _mix(hashes: Hashes, scratch: Hashes) -> None:
    """Replace each hash by the one that follows from it, in place: a step of SplitMix64."""
    hashes += GOLDEN
    for shift, factor in ((FIRST_SHIFT, FIRST_FACTOR), (SECOND_SHIFT, SECOND_FACTOR)):
        np.right_shift(hashes, shift, out=scratch)
        hashes ^= scratch
        hashes *= factor
    np.right_shift(hashes, LAST_SHIFT, out=scratch)
    hashes ^= scratch
