"""One iteration after another with all its numbers, as the article works through one.

The numbers are those of the engine's own forward pass, backward pass and update: the activations
that it is given here note what passes through them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from nntrain.arrays import Array
from nntrain.config.keys import Config
from nntrain.data.readers.table import TableLike
from nntrain.engine.activations import ACTIVATIONS, Activation
from nntrain.engine.batches import Samples
from nntrain.engine.network import Network, Workspace, backward, forward
from nntrain.engine.optimizers import Optimizer, initial_state, make_optimizer
from nntrain.errors import DataError, UsageError
from nntrain.model.model import Model
from nntrain.training.run import TrainingRun


@dataclass(frozen=True)
class LayerTrace:
    """What one layer i computed for m rows; n neurons, n_in of the layer before.

    `y_before` is y_{i-1} (m, n_in), `z` and `y` are (m, n); `loss_by_y` and `loss_by_z` are ∂ℓ/∂y_i
    and ∂ℓ/∂z_i (m, n); `loss_by_w` (n, n_in) and `loss_by_b` (n,) are summed over the rows. The
    weights and biases are those before the update and after it.
    """

    y_before: Array
    z: Array
    y: Array
    loss_by_y: Array
    loss_by_z: Array
    loss_by_w: Array
    loss_by_b: Array
    w: Array
    b: Array
    new_w: Array
    new_b: Array


@dataclass(frozen=True)
class IterationTrace:
    """One iteration on m rows: y_true (m, n_targets), ℓ before the update and after it."""

    number: int
    y_true: Array
    layers: list[LayerTrace]
    loss: float
    loss_after: float


class Trace:
    """Iterations on the rows `first` to `last` of a table, counted from 1 among those trained on.

    From the initial weights, or from a model's. Raises `UsageError` for an ensemble, `DataError`
    for a table that cannot be trained on or has no such rows.
    """

    def __init__(
        self,
        table: TableLike,
        config: Config,
        first: int = 1,
        last: int = 1,
        start: Model | None = None,
    ) -> None:
        if config.ensemble > 1:
            raise UsageError("a trace is of one network; --set ensemble=1")
        # All rows are there to be looked at, and no choice is made by those held out.
        config = replace(
            config, validation_fraction=0.0, calibration_fraction=0.0, keep="last", patience=None
        )
        self.run = TrainingRun.from_table(table, config, start=start)
        samples, (training,) = self.run.samples, self.run.trainings
        if last > len(samples):
            raise DataError(
                f"there are {len(samples):,} rows to train on, and no row {last:,}; rows count "
                f"from 1"
            )
        self.samples = samples.take(np.arange(first - 1, last))
        self.network, self.hyperparameters = training.network, training.hyperparameters
        self._n_iterations = training.hyperparameters.epochs * training.iterations_per_epoch

    def iterations(self, n: int) -> Iterator[IterationTrace]:
        """Train on the rows, n times, telling each iteration."""
        network, hyperparameters = self.network, self.hyperparameters
        state = initial_state(hyperparameters, network.parameters.vector)
        n_iterations = max(n, self._n_iterations)
        optimizer = make_optimizer(hyperparameters, network.parameters, state, n_iterations)
        for number in range(1, n + 1):
            with np.errstate(over="ignore"):
                yield _told(network, self.samples, optimizer, number)


def _told(network: Network, samples: Samples, optimizer: Optimizer, number: int) -> IterationTrace:
    """One iteration on all samples, by a recorder of what passes through the activations."""
    x, y_true = samples.x, samples.y
    recorder = _Recorder()
    workspace = Workspace(network, len(x), activations=recorder.activations())
    forward(x, workspace)
    loss = backward(x, y_true, workspace, samples.weights)
    gradient, parameters = workspace.gradient, network.parameters
    before = [of.copy() for of in (*parameters.weights, *parameters.biases)]
    by = [of.copy() for of in (*gradient.weights, *gradient.biases)]
    error = workspace.delta[-1].copy()
    optimizer.update(gradient.vector, len(x), number)
    n_layers = len(parameters.weights)
    passed = [*reversed(recorder.errors), (error, error)]
    layers = []
    for i in range(n_layers):
        z, y = recorder.outputs[i]
        w, b = i, n_layers + i
        layers.append(
            LayerTrace(
                recorder.outputs[i - 1][1] if i else x.copy(),
                z,
                y,
                *passed[i],
                by[w],
                by[b],
                before[w],
                before[b],
                parameters.weights[i].copy(),
                parameters.biases[i].copy(),
            )
        )
    loss_after = network.loss(x, y_true, samples.weights) * len(x)
    return IterationTrace(number, y_true.copy(), layers, loss, loss_after)


class _Recorder:
    """Activations that note z and y on the way forward, ∂ℓ/∂y and ∂ℓ/∂z on the way back."""

    def __init__(self) -> None:
        self.outputs: list[tuple[Array, Array]] = []
        self.errors: list[tuple[Array, Array]] = []

    def activations(self) -> dict[str, Activation]:
        """Every activation, noting."""
        return {name: self._noting(activation) for name, activation in ACTIVATIONS.items()}

    def _noting(self, activation: Activation) -> Activation:
        def apply(z: Array) -> None:
            before = z.copy()
            activation.apply(z)
            self.outputs.append((before, z.copy()))

        def backpropagate(delta: Array, given: Array) -> None:
            before = delta.copy()
            activation.backpropagate(delta, given)
            self.errors.append((before, delta.copy()))

        return Activation(apply, backpropagate, activation.needs_z)
