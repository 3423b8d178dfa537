"""Compare the network's errors with those of a ridge regression, and say what to try if worse.

"Real tables" in the reasons below are concrete.csv, energy.csv, auto-mpg and the daily rides of a
bike share, each trained in many ways with some rows held out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from nntrain.config.keys import DEFAULTS, Config
from nntrain.diagnostics.finding import Finding
from nntrain.model.model import Model
from nntrain.model.summary import Summary
from nntrain.stats.metrics import Metrics
from nntrain.text import format_number

LEAST_EXCESS = 0.02
"""An RMSE that exceeds the ridge regression's by a smaller fraction is not reported."""
LEAST_ROWS = 20
"""On fewer rows, two errors differ by chance too much to be compared."""
NEGLIGIBLE_ERROR = 0.01
"""An RMSE below this fraction of the RMSE of predicting the mean needs no improvement."""
ROWS_PER_WEIGHT = 2
"""With fewer rows than this for each weight, the training loss fell while errors on other rows
rose."""
ADAM_ALPHA = 0.01
"""With Adam and this alpha, networks that had learned too little beat the ridge regression on four
real tables."""
FEW_EPOCHS = 50
"""A run of fewer epochs is first tried with the default number."""
SUFFICIENT_PATIENCE = 20
"""With less patience, a validation loss that wavers often ended training before its lowest."""


def worse_than_ridge(metrics: Mapping[str, Metrics], optimism: float = 1.0) -> dict[str, Metrics]:
    """The targets that the ridge regression predicts better by more than chance, and their metrics.

    The ratio of two errors measured on n rows varies by about 1 / √n. `optimism` is the factor by
    which the ridge regression's error is too small on these rows (see `ridge_optimism`).
    """
    return {
        target: metric
        for target, metric in metrics.items()
        if is_worse(metric, metric.ridge_rmse, optimism)
    }


def is_worse(metric: Metrics, baseline_rmse: float | None, optimism: float = 1.0) -> bool:
    """Whether an error exceeds that of a baseline by more than chance; see `worse_than_ridge`."""
    return (
        metric.rows >= LEAST_ROWS
        and baseline_rmse is not None
        and metric.rmse > baseline_rmse * optimism * (1.0 + max(LEAST_EXCESS, metric.rows**-0.5))
        and metric.rmse > NEGLIGIBLE_ERROR * metric.mean_rmse
    )


def ridge_optimism(model: Model) -> float:
    """By which factor the ridge regression's error is larger on rows that it was not fitted to.

    √(N / (N - p - 1)) for N rows and p plain inputs, as if nothing were penalized; infinite
    where the regression has so many inputs that it may reproduce half of the rows exactly.
    """
    n_rows = model.summary.rows
    left = n_rows - int(model.preprocessing.plain_inputs.sum()) - 1
    return math.sqrt(n_rows / left) if 2 * left > n_rows else math.inf


def can_memorise(model: Model) -> bool:
    """Whether the network is large enough to memorise its training rows.

    If so, the training loss does not show how well it predicts other rows.
    """
    return model.summary.rows < ROWS_PER_WEIGHT * model.networks[0].parameters.vector.size


def ridge_beats_training(model: Model, remedy: str | None) -> Finding | None:
    """The finding that a finished run ended with larger errors than the ridge regression, if any.

    The errors are those on the validation rows, on the training rows where none were held out.
    `remedy` is what to try where another finding already says why; None chooses one here.
    """
    summary = model.summary
    if summary.validation:
        worse, rows = worse_than_ridge(summary.validation), "the validation rows"
    else:
        worse = worse_than_ridge(summary.training, ridge_optimism(model))
        rows = "the training rows"
    if not worse:
        return None
    return Finding(_worse_text(worse, rows), remedy or remedy_for(model))


def ridge_beats_predictions(model: Model, metrics: Mapping[str, Metrics]) -> Finding | None:
    """The finding that a model's errors on labelled rows exceed the ridge regression's, if any.

    A table of exactly as many rows as the model was trained on is taken to be its training rows.
    """
    config, summary = model.config, model.summary
    were_trained_on = all(metric.rows == summary.rows for metric in metrics.values())
    worse = worse_than_ridge(metrics, ridge_optimism(model) if were_trained_on else 1.0)
    if not worse:
        return None
    text, validation = _worse_text(worse, "these rows"), summary.validation
    if validation and not worse_than_ridge(validation) and config.hidden_layers:
        return Finding(f"{text}; not so on the validation rows", "--set hidden_layers=[]")
    return Finding(text, remedy_for(model))


def keep_best_remedy(*, has_validation: bool) -> str:
    """The options that keep the weights of the epoch with the lowest validation loss."""
    hold_out = "" if has_validation else "--set validation_fraction=0.1 "
    return f"{hold_out}--set keep=best"


def _worse_text(worse: Mapping[str, Metrics], rows: str) -> str:
    errors = [
        f"{format_number(metric.rmse)} for {target}, the regression's "
        f"{format_number(metric.ridge_rmse)}"
        for target, metric in worse.items()
    ]
    return (
        f"predictions are worse than those of a linear (ridge) regression on the same columns: "
        f"RMSE on {rows} {'; '.join(errors)}"
    )


def remedy_for(model: Model) -> str:
    """What to try against errors above the ridge regression's, where no other finding says why."""
    config, summary = model.config, model.summary
    if config.epochs == 0:
        return f"--set epochs={DEFAULTS['epochs']}"
    if not summary.training or summary.stopped_by == "time":
        return "--resume"
    if worse_than_ridge(summary.training):
        return _remedy_for_underfitting(config, summary)
    if config.keep == "last" and not can_memorise(model):
        return keep_best_remedy(has_validation=bool(summary.validation))
    return "--set hidden_layers=[]"


def _remedy_for_underfitting(config: Config, summary: Summary) -> str:
    """The first remedy that applies to a network that has not even learned its training rows."""
    has_adam = config.optimizer == "adam"
    alpha = ADAM_ALPHA if has_adam else DEFAULTS["alpha"]
    patience = config.patience or 0
    is_impatient = summary.stopped_by == "patience" and patience < SUFFICIENT_PATIENCE
    remedies = [
        (config.weight_decay > 0, "--set weight_decay=0"),
        (not config.standardize, f"--set standardize=true --set alpha={alpha:g}"),
        (summary.stopped_by == "tau", "--set tau=0"),
        (is_impatient, f"--set patience={SUFFICIENT_PATIENCE}"),
        (config.epochs < FEW_EPOCHS, f"--set epochs={DEFAULTS['epochs']}"),
        (not has_adam, f"--set optimizer=adam --set alpha={ADAM_ALPHA:g}"),
        (config.alpha != ADAM_ALPHA, f"--set alpha={ADAM_ALPHA:g}"),
        (True, f"--set epochs={2 * config.epochs}"),
    ]
    return next(remedy for applies, remedy in remedies if applies)
