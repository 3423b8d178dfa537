"""What learns the batches of an epoch: the textbook's steps in NumPy, or the compiled kernels."""

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
    """A network that learns from samples, in place."""

    def learn(self, order: Array | None, rows: range, loss: float, done: int) -> float:
        """Learn from some rows of an epoch, with an update after each batch.

        `rows` are places in the epoch, from where a batch starts to where one ends; `order` says
        which row stands at each, without one the place itself does. `done` counts the iterations
        before the epoch. Returns `loss` with that of the rows added, summed in their order, each
        batch measured before its own update.
        """
        ...

    def loss(self, samples: Samples, rows: Array | None = None) -> float:
        """The mean over rows of ½ Σ_j (y_pred - y_true)², each multiplied by its weight.

        Over some `rows` by their numbers, or all.
        """
        ...


class NumpyLearner:
    """Learns by the textbook's steps; see `Learner`."""

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
    """What a procedure learns with, its optimizer remembering in `state` (`optimizers.Setup`)."""
    activations = ACTIVATIONS
    if hyperparameters.engine == "compiled":
        from nntrain.engine.compiled import learner as compiled  # noqa: PLC0415  (optional)

        if is_small(network, hyperparameters.batch_rows):
            return compiled.CompiledLearner(network, samples, hyperparameters, state, n_iterations)
        activations = compiled.COMPILED_ACTIVATIONS
    gradient = BatchGradient(network, hyperparameters.batch_rows, pool, activations)
    optimizer = make_optimizer(hyperparameters, network.parameters, state, n_iterations)
    return NumpyLearner(samples, gradient, optimizer, hyperparameters)
