"""What the folds of a cross-validation come to: errors over all rows, their noise, and problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nntrain.config.keys import Config
from nntrain.diagnostics.finding import Finding
from nntrain.diagnostics.folds import find_worse_than_baselines
from nntrain.evaluation.cross_validation import FoldResult
from nntrain.stats.conformal import Intervals
from nntrain.stats.cross_conformal import CrossIntervals
from nntrain.stats.estimate import mean_metrics
from nntrain.stats.metrics import Measured, Metrics, joined


def pooled_metrics(results: Sequence[FoldResult], config: Config) -> dict[str, Metrics]:
    """The metrics of each target over the rows of all folds together.

    Each row is compared with the mean and the ridge regression of its own fold's training rows;
    there is no `ridge_rmse` where some fold has no regression. Raises `DataError` as `Measured`.
    """
    parts = [result.measured for result in results]
    if any(part.ridge is None for part in parts):
        parts = [replace(part, ridge=None) for part in parts]
    means = [np.broadcast_to(part.means, part.y_true.shape) for part in parts]
    measured: Measured = replace(joined(parts), means=np.concatenate(means))
    return measured.metrics(config.target)


def find_problems(results: Sequence[FoldResult], pooled: dict[str, Metrics]) -> list[Finding]:
    """The problems that the folds show; `pooled` are the `pooled_metrics`."""
    by_fold = [result.metrics for result in results]
    return find_worse_than_baselines(results[0].model, pooled, by_fold)


def results_as_dict(
    results: Sequence[FoldResult], config: Config, interval: float | None = None
) -> dict[str, Any]:
    """The folds and what they come to as JSON types; `interval` is the level of any intervals."""
    pooled = pooled_metrics(results, config)
    by = Intervals if config.calibration_fraction > 0 else CrossIntervals
    return {
        **({} if interval is None else {"interval": interval, "interval_method": by.method}),
        "folds": [
            {
                "fold": result.fold.number,
                "training_rows": result.training_rows,
                "epochs_trained": result.epochs_trained,
                "targets": {name: metrics.as_dict() for name, metrics in result.metrics.items()},
            }
            for result in results
        ],
        "targets": {
            target: {
                name: {"mean": estimate.mean, "standard_error": estimate.standard_error}
                for name, estimate in mean_metrics(
                    [result.metrics[target] for result in results]
                ).items()
            }
            for target in config.target
        },
        "pooled": {target: metrics.as_dict() for target, metrics in pooled.items()},
        "findings": [finding.as_dict() for finding in find_problems(results, pooled)],
    }
