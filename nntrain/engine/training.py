"""The learning procedure: for each epoch, for each batch, forward pass, backward pass, update.

`train` is a generator of one `EpochResult` an epoch; the caller's loop logs, shows and stops.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
from collections.abc import Callable, Iterator

import numpy as np

from nntrain.arrays import Array
from nntrain.engine.batches import Samples, row_order
from nntrain.engine.hyperparameters import Hyperparameters
from nntrain.engine.learners import Learner, make_learner
from nntrain.engine.network import Network
from nntrain.engine.optimizers import initial_state
from nntrain.engine.progress import Best, EpochResult, Progress, stop_reason
from nntrain.engine.worker_pool import WorkerPool
from nntrain.errors import DataError, DivergedError

SLICE_SECONDS = 0.1
FINISH_SECONDS = 2.0
"""An epoch that takes no longer is finished rather than paused."""


class Training:
    """The training of a network in place, on some `rows` of the samples or on all.

    It is validated by other samples, or by rows of the same that are `held_out`.
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
        self._check_weighed()

    def _check_weighed(self) -> None:
        """Raise `DataError` for rows held out that all weigh 0: their loss would be 0, always."""
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
        """The epoch with the lowest validation loss, where the procedure watches for one."""
        return self._progress.best

    @property
    def progress(self) -> Progress:
        """How far it has come; nothing in it changes when training goes on."""
        if self._progress.state is not None:
            return self._progress
        return dataclasses.replace(self._progress, state=self._state.copy())

    @progress.setter
    def progress(self, progress: Progress) -> None:
        """Go on from there; the network has the parameters of the last whole epoch."""
        if progress.state is not None:
            self._state[:] = progress.state
        self._progress = progress

    def epochs(self, should_stop: Callable[[], bool] = lambda: False) -> Iterator[EpochResult]:
        """Train, an epoch for each item taken; from where it stands, to the same bytes.

        Between items, and however it ends, the network holds a whole epoch's parameters. Ends
        within an epoch that would take more than `FINISH_SECONDS` after `should_stop` turns true.
        Raises `DivergedError` at the end of an epoch that met a loss or weight that is not finite,
        `DataError` for validation rows that give no finite loss; the network is then as before
        that epoch.
        """
        hyperparameters, last = self.hyperparameters, self._progress.last
        if last and stop_reason(hyperparameters, last, self._progress.best):
            return
        pace = _Pace(hyperparameters.batch_rows)
        with WorkerPool(hyperparameters.threads) as pool:
            n_iterations = hyperparameters.epochs * self.iterations_per_epoch
            given = self.network, self.samples, hyperparameters, self._state, n_iterations
            learner = make_learner(*given, pool)
            for epoch in range(last.epoch + 1 if last else 1, hyperparameters.epochs + 1):
                result = self._epoch(learner, epoch, pace, should_stop)
                if result is None:
                    return
                yield result
                if result.stopped_by:
                    return

    def _epoch(
        self, learner: Learner, epoch: int, pace: _Pace, should_stop: Callable[[], bool]
    ) -> EpochResult | None:
        """One epoch, or what is left of it; None where it was stopped within."""
        progress, parameters, state = self._progress, self.network.parameters.vector, self._state
        n_rows, done = self.n_rows, (epoch - 1) * self.iterations_per_epoch
        order = self._row_order(epoch)
        with _whole_epochs(parameters, state) as before, np.errstate(all="ignore"):
            loss = progress.loss
            if progress.parameters is not None:
                parameters[:] = progress.parameters
            for rows in pace.slices(progress.rows_done, n_rows):
                loss = learner.learn(order, rows, loss, done)
                takes_long = rows.stop < n_rows and pace.seconds_left > FINISH_SECONDS
                if takes_long and should_stop():
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
        figures = loss / n_rows, validation_loss, largest_update
        result = EpochResult(epoch, iterations, *figures, "", self.hyperparameters.member)
        best = self._better(progress.best, result)
        result = dataclasses.replace(
            result, stopped_by=stop_reason(self.hyperparameters, result, best)
        )
        self._progress = Progress(result, best=best)
        return result

    def _better(self, best: Best | None, result: EpochResult) -> Best | None:
        """The best epoch so far, now that another one has ended."""
        loss = result.validation_loss
        if (
            loss is None
            or not self.hyperparameters.watches
            or (best and loss >= best.validation_loss)
        ):
            return best
        return Best(result.epoch, loss, self.network.parameters.vector.copy())

    def _row_order(self, epoch: int) -> Array | None:
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
        """Replay an epoch to find its first iteration that is not finite; until then free."""
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
    """Train a network in place from the start, an epoch for each item taken (`Training`)."""
    return Training(network, samples, hyperparameters, validation).epochs()


class _Pace:
    """Cuts epochs into slices of about `SLICE_SECONDS`, so that a signal is heard between them."""

    def __init__(self, batch_rows: int) -> None:
        self.batch_rows = batch_rows
        self.n_batches = 1
        self.seconds_left = 0.0
        self._seconds_per_row = 0.0

    def slices(self, start: int, n_rows: int) -> Iterator[range]:
        """The places of an epoch from one on, in order, some whole batches at a time.

        While a slice is out, `seconds_left` is about what those after it will take.
        """
        while start < n_rows:
            began = time.perf_counter()
            stop = min(n_rows, start + self.n_batches * self.batch_rows)
            self.seconds_left = (n_rows - stop) * self._seconds_per_row
            yield range(start, stop)
            seconds = max(time.perf_counter() - began, SLICE_SECONDS / 100)
            self._seconds_per_row = seconds / (stop - start)
            enough = SLICE_SECONDS / self._seconds_per_row / self.batch_rows
            self.n_batches = max(1, int(min(enough, 2 * self.n_batches)))
            start = stop


@contextlib.contextmanager
def _whole_epochs(parameters: Array, state: Array) -> Iterator[tuple[Array, Array]]:
    """Both as they were before; they are so again where the block raises anything."""
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
            f"try --set alpha={hyperparameters.alpha / 10:g}"
        )
    return DivergedError(
        f"training diverged{which} in epoch {epoch}, at its iteration {iteration}: the loss or a "
        f"weight is no longer a finite number. {remedy}"
    )
