"""Whether training ended too early, oscillated or overfitted, judged by the losses of its epochs.

Each threshold stands with its reason. "Real tables" are concrete.csv, energy.csv, auto-mpg and the
daily rides of a bike share, each trained in many ways with some rows held out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nntrain.arrays import Vector
from nntrain.config.keys import DEFAULTS
from nntrain.diagnostics.baseline import (
    FEW_EPOCHS,
    NEGLIGIBLE_ERROR,
    SUFFICIENT_PATIENCE,
    can_memorise,
    keep_best_remedy,
    worse_than_ridge,
)
from nntrain.diagnostics.finding import Finding
from nntrain.engine.schedules import SCHEDULES
from nntrain.model.model import Model
from nntrain.model.summary import Summary
from nntrain.text import counted, format_number
from nntrain.training.history import LossHistory

FALL = 0.03
"""A loss that falls by a larger fraction from one tenth of the epochs to the next has far to fall:
as many epochs again lowered the RMSE on held-out rows of four real tables by a median of 9 %."""
CERTAIN = 3.0
"""A difference between two tenths counts from this many of its standard errors on."""
LEAST_OSCILLATION = 0.1
"""With noise above this fraction of the loss, an alpha that falls to 0 gave lower errors on real
tables."""
SETTLED_ERROR = 0.2
"""Below this fraction of the RMSE of predicting the mean, such noise may come from small batches,
and did no harm."""
LEAST_EPOCHS = 20
"""Fewer epochs do not show an oscillation."""
LEAST_RISES = 0.3
"""A loss that oscillates rises in at least this fraction of the epochs."""
VALIDATION_RISE = 0.05
"""From this rise on, the weights of the best epoch did better on rows that had no part in choosing
them."""
SHORT_PATIENCE = 5
"""With less patience, a validation loss that wavers ended training long before its lowest."""
FIRST_EPOCHS, FIRST_FRACTION = 3, 0.05
"""Stopping by tau is suspicious in this many first epochs, or in this first part of a run."""
NEGLIGIBLE_ALPHA = 0.1
"""A schedule has all but ended training when it has lowered alpha to this fraction."""


@dataclass(frozen=True)
class Trend:
    """The course of one loss: its mean in each tenth of the epochs, and how sure a difference is.

    `means` (n_tenths,) is in order, NaN without the loss; each epoch stands alone where there are
    fewer than ten. Two means differ by chance by up to `noise`.
    """

    means: Vector
    noise: float

    @property
    def falls(self) -> bool:
        """Whether the last tenth lies below the one before by a fraction worth mentioning."""
        before, last = self.means[-2:]
        return bool(before - last > FALL * before)

    @property
    def falls_steadily(self) -> bool:
        """Whether the loss fell in both of the last two tenths, in the last by more than noise."""
        earlier, before, last = self.means[-3:]
        return bool(self.falls and before - last > self.noise and earlier > before)

    @property
    def last_change(self) -> float:
        """The change of the last tenth, as a fraction of the tenth before."""
        return float(self.means[-1] / self.means[-2] - 1.0)


def loss_trends(history: LossHistory) -> tuple[Trend, Trend]:
    """The trends of the training loss and of the validation loss."""
    tenths = history.tenths()
    noise = CERTAIN * 2.0**0.5 * history.tenth_standard_error()
    return Trend(tenths[:, 0], float(noise[0])), Trend(tenths[:, 1], float(noise[1]))


@np.errstate(all="ignore")
def find_early_end(model: Model, history: LossHistory, largest_update: float) -> Finding | None:
    """The finding that training ended before the network had learned what it could, if any.

    `largest_update` is the largest change of a weight or bias in the last epoch.
    """
    return (
        _stopped_by_tau(model, largest_update)
        or _out_of_patience(model, history)
        or _still_falling(model, history)
    )


@np.errstate(all="ignore")
def find_oscillation(model: Model, history: LossHistory) -> Finding | None:
    """The finding that the loss goes up and down by more than the noise of its batches, if any."""
    config, error = model.config, _relative_error(model.summary)
    is_short = history.n_epochs < LEAST_EPOCHS
    if is_short or config.alpha_schedule != "constant" or error < SETTLED_ERROR:
        return None
    oscillation, rises = float(history.noise()[0]) / history.mean_loss(), history.rising_fraction()
    if not (oscillation >= LEAST_OSCILLATION and rises >= LEAST_RISES):
        return None
    text = (
        f"the loss oscillates, so alpha is too high: in the last half of the epochs it went up and "
        f"down by {oscillation:.0%}, and rose in {rises:.0%} of them"
    )
    is_worse_than_mean = error > 1.0
    remedy = f"alpha={config.alpha / 10:g}" if is_worse_than_mean else "alpha_schedule=cosine"
    return Finding(text, f"--set {remedy}")


@np.errstate(all="ignore")
def find_overfitting(model: Model, history: LossHistory) -> Finding | None:
    """The finding that the validation loss rose while the training loss fell, if so."""
    training, validation = loss_trends(history)
    best = int(validation.means.argmin())
    lowest, rise = validation.means[best], validation.means[-1] - validation.means[best]
    fall = training.means[best] - training.means[-1]
    has_risen = rise > VALIDATION_RISE * lowest > 0 and rise > validation.noise
    if model.config.keep == "best" or not has_risen or fall <= training.noise:
        return None
    text = (
        f"the network overfits: since the tenth of the epochs where the validation loss was lowest "
        f"it rose by {rise / lowest:.0%}, while the training loss fell by "
        f"{1.0 - training.means[-1] / training.means[best]:.0%}"
    )
    return Finding(text, keep_best_remedy(has_validation=True))


def _relative_error(summary: Summary) -> float:
    """The largest RMSE of a target on the training rows, divided by that of predicting the mean."""
    ratios = [
        metrics.rmse / metrics.mean_rmse
        for metrics in summary.training.values()
        if metrics.mean_rmse > 0
    ]
    return max(ratios, default=0.0)


def _stopped_by_tau(model: Model, largest_update: float) -> Finding | None:
    """The finding that tau stopped training before it had settled, if so."""
    config, summary = model.config, model.summary
    if summary.stopped_by != "tau":
        return None
    epoch = summary.epochs_trained
    alpha_left = SCHEDULES[config.alpha_schedule]((epoch - 1) / config.epochs)
    stopped = f"tau = {config.tau:g} stopped training after epoch {epoch:,} of {config.epochs:,}"
    if alpha_left < NEGLIGIBLE_ALPHA and largest_update >= config.tau * alpha_left:
        reason = (
            f"only because the {config.alpha_schedule} schedule had lowered alpha to "
            f"{alpha_left:.0%} of its first value"
        )
        return Finding(f"{stopped} {reason}", "--set tau=0")
    worse = worse_than_ridge(summary.training)
    if not worse or epoch > max(FIRST_EPOCHS, FIRST_FRACTION * config.epochs):
        return None
    errors = [
        f"{format_number(metrics.rmse)} for {target}, and {format_number(metrics.mean_rmse)} by "
        f"always predicting the mean"
        for target, metrics in worse.items()
    ]
    text = f"{stopped}, before the network had learned much: RMSE {'; '.join(errors)}"
    return Finding(text, "--set tau=0")


def _out_of_patience(model: Model, history: LossHistory) -> Finding | None:
    """The finding that patience ran out while the loss still had far to fall, if so."""
    config, summary = model.config, model.summary
    is_short = config.patience is not None and config.patience < SHORT_PATIENCE
    if summary.stopped_by != "patience" or not is_short:
        return None
    training, _ = loss_trends(history)
    if len(training.means) < 2 or not training.falls:
        return None
    if _relative_error(summary) < NEGLIGIBLE_ERROR:
        return None
    epochs = counted(summary.epochs_trained, "epoch")
    text = (
        f"patience = {config.patience} stopped training after {epochs}, while the loss was still "
        f"falling: a validation loss goes up and down on its way, and takes more patience"
    )
    return Finding(text, f"--set patience={SUFFICIENT_PATIENCE}")


def _still_falling(model: Model, history: LossHistory) -> Finding | None:
    """The finding that more epochs would lower the loss, and the validation loss if there is one.

    Without validation rows, skips networks large enough to memorise.
    """
    config, summary = model.config, model.summary
    has_validation = summary.validation_loss is not None
    if not _ended_at_full_alpha(model) or not (has_validation or not can_memorise(model)):
        return None
    training, validation = loss_trends(history)
    n_epochs = max(1, history.n_epochs // 10)
    last_tenth = summary.epochs_trained - n_epochs
    if len(training.means) < 3 or any(epoch <= last_tenth for epoch in summary.kept_epochs):
        return None
    if not training.falls_steadily or (has_validation and not validation.falls_steadily):
        return None
    loss = "validation loss" if has_validation else "loss"
    fall = -(validation if has_validation else training).last_change
    last = "epoch" if n_epochs == 1 else counted(n_epochs, "epoch")
    text = f"training ended while the {loss} was still falling, by {fall:.0%} in the last {last}"
    more_epochs = 2 * config.epochs if config.epochs >= FEW_EPOCHS else DEFAULTS["epochs"]
    is_by_tau = summary.stopped_by == "tau"
    return Finding(
        text, f"--set tau={config.tau / 10:g}" if is_by_tau else f"--set epochs={more_epochs}"
    )


def _ended_at_full_alpha(model: Model) -> bool:
    """Whether training could have gone on as it was, and there was something left to learn."""
    config, summary = model.config, model.summary
    return (
        config.alpha_schedule == "constant"
        and summary.stopped_by in {"tau", "epochs"}
        and _relative_error(summary) >= NEGLIGIBLE_ERROR
    )
