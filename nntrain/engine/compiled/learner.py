"""The compiled engine: a learner that runs the kernels of `kernels.py`.

For large networks, where matrix products rule, only the activations are compiled, each into one
pass through the memory; `COMPILED_ACTIVATIONS` then take the place of NumPy's.

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
    Layers,
    Rule,
    SampleArrays,
    Size,
    Updates,
    Workspace,
    activate,
    backpropagate,
    learn_by_batch,
    learn_by_row,
    summed_loss,
)
from nntrain.engine.hyperparameters import Hyperparameters
from nntrain.engine.network import Network

NO_ORDER = np.zeros(0, np.int64)
MAX_WIDTH = 64
"""The most rows that go through side by side."""


class CompiledLearner:
    """Learns the same as `learners.NumpyLearner`, but for rounding; see `learners.Learner`."""

    def __init__(
        self,
        network: Network,
        samples: Samples,
        hyperparameters: Hyperparameters,
        state: Array,
        n_iterations: int,
    ) -> None:
        self.network = network
        self.samples = samples
        self.hyperparameters = hyperparameters
        self.state = state
        self.by_row = hyperparameters.batch_rows == 1 and hyperparameters.is_plain
        width = 1 if self.by_row else _width(network, hyperparameters.batch_rows)
        self.layers, self.workspace = _layers(network, width), _workspace(network, width)
        loss_width = _width(network, MAX_WIDTH)
        self._loss_layers = _layers(network, loss_width)
        self._loss_workspace = _workspace(network, loss_width)
        self.gradient = np.zeros_like(network.parameters.vector)
        self._rule = make_rule(hyperparameters, n_iterations)

    def learn(self, order: Array | None, rows: range, loss: float, done: int) -> float:
        """See `learners.Learner.learn`."""
        theta, hyperparameters = self.network.parameters.vector, self.hyperparameters
        network = theta, self.layers, self.workspace
        positions = _sample_arrays(self.samples, order), Size(rows.start), Size(rows.stop)
        learned: float
        if self.by_row:
            learned = learn_by_row(*network, *positions, hyperparameters.alpha, loss)
        else:
            i = Size(done + rows.start // hyperparameters.batch_rows)
            updates = Updates(self.gradient, self.state, self._rule, i)
            batch_rows = Size(hyperparameters.batch_rows)
            learned = learn_by_batch(*network, *positions, batch_rows, updates, loss)
        return learned

    def loss(self, samples: Samples, rows: Array | None = None) -> float:
        """See `learners.Learner.loss`."""
        n_rows = len(samples) if rows is None else len(rows)
        network = self.network.parameters.vector, self._loss_layers, self._loss_workspace
        summed: float = summed_loss(*network, _sample_arrays(samples, rows), Size(n_rows))
        return summed / n_rows


def _width(network: Network, n_rows: int) -> int:
    """How many rows go through side by side, of batches of `n_rows`."""
    lanes = 128 // network.dtype.itemsize  # a loop over this many rows fills vector registers
    return 1 if n_rows == 1 else min(MAX_WIDTH, -(-n_rows // lanes) * lanes)


def _layers(network: Network, width: int) -> Layers:
    sizes = np.array(network.layer_sizes, Size)
    return Layers(sizes, Size(width), ACTIVATION_NUMBERS[network.activation])


def _workspace(network: Network, width: int) -> Workspace:
    sizes, dtype = network.layer_sizes, network.dtype
    y, delta = np.zeros(sum(sizes) * width, dtype), np.zeros(sum(sizes) * width, dtype)
    z = np.zeros_like(y) if ACTIVATIONS[network.activation].needs_z else y[:0]
    return Workspace(y, z, delta, np.zeros(max(sizes) * width, dtype))


def _sample_arrays(samples: Samples, order: Array | None) -> SampleArrays:
    no_weights = np.zeros((0, 1), samples.x.dtype)
    weights = no_weights if samples.weights is None else samples.weights
    return SampleArrays(samples.x, samples.y, weights, NO_ORDER if order is None else order)


def make_rule(hyperparameters: Hyperparameters, n_iterations: int) -> Rule:
    """The hyperparameters that a kernel's update needs, names as numbers."""
    values: dict[str, Any] = {name: getattr(hyperparameters, name, None) for name in Rule._fields}
    values["n_iterations"] = n_iterations
    values["optimizer"] = OPTIMIZER_NUMBERS[hyperparameters.optimizer]
    values["alpha_schedule"] = SCHEDULE_NUMBERS[hyperparameters.alpha_schedule]
    return Rule(**values)


def _compiled_activation(name: str) -> Activation:
    """An activation of the kernels, for arrays of any shape."""
    number, needs_z = ACTIVATION_NUMBERS[name], ACTIVATIONS[name].needs_z

    def apply(z: Array) -> None:
        flat = z.reshape(-1)
        activate(number, flat, np.empty_like(flat) if needs_z else flat[:0], ZERO, Size(z.size))

    def backpropagate_delta(delta: Array, y_or_z: Array) -> None:
        flat = y_or_z.reshape(-1)
        backpropagate(number, delta.reshape(-1), flat, flat, ZERO, Size(y_or_z.size))

    return Activation(apply, backpropagate_delta, needs_z)


COMPILED_ACTIVATIONS = {name: _compiled_activation(name) for name in ACTIVATION_NUMBERS}
