"""Properties of batches, row orders, random streams and initial parameters."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nntrain.config.choices import BATCH_MODES
from nntrain.engine.batches import Samples, batches, row_order, rows_per_iteration
from nntrain.engine.network import Network, Parameters, n_parameters
from nntrain.engine.random_streams import (
    FOLDS,
    INITIAL_WEIGHTS,
    ROW_ORDER,
    VALIDATION_SPLIT,
    random_stream,
)

Array = NDArray[Any]

WITHOUT_DEADLINE = settings(deadline=None)

MODES = st.sampled_from(sorted(BATCH_MODES))
BATCH_SIZES = st.integers(1, 60)
N_ROWS = st.integers(1, 50)
SEEDS = st.integers(0, 2**32 - 1)
EPOCHS = st.integers(1, 10_000)
LAYERS = st.lists(st.integers(1, 12), min_size=2, max_size=5)


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


KEYS = st.tuples(
    SEEDS,
    st.sampled_from([INITIAL_WEIGHTS, ROW_ORDER, VALIDATION_SPLIT, FOLDS]),
    st.integers(0, 50),
    st.integers(0, 10_000),
)


def numbers_of(rng: np.random.Generator) -> list[int]:
    return [int(number) for number in rng.integers(0, 2**62, 4)]


def start_of(key: tuple[int, int, int, int]) -> list[int]:
    """The first numbers of a stream of (seed, purpose, member, epoch)."""
    seed, purpose, member, epoch = key
    return numbers_of(random_stream(seed, purpose, member, epoch))


@WITHOUT_DEADLINE
@given(KEYS, KEYS)
def test_streams_of_different_keys_differ(
    one: tuple[int, int, int, int], other: tuple[int, int, int, int]
) -> None:
    assume(one != other)
    assert start_of(one) != start_of(other)
    assert start_of(one) == start_of(one)


@WITHOUT_DEADLINE
@given(KEYS, st.integers(0, 3), st.integers(1, 5))
def test_streams_differ_where_one_part_of_the_key_does(
    key: tuple[int, int, int, int], part: int, step: int
) -> None:
    moved = list(key)
    moved[part] += step
    assume(moved[0] < 2**32)
    assert start_of(key) != start_of((moved[0], moved[1], moved[2], moved[3]))


@WITHOUT_DEADLINE
@given(KEYS)
def test_a_stream_is_numpys_of_seed_purpose_member_and_epoch(
    key: tuple[int, int, int, int],
) -> None:
    assert start_of(key) == numbers_of(np.random.default_rng(list(key)))


def test_purposes_have_the_documented_numbers() -> None:
    """A model file's seed means the same in every version."""
    assert (INITIAL_WEIGHTS, ROW_ORDER, VALIDATION_SPLIT, FOLDS) == (1, 2, 3, 5)


def test_member_and_epoch_are_0_where_they_do_not_apply() -> None:
    assert start_of((5, 1, 0, 0)) == numbers_of(random_stream(5, INITIAL_WEIGHTS))


@WITHOUT_DEADLINE
@given(LAYERS, SEEDS)
def test_initial_weights_are_within_glorots_limits_and_biases_zero(
    sizes: list[int], seed: int
) -> None:
    network = Network(sizes)
    network.parameters.vector[:] = np.nan
    network.initialize(random_stream(seed, INITIAL_WEIGHTS))
    for (n_in, n_out), w, b in zip(
        pairwise(sizes), network.parameters.weights, network.parameters.biases, strict=True
    ):
        assert w.shape == (n_out, n_in)
        assert np.abs(w).max() <= math.sqrt(6 / (n_in + n_out))
        assert b.tolist() == [0] * n_out


def test_initial_weights_fill_glorots_limits_evenly() -> None:
    network = Network((40, 60, 80))
    network.initialize(np.random.default_rng(0))
    for (n_in, n_out), w in zip([(40, 60), (60, 80)], network.parameters.weights, strict=True):
        limit = math.sqrt(6 / (n_in + n_out))
        assert w.max() > 0.99 * limit
        assert w.min() < -0.99 * limit
        assert abs(w.mean()) < 0.05 * limit
        assert w.var() == pytest.approx(2 / (n_in + n_out), rel=0.05)


def test_initial_weights_are_the_same_for_the_same_seed_in_either_precision() -> None:
    vectors: list[Array] = []
    for dtype in ("float64", "float64", "float32"):
        network = Network((3, 5, 2), dtype=dtype)
        network.initialize(random_stream(7, INITIAL_WEIGHTS))
        vectors.append(network.parameters.vector)
    np.testing.assert_array_equal(vectors[0], vectors[1])
    np.testing.assert_array_equal(vectors[0].astype("float32"), vectors[2])


def test_a_new_network_is_zero() -> None:
    assert Network((3, 5, 2)).parameters.vector.tolist() == [0] * 32


@WITHOUT_DEADLINE
@given(LAYERS)
def test_the_vector_holds_w1_b1_w2_b2_and_so_on(sizes: list[int]) -> None:
    vector = np.arange(n_parameters(sizes), dtype=float)
    parameters = Parameters(sizes, vector)
    parts: list[Array] = []
    for (n_in, n_out), w, b in zip(
        pairwise(sizes), parameters.weights, parameters.biases, strict=True
    ):
        assert w.shape == (n_out, n_in)
        assert b.shape == (n_out,)
        parts += [w.ravel(), b]
    np.testing.assert_array_equal(np.concatenate(parts), vector)


@WITHOUT_DEADLINE
@given(LAYERS)
def test_weights_and_biases_share_memory_with_the_vector(sizes: list[int]) -> None:
    parameters = Network(sizes).parameters
    for i, (w, b) in enumerate(zip(parameters.weights, parameters.biases, strict=True), start=1):
        assert np.shares_memory(w, parameters.vector)
        assert np.shares_memory(b, parameters.vector)
        w[:] = 2 * i
        b[:] = 2 * i + 1
    expected = [
        value
        for i, (n_in, n_out) in enumerate(pairwise(sizes), start=1)
        for value in [2 * i] * (n_in * n_out) + [2 * i + 1] * n_out
    ]
    assert parameters.vector.tolist() == expected
    parameters.vector[:] = 0
    assert not any(w.any() for w in parameters.weights)


def test_a_vector_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^\(31,\) parameters for the layers \[3, 5, 2\]$"):
        Parameters((3, 5, 2), np.zeros(31))


@pytest.mark.parametrize(
    ("network", "shown"),
    [
        (Network((3, 5, 2)), "<Network 3-5-2 sigmoid float64>"),
        (Network([8, 64, 32, 1], "relu", "float32"), "<Network 8-64-32-1 relu float32>"),
        (Network((2, 1), "identity"), "<Network 2-1 identity float64>"),
    ],
)
def test_a_network_shows_its_layers_activation_and_precision(network: Network, shown: str) -> None:
    assert repr(network) == shown
