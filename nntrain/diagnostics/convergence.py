"""What is amiss with a training, and the `--set` to try: said only where it was measured.

Each threshold stands with its reason. What is called real tables are concrete.csv, energy.csv,
auto-mpg and daily rides of a bike share, each trained in many ways with some rows held out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from nntrain.config.keys import DEFAULTS, Config
from nntrain.diagnostics.finding import Finding
from nntrain.engine.hyperparameters import SCHEDULES
from nntrain.model.model import Model
from nntrain.model.summary import Summary
from nntrain.stats.metrics import Metrics
from nntrain.text import counted, format_number
from nntrain.training.history import LossHistory

WORSE = 0.02
"""The least part by which an error above the ridge regression's is worth a word."""
LEAST_ROWS = 20
"""Fewer say little of how two errors compare."""
HARDLY_ANY_ERROR = 0.01
"""With an RMSE below this part of that of predicting the mean, nothing is amiss."""
FALL = 0.03
"""A loss that falls more from a tenth of the epochs to the next would lose far more in as many
epochs again: RMSE a median of 9 % on held-out rows of four real tables."""
CERTAIN = 3.0
"""Deviations of what noise leaves to a difference between two tenths."""
ROWS_PER_WEIGHT = 2
"""With fewer a loss fell, without rows held out to judge by, while errors elsewhere rose."""
WOBBLE = 0.1
"""With noise above this part of the loss an α that falls to 0 gave lower errors on real tables."""
SETTLED = 0.2
"""Below this part of the mean's RMSE such noise may be that of small batches, and did no harm."""
LEAST_EPOCHS = 20
"""Fewer do not show an oscillation."""
RISES = 0.3
"""A loss that oscillates rises in a good part of the epochs."""
VALIDATION_RISE = 0.05
"""From here on the weights of the best epoch did better on rows that had no part in choosing it."""
ADAM_ALPHA = 0.01
"""With Adam and this α networks that had learned too little beat the ridge on four real tables."""
FEW_EPOCHS = 50
LEAST_PATIENCE, PATIENCE = 5, 20
"""With less a validation loss that wavers ended training long before its lowest."""
FIRST_EPOCHS = 3
FIRST_PART = 0.05
"""The first epochs are so many, or that part of a run; what was learned is measured besides."""
FALLEN = 0.1
"""What part of α counts as nothing."""

Measures = Mapping[str, Metrics]


@np.errstate(all="ignore")
def of_training(model: Model, history: LossHistory, largest_update: float) -> list[Finding]:
    """What the course of a training and its errors show, of a run that came to its end.

    `largest_update` is that of the last epoch.
    """
    config, summary = model.config, model.summary
    if history.n_epochs == 0 or summary.stopped_by == "time":
        return []
    unfinished = _stopped_by_tau(config, summary, largest_update)
    unfinished = unfinished or _out_of_patience(config, history, summary)
    unfinished = unfinished or _still_falling(model, history)
    oscillating = [] if unfinished else _oscillating(config, summary, history)
    findings = unfinished or [*_overfitting(config, history), *oscillating]
    validation = summary.validation
    rows, metrics = ("validation", validation) if validation else ("training", summary.training)
    if worse := worse_than_ridge(metrics, rows, 1.0 if validation else ridge_optimism(model)):
        otherwise = _remedy_of_ridge(model, has_validation=bool(validation))
        remedy = oscillating[0].remedy if oscillating else otherwise
        findings = [Finding(worse, remedy), *findings]
    return findings


def _relative_error(summary: Summary) -> float:
    """The largest RMSE of a target on the training rows, beside that of predicting the mean."""
    ratios = [of.rmse / of.mean_rmse for of in summary.training.values() if of.mean_rmse > 0]
    return max(ratios, default=0.0)


def of_model(model: Model, metrics: Measures) -> list[Finding]:
    """What the errors of a model on some labelled rows show.

    As many as it was trained on may be those.
    """
    config, summary = model.config, model.summary
    were_seen = all(of.rows == summary.rows for of in metrics.values())
    worse = worse_than_ridge(metrics, "given", ridge_optimism(model) if were_seen else 1.0)
    if not worse:
        return []
    validation = summary.validation
    if validation and not worse_than_ridge(validation, "validation") and config.hidden_layers:
        return [Finding(f"{worse}; unlike on the validation rows", "--set hidden_layers=[]")]
    return [Finding(worse, _remedy_of_ridge(model, has_validation=bool(validation)))]


