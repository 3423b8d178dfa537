"""Each optimizer compared with its formula, written for one parameter at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from nntrain.engine.hyperparameters import Hyperparameters
from nntrain.engine.network import Parameters
from nntrain.engine.optimizers import OPTIMIZERS, initial_state, make_optimizer

SIZES = (2, 1)  # two weights and a bias
START = [0.5, -1.0, 0.25]
GRADIENTS = [([0.3, -0.2, 0.1], 1), ([0.8, 0.4, -0.6], 4), ([-0.1, 0.2, 0.5], 4)]
MU, BETA_1, BETA_2, EPSILON = 0.8, 0.7, 0.9, 1e-3

Step = Callable[[float, list[float], float, int], tuple[float, list[float]]]


def gradient_descent(
    g: float, memory: list[float], alpha: float, _i: int
) -> tuple[float, list[float]]:
    return alpha * g, memory


def momentum(g: float, memory: list[float], alpha: float, _i: int) -> tuple[float, list[float]]:
    v = MU * memory[0] + g
    return alpha * v, [v]


def nesterov(g: float, memory: list[float], alpha: float, _i: int) -> tuple[float, list[float]]:
    v = MU * memory[0] + g
    return alpha * (g + MU * v), [v]


def adam(g: float, memory: list[float], alpha: float, i: int) -> tuple[float, list[float]]:
    m = BETA_1 * memory[0] + (1 - BETA_1) * g
    v = BETA_2 * memory[1] + (1 - BETA_2) * g * g
    m_hat, v_hat = m / (1 - BETA_1**i), v / (1 - BETA_2**i)
    return alpha * m_hat / (math.sqrt(v_hat) + EPSILON), [m, v]


FORMULAS: dict[str, Step] = {
    "gradient_descent": gradient_descent,
    "momentum": momentum,
    "nesterov": nesterov,
    "adam": adam,
}


def hyperparameters(optimizer: str, schedule: str, weight_decay: float) -> Hyperparameters:
    return Hyperparameters(
        0.1,
        1,
        1,
        optimizer=optimizer,
        momentum=MU,
        beta_1=BETA_1,
        beta_2=BETA_2,
        epsilon=EPSILON,
        alpha_schedule=schedule,
        weight_decay=weight_decay,
    )


def updated(chosen: Hyperparameters) -> list[float]:
    """The parameters after the three gradients, by the engine."""
    parameters = Parameters(SIZES, np.array(START))
    state = initial_state(chosen, parameters.vector)
    optimizer = make_optimizer(chosen, parameters, state, len(GRADIENTS))
    for i, (gradient, n_rows) in enumerate(GRADIENTS, start=1):
        optimizer.update(np.array(gradient), n_rows, i)
    return [float(value) for value in parameters.vector]


def updated_by_formula(formula: Step, alphas: Sequence[float], weight_decay: float) -> list[float]:
    """The same, one parameter after another."""
    found = []
    for j, theta in enumerate(START):
        memory = [0.0, 0.0]
        for i, (gradient, n_rows) in enumerate(GRADIENTS, start=1):
            alpha = alphas[i - 1]
            if j < 2:  # the bias does not decay
                theta -= alpha * weight_decay * theta  # noqa: PLW2901
            step, memory = formula(gradient[j] / n_rows, memory, alpha, i)
            theta -= step  # noqa: PLW2901
        found.append(theta)
    return found


def test_every_optimizer_has_a_formula_here() -> None:
    assert FORMULAS.keys() == OPTIMIZERS.keys()


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
@pytest.mark.parametrize(
    ("schedule", "alphas"),
    [("constant", [0.1, 0.1, 0.1]), ("linear", [0.1, 0.2 / 3, 0.1 / 3])],
)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_three_updates_are_those_of_the_formula(
    optimizer: str, schedule: str, alphas: list[float], weight_decay: float
) -> None:
    found = updated(hyperparameters(optimizer, schedule, weight_decay))
    expected = updated_by_formula(FORMULAS[optimizer], alphas, weight_decay)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_plain_gradient_descent_follows_the_number_of_rows_of_each_batch() -> None:
    """It keeps α / m from one update to the next; a last, smaller batch has another m."""
    parameters = Parameters(SIZES, np.zeros(3))
    chosen = Hyperparameters(0.5, 1, 4)
    optimizer = make_optimizer(chosen, parameters, np.zeros((0, 3)), 3)
    for i, (n_rows, expected) in enumerate([(4, -0.125), (4, -0.25), (1, -0.75)], start=1):
        optimizer.update(np.ones(3), n_rows, i)
        assert parameters.vector.tolist() == [expected] * 3


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_optimizer_goes_on_from_a_copy_of_its_state(optimizer: str) -> None:
    chosen = hyperparameters(optimizer, "cosine", 0.1)
    parameters = Parameters(SIZES, np.array(START))
    state = initial_state(chosen, parameters.vector)
    for i, (gradient, n_rows) in enumerate(GRADIENTS, start=1):
        state = state.copy()
        again = make_optimizer(chosen, parameters, state, len(GRADIENTS))
        again.update(np.array(gradient), n_rows, i)
    assert parameters.vector.tolist() == updated(chosen)
