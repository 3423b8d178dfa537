"""Properties of batches and row orders."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from support.strategies import SEEDS, WITHOUT_DEADLINE

from nntrain.config.choices import BATCH_MODES
from nntrain.engine.batches import Samples, batches, row_order, rows_per_iteration

Array = NDArray[Any]

MODES = st.sampled_from(sorted(BATCH_MODES))
BATCH_SIZES = st.integers(1, 60)
N_ROWS = st.integers(1, 50)
EPOCHS = st.integers(1, 10_000)


def tagged(n_rows: int, weighted: bool = True) -> Samples:
    """Rows that tell their number: row k is (k, -k), its target 10 k and its weight 100 k."""
    numbers = np.arange(n_rows, dtype=float)[:, np.newaxis]
    x = np.hstack([numbers, -numbers])
    return Samples(x, 10 * numbers, 100 * numbers if weighted else None)


def visited(size: int, samples: Samples, order: Array | None) -> list[list[int]]:
    """The row numbers of each batch, after a check that x, y and weights belong together."""
    numbers = []
    for x, y, weights in batches(samples, size, order):
        assert x[:, 1].tolist() == [-row for row in x[:, 0]]
        assert y.tolist() == [[10 * row] for row in x[:, 0]]
        if weights is None:
            assert samples.weights is None
        else:
            assert weights.tolist() == [[100 * row] for row in x[:, 0]]
        numbers.append([int(row) for row in x[:, 0]])
    return numbers


def flat(lists: list[list[int]]) -> list[int]:
    return [row for rows in lists for row in rows]


@WITHOUT_DEADLINE
@given(MODES, BATCH_SIZES, N_ROWS, st.booleans(), st.booleans(), SEEDS)
def test_an_epoch_visits_every_row_exactly_once(
    batch_mode: str, batch_size: int, n_rows: int, shuffle: bool, weighted: bool, seed: int
) -> None:
    size = rows_per_iteration(batch_mode, batch_size, n_rows)
    order = row_order(n_rows, seed, 1) if shuffle else None
    found = flat(visited(size, tagged(n_rows, weighted), order))
    assert sorted(found) == list(range(n_rows))
    assert found == (list(range(n_rows)) if order is None else order.tolist())


@WITHOUT_DEADLINE
@given(MODES, BATCH_SIZES, N_ROWS, st.booleans())
def test_all_batches_are_full_but_a_smaller_last(
    batch_mode: str, batch_size: int, n_rows: int, shuffle: bool
) -> None:
    wanted = {"batch": n_rows, "stochastic": 1, "mini-batch": batch_size}[batch_mode]
    size = rows_per_iteration(batch_mode, batch_size, n_rows)
    assert size == min(wanted, n_rows)
    order = row_order(n_rows, 0, 1) if shuffle else None
    lengths = [len(rows) for rows in visited(size, tagged(n_rows), order)]
    assert len(lengths) == math.ceil(n_rows / wanted)
    assert lengths[:-1] == [size] * (len(lengths) - 1)
    assert lengths[-1] == n_rows - size * (len(lengths) - 1)


@WITHOUT_DEADLINE
@given(BATCH_SIZES, N_ROWS)
def test_rows_come_in_file_order_when_they_are_not_shuffled(size: int, n_rows: int) -> None:
    assert flat(visited(size, tagged(n_rows), None)) == list(range(n_rows))


@WITHOUT_DEADLINE
@given(N_ROWS, SEEDS, EPOCHS)
def test_the_row_order_is_the_same_for_the_same_seed_and_epoch(
    n_rows: int, seed: int, epoch: int
) -> None:
    order = row_order(n_rows, seed, epoch)
    assert sorted(order.tolist()) == list(range(n_rows))
    assert order.tolist() == row_order(n_rows, seed, epoch).tolist()


@WITHOUT_DEADLINE
@given(SEEDS, EPOCHS, EPOCHS)
def test_the_row_order_differs_from_epoch_to_epoch(seed: int, one: int, other: int) -> None:
    """1 in 200! pairs would be equal by chance."""
    assume(one != other)
    assert row_order(200, seed, one).tolist() != row_order(200, seed, other).tolist()


@WITHOUT_DEADLINE
@given(SEEDS, SEEDS, EPOCHS)
def test_the_row_order_differs_from_seed_to_seed(one: int, other: int, epoch: int) -> None:
    assume(one != other)
    assert row_order(200, one, epoch).tolist() != row_order(200, other, epoch).tolist()


@pytest.mark.parametrize("order", [None, np.array([4, 2, 0, 3, 1])], ids=["file", "shuffled"])
def test_batches_leave_the_rows_as_they_were(order: Array | None) -> None:
    samples, untouched = tagged(5), tagged(5)
    assert len(visited(2, samples, order)) == 3
    np.testing.assert_array_equal(samples.x, untouched.x)
    np.testing.assert_array_equal(samples.y, untouched.y)


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("shuffle", [True, False])
def test_batches_are_contiguous_and_keep_the_precision(size: int, shuffle: bool) -> None:
    samples = Samples(*(rows.astype("float32") for rows in (tagged(5).x, tagged(5).y)))
    for x, y, _ in batches(samples, size, row_order(5, 0, 1) if shuffle else None):
        for rows in (x, y):
            assert rows.dtype == np.float32
            assert rows.flags.c_contiguous


def test_a_batch_mode_that_does_not_exist_is_refused() -> None:
    with pytest.raises(KeyError, match="'minibatch'"):
        rows_per_iteration("minibatch", 4, 10)