def _may_learn_by_heart(model: Model) -> bool:
    """Whether the training rows are too few for the weights to say how well it has learned."""
    return model.summary.rows < ROWS_PER_WEIGHT * model.networks[0].parameters.vector.size


def ridge_optimism(model: Model) -> float:
    """By how much larger the ridge regression's error may be on rows that it was not fitted to.

    Of N rows and p inputs √(N / (N - p - 1)), as if nothing were penalized; infinite where it may
    know half of the rows by heart.
    """
    n_rows, left = model.summary.rows, model.summary.rows - model.networks[0].layer_sizes[0] - 1
    return math.sqrt(n_rows / left) if 2 * left > n_rows else math.inf


def worse_than_ridge(metrics: Measures, rows: str, flattered: float = 1.0) -> str:
    """The targets that a ridge regression predicts better, with both errors; empty without any.

    The ratio of two errors on n rows is off by some 1 / √n. On rows that it was fitted to, the
    ridge regression is `flattered` by this factor.
    """
    worse = [
        f"of {target} {format_number(of.rmse)}, the ridge's {format_number(of.ridge_rmse)}"
        for target, of in metrics.items()
        if of.rows >= LEAST_ROWS
        and of.ridge_rmse is not None
        and of.rmse > of.ridge_rmse * flattered * (1.0 + max(WORSE, of.rows**-0.5))
        and of.rmse > HARDLY_ANY_ERROR * of.mean_rmse
    ]
    if not worse:
        return ""
    return (
        f"worse than a ridge regression on the same inputs: RMSE on the {rows} rows "
        + "; ".join(worse)
    )


def _remedy_of_ridge(model: Model, *, has_validation: bool) -> str:
    """What to try where a ridge regression does better, and nothing else says why."""
    config, summary = model.config, model.summary
    if config.epochs == 0:
        return f"--set epochs={DEFAULTS['epochs']}"
    if not summary.training or summary.stopped_by == "time":
        return "--resume"
    if worse_than_ridge(summary.training, "training"):
        return _remedy_of_underfitting(config, summary)
    if config.keep == "last" and not _may_learn_by_heart(model):
        return _keep_best(has_validation=has_validation)
    return "--set hidden_layers=[]"


def _remedy_of_underfitting(config: Config, summary: Summary) -> str:
    is_adam = config.optimizer == "adam"
    alpha = ADAM_ALPHA if is_adam else DEFAULTS["alpha"]
    remedies = {
        "--set weight_decay=0": config.weight_decay > 0,
        f"--set standardize=true --set alpha={alpha:g}": not config.standardize,
        "--set tau=0": summary.stopped_by == "tau",
        f"--set patience={PATIENCE}": summary.stopped_by == "patience"
        and (config.patience or 0) < PATIENCE,
        f"--set epochs={DEFAULTS['epochs']}": config.epochs < FEW_EPOCHS,
        f"--set optimizer=adam --set alpha={ADAM_ALPHA:g}": not is_adam,
        f"--set alpha={ADAM_ALPHA:g}": config.alpha != ADAM_ALPHA,
        f"--set epochs={2 * config.epochs}": True,
    }
    return next(remedy for remedy, applies in remedies.items() if applies)


def _keep_best(*, has_validation: bool) -> str:
    held_out = "" if has_validation else "--set validation_fraction=0.1 "
    return f"{held_out}--set keep=best"


def _stopped_by_tau(config: Config, summary: Summary, largest_update: float) -> list[Finding]:
    """τ that stopped a training before it had settled."""
    if summary.stopped_by != "tau":
        return []
    epoch = summary.epochs_trained
    share = SCHEDULES[config.alpha_schedule]((epoch - 1) / config.epochs)
    stopped = f"τ = {config.tau:g} stopped training after epoch {epoch:,} of {config.epochs:,}"
    if share < FALLEN and largest_update >= config.tau * share:
        text = f"only because its {config.alpha_schedule} schedule had left {share:.0%} of α"
        return [Finding(f"{stopped} {text}", "--set tau=0")]
    unlearned = [
        f"{target} {format_number(of.rmse)}, of predicting the mean {format_number(of.mean_rmse)}"
        for target, of in summary.training.items()
        if worse_than_ridge({target: of}, "")
    ]
    if not unlearned or epoch > max(FIRST_EPOCHS, FIRST_PART * config.epochs):
        return []
    text = f"{stopped}, before it had learned much: RMSE of {'; '.join(unlearned)}"
    return [Finding(text, "--set tau=0")]


