"""The mean of a metric over the folds of a cross-validation, and how far chance moves it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nntrain.stats.metrics import Metrics

METRICS = (
    "rmse", "mae", "r2", "largest_error", "mean_rmse", "ridge_rmse", "coverage", "mean_width"
)  # fmt: skip
"""The metrics that are averaged over folds; the last two need prediction intervals."""


@dataclass(frozen=True)
class Estimate:
    """The mean of a metric over the folds, with the standard error of that mean."""

    mean: float
    standard_error: float


def estimate_mean(values: Sequence[float]) -> Estimate:
    """The mean of n values and its standard error s / √n, with s² = Σ (value - mean)² / (n - 1).

    Sums and squares of huge values would overflow: those are taken in a unit of 2⁶⁰⁰.
    """
    n = len(values)
    unit = 2.0**600 if max(map(abs, values)) > 1e150 else 1.0
    in_units = np.array(values) / unit
    with np.errstate(invalid="ignore"):  # Metrics may be infinite.
        standard_error = float(np.std(in_units, ddof=1)) / math.sqrt(n) if n > 1 else 0.0
    return Estimate(float(np.mean(in_units)) * unit, standard_error * unit)


def mean_metrics(folds: Sequence[Metrics]) -> dict[str, Estimate]:
    """The mean of each metric over the folds, without metrics that some fold lacks."""
    estimates = {}
    for name in METRICS:
        values = [getattr(metrics, name, None) for metrics in folds]
        known = [value for value in values if value is not None]
        if len(known) == len(folds):
            estimates[name] = estimate_mean(known)
    return estimates
