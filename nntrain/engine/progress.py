"""How far a training has come: its last and its best epoch, and the part done of the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nntrain.arrays import Array

Reason = Literal["", "epochs", "tau", "patience"]


@dataclass(frozen=True)
class EpochResult:
    """The result of one epoch; `iterations` counts from the start of training.

    `loss` is the mean over rows of ½ Σ_j (error)² (times the row's weight), each batch measured
    before its own update. `validation_loss` is the same for the validation rows at the end of the
    epoch; None without such rows. `largest_update` is the largest change of a weight or bias over
    the epoch. `stopped_by` is empty while training goes on. `member` numbers the networks of an
    ensemble from 1; 0 for a network alone.
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
    """How far a training has come: the `last` whole epoch, and the part done of the next epoch.

    In the next epoch, `rows_done` rows have been learned from; they gave `parameters`
    (n_parameters,), and `loss` is summed over them. At the end of an epoch these are 0, None and 0.
    `state` (n_remembered, n_parameters) is the optimizer's at that point, None before training
    starts. `best` is the best epoch so far, where `Hyperparameters.watches`.
    """

    last: EpochResult | None = None
    rows_done: int = 0
    loss: float = 0.0
    parameters: Array | None = None
    state: Array | None = None
    best: Best | None = None
