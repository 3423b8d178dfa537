"""When training stops: τ, patience, or all epochs done."""

from __future__ import annotations

from nntrain.engine.hyperparameters import Hyperparameters
from nntrain.engine.progress import Best, EpochResult, Reason


def stop_reason(hyperparameters: Hyperparameters, last: EpochResult, best: Best | None) -> Reason:
    """Why training stops after the `last` epoch; empty while it goes on."""
    if last.largest_update < hyperparameters.tau:
        return "tau"
    if (
        hyperparameters.patience is not None
        and best
        and last.epoch - best.epoch >= hyperparameters.patience
    ):
        return "patience"
    return "epochs" if last.epoch == hyperparameters.epochs else ""
