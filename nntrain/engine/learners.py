"""Two learners for the batches of an epoch: the textbook's steps in NumPy, or compiled kernels."""

from __future__ import annotations

from typing import Protocol

from nntrain.arrays import Array
from nntrain.engine.activations import ACTIVATIONS
from nntrain.engine.backend import is_small
from nntrain.engine.batches import Samples, batches
from nntrain.engine.gradient import BatchGradient
from nntrain.engine.hyperparameters import Hyperparameters
from nntrain.engine.network import Network
from nntrain.engine.optimizers import Optimizer, make_optimizer
from nntrain.engine.worker_pool import WorkerPool


class Learner(Protocol):
    """Trains a network in place on the batches of its samples."""

    def learn(self, order: Array | None, rows: range, loss: float, done: int) -> float:
        """Learn from a part of an epoch, with an update after each batch.

        `rows` is a range of positions in the epoch that starts and ends between two batches.
        `order` is the row at each position; without it a position is the row itself. `done` is the
        number of iterations before this epoch. Returns `loss` plus the loss of the rows, summed in
        their order, each batch measured before its own update.
        """
        ...

    def loss(self, samples: Samples, rows: Array | None = None) -> float:
        """The mean over rows of ½ Σ_j (y_pred - y_true)², each multiplied by its weight.

        Over the rows numbered `rows`, or all.
        """
        ...


class NumpyLearner:
    """For each batch: forward pass, backward pass, update; see `Learner`."""

    def __init__(
        self,
        samples: Samples,
        gradient: BatchGradient,
        optimizer: Optimizer,
        hyperparameters: Hyperparameters,
    ) -> None:
        self.samples = samples
        self.hyperparameters = hyperparameters
        self.gradient = gradient
        self.optimizer = optimizer

    def learn(self, order: Array | None, rows: range, loss: float, done: int) -> float:
        """See `Learner.learn`."""
        gradient, update = self.gradient, self.optimizer.update
        batch_rows = self.hyperparameters.batch_rows
        i = done + rows.start // batch_rows
        for batch in batches(self.samples, batch_rows, order, rows):
            i += 1
            loss += gradient.compute(batch)  # forward pass, backward pass
            update(gradient.vector, len(batch[0]), i)
        return loss

    def loss(self, samples: Samples, rows: Array | None = None) -> float:
        """See `Learner.loss`."""
        if rows is not None:
            samples = samples.take(rows)
        network = self.gradient.network
        return network.loss(samples.x, samples.y, samples.weights, self.hyperparameters.threads)


def make_learner(
    network: Network,
    samples: Samples,
    hyperparameters: Hyperparameters,
    state: Array,
    n_iterations: int,
    pool: WorkerPool,
) -> Learner:
    """The learner that the hyperparameters ask for; `state` is explained at `optimizers.Setup`."""
    activations = ACTIVATIONS
    if hyperparameters.engine == "compiled":
        from nntrain.engine.compiled import learner as compiled  # noqa: PLC0415  (optional)

        if is_small(network, hyperparameters.batch_rows):
            return compiled.CompiledLearner(network, samples, hyperparameters, state, n_iterations)
        activations = compiled.COMPILED_ACTIVATIONS
    gradient = BatchGradient(network, hyperparameters.batch_rows, pool, activations)
    optimizer = make_optimizer(hyperparameters, network.parameters, state, n_iterations)
    return NumpyLearner(samples, gradient, optimizer, hyperparameters)
