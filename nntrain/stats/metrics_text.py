"""Metrics as texts for the cells of a table, with the table's header."""

from __future__ import annotations

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
