"""Compare errors in cross-validation with those of the mean and of a ridge regression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nntrain.diagnostics.baseline import is_worse, remedy_for
from nntrain.diagnostics.finding import Finding
from nntrain.model.model import Model
from nntrain.stats.estimate import estimate_mean
from nntrain.stats.metrics import Metrics
from nntrain.text import format_number

STANDARD_ERRORS = 2.0
"""A mean difference over the folds below this many standard errors of its own is not reported."""
DECAY, DECAY_AN_ITERATION = 10.0, 0.1
"""The weight decay, and its product with α, that brought networks close to the mean on 10 tables
without any relation, whatever the recipe; from a product of 1 on, training would diverge."""
BASELINES = {
    "mean_rmse": ("always predicting the mean", "the mean's"),
    "ridge_rmse": ("a linear (ridge) regression on the same columns", "the regression's"),
}


def find_worse_than_baselines(
    model: Model, pooled: Mapping[str, Metrics], by_fold: Sequence[Mapping[str, Metrics]]
) -> list[Finding]:
    """The targets that the mean, or else the ridge regression, predicts better than the networks.

    `pooled` are the metrics over the rows of all folds, `by_fold` those of each fold; `model` is
    that of one fold. The larger error must be no chance, neither of the rows nor of the folds.
    """
    findings = []
    for target, metrics in pooled.items():
        folds = [each[target] for each in by_fold]
        texts = (_worse_text(target, metrics, folds, name) for name in BASELINES)
        if text := next(filter(None, texts), ""):
            findings.append(Finding(text, _remedy(model, metrics)))
    return findings


def _worse_text(target: str, pooled: Metrics, folds: Sequence[Metrics], baseline: str) -> str:
    """What there is to say if a target's errors exceed those of a baseline; else empty."""
    baseline_rmse = getattr(pooled, baseline)
    if not is_worse(pooled, baseline_rmse):
        return ""
    difference = estimate_mean([fold.rmse - getattr(fold, baseline) for fold in folds])
    if not difference.mean > STANDARD_ERRORS * difference.standard_error:
        return ""
    name, possessive = BASELINES[baseline]
    return (
        f"predictions of rows not trained on are worse than those of {name}: RMSE "
        f"{format_number(pooled.rmse)} for {target}, {possessive} {format_number(baseline_rmse)}; "
        f"the difference over {len(folds)} folds is {format_number(difference.mean)} ± "
        f"{format_number(difference.standard_error)}"
    )


def _remedy(model: Model, pooled: Metrics) -> str:
    """What to try; where no regression beats the mean, the network is to be drawn to the mean."""
    config = model.config
    is_learnable = pooled.ridge_rmse is not None and pooled.ridge_rmse < pooled.mean_rmse
    decay = min(DECAY, DECAY_AN_ITERATION / config.alpha)
    if is_learnable or decay <= config.weight_decay:
        return remedy_for(model)
    return f"--set weight_decay={decay:.2g}"
