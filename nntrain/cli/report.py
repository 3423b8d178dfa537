"""Metrics as the rows of a table, the same in every command."""

from __future__ import annotations

from collections.abc import Mapping

from nntrain.cli.text import figure, ratio
from nntrain.metrics import Metrics

HEADER = ["rows", "RMSE", "MAE", "R²", "largest", "mean's RMSE", "ridge's RMSE"]


def metric_cells(of: Metrics) -> list[str]:
    """The cells under `HEADER`."""
    errors = [figure(of.rmse), figure(of.mae), ratio(of.r2), figure(of.largest_error)]
    return [figure(of.rows), *errors, figure(of.mean_rmse), figure(of.ridge_rmse)]


def metric_rows(first: str, metrics: Mapping[str, Metrics]) -> list[list[str]]:
    """A row for each target, after a first cell."""
    return [[first, target, *metric_cells(of)] for target, of in metrics.items()]