def _out_of_patience(config: Config, history: LossHistory, summary: Summary) -> list[Finding]:
    """A patience too short for how a validation loss wavers: the loss had far to fall."""
    is_short = config.patience is not None and config.patience < LEAST_PATIENCE
    tenths = history.tenths()
    if summary.stopped_by != "patience" or not is_short or len(tenths) < 2:
        return []
    if _relative_error(summary) < HARDLY_ANY_ERROR:
        return []
    second, first = tenths[-2:, 0]
    if not second - first > FALL * second:
        return []
    epochs, patience = counted(summary.epochs_trained, "epoch"), config.patience
    text = (
        f"patience = {patience} stopped training after {epochs}, while the loss was still falling: "
        f"a validation loss goes up and down"
    )
    return [Finding(text, f"--set patience={PATIENCE}")]


def _still_falling(model: Model, history: LossHistory) -> list[Finding]:
    """A loss that more epochs would bring down; where rows are held out, theirs too.

    Where none are, nothing is said of a network that may as well learn its rows by heart.
    """
    config, summary = model.config, model.summary
    by_tau = summary.stopped_by == "tau"
    if config.alpha_schedule != "constant" or not (by_tau or summary.stopped_by == "epochs"):
        return []
    if _relative_error(summary) < HARDLY_ANY_ERROR:
        return []
    tenths = history.tenths()
    last_tenth = summary.epochs_trained - max(1, history.n_epochs // 10)
    if len(tenths) < 3 or any(epoch <= last_tenth for epoch in summary.kept_epochs):
        return []
    third, second, first = tenths[-3:]
    noise = CERTAIN * 2.0**0.5 * history.tenth_standard_error()
    is_watched = summary.validation_loss is not None
    if not is_watched and _may_learn_by_heart(model):
        return []
    watched = [0, 1] if is_watched else [0]
    for j in watched:
        fall = second[j] - first[j]
        if not (fall > FALL * second[j] and fall > noise[j] and third[j] > second[j]):
            return []
    what, fall = "validation loss" if is_watched else "loss", 1.0 - first / second
    n_epochs = max(1, history.n_epochs // 10)
    last = "epoch" if n_epochs == 1 else counted(n_epochs, "epoch")
    text = f"the {what} was still falling, by {fall[watched[-1]]:.0%} in the last {last}"
    epochs = 2 * config.epochs if config.epochs >= FEW_EPOCHS else DEFAULTS["epochs"]
    remedy = f"tau={config.tau / 10:g}" if by_tau else f"epochs={epochs}"
    return [Finding(text, f"--set {remedy}")]


def _oscillating(config: Config, summary: Summary, history: LossHistory) -> list[Finding]:
    """A loss that goes up and down by more than noise of its batches explains."""
    error = _relative_error(summary)
    is_short = history.n_epochs < LEAST_EPOCHS
    if is_short or config.alpha_schedule != "constant" or error < SETTLED:
        return []
    wobble, rises = float(history.noise()[0]) / history.mean_loss(), history.rising_fraction()
    if not (wobble >= WOBBLE and rises >= RISES):
        return []
    text = (
        f"the loss oscillates, α is too high to settle: it goes up and down by {wobble:.0%}, and "
        f"rose in {rises:.0%} of the epochs of the last half"
    )
    grows = error > 1.0
    remedy = f"alpha={config.alpha / 10:g}" if grows else "alpha_schedule=cosine"
    return [Finding(text, f"--set {remedy}")]


def _overfitting(config: Config, history: LossHistory) -> list[Finding]:
    """A validation loss that rises while the loss falls."""
    tenths = history.tenths()
    best = int(tenths[:, 1].argmin())
    rise = tenths[-1, 1] - tenths[best, 1]
    noise = CERTAIN * 2.0**0.5 * history.tenth_standard_error()
    rises = rise > VALIDATION_RISE * tenths[best, 1] > 0 and rise > noise[1]
    if config.keep == "best" or not rises or tenths[best, 0] - tenths[-1, 0] <= noise[0]:
        return []
    text = (
        f"the validation loss rose by {rise / tenths[best, 1]:.0%} since its lowest tenth of the "
        f"epochs, while the loss fell by {1.0 - tenths[-1, 0] / tenths[best, 0]:.0%}: the network "
        f"overfits"
    )
    return [Finding(text, _keep_best(has_validation=True))]
