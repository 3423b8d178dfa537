"""The sample of rows: bounded and evenly spaced, however the rows arrive."""

from __future__ import annotations

import numpy as np

from nntrain.diagnostics.row_sample import MOST_ROWS, RowSample


def test_a_sample_of_any_number_of_rows_is_bounded_and_even() -> None:
    sample = RowSample()
    for start in range(0, 300_000, 7001):
        x = np.arange(start, min(start + 7001, 300_000), dtype=np.float64)[:, None]
        sample.add(x, x, None)
    kept = np.concatenate(sample.x)[:, 0]
    assert MOST_ROWS <= len(kept) <= 2 * MOST_ROWS
    assert set(np.diff(kept)) == {kept[1]}
    whole = RowSample()
    x = np.arange(300_000.0)[:, None]
    whole.add(x, x, None)
    np.testing.assert_array_equal(np.concatenate(whole.x)[:, 0], kept)
    few = whole.rows(100)
    assert [len(part) for part in few] == [len(few[0])] * 3
    assert 90 <= len(few[0]) <= 100


def test_rows_of_weight_0_are_left_out() -> None:
    sample = RowSample()
    x = np.arange(10.0)[:, None]
    sample.add(x, 2 * x, np.array([0.0, 1.0] * 5))
    few, y_true, weights = sample.rows(3)
    assert few.tolist() == [[1.0], [5.0], [9.0]]
    assert np.array_equal(y_true, 2 * few)
    assert weights.tolist() == [1.0, 1.0, 1.0]
