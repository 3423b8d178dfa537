"""Hashes of rows: against the slow, obvious form, and as random as sampling by them needs."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest

from nntrain.arrays import Matrix
from nntrain.data.preprocessing.row_hashes import HASHED_ROWS, hash_rows

WORD = (1 << 64) - 1


def obvious_hash(numbers: list[float]) -> int:
    """The hash of a row, number by number in Python's own whole numbers."""
    state = 0
    for number in numbers:
        canonical = math.nan if math.isnan(number) else number + 0.0
        state ^= struct.unpack("<Q", struct.pack("<d", canonical))[0]
        state = (state + 0x9E3779B97F4A7C15) & WORD
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & WORD
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & WORD
        state ^= state >> 31
    return state


def odd_numbers(n_rows: int, n_columns: int, seed: int) -> Matrix:
    rng = np.random.default_rng(seed)
    odd = [0.0, -0.0, math.nan, -math.nan, math.inf, 5e-324, -1.0, 0.1]
    numbers = rng.choice([*odd, *rng.normal(size=20)], (n_rows, n_columns))
    return np.asarray(numbers, dtype=np.float64)


@pytest.mark.parametrize("n_rows", [0, 1, 7, HASHED_ROWS, HASHED_ROWS + 3])
@pytest.mark.parametrize(("n_features", "n_targets"), [(1, 1), (5, 2), (0, 1)])
def test_a_hash_is_that_of_the_obvious_form(n_rows: int, n_features: int, n_targets: int) -> None:
    values = odd_numbers(n_rows, n_features, 1)
    y_true = odd_numbers(n_rows, n_targets, 2)
    rows = np.hstack([values, y_true]).tolist()
    assert hash_rows(values, y_true).tolist() == [obvious_hash(row) for row in rows]


def test_the_layout_of_the_matrix_does_not_matter() -> None:
    values, y_true = odd_numbers(100, 4, 3), odd_numbers(100, 1, 4)
    by_columns = np.asfortranarray(values)
    assert np.array_equal(hash_rows(values, y_true), hash_rows(by_columns, y_true))
    every_second = hash_rows(values[::2], y_true[::2])
    assert np.array_equal(hash_rows(values, y_true)[::2], every_second)


def test_equal_rows_have_equal_hashes_however_zero_and_nan_are_written() -> None:
    other_nan = struct.unpack("<d", struct.pack("<Q", 0xFFF8000000000123))[0]
    values = np.array([[0.0, math.nan], [-0.0, other_nan], [0.0, 0.0]])
    first, second, other = hash_rows(values, np.zeros((3, 1))).tolist()
    assert first == second != other


def test_rows_that_differ_anywhere_have_other_hashes() -> None:
    row = np.arange(6.0)[None, :]
    rows = [row.copy() for _ in range(7)]
    for i in range(6):
        rows[i][0, i] = np.nextafter(rows[i][0, i], 9.0)
    swapped = row[:, [1, 0, 2, 3, 4, 5]]
    hashes = [hash_rows(each[:, :5], each[:, 5:])[0] for each in (*rows, swapped)]
    assert len(set(hashes)) == 8


def test_hashes_of_regular_rows_are_uniform() -> None:
    """Whole numbers, of which only the first bits differ: a sixteenth of the hashes in each part.

    The χ² of 15 degrees of freedom is above 37.7 once in a thousand times.
    """
    values = np.stack(np.meshgrid(np.arange(100.0), np.arange(100.0)), axis=-1).reshape(-1, 2)
    hashes = hash_rows(values, np.zeros((10_000, 1)))
    assert len(np.unique(hashes)) == 10_000
    for shift in (0, 30, 60):
        counts = np.bincount(((hashes >> np.uint64(shift)) & np.uint64(15)).astype(int))
        assert np.sum((counts - 625.0) ** 2 / 625.0) < 37.7
