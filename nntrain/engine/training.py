"""The learning procedure: for each epoch, for each batch, forward pass, backward pass, update.

`train` is a generator of one `EpochResult` an epoch; the caller's loop logs, shows and stops.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from nntrain.engine.batches import Samples, batches, row_order
from nntrain.engine.gradient import BatchGradient
from nntrain.engine.network import Network
from nntrain.engine.optimizers import GradientDescent
from nntrain.engine.selection import is_small
from nntrain.engine.team import Team
from nntrain.errors import DataError, DivergedError

Array = NDArray[Any]

SLICE_SECONDS = 0.1
FINISH_SECONDS = 2.0
"""An epoch that takes no longer is finished rather than paused."""


class Learner(Protocol):
    """A network that learns from samples, in place."""

    def learn(self, order: Array | None, rows: range, loss: float) -> float:
        """Learn from some rows of an epoch, with an update after each batch.

        `rows` are places in the epoch, from where a batch starts to where one ends; `order` says
        which row stands at each, without one the place itself does. Returns `loss` with that of
        the rows added, summed in their order, each batch measured before its own update.
        """
        ...


class NumpyLearner:
    """Learns by the textbook's steps; see `Learner`."""

    def __init__(self, samples: Samples, gradient: BatchGradient, procedure: Procedure) -> None:
        self.parameters = gradient.network.parameters.vector
        self.samples = samples
        self.batch_rows = procedure.batch_rows
        self.gradient = gradient
        self.optimizer = GradientDescent(procedure.alpha)

    def learn(self, order: Array | None, rows: range, loss: float) -> float:
        """See `Learner.learn`."""
        gradient, optimizer = self.gradient, self.optimizer
        for batch in batches(self.samples, self.batch_rows, order, rows):
            loss += gradient.of(batch)  # forward pass, backward pass
            optimizer.update(self.parameters, gradient.vector, len(batch[0]))
        return loss


@dataclass(frozen=True)
class Procedure:
    """How to learn; `batch_rows` is the rows of one iteration (`batches.rows_per_iteration`).

    The result does not depend on `threads`, and on the `engine` only by rounding.
    """

    alpha: float
    epochs: int
    batch_rows: int
    tau: float = 0.0
    shuffle: bool = True
    seed: int = 0
    threads: int = 1
    engine: Literal["numpy", "compiled"] = "numpy"


@dataclass(frozen=True)
class EpochResult:
    """What one epoch did; `iterations` counts from the start of training.

    `loss` is the mean over rows of ½ Σ_j (error)² (times the row's weight), each batch measured
    before its own update;
    `validation_loss` the same on the validation rows at the epoch's end, None without them;
    `largest_update` the largest change of a weight or bias over the epoch; `stopped_by` is empty
    while training goes on.
    """

    epoch: int
    iterations: int
    loss: float
    validation_loss: float | None
    largest_update: float
    stopped_by: Literal["", "epochs", "tau"]


@dataclass(frozen=True)
class Progress:
    """How far a training has come: the `last` whole epoch, and how far into the next.

    Of the next epoch, `rows_done` places are learned from, to `parameters` (n_parameters,) and with
    `loss` summed over them; 0, None and 0 at the end of an epoch.
    """

    last: EpochResult | None = None
    rows_done: int = 0
    loss: float = 0.0
    parameters: Array | None = None


