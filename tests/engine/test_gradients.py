"""Gradients against central differences, for every activation, and what extreme inputs give.

The checker is checked too: wrong derivatives and wrong sums must fail it.
"""

from __future__ import annotations

import dataclasses
import math
import warnings
from itertools import count
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nntrain.engine.activations import ACTIVATIONS, Activation
from nntrain.engine.network import Network, Parameters, Workspace, backward, forward

Array = NDArray[Any]

STEP = 1e-5
SMALL = 1e-7
"""An error below this is that of the difference itself; a wrong gradient has one near 1."""

N_INPUTS = 3
HIDDEN_LAYERS = [(), (5,), (5, 4)]


@dataclasses.dataclass(frozen=True)
class Case:
    """A network, and rows at which its loss is smooth."""

    network: Network
    x: Array
    y_true: Array
    weights: Array | None = None


def hidden_z(network: Network, x: Array) -> list[Array]:
    """z_i of every hidden layer."""
    found, y = [], x
    layers = zip(network.parameters.weights, network.parameters.biases, strict=True)
    for w, b in list(layers)[:-1]:
        found.append(y @ w.T + b)
        y = found[-1].copy()
        ACTIVATIONS[network.activation].apply(y)
    return found


def is_smooth(example: Case) -> bool:
    """Whether no z is near relu's kink at 0, and every layer has a z on both sides of it."""
    return all(
        np.abs(z).min() > 100 * STEP and z.min() < 0 < z.max()
        for z in hidden_z(example.network, example.x)
    )


def case(activation: str, hidden: tuple[int, ...], n_targets: int, n_rows: int) -> Case:
    """The first random network and rows that are smooth."""

    def draw(seed: int) -> Case:
        rng = np.random.default_rng(seed)
        network = Network((N_INPUTS, *hidden, n_targets), activation)
        network.parameters.vector[:] = rng.uniform(-0.9, 0.9, network.parameters.vector.shape)
        x = rng.normal(size=(n_rows, N_INPUTS))
        return Case(network, x, rng.normal(size=(n_rows, n_targets)))

    return next(example for example in map(draw, count()) if is_smooth(example))


def gradient_of(example: Case) -> Array:
    """What backward leaves in the workspace."""
    workspace = Workspace(example.network, len(example.x))
    forward(example.x, workspace)
    backward(example.x, example.y_true, workspace, example.weights)
    return workspace.gradient.vector


def summed_loss(example: Case) -> float:
    weights = 1.0 if example.weights is None else example.weights
    return 0.5 * float((weights * (example.network.predict(example.x) - example.y_true) ** 2).sum())


def gradient_error(example: Case, gradient: Array) -> float:
    """The largest difference to a central difference of the loss, over the largest derivative."""
    theta = example.network.parameters.vector
    numerical = np.empty_like(theta)
    for i in range(len(theta)):
        at = theta[i]
        theta[i] = at + STEP
        above = summed_loss(example)
        theta[i] = at - STEP
        below = summed_loss(example)
        theta[i] = at
        numerical[i] = (above - below) / (2 * STEP)
    return float(np.abs(gradient - numerical).max() / np.abs(numerical).max())


