"""A network: its initial weights, and the one vector that holds all of its parameters."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from support.strategies import SEEDS, WITHOUT_DEADLINE

from nntrain.engine.network import Network, Parameters, n_parameters
from nntrain.engine.random_streams import (
    INITIAL_WEIGHTS,
    random_stream,
)

Array = NDArray[Any]

LAYERS = st.lists(st.integers(1, 12), min_size=2, max_size=5)


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
