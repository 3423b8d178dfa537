"""Metrics as texts for the cells of a table, with the table's header."""

from __future__ import annotations

from collections.abc import Sequence

from nntrain.stats.estimate import mean_metrics
from nntrain.stats.metrics import IntervalMetrics, Metrics
from nntrain.text import format_number, format_ratio

INTERVAL_HEADER = ["coverage", "mean width"]

HEADER = ["rows", "RMSE", "MAE", "R²", "max error", "mean's RMSE", "ridge's RMSE"]


def metric_cells(metrics: Metrics) -> list[str]:
    """One row of cells: under `HEADER`, then under `INTERVAL_HEADER` if there are intervals."""
    errors = [
        format_number(metrics.rmse),
        format_number(metrics.mae),
        format_ratio(metrics.r2),
        format_number(metrics.largest_error),
    ]
    cells = [
        format_number(metrics.rows),
        *errors,
        format_number(metrics.mean_rmse),
        format_number(metrics.ridge_rmse),
    ]
    if isinstance(metrics, IntervalMetrics):
        cells += [format_ratio(metrics.coverage), format_number(metrics.mean_width)]
    return cells


def error_cells(folds: Sequence[Metrics]) -> list[str]:
    """One row of cells: the standard error of the mean over folds, for each metric that has one.

    The cells of the number of rows and of the largest error are blank.
    """
    estimates = mean_metrics(folds)

    def shown(name: str) -> str:
        estimate = estimates.get(name)
        show = format_ratio if name in ("r2", "coverage") else format_number
        return show(estimate.standard_error if estimate else None)

    intervals = [shown(name) for name in ("coverage", "mean_width") if name in estimates]
    errors = [shown(name) for name in ("rmse", "mae", "r2")]
    return ["", *errors, "", shown("mean_rmse"), shown("ridge_rmse"), *intervals]
