"""How parameters follow a gradient: each optimizer is an update θ := θ - … of one iteration.

g is the batch's gradient (1/m) ∂ℓ/∂θ, m the rows of the batch. What an optimizer remembers is the
rows of its `state` (n_remembered, n_parameters), zeros at first. `compiled/kernels.py` has the same
updates once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol

import numpy as np

from nntrain.arrays import Array
from nntrain.engine.denormals import SMALLEST_SQUARE, flush
from nntrain.engine.hyperparameters import SCHEDULES, Hyperparameters
from nntrain.engine.network import Parameters


class Optimizer(Protocol):
    """Moves parameters; `state` is all that it remembers between iterations."""

    state: Array

    def update(
        self, parameters: Array, gradient: Array, n_rows: int, alpha: float, i: int, /
    ) -> None:
        """Move the parameters (n_parameters,) in place, in the i-th iteration, counted from 1.

        `gradient` is ∂ℓ/∂θ, the sum over the m = n_rows rows of a batch, and is used up.
        """
        ...


class GradientDescent:
    """Plain gradient descent: θ := θ - α g."""

    n_remembered: ClassVar = 0

    def __init__(self, _procedure: Hyperparameters, state: Array) -> None:
        self.state = state

    def update(
        self, parameters: Array, gradient: Array, n_rows: int, alpha: float, _i: int, /
    ) -> None:
        """See `Optimizer.update`."""
        np.multiply(gradient, alpha / n_rows, gradient)
        np.subtract(parameters, gradient, parameters)


class Momentum:
    """A velocity: v := μ v + g, θ := θ - α v (Polyak 1964)."""

    n_remembered: ClassVar = 1

    def __init__(self, hyperparameters: Hyperparameters, state: Array) -> None:
        self.state = state
        self.mu = hyperparameters.momentum

    def update(
        self, parameters: Array, gradient: Array, n_rows: int, alpha: float, _i: int, /
    ) -> None:
        """See `Optimizer.update`."""
        (v,), g = self.state, gradient
        np.multiply(g, 1.0 / n_rows, g)
        np.multiply(v, self.mu, v)
        np.add(v, g, v)
        flush(v)
        np.multiply(self._direction(g, v), alpha, g)
        np.subtract(parameters, g, parameters)

    def _direction(self, _g: Array, v: Array) -> Array:
        return v


class Nesterov(Momentum):
    """The same with θ := θ - α (g + μ v) (Sutskever, Martens, Dahl, Hinton 2013)."""

    def _direction(self, g: Array, v: Array) -> Array:
        return np.add(g, self.mu * v, g)


class Adam:
    """Kingma, Ba 2015, algorithm 1, with moving averages m and v of g and of its squares.

    θ := θ - α m̂ / (√v̂ + ε), with m̂ = m / (1 - β₁^i) and v̂ = v / (1 - β₂^i).
    """

    n_remembered: ClassVar = 2

    def __init__(self, hyperparameters: Hyperparameters, state: Array) -> None:
        self.state = state
        self.hyperparameters = hyperparameters
        self._buffer = np.empty(state.shape[1], state.dtype)

    def update(
        self, parameters: Array, gradient: Array, n_rows: int, alpha: float, i: int, /
    ) -> None:
        """See `Optimizer.update`."""
        (m, v), g, buffer = self.state, gradient, self._buffer
        beta_1, beta_2 = self.hyperparameters.beta_1, self.hyperparameters.beta_2
        np.multiply(g, 1.0 / n_rows, g)
        np.multiply(m, beta_1, m)
        np.multiply(g, 1.0 - beta_1, buffer)
        np.add(m, buffer, m)  # m := β₁ m + (1 - β₁) g
        flush(m)
        np.multiply(v, beta_2, v)
        np.multiply(g, (1.0 - beta_2) ** 0.5, g)
        flush(g)
        np.multiply(g, g, g)
        np.add(v, g, v)  # v := β₂ v + (1 - β₂) g²
        np.maximum(v, SMALLEST_SQUARE[v.itemsize], out=v)
        np.sqrt(v, buffer)
        np.multiply(buffer, (1.0 - beta_2**i) ** -0.5, buffer)
        np.add(buffer, self.hyperparameters.epsilon, buffer)
        np.divide(m, buffer, buffer)
        np.multiply(buffer, alpha / (1.0 - beta_1**i), buffer)
        np.subtract(parameters, buffer, parameters)


OPTIMIZERS: dict[str, type[GradientDescent | Momentum | Nesterov | Adam]] = {
    "gradient_descent": GradientDescent,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adam": Adam,
}


def initial_state(hyperparameters: Hyperparameters, parameters: Array) -> Array:
    """What a procedure's optimizer remembers before the first iteration: nothing, as zeros."""
    n_remembered = OPTIMIZERS[hyperparameters.optimizer].n_remembered
    return np.zeros((n_remembered, len(parameters)), parameters.dtype)


class PlainUpdates:
    """The article's update and no more: θ := θ - α (1/m) ∂ℓ/∂θ, α the same throughout."""

    def __init__(self, parameters: Array, alpha: float) -> None:
        self.parameters, self.alpha = parameters, alpha
        self._rows = 0
        self._step = np.array(alpha)

    def update(self, gradient: Array, n_rows: int, _i: int, /) -> None:
        """See `Updates.update`."""
        if n_rows != self._rows:
            # An array of no dimension is multiplied by faster than a number.
            self._rows, self._step = n_rows, np.array(self.alpha / n_rows, gradient.dtype)
        np.multiply(gradient, self._step, gradient)
        np.subtract(self.parameters, gradient, self.parameters)


class Updates:
    """The updates of a training: α by its schedule, the decay of weights, and the optimizer."""

    def __init__(
        self,
        hyperparameters: Hyperparameters,
        parameters: Parameters,
        state: Array,
        n_iterations: int,
    ) -> None:
        self.parameters = parameters
        self.alpha, self.weight_decay = hyperparameters.alpha, hyperparameters.weight_decay
        self.schedule = SCHEDULES[hyperparameters.alpha_schedule]
        self.n_iterations = n_iterations
        self.optimizer: Optimizer = OPTIMIZERS[hyperparameters.optimizer](hyperparameters, state)

    def update(self, gradient: Array, n_rows: int, i: int, /) -> None:
        """The i-th iteration, counted from 1; `gradient` is as `Optimizer.update` takes it."""
        alpha = self.alpha * self.schedule((i - 1) / self.n_iterations)
        if self.weight_decay:
            _decay(self.parameters.weights, 1.0 - alpha * self.weight_decay)
        self.optimizer.update(self.parameters.vector, gradient, n_rows, alpha, i)


def make_updates(
    hyperparameters: Hyperparameters, parameters: Parameters, state: Array, n_iterations: int
) -> PlainUpdates | Updates:
    """The updates of a procedure; `state` is what its optimizer remembers (`Optimizer.state`)."""
    if hyperparameters.is_plain:
        return PlainUpdates(parameters.vector, hyperparameters.alpha)
    return Updates(hyperparameters, parameters, state, n_iterations)


def _decay(weights: Sequence[Array], factor: float) -> None:
    """w := w - α λ w apart from the gradient, biases excepted (Loshchilov, Hutter 2019)."""  # noqa: D403
    for w in weights:
        np.multiply(w, factor, w)