@pytest.mark.parametrize("n_rows", [1, 9])
@pytest.mark.parametrize("n_targets", [1, 2, 3])
@pytest.mark.parametrize("hidden", HIDDEN_LAYERS, ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_gradient_is_the_slope_of_the_loss(
    activation: str, hidden: tuple[int, ...], n_targets: int, n_rows: int
) -> None:
    example = case(activation, hidden, n_targets, n_rows)
    assert gradient_error(example, gradient_of(example)) < SMALL


WEIGHTS = np.array([[0.5], [2.0], [0.0], [1.0], [3.0], [0.25], [1.0], [1.5], [0.75]])


@pytest.mark.parametrize("hidden", HIDDEN_LAYERS, ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_gradient_of_weighted_rows_is_the_slope_of_their_loss(
    activation: str, hidden: tuple[int, ...]
) -> None:
    unweighted = case(activation, hidden, 2, 9)
    example = dataclasses.replace(unweighted, weights=WEIGHTS)
    assert gradient_error(example, gradient_of(example)) < SMALL
    assert gradient_error(example, gradient_of(unweighted)) > 0.01


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_backward_gives_the_loss_summed_over_rows_and_targets(
    activation: str, weights: Array | None
) -> None:
    example = dataclasses.replace(case(activation, (5, 4), 3, 9), weights=weights)
    workspace = Workspace(example.network, 9)
    forward(example.x, workspace)
    loss = backward(example.x, example.y_true, workspace, weights)
    assert loss == pytest.approx(summed_loss(example), rel=1e-14)
    assert example.network.loss(example.x, example.y_true, weights) == pytest.approx(
        loss / 9, rel=1e-14
    )


def without_one(delta: Array, y: Array) -> None:
    """Sigmoid's y (1 - y), with the last factor forgotten."""
    np.multiply(delta, y, out=delta)


def of_the_square_root(delta: Array, y: Array) -> None:
    """Tanh's 1 - y², with the square forgotten."""
    np.multiply(delta, 1.0 - y, out=delta)


def always_one(delta: Array, y: Array) -> None:
    """The derivative where z is large, taken everywhere."""


def twice(delta: Array, y: Array) -> None:
    """The identity's 1 taken for 2."""
    np.multiply(delta, 2.0, out=delta)


WRONG = {
    "sigmoid": without_one,
    "tanh": of_the_square_root,
    "relu": always_one,
    "identity": twice,
    "leaky_relu": always_one,
    "elu": always_one,
    "softplus": always_one,
    "silu": always_one,
    "mish": always_one,
}


@pytest.mark.parametrize("hidden", [(5,), (5, 4)], ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_checker_finds_a_wrong_derivative(
    activation: str, hidden: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    example = case(activation, hidden, 2, 9)
    wrong = dataclasses.replace(ACTIVATIONS[activation], backpropagate=WRONG[activation])
    monkeypatch.setitem(ACTIVATIONS, "wrong", wrong)
    example.network.activation = "wrong"
    assert gradient_error(example, gradient_of(example)) > 0.01


@pytest.mark.parametrize("n_targets", [2, 3])
def test_the_checker_finds_a_gradient_that_is_a_multiple(n_targets: int) -> None:
    """That of a loss averaged over the targets, as found in the wild."""
    example = case("sigmoid", (5,), n_targets, 9)
    assert gradient_error(example, gradient_of(example) / n_targets) > 0.1


def test_the_checker_finds_a_sum_over_rows_taken_before_the_outer_product() -> None:
    example = case("sigmoid", (), 2, 9)
    delta = example.network.predict(example.x) - example.y_true
    wrong = np.outer(delta.sum(axis=0), example.x.sum(axis=0))
    right = Parameters(example.network.layer_sizes, gradient_of(example))
    assert gradient_error(example, right.vector) < SMALL
    right.weights[0][:] = wrong
    assert gradient_error(example, right.vector) > 0.1


def test_the_checker_finds_one_wrong_bias() -> None:
    example = case("tanh", (5,), 2, 9)
    gradient = gradient_of(example)
    gradient[-1] *= 1.001
    assert gradient_error(example, gradient) > SMALL


def applied(activation: Activation, z: Array) -> Array:
    y = z.copy()
    with np.errstate(over="ignore"):
        activation.apply(y)
    return y


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_sigmoid_of_an_extreme_z_is_exactly_0_or_1(dtype: str) -> None:
    z = np.array([-np.inf, -1e30, -1000, 1000, 1e30, np.inf, 0], dtype)
    y = applied(ACTIVATIONS["sigmoid"], z)
    assert y.dtype == dtype
    assert y.tolist() == [0, 0, 0, 1, 1, 1, 0.5]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_saturated_sigmoid_passes_nothing_back(dtype: str) -> None:
    y = applied(ACTIVATIONS["sigmoid"], np.array([-1000, 1000], dtype))
    delta = np.ones(2, dtype)
    ACTIVATIONS["sigmoid"].backpropagate(delta, y)
    assert delta.tolist() == [0, 0]


@pytest.mark.parametrize(("dtype", "limit"), [("float64", 700.0), ("float32", 34.0)])
def test_a_sigmoid_elsewhere_is_its_formula_to_the_last_bits(dtype: str, limit: float) -> None:
    z = np.concatenate([np.linspace(-limit, limit, 2001), np.linspace(-5, 5, 2001)]).astype(dtype)
    expected = np.array([1 / (1 + math.exp(-value)) for value in z.tolist()]).astype(dtype)
    np.testing.assert_array_max_ulp(applied(ACTIVATIONS["sigmoid"], z), expected, maxulp=4)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_an_activation_and_its_slope_are_their_formulas_in_place(activation: str) -> None:
    z = np.random.default_rng(0).normal(size=(4, 3))
    delta = np.ones((4, 3))
    sigmoid = 1 / (1 + np.exp(-z))
    tanh_softplus = np.tanh(np.log(1 + np.exp(z)))
    expected = {
        "sigmoid": 1 / (1 + np.exp(-z)),
        "tanh": np.tanh(z),
        "relu": np.where(z > 0, z, 0),
        "identity": z.copy(),
        "leaky_relu": np.where(z > 0, z, 0.01 * z),
        "elu": np.where(z > 0, z, np.exp(z) - 1),
        "softplus": np.log(1 + np.exp(z)),
        "silu": z * sigmoid,
        "mish": z * tanh_softplus,
    }[activation]
    slope = {
        "sigmoid": expected * (1 - expected),
        "tanh": 1 - expected**2,
        "relu": (z > 0) * 1.0,
        "identity": np.ones((4, 3)),
        "leaky_relu": np.where(z > 0, 1, 0.01),
        "elu": np.where(z > 0, 1, np.exp(z)),
        "softplus": sigmoid,
        "silu": sigmoid + z * sigmoid * (1 - sigmoid),
        "mish": tanh_softplus + z * (1 - tanh_softplus**2) * sigmoid,
    }[activation]
    y = applied(ACTIVATIONS[activation], z)
    np.testing.assert_allclose(y, expected, rtol=2e-15)
    example = z if ACTIVATIONS[activation].needs_z else y
    ACTIVATIONS[activation].backpropagate(delta, example)
    np.testing.assert_allclose(delta, slope, rtol=1e-14)


def test_relu_has_no_slope_at_zero() -> None:
    y, delta = np.array([0.0, -0.0, 1e-300]), np.ones(3)
    ACTIVATIONS["relu"].backpropagate(delta, y)
    assert delta.tolist() == [0, 0, 1]


@pytest.mark.parametrize(("dtype", "huge"), [("float64", 1e300), ("float32", 1e35)])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_predicting_huge_inputs_raises_no_warning(activation: str, dtype: str, huge: float) -> None:
    network = Network((N_INPUTS, 5, 2), activation, dtype)
    network.initialize(np.random.default_rng(0))
    x = np.array([[1, -1, 1], [-1, 1, -1], [1, 1, 1]], dtype) * np.dtype(dtype).type(huge)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = network.predict(x)
    assert np.isfinite(y).all()


def test_a_saturated_network_predicts_the_sum_of_its_last_weights() -> None:
    """Every z_1 is ±1000, so that y_1 is exactly 0 or 1."""
    network = Network((1, 2, 1))
    network.parameters.vector[:] = [1.0, -1.0, 0.0, 0.0, 0.25, 0.5, 1.0]
    assert network.predict(np.array([[1000.0], [-1000.0]])).tolist() == [[1.25], [1.5]]
