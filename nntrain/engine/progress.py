"""How far a training has come, and whether it ends there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nntrain.arrays import Array
from nntrain.engine.hyperparameters import Hyperparameters

Reason = Literal["", "epochs", "tau", "patience"]


@dataclass(frozen=True)
class EpochResult:
    """What one epoch did; `iterations` counts from the start of training.

    `loss` is the mean over rows of ½ Σ_j (error)² (times the row's weight), each batch measured
    before its own update;
    `validation_loss` the same on the validation rows at the epoch's end, None without them;
    `largest_update` the largest change of a weight or bias over the epoch; `stopped_by` is empty
    while training goes on; `member` counts the networks of an ensemble from 1.
    """

    epoch: int
    iterations: int
    loss: float
    validation_loss: float | None
    largest_update: float
    stopped_by: Reason
    member: int = 0


@dataclass(frozen=True)
class Best:
    """The epoch with the lowest validation loss, and its parameters (n_parameters,)."""

    epoch: int
    validation_loss: float
    parameters: Array


@dataclass(frozen=True)
class Progress:
    """How far a training has come: the `last` whole epoch, and how far into the next.

    Of the next epoch, `rows_done` places are learned from, to `parameters` (n_parameters,) and with
    `loss` summed over them; 0, None and 0 at the end of an epoch. `state` (n_remembered,
    n_parameters) is what the optimizer remembers there, None before the start, `best` the best
    epoch so far where the procedure watches for one.
    """

    last: EpochResult | None = None
    rows_done: int = 0
    loss: float = 0.0
    parameters: Array | None = None
    state: Array | None = None
    best: Best | None = None


def stop_reason(hyperparameters: Hyperparameters, last: EpochResult, best: Best | None) -> Reason:
    """Why training ends after an epoch; empty while it goes on."""
    if last.largest_update < hyperparameters.tau:
        return "tau"
    if (
        hyperparameters.patience is not None
        and best
        and last.epoch - best.epoch >= hyperparameters.patience
    ):
        return "patience"
    return "epochs" if last.epoch == hyperparameters.epochs else ""
