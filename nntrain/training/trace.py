"""Iterations with all their numbers, as in the article's worked example.

The numbers are those of the engine's own forward pass, backward pass and update: the network is
given activations that record what passes through them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

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
    """The numbers of layer i in one iteration on m rows; n neurons, n_in in the layer before.

    `y_before` is y_{i-1} (m, n_in), `z` and `y` are z_i and y_i (m, n). `loss_by_y` and `loss_by_z`
    are ∂ℓ/∂y_i and ∂ℓ/∂z_i (m, n). `loss_by_w` (n, n_in) and `loss_by_b` (n,) are ∂ℓ/∂w_i and
    ∂ℓ/∂b_i, summed over the rows. `w` and `b` are the weights and biases before the update, `new_w`
    and `new_b` after it.
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
    """The numbers of one iteration, counted from 1, on m rows.

    `y_true` is (m, n_targets); `loss` is ℓ before the update, `loss_after` ℓ after it.
    """

    number: int
    y_true: Array
    layers: list[LayerTrace]
    loss: float
    loss_after: float


class Trace:
    """Iterations on some rows of a table, from the initial weights or from those of a model.

    All iterations learn from the rows `first` to `last`, counted from 1 among the training rows.
    Raises `UsageError` for an ensemble, `DataError` for a table that cannot be trained on or has
    no such rows.
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
        # No row is held out, so that every row of the table can be traced.
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
        """Train on the rows for n iterations, and yield the numbers of each."""
        network, hyperparameters = self.network, self.hyperparameters
        state = initial_state(hyperparameters, network.parameters.vector)
        n_iterations = max(n, self._n_iterations)
        optimizer = make_optimizer(hyperparameters, network.parameters, state, n_iterations)
        for number in range(1, n + 1):
            # Each number is shown as it comes, infinite ones too. Not around `yield`: whoever takes
            # the iteration would compute without warnings.
            with np.errstate(all="ignore"):
                iteration = _trace_iteration(network, self.samples, optimizer, number)
            yield iteration


def _trace_iteration(
    network: Network, samples: Samples, optimizer: Optimizer, number: int
) -> IterationTrace:
    """Train the network, in place, for one iteration on all samples."""
    x, y_true = samples.x, samples.y
    parameters, recorder = network.parameters, ActivationRecorder()
    workspace = Workspace(network, len(x), activations=recorder.activations())
    forward(x, workspace)
    loss = backward(x, y_true, workspace, samples.weights)
    # The activation of the output layer is the identity: ∂ℓ/∂z = ∂ℓ/∂y = y_pred - y_true.
    output_error = workspace.delta[-1].copy()
    derivatives = [*reversed(recorder.derivatives), Derivatives(output_error, output_error)]
    # The update uses the gradient up and changes the parameters in place.
    loss_by_w, loss_by_b = _copies(workspace.gradient.weights), _copies(workspace.gradient.biases)
    w, b = _copies(parameters.weights), _copies(parameters.biases)
    optimizer.update(workspace.gradient.vector, len(x), number)
    outputs = recorder.outputs
    layers = [
        LayerTrace(
            y_before=outputs[i - 1].y if i else x.copy(),
            z=outputs[i].z,
            y=outputs[i].y,
            loss_by_y=derivatives[i].loss_by_y,
            loss_by_z=derivatives[i].loss_by_z,
            loss_by_w=loss_by_w[i],
            loss_by_b=loss_by_b[i],
            w=w[i],
            b=b[i],
            new_w=parameters.weights[i].copy(),
            new_b=parameters.biases[i].copy(),
        )
        for i in range(len(w))
    ]
    loss_after = network.loss(x, y_true, samples.weights) * len(x)
    return IterationTrace(number, y_true.copy(), layers, loss, loss_after)


def _copies(arrays: Iterable[Array]) -> list[Array]:
    return [array.copy() for array in arrays]


class Output(NamedTuple):
    """The numbers of a layer on the way forward, (m, n) each."""

    z: Array
    y: Array


class Derivatives(NamedTuple):
    """The derivatives of the loss by a layer's y and z on the way back, (m, n) each."""

    loss_by_y: Array
    loss_by_z: Array


class ActivationRecorder:
    """Activation functions that record their inputs and outputs.

    `outputs` has an item for each layer, from the first on; `derivatives` has one for each hidden
    layer, from the last one back.
    """

    def __init__(self) -> None:
        self.outputs: list[Output] = []
        self.derivatives: list[Derivatives] = []

    def activations(self) -> dict[str, Activation]:
        """Every activation function of the engine, recorded."""
        return {name: self._recorded(activation) for name, activation in ACTIVATIONS.items()}

    def _recorded(self, activation: Activation) -> Activation:
        def apply(array: Array) -> None:
            z = array.copy()
            activation.apply(array)
            self.outputs.append(Output(z, array.copy()))

        def backpropagate(delta: Array, y_or_z: Array) -> None:
            loss_by_y = delta.copy()
            activation.backpropagate(delta, y_or_z)
            self.derivatives.append(Derivatives(loss_by_y, delta.copy()))

        return Activation(apply, backpropagate, activation.needs_z)
