"""The activation functions f of the hidden layers: y = f(z), and what f'(z) does to an error.

Both work in place on whole arrays. The derivative is taken from y, so that z need not be kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Activation:
    """One activation function.

    `apply(z)` turns z into y = f(z), in place. `backpropagate(delta, y)` multiplies delta by
    f'(z), in place, and uses y up. Arrays are (n_rows, n_neurons). Callers hold
    `np.errstate(over="ignore")`: e^-z may become infinite on the way to a y of exactly 0.
    """

    apply: Callable[[Array], object]
    backpropagate: Callable[[Array, Array], object]


def _sigmoid(z: Array) -> None:
    """Equation (6): y = 1 / (1 + e^-z)."""
    np.negative(z, z)
    np.exp(z, z)
    np.add(z, 1.0, z)
    np.reciprocal(z, z)


def _sigmoid_backpropagate(delta: Array, y: Array) -> None:
    """Equation (7): f'(z) = y (1 - y) = y - y y."""
    np.multiply(delta, y, delta)
    np.multiply(delta, y, y)
    np.subtract(delta, y, delta)


def _tanh(z: Array) -> None:
    np.tanh(z, z)


def _tanh_backpropagate(delta: Array, y: Array) -> None:
    """f'(z) = 1 - y²."""
    np.multiply(y, y, y)
    np.subtract(1.0, y, y)
    np.multiply(delta, y, delta)


def _relu(z: Array) -> None:
    np.maximum(z, 0.0, out=z)


def _relu_backpropagate(delta: Array, y: Array) -> None:
    """f'(z) = 1 where z > 0, else 0: the sign of y, which is never negative."""
    np.sign(y, y)
    np.multiply(delta, y, delta)


def _identity(z: Array) -> None:
    """Equation (8): y = z."""


def _identity_backpropagate(delta: Array, y: Array) -> None:
    """Equation (9): f'(z) = 1."""


ACTIVATIONS = {
    "sigmoid": Activation(_sigmoid, _sigmoid_backpropagate),
    "tanh": Activation(_tanh, _tanh_backpropagate),
    "relu": Activation(_relu, _relu_backpropagate),
    "identity": Activation(_identity, _identity_backpropagate),
}