class Paused(Exception):  # noqa: N818  (no error)
    """Training has stopped between two iterations of an epoch, as it was asked to."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.progress = progress


def train(
    network: Network,
    samples: Samples,
    procedure: Procedure,
    validation: Samples | None = None,
    progress: Progress | None = None,
    is_to_stop: Callable[[], bool] = lambda: False,
) -> Iterator[EpochResult]:
    """Train the network in place, an epoch for each item taken.

    Goes on from `progress`, to the same bytes. Between items, and however it ends, the network
    holds a whole epoch's parameters. Raises `Paused` within an epoch that would take more than
    `FINISH_SECONDS` after `is_to_stop` turns true; `DivergedError` at the end of an epoch that met
    a loss or weight that is not finite, `DataError` for validation rows that give no finite loss;
    the network is then as before that epoch.
    """
    progress = progress or Progress()
    last = progress.last
    if last and stopped_by(procedure, last.epoch, last.largest_update):
        return
    n_rows, batch_rows = len(samples), procedure.batch_rows
    parameters = network.parameters.vector
    pace = _Pace(batch_rows)
    with Team(procedure.threads) as team:
        learner = _learner(network, samples, procedure, team)
        for epoch in range(last.epoch + 1 if last else 1, procedure.epochs + 1):
            order = _row_order(n_rows, procedure, epoch)
            with _whole_epochs(parameters) as before, np.errstate(all="ignore"):
                start, loss = progress.rows_done, progress.loss
                if progress.parameters is not None:
                    parameters[:] = progress.parameters
                for rows in pace.slices(start, n_rows):
                    loss = learner.learn(order, rows, loss)
                    takes_long = rows.stop < n_rows and pace.seconds_left > FINISH_SECONDS
                    if takes_long and is_to_stop():
                        raise Paused(Progress(last, rows.stop, loss, parameters.copy()))
                largest_update = float(np.max(np.abs(parameters - before), initial=0.0))
                if not math.isfinite(loss) or not math.isfinite(largest_update):
                    parameters[:] = before
                    iteration = _first_not_finite(learner, parameters, order, n_rows, batch_rows)
                    raise _diverged(epoch, iteration, procedure.alpha)
                validation_loss = _validation_loss(network, validation, procedure.threads, epoch)
            last = EpochResult(
                epoch,
                epoch * -(-n_rows // batch_rows),
                loss / n_rows,
                validation_loss,
                largest_update,
                stopped_by(procedure, epoch, largest_update),
            )
            progress = Progress(last)
            yield last
            if last.stopped_by:
                return


def _learner(network: Network, samples: Samples, procedure: Procedure, team: Team) -> Learner:
    batch_rows = procedure.batch_rows
    if procedure.engine == "numpy":
        return NumpyLearner(samples, BatchGradient(network, batch_rows, team), procedure)
    from nntrain.engine import compiled  # noqa: PLC0415  (an optional package)

    if is_small(network, batch_rows):
        return compiled.CompiledLearner(network, samples, procedure.alpha, batch_rows)
    gradient = BatchGradient(network, batch_rows, team, compiled.COMPILED_ACTIVATIONS)
    return NumpyLearner(samples, gradient, procedure)


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
def _whole_epochs(parameters: Array) -> Iterator[Array]:
    """The parameters as they were before; they are so again where the block raises anything."""
    before = parameters.copy()
    try:
        yield before
    except BaseException:
        parameters[:] = before
        raise


def _row_order(n_rows: int, procedure: Procedure, epoch: int) -> Array | None:
    shuffles = procedure.shuffle and procedure.batch_rows < n_rows
    return row_order(n_rows, procedure.seed, epoch) if shuffles else None


def _validation_loss(
    network: Network, validation: Samples | None, threads: int, epoch: int
) -> float | None:
    if not validation:
        return None
    loss = network.loss(validation.x, validation.y, validation.weights, threads)
    if not math.isfinite(loss):
        raise DataError(
            f"after epoch {epoch} the loss on the validation rows is no finite number, while "
            f"that on the training rows is: a validation row is too far from them"
        )
    return loss


def stopped_by(
    procedure: Procedure, epoch: int, largest_update: float
) -> Literal["", "epochs", "tau"]:
    """Why training ends after an epoch; empty while it goes on."""
    if largest_update < procedure.tau:
        return "tau"
    return "epochs" if epoch == procedure.epochs else ""


def _first_not_finite(
    learner: Learner, parameters: Array, order: Array | None, n_rows: int, batch_rows: int
) -> int:
    """Replay an epoch to find its first iteration that is not finite; costs nothing until then."""
    loss = 0.0
    starts = range(0, n_rows, batch_rows)
    for iteration, start in enumerate(starts, start=1):
        loss = learner.learn(order, range(start, min(start + batch_rows, n_rows)), loss)
        if not math.isfinite(loss) or not np.isfinite(parameters).all():
            return iteration
    return len(starts)


def _diverged(epoch: int, iteration: int, alpha: float) -> DivergedError:
    return DivergedError(
        f"training diverged in epoch {epoch}, at its iteration {iteration}: the loss or a weight "
        f"is no longer a finite number. The learning rate is too large for this network and data; "
        f"try --set alpha={alpha / 10:g}"
    )
