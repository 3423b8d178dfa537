"""How weights are drawn: mean, variance and range of each way, over many weights."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nntrain.config import choices
from nntrain.engine.initialization import INITIALIZATIONS
from nntrain.engine.network import Network

Array = NDArray[Any]

N_IN, N_OUT = 300, 700
N_WEIGHTS = N_IN * N_OUT
FANS = {"n_in": N_IN, "n_in + n_out": N_IN + N_OUT}


def stated(name: str) -> tuple[str, float]:
    """The distribution and the variance that the line of `choices.py` says."""
    line = choices.INITIALIZATIONS[name]
    found = re.match(r"(uniform|normal), variance (\d) / \(?([^)]*?)\)?( \(|$)", line)
    assert found, line
    return found[1], int(found[2]) / FANS[found[3]]


def drawn(name: str, dtype: str = "float64") -> Array:
    """The weights of a layer of N_IN inputs."""
    network = Network((N_IN, N_OUT, 2), dtype=dtype)
    network.initialize(np.random.default_rng(5), name)
    return network.parameters.weights[0]


def deviations(w: Array, name: str) -> tuple[float, float]:
    """How far mean and variance are from those stated, in standard errors."""
    distribution, variance = stated(name)
    fourth_moment = {"uniform": 9 / 5, "normal": 3}[distribution]
    error_of_variance = variance * np.sqrt((fourth_moment - 1) / w.size)
    mean = float(w.mean() / np.sqrt(variance / w.size))
    return mean, float((w.var() - variance) / error_of_variance)


def test_a_line_stands_for_each_initialization() -> None:
    assert list(choices.INITIALIZATIONS) == list(INITIALIZATIONS)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", INITIALIZATIONS)
def test_weights_have_mean_0_and_the_stated_variance(name: str, dtype: str) -> None:
    w = drawn(name, dtype)
    assert w.shape == (N_OUT, N_IN)
    assert w.dtype == dtype
    assert np.abs(deviations(w.astype("float64"), name)).max() < 5


@pytest.mark.parametrize("name", INITIALIZATIONS)
def test_weights_of_one_way_are_not_taken_for_those_of_another(name: str) -> None:
    """Fans taken for each other, or a shifted mean, are seen too."""
    w = drawn(name)
    others = [other for other in INITIALIZATIONS if stated(other)[1] != stated(name)[1]]
    assert len(others) == 4
    assert all(abs(deviations(w, other)[1]) > 50 for other in others)
    assert abs(deviations(w + 0.02 * w.std(), name)[0]) > 5
    with_fans_swapped = INITIALIZATIONS[name](np.random.default_rng(5), (N_IN, N_OUT))
    assert "glorot" in name or abs(deviations(with_fans_swapped, name)[1]) > 50


@pytest.mark.parametrize("name", INITIALIZATIONS)
def test_uniform_weights_fill_their_range_and_normal_ones_go_beyond(name: str) -> None:
    distribution, variance = stated(name)
    limit = np.sqrt(3 * variance)
    largest = np.abs(drawn(name)).max()
    assert name.endswith(distribution)
    if distribution == "uniform":
        assert 0.999 * limit < largest <= limit
    else:
        assert 4 * np.sqrt(variance) < largest < 6 * np.sqrt(variance)


@pytest.mark.parametrize("name", [name for name in INITIALIZATIONS if "normal" in name])
def test_normal_weights_are_normal(name: str) -> None:
    w = drawn(name) / np.sqrt(stated(name)[1])
    for size, expected in [(0.5, 0.382925), (1, 0.682689), (2, 0.954500), (3, 0.997300)]:
        error = np.sqrt(expected * (1 - expected) / w.size)
        assert abs((np.abs(w) < size).mean() - expected) < 5 * error


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_glorot_uniform_is_its_formula_to_the_bit(dtype: str) -> None:
    """And the first way, as networks were drawn before there were others."""
    network = Network((7, 5, 3, 2), dtype=dtype)
    network.initialize(np.random.default_rng(11))
    rng = np.random.default_rng(11)
    for w in network.parameters.weights:
        n_out, n_in = w.shape
        limit = np.sqrt(6 / (n_in + n_out))
        assert w.tobytes() == rng.uniform(-limit, limit, (n_out, n_in)).astype(dtype).tobytes()


@pytest.mark.parametrize("name", INITIALIZATIONS)
def test_biases_are_0_and_the_seed_says_all(name: str) -> None:
    networks = [Network((7, 5, 2)) for _ in range(3)]
    for network, seed in zip(networks, (1, 1, 2), strict=True):
        network.parameters.vector[:] = 9.0
        network.initialize(np.random.default_rng(seed), name)
        assert not any(b.any() for b in network.parameters.biases)
        assert all((w != 0).all() and (w != 9).all() for w in network.parameters.weights)
    first, same, other = (network.parameters.vector.tobytes() for network in networks)
    assert first == same != other
