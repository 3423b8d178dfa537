"""How parameters follow a gradient: each optimizer is the update θ := θ - … of one iteration.

θ is the vector of all parameters, g = (1/m) ∂ℓ/∂θ the mean gradient over the m rows of a batch, α
the learning rate and i the iteration, counted from 1. `compiled/kernels.py` repeats each update.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from nntrain.arrays import Array
from nntrain.engine.denormals import SMALLEST_SQUARE, flush
from nntrain.engine.hyperparameters import Hyperparameters
from nntrain.engine.network import Parameters
from nntrain.engine.schedules import SCHEDULES


@dataclass(frozen=True)
class Setup:
    """What an optimizer works with, whichever it is.

    `state` (n_remembered, n_parameters) is all that it remembers between iterations. The caller
    allocates it (`initial_state`), and keeps a copy to go on from there later. `n_iterations` are
    those of the whole training, which the schedule of α spans.
    """

    hyperparameters: Hyperparameters
    parameters: Parameters
    state: Array
    n_iterations: int

    def begin_iteration(self, i: int) -> float:
        """α for the i-th iteration; before that, w := w - α λ w with the weight decay λ.

        The decay is apart from the gradient and leaves the biases alone (Loshchilov, Hutter 2019).
        """
        hyperparameters = self.hyperparameters
        schedule = SCHEDULES[hyperparameters.alpha_schedule]
        alpha = hyperparameters.alpha * schedule((i - 1) / self.n_iterations)
        if hyperparameters.weight_decay:
            for w in self.parameters.weights:
                np.multiply(w, 1.0 - alpha * hyperparameters.weight_decay, w)
        return alpha


class Optimizer(Protocol):
    """Moves the parameters of a network by the gradient of each batch.

    `n_remembered` is how many numbers it remembers for each parameter.
    """

    n_remembered: ClassVar[int]

    def __init__(self, setup: Setup, /) -> None: ...

    def update(self, gradient: Array, n_rows: int, i: int, /) -> None:
        """Move the parameters in place, in the i-th iteration.

        `gradient` (n_parameters,) is ∂ℓ/∂θ, summed over the m = n_rows rows of a batch. It is
        overwritten.
        """
        ...


class GradientDescent:
    """The article's update: θ := θ - α g."""

    n_remembered: ClassVar[int] = 0

    def __init__(self, setup: Setup, /) -> None:
        self.setup, self.theta = setup, setup.parameters.vector
        self.is_plain = setup.hyperparameters.is_plain
        self._step_rows, self._step = 0, np.zeros(())  # α / m is kept while it stays the same

    def update(self, gradient: Array, n_rows: int, i: int, /) -> None:
        """See `Optimizer.update`."""
        if n_rows != self._step_rows:
            # NumPy multiplies by a 0-dimensional array faster than by a Python number.
            self._step = np.array(self.setup.begin_iteration(i) / n_rows, gradient.dtype)
            self._step_rows = n_rows if self.is_plain else 0
        np.multiply(gradient, self._step, gradient)
        np.subtract(self.theta, gradient, self.theta)


class Momentum:
    """A velocity v that gathers gradients: v := μ v + g, θ := θ - α v (Polyak 1964)."""

    n_remembered: ClassVar[int] = 1

    def __init__(self, setup: Setup, /) -> None:
        self.setup, self.theta = setup, setup.parameters.vector
        self.mu, (self.v,) = setup.hyperparameters.momentum, setup.state

    def update(self, gradient: Array, n_rows: int, i: int, /) -> None:
        """See `Optimizer.update`."""
        alpha, g = self.setup.begin_iteration(i), gradient
        np.multiply(g, 1.0 / n_rows, g)
        _update_velocity(self.v, self.mu, g)
        np.multiply(self.v, alpha, g)
        np.subtract(self.theta, g, self.theta)


class Nesterov:
    """Momentum that looks ahead: θ := θ - α (g + μ v) (Sutskever, Martens, Dahl, Hinton 2013)."""

    n_remembered: ClassVar[int] = 1

    def __init__(self, setup: Setup, /) -> None:
        self.setup, self.theta = setup, setup.parameters.vector
        self.mu, (self.v,) = setup.hyperparameters.momentum, setup.state

    def update(self, gradient: Array, n_rows: int, i: int, /) -> None:
        """See `Optimizer.update`."""
        alpha, g = self.setup.begin_iteration(i), gradient
        np.multiply(g, 1.0 / n_rows, g)
        _update_velocity(self.v, self.mu, g)
        np.add(g, self.mu * self.v, g)
        np.multiply(g, alpha, g)
        np.subtract(self.theta, g, self.theta)


def _update_velocity(v: Array, mu: float, g: Array) -> None:
    """In place, v := μ v + g."""
    np.multiply(v, mu, v)
    np.add(v, g, v)
    flush(v)


class Adam:
    """Moving averages m of g and v of g² (Kingma, Ba 2015, algorithm 1).

    θ := θ - α m̂ / (√v̂ + ε), with m̂ = m / (1 - β₁^i) and v̂ = v / (1 - β₂^i).
    """

    n_remembered: ClassVar[int] = 2

    def __init__(self, setup: Setup, /) -> None:
        self.setup, self.theta = setup, setup.parameters.vector
        self.m, self.v = setup.state
        self._buffer = np.empty_like(self.theta)

    def update(self, gradient: Array, n_rows: int, i: int, /) -> None:
        """See `Optimizer.update`."""
        alpha, hyperparameters = self.setup.begin_iteration(i), self.setup.hyperparameters
        beta_1, beta_2 = hyperparameters.beta_1, hyperparameters.beta_2
        m, v, g, buffer = self.m, self.v, gradient, self._buffer
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
        np.add(buffer, hyperparameters.epsilon, buffer)  # √v̂ + ε
        np.divide(m, buffer, buffer)
        np.multiply(buffer, alpha / (1.0 - beta_1**i), buffer)
        np.subtract(self.theta, buffer, self.theta)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "gradient_descent": GradientDescent,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adam": Adam,
}


def initial_state(hyperparameters: Hyperparameters, parameters: Array) -> Array:
    """The state of an optimizer before the first iteration: zeros (n_remembered, n_parameters)."""
    n_remembered = OPTIMIZERS[hyperparameters.optimizer].n_remembered
    return np.zeros((n_remembered, len(parameters)), parameters.dtype)


def make_optimizer(
    hyperparameters: Hyperparameters, parameters: Parameters, state: Array, n_iterations: int
) -> Optimizer:
    """The optimizer that the hyperparameters name; the arguments are explained at `Setup`."""
    setup = Setup(hyperparameters, parameters, state, n_iterations)
    return OPTIMIZERS[hyperparameters.optimizer](setup)
