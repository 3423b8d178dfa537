"""The learning procedure: for each epoch, for each batch, forward pass, backward pass, update.

`train` is a generator of one `EpochResult` an epoch; the caller's loop logs, shows and stops.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nntrain.engine.batches import Batch, Samples, batches, row_order
from nntrain.engine.network import BLOCK_ROWS, Network, Workspace, backward, blocks, forward
from nntrain.engine.optimizers import GradientDescent
from nntrain.errors import DataError, DivergedError

Array = NDArray[Any]


@dataclass(frozen=True)
class Procedure:
    """How to learn; `batch_rows` is the rows of one iteration (`batches.rows_per_iteration`)."""

    alpha: float
    epochs: int
    batch_rows: int
    tau: float = 0.0
    shuffle: bool = True
    seed: int = 0


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


def train(
    network: Network, samples: Samples, procedure: Procedure, validation: Samples | None = None
) -> Iterator[EpochResult]:
    """Train the network in place, an epoch for each item taken.

    Between items the network holds a whole epoch's parameters. Raises `DivergedError` at the end
    of an epoch that met a loss or weight that is not finite; the network is then as before it.
    Raises `DataError` for validation rows that give no finite loss.
    """
    optimizer = GradientDescent(procedure.alpha)
    workspace = Workspace(network, min(procedure.batch_rows, BLOCK_ROWS))
    parameters = network.parameters.vector
    iterations = 0
    for epoch in range(1, procedure.epochs + 1):
        before = parameters.copy()
        loss = 0.0
        with np.errstate(all="ignore"):
            for batch in _epoch_batches(samples, procedure, epoch):
                loss += _gradient(network, batch, workspace)
                optimizer.update(parameters, workspace.gradient.vector, len(batch[0]))
                iterations += 1
            largest_update = float(np.max(np.abs(parameters - before), initial=0.0))
            validation_loss = _loss(network, validation) if validation else None
        if not math.isfinite(loss) or not math.isfinite(largest_update):
            parameters[:] = before
            raise _diverged(network, samples, procedure, epoch)
        if validation_loss is not None and not math.isfinite(validation_loss):
            raise DataError(
                f"after epoch {epoch} the loss on the validation rows is no finite number, while "
                f"that on the training rows is: a validation row is too far from them"
            )
        yield EpochResult(
            epoch,
            iterations,
            loss / len(samples),
            validation_loss,
            largest_update,
            stopped_by := _stopped_by(procedure, epoch, largest_update),
        )
        if stopped_by:
            return


def _epoch_batches(samples: Samples, procedure: Procedure, epoch: int) -> Iterator[Batch]:
    shuffles = procedure.shuffle and procedure.batch_rows < len(samples)
    order = row_order(len(samples), procedure.seed, epoch) if shuffles else None
    return batches(samples, procedure.batch_rows, order)


def _gradient(network: Network, batch: Batch, workspace: Workspace) -> float:
    """The loss of a batch, summed over its rows; leaves its gradient in the workspace.

    A gradient is a sum over rows, so a large batch goes through in blocks, added in order.
    """
    x, y, weights = batch
    if len(x) <= BLOCK_ROWS:
        of_batch = workspace.of(len(x))
        forward(network, x, of_batch)
        return backward(network, x, y, of_batch, weights)
    loss = 0.0
    total = np.zeros_like(workspace.gradient.vector)
    for rows in blocks(len(x)):
        block = x[rows], y[rows], None if weights is None else weights[rows]
        loss += _gradient(network, block, workspace)
        np.add(total, workspace.gradient.vector, out=total)
    workspace.gradient.vector[:] = total
    return loss


def _loss(network: Network, samples: Samples) -> float:
    return network.loss(samples.x, samples.y, samples.weights)


def _stopped_by(
    procedure: Procedure, epoch: int, largest_update: float
) -> Literal["", "epochs", "tau"]:
    if largest_update < procedure.tau:
        return "tau"
    return "epochs" if epoch == procedure.epochs else ""


def _diverged(
    network: Network, samples: Samples, procedure: Procedure, epoch: int
) -> DivergedError:
    """Replay the epoch to find its first iteration that is not finite; costs nothing until then."""
    optimizer = GradientDescent(procedure.alpha)
    workspace = Workspace(network, min(procedure.batch_rows, BLOCK_ROWS))
    parameters = network.parameters.vector
    before = parameters.copy()
    iteration, loss = 0, 0.0
    with np.errstate(all="ignore"):
        for batch in _epoch_batches(samples, procedure, epoch):
            iteration += 1
            loss += _gradient(network, batch, workspace)
            optimizer.update(parameters, workspace.gradient.vector, len(batch[0]))
            if not math.isfinite(loss) or not np.isfinite(parameters).all():
                break
    parameters[:] = before
    return DivergedError(
        f"training diverged in epoch {epoch}, at its iteration {iteration}: the loss or a weight "
        f"is no longer a finite number. The learning rate is too large for this network and data; "
        f"try --set alpha={procedure.alpha / 10:g}"
    )
