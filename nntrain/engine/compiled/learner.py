"""The compiled engine: learning by the kernels of `compiled.py`.

For large networks, whose matrix products rule, the activations alone are compiled, each into one
pass through the memory; `COMPILED_ACTIVATIONS` stand in for those of NumPy.

Importing this module raises `ImportError` without Numba.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nntrain.arrays import Array
from nntrain.engine.activations import ACTIVATIONS, Activation
from nntrain.engine.batches import Samples
from nntrain.engine.compiled.kernels import (
    ACTIVATION_NUMBERS,
    OPTIMIZER_NUMBERS,
    SCHEDULE_NUMBERS,
    ZERO,
    Size,
    activate,
    backpropagate,
    learn_by_batch,
    learn_by_row,
    summed_loss,
)
from nntrain.engine.hyperparameters import Hyperparameters
from nntrain.engine.network import Network

NO_ORDER = np.zeros(0, np.int64)
SIDE_BY_SIDE = 64
"""The most rows that go through together."""


class CompiledLearner:
    """Learns as `learners.NumpyLearner` does, to rounding."""

    def __init__(
        self,
        network: Network,
        samples: Samples,
        hyperparameters: Hyperparameters,
        state: Array,
        n_iterations: int,
    ) -> None:
        self.network = network
        self.samples = _arrays(samples)
        self.hyperparameters = hyperparameters
        self.state = state
        self.by_row = hyperparameters.batch_rows == 1 and hyperparameters.is_plain
        self._for_learning = self._room(1 if self.by_row else hyperparameters.batch_rows)
        self._for_loss = self._room(SIDE_BY_SIDE)
        self._gradient = np.zeros_like(network.parameters.vector)
        self._rule = (
            OPTIMIZER_NUMBERS[hyperparameters.optimizer],
            SCHEDULE_NUMBERS[hyperparameters.alpha_schedule],
            n_iterations,
            hyperparameters.alpha,
            hyperparameters.weight_decay,
            hyperparameters.momentum,
            (hyperparameters.beta_1, hyperparameters.beta_2),
            hyperparameters.epsilon,
        )

    def _room(self, n_rows: int) -> tuple[Any, Any]:
        """The network as kernels take it, and room for y, z and δ of some rows."""
        network = self.network
        sizes, dtype = network.layer_sizes, network.dtype
        lanes = 128 // dtype.itemsize  # a loop of this many rows has no rest
        side = 1 if n_rows == 1 else min(SIDE_BY_SIDE, -(-n_rows // lanes) * lanes)
        y, delta = np.zeros(sum(sizes) * side, dtype), np.zeros(sum(sizes) * side, dtype)
        z = np.zeros_like(y) if ACTIVATIONS[network.activation].needs_z else y[:0]
        transposed = np.zeros(max(sizes) * side, dtype)
        number = ACTIVATION_NUMBERS[network.activation]
        return (np.array(sizes, Size), Size(side), number), (y, z, delta, transposed)

    def learn(self, order: Array | None, rows: range, loss: float, done: int) -> float:
        """See `learners.Learner.learn`."""
        theta, hyperparameters = self.network.parameters.vector, self.hyperparameters
        order = NO_ORDER if order is None else order
        places = Size(rows.start), Size(rows.stop)
        given = theta, *self._for_learning, self.samples, order, places
        learned: float
        if self.by_row:
            learned = learn_by_row(*given, hyperparameters.alpha, loss)
        else:
            i = Size(done + rows.start // hyperparameters.batch_rows)
            updates = self._gradient, self.state, self._rule, i
            learned = learn_by_batch(*given, Size(hyperparameters.batch_rows), updates, loss)
        return learned

    def loss(self, samples: Samples, rows: Array | None = None) -> float:
        """See `learners.Learner.loss`."""
        theta, order = self.network.parameters.vector, NO_ORDER if rows is None else rows
        n_rows = len(samples) if rows is None else len(rows)
        given = _arrays(samples), order, Size(n_rows)
        summed: float = summed_loss(theta, *self._for_loss, *given)
        return summed / n_rows


def _arrays(samples: Samples) -> tuple[Array, Array, Array]:
    """Inputs, true values and weights; no rows of them without weights."""
    none = np.zeros((0, 1), samples.x.dtype)
    return samples.x, samples.y, none if samples.weights is None else samples.weights


def _compiled_activation(name: str) -> Activation:
    """An activation of the kernels, for arrays of any shape."""
    number, needs_z = ACTIVATION_NUMBERS[name], ACTIVATIONS[name].needs_z

    def apply(z: Array) -> None:
        flat = z.reshape(-1)
        activate(number, flat, np.empty_like(flat) if needs_z else flat[:0], ZERO, Size(z.size))

    def backpropagate_given(delta: Array, given: Array) -> None:
        flat = given.reshape(-1)
        backpropagate(number, delta.reshape(-1), flat, flat, ZERO, Size(given.size))

    return Activation(apply, backpropagate_given, needs_z)


COMPILED_ACTIVATIONS = {name: _compiled_activation(name) for name in ACTIVATION_NUMBERS}
