"""Metrics as tables, the same in every command: one for each target, a row for each set of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from nntrain.cli.display import print_table
from nntrain.cli.text import ratio
from nntrain.errors import figure
from nntrain.metrics import IntervalMetrics, Metrics

if TYPE_CHECKING:
    from nntrain.model import Summary

INTERVAL_HEADER = ["coverage", "mean width"]
HEADER = ["rows", "RMSE", "MAE", "R²", "max error", "mean's RMSE", "ridge's RMSE"]


def print_metrics(
    label: str,
    parts: Mapping[str, Mapping[str, Metrics]],
    *,
    err: bool = False,
    ends: Mapping[str, Sequence[Sequence[str]]] | None = None,
) -> None:
    """Print the metrics of each target, a row for each part, and then the target's `ends`."""
    targets = list(next(iter(parts.values())))
    for target in targets:
        rows = [[part, *metric_cells(metrics[target])] for part, metrics in parts.items()]
        rows += [list(row) for row in (ends or {}).get(target, [])]
        header = HEADER + INTERVAL_HEADER * any(
            isinstance(metrics[target], IntervalMetrics) for metrics in parts.values()
        )
        print_table([label, *header], rows, title=f"Error of {target}", err=err)


def epochs_listed(summary: Summary) -> str:
    """The epochs whose weights a model has."""
    epochs = summary.kept_epochs
    word = "epoch" if len(epochs) == 1 else "epochs"
    return f"{word} {', '.join(f'{epoch:,}' for epoch in epochs)}"


def metric_cells(of: Metrics) -> list[str]:
    """The cells under `HEADER`, and under `INTERVAL_HEADER` where there are intervals."""
    errors = [figure(of.rmse), figure(of.mae), ratio(of.r2), figure(of.largest_error)]
    cells = [figure(of.rows), *errors, figure(of.mean_rmse), figure(of.ridge_rmse)]
    if isinstance(of, IntervalMetrics):
        cells += [ratio(of.coverage), figure(of.mean_width)]
    return cells
