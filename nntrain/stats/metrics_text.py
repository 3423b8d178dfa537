"""Metrics as the cells of a table."""

from __future__ import annotations

from nntrain.stats.metrics import IntervalMetrics, Metrics
from nntrain.text import format_number, format_ratio

INTERVAL_HEADER = ["coverage", "mean width"]

HEADER = ["rows", "RMSE", "MAE", "R²", "max error", "mean's RMSE", "ridge's RMSE"]


def metric_cells(of: Metrics) -> list[str]:
    """The cells under `HEADER`, and under `INTERVAL_HEADER` where there are intervals."""
    errors = [
        format_number(of.rmse),
        format_number(of.mae),
        format_ratio(of.r2),
        format_number(of.largest_error),
    ]
    cells = [
        format_number(of.rows),
        *errors,
        format_number(of.mean_rmse),
        format_number(of.ridge_rmse),
    ]
    if isinstance(of, IntervalMetrics):
        cells += [format_ratio(of.coverage), format_number(of.mean_width)]
    return cells
