"""The learning procedure: for each epoch, for each batch, forward pass, backward pass, update.

`Training.epochs` yields one `EpochResult` for each epoch; the caller's loop logs, shows and stops.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Callable, Iterator

import numpy as np

from nntrain.arrays import Array
from nntrain.engine.batches import Samples, row_order
from nntrain.engine.epoch_slices import EpochSlicer
from nntrain.engine.hyperparameters import Hyperparameters
from nntrain.engine.learners import Learner, make_learner
from nntrain.engine.network import Network
from nntrain.engine.optimizers import initial_state
from nntrain.engine.progress import Best, EpochResult, Progress
from nntrain.engine.stopping import stop_reason
from nntrain.engine.worker_pool import WorkerPool
from nntrain.errors import DataError, DivergedError

MODERATE_ALPHA = 0.1
"""With standardized rows a learning rate up to this one seldom makes training diverge."""


class Training:
    """Trains a network in place, on all samples or on those numbered `rows`.

    The network is validated on the samples `validation`, or on the rows numbered `held_out` of the
    same samples. Raises `DataError` for validation rows that all have weight 0.
    """

    def __init__(
        self,
        network: Network,
        samples: Samples,
        hyperparameters: Hyperparameters,
        validation: Samples | None = None,
        *,
        rows: Array | None = None,
        held_out: Array | None = None,
    ) -> None:
        self.network, self.samples, self.hyperparameters = network, samples, hyperparameters
        self.validation = validation
        self.rows, self.held_out = rows, held_out
        self.n_rows = len(samples) if rows is None else len(rows)
        self.iterations_per_epoch = -(-self.n_rows // hyperparameters.batch_rows)
        self._state = initial_state(hyperparameters, network.parameters.vector)
        self._progress = Progress()
        self._check_validation_weights()

    def _check_validation_weights(self) -> None:
        """Raise `DataError` if all validation rows have weight 0: their loss would always be 0."""
        if self.held_out is not None and self.samples.weights is not None:
            weights: Array | None = self.samples.weights[self.held_out]
        else:
            weights = self.validation.weights if self.validation else None
        if weights is not None and self.hyperparameters.watches and not weights.any():
            by = f" by network {self.hyperparameters.member}" if self.hyperparameters.member else ""
            raise DataError(
                f"the rows held out{by} all weigh 0, and tell no epoch from another; raise "
                f"validation_fraction, or choose another seed"
            )

    @property
    def last(self) -> EpochResult | None:
        """The last whole epoch."""
        return self._progress.last

    @property
    def best(self) -> Best | None:
        """The epoch with the lowest validation loss so far, where `Hyperparameters.watches`."""
        return self._progress.best

    @property
    def progress(self) -> Progress:
        """How far training has come: a copy, which does not change when training goes on."""
        if self._progress.state is not None:
            return self._progress
        return dataclasses.replace(self._progress, state=self._state.copy())

    @progress.setter
    def progress(self, progress: Progress) -> None:
        """Continue from there; the network has the parameters of the last whole epoch."""
        if progress.state is not None:
            self._state[:] = progress.state
        self._progress = progress

    def epochs(self, should_stop: Callable[[], bool] = lambda: False) -> Iterator[EpochResult]:
        """Train from `progress` on, one epoch for each item taken.

        A training that was interrupted and continued gives the same bytes as one without a break.
        Between items, and however training ends, the network holds a whole epoch's parameters.
        When `should_stop` turns true, training stops within the epoch, if the rest of it would take
        more than `epoch_slices.FINISH_SECONDS`. Raises `DivergedError` at the end of an epoch in
        which a loss or parameter was not finite, `DataError` if the validation loss is not finite;
        the network then has the parameters from before that epoch.
        """
        hyperparameters, last = self.hyperparameters, self._progress.last
        if last and stop_reason(hyperparameters, last, self._progress.best):
            return
        slicer = EpochSlicer(hyperparameters.batch_rows)
        with WorkerPool(hyperparameters.threads) as pool:
            n_iterations = hyperparameters.epochs * self.iterations_per_epoch
            learner = make_learner(
                self.network, self.samples, hyperparameters, self._state, n_iterations, pool
            )
            for epoch in range(last.epoch + 1 if last else 1, hyperparameters.epochs + 1):
                result = self._epoch(learner, epoch, slicer, should_stop)
                if result is None:
                    return
                yield result
                if result.stopped_by:
                    return

    def _epoch(
        self, learner: Learner, epoch: int, slicer: EpochSlicer, should_stop: Callable[[], bool]
    ) -> EpochResult | None:
        """Train for one epoch, or for the rest of it; None if it was stopped before its end."""
        progress, parameters, state = self._progress, self.network.parameters.vector, self._state
        n_rows, done = self.n_rows, (epoch - 1) * self.iterations_per_epoch
        order = self._row_order(epoch)
        with _whole_epochs(parameters, state) as before, np.errstate(all="ignore"):
            loss = progress.loss
            if progress.parameters is not None:
                parameters[:] = progress.parameters
            for rows in slicer.slices(progress.rows_done, n_rows):
                loss = learner.learn(order, rows, loss, done)
                if rows.stop < n_rows and slicer.is_worth_stopping and should_stop():
                    part = parameters.copy(), state.copy()
                    parameters[:] = before[0]
                    self._progress = Progress(progress.last, rows.stop, loss, *part, progress.best)
                    return None
            largest_update = float(np.max(np.abs(parameters - before[0]), initial=0.0))
            if not math.isfinite(loss) or not math.isfinite(largest_update):
                parameters[:], state[:] = before
                raise _diverged(
                    epoch, self._first_not_finite(learner, order, done), self.hyperparameters
                )
            validation_loss = self._validation_loss(learner, epoch)
        iterations = done + self.iterations_per_epoch
        result = EpochResult(
            epoch,
            iterations,
            loss / n_rows,
            validation_loss,
            largest_update,
            stopped_by="",
            member=self.hyperparameters.member,
        )
        best = self._better(progress.best, result)
        result = dataclasses.replace(
            result, stopped_by=stop_reason(self.hyperparameters, result, best)
        )
        self._progress = Progress(result, best=best)
        return result

    def _better(self, best: Best | None, result: EpochResult) -> Best | None:
        """The best epoch so far, after one more epoch."""
        loss = result.validation_loss
        if (
            loss is None
            or not self.hyperparameters.watches
            or (best and loss >= best.validation_loss)
        ):
            return best
        return Best(result.epoch, loss, self.network.parameters.vector.copy())

    def _row_order(self, epoch: int) -> Array | None:
        """The row at each position of the epoch; None if a position is the row itself."""
        hyperparameters = self.hyperparameters
        if not hyperparameters.shuffle or hyperparameters.batch_rows >= self.n_rows:
            return self.rows
        order = row_order(self.n_rows, hyperparameters.seed, epoch, hyperparameters.member)
        return order if self.rows is None else self.rows[order]

    def _validation_loss(self, learner: Learner, epoch: int) -> float | None:
        if self.held_out is not None:
            loss = learner.loss(self.samples, self.held_out)
        elif self.validation:
            loss = learner.loss(self.validation)
        else:
            return None
        if not math.isfinite(loss):
            raise DataError(
                f"after epoch {epoch} the loss on the validation rows is no finite number, while "
                f"that on the training rows is: a validation row is too far from them"
            )
        return loss

    def _first_not_finite(self, learner: Learner, order: Array | None, done: int) -> int:
        """The first iteration of an epoch that is not finite, found by repeating the epoch.

        So the loop of a training that goes well need not check every iteration.
        """
        loss, batch_rows = 0.0, self.hyperparameters.batch_rows
        starts = range(0, self.n_rows, batch_rows)
        for iteration, start in enumerate(starts, start=1):
            rows = range(start, min(start + batch_rows, self.n_rows))
            loss = learner.learn(order, rows, loss, done)
            parameters = self.network.parameters.vector
            if not math.isfinite(loss) or not np.isfinite(parameters).all():
                return iteration
        return len(starts)


def train(
    network: Network,
    samples: Samples,
    hyperparameters: Hyperparameters,
    validation: Samples | None = None,
) -> Iterator[EpochResult]:
    """Train a network in place from its present parameters, one epoch for each item taken."""
    return Training(network, samples, hyperparameters, validation).epochs()


@contextlib.contextmanager
def _whole_epochs(parameters: Array, state: Array) -> Iterator[tuple[Array, Array]]:
    """Copies of both arrays; if the `with` block raises anything, both are set back to them."""
    before = parameters.copy(), state.copy()
    try:
        yield before
    except BaseException:
        parameters[:], state[:] = before
        raise


def _diverged(epoch: int, iteration: int, hyperparameters: Hyperparameters) -> DivergedError:
    which = f" (network {hyperparameters.member})" if hyperparameters.member else ""
    if hyperparameters.alpha * hyperparameters.weight_decay >= 1.0:
        remedy = "Weights decay by more than they are; try --set weight_decay=0.01"
    else:
        remedy = (
            f"The learning rate is too large for this network and data; "
            f"try --set alpha={min(hyperparameters.alpha / 10, MODERATE_ALPHA):g}"
        )
    return DivergedError(
        f"training diverged{which} in epoch {epoch}, at its iteration {iteration}: the loss or a "
        f"weight is no longer a finite number. {remedy}"
    )
