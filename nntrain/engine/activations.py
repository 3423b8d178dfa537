"""The activation functions f of the hidden layers: y = f(z), and their derivatives f'(z).

All work in place on whole arrays. Most derivatives are computed from y, so that z need not be kept.
Those of silu and mish need z, since two different z give the same y.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nntrain.arrays import Array
from nntrain.engine.denormals import LOWEST, SINGLE

LEAK = 0.01
"""The slope of leaky_relu below 0."""


@dataclass(frozen=True)
class Activation:
    """One activation function.

    `apply(z)` turns z into y = f(z), in place. `backpropagate(delta, y)` multiplies delta by
    f'(z), in place, and overwrites y; where `needs_z`, it takes z instead of y. Arrays are (n_rows,
    n_neurons). Callers hold `np.errstate(over="ignore")`: e^-z may become infinite on the way.
    """

    apply: Callable[[Array], object]
    backpropagate: Callable[[Array, Array], object]
    needs_z: bool = False


def _sigmoid(z: Array) -> None:
    """Equation (6): y = 1 / (1 + e^-z)."""
    np.negative(z, z)
    if z.itemsize == SINGLE and len(z) > 1:
        # In double precision, or for one row, this would cost more than it saves.
        z[z > -LOWEST[SINGLE]] = np.inf
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


def _leaky_relu(z: Array) -> None:
    np.maximum(z, LEAK * z, out=z)


def _leaky_relu_backpropagate(delta: Array, y: Array) -> None:
    """f'(z) = 1 where z > 0, else the leak; y has the sign of z."""
    np.multiply(delta, np.where(y > 0, y.dtype.type(1), y.dtype.type(LEAK)), delta)


def _elu(z: Array) -> None:
    """Y = z where z > 0, else e^z - 1."""
    np.maximum(z, np.expm1(np.minimum(z, 0.0)), out=z)


def _elu_backpropagate(delta: Array, y: Array) -> None:
    """f'(z) = 1 where z > 0, else e^z = y + 1."""
    np.minimum(y, 0.0, out=y)
    np.add(y, 1.0, y)
    np.multiply(delta, y, delta)


def _softplus(z: Array) -> None:
    """Y = ln(1 + e^z) = max(z, 0) + ln(1 + e^-|z|)."""
    small = np.minimum(np.abs(z), -LOWEST[z.itemsize])
    np.log1p(np.exp(-small), small)
    np.maximum(z, 0.0, out=z)
    np.add(z, small, z)


def _softplus_backpropagate(delta: Array, y: Array) -> None:
    """f'(z) = 1 / (1 + e^-z) = 1 - e^-y."""
    np.negative(y, y)
    np.expm1(y, y)
    np.negative(y, y)
    np.multiply(delta, y, delta)


def _silu(z: Array) -> None:
    """Y = z σ(z), with σ the sigmoid."""
    np.maximum(z, LOWEST[z.itemsize], out=z)
    np.multiply(z, _sigmoid_of_copy(z), z)


def _silu_backpropagate(delta: Array, z: Array) -> None:
    """f'(z) = σ + z σ (1 - σ) = σ (1 + z - z σ)."""
    np.maximum(z, LOWEST[z.itemsize], out=z)
    sigmoid = _sigmoid_of_copy(z)
    np.multiply(delta, sigmoid, delta)
    np.multiply(z, sigmoid, sigmoid)
    np.subtract(z, sigmoid, z)
    np.add(z, 1.0, z)
    np.multiply(delta, z, delta)


def _mish(z: Array) -> None:
    """Y = z t, with t = tanh(softplus z) = n / (n + 2), n = e^z (e^z + 2)."""
    np.maximum(z, LOWEST[z.itemsize], out=z)
    np.multiply(z, _tanh_softplus(z)[0], z)


def _mish_backpropagate(delta: Array, z: Array) -> None:
    """f'(z) = t + z (1 - t²) σ, with σ = e^z / (1 + e^z) the derivative of softplus."""
    np.maximum(z, LOWEST[z.itemsize], out=z)
    t, e = _tanh_softplus(z)
    np.multiply(z, e, z)
    np.add(e, 1.0, e)
    np.divide(z, e, z)
    np.multiply(t, t, e)
    np.subtract(1.0, e, e)
    np.multiply(z, e, z)
    np.add(z, t, z)
    np.multiply(delta, z, delta)


LARGE = 20.0
"""From this z on, tanh(softplus z) is 1 even in double precision."""


def _tanh_softplus(z: Array) -> tuple[Array, Array]:
    """The arrays tanh(softplus z) and e^z, with z cut off at `LARGE`."""
    e = np.exp(np.minimum(z, LARGE))
    n = e + 2.0
    np.multiply(n, e, n)
    return n / (n + 2.0), e


def _sigmoid_of_copy(z: Array) -> Array:
    y = z.copy()
    _sigmoid(y)
    return y


ACTIVATIONS = {
    "sigmoid": Activation(_sigmoid, _sigmoid_backpropagate),
    "tanh": Activation(_tanh, _tanh_backpropagate),
    "relu": Activation(_relu, _relu_backpropagate),
    "identity": Activation(_identity, _identity_backpropagate),
    "leaky_relu": Activation(_leaky_relu, _leaky_relu_backpropagate),
    "elu": Activation(_elu, _elu_backpropagate),
    "softplus": Activation(_softplus, _softplus_backpropagate),
    "silu": Activation(_silu, _silu_backpropagate, needs_z=True),
    "mish": Activation(_mish, _mish_backpropagate, needs_z=True),
}
