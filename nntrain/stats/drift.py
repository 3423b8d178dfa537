"""How far the values of a column drift from those of training: the population stability index.

PSI = Σ (q - p) ln(q / p) over the bins, with the shares p of the training rows and q of others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

MUCH = 0.25
"""A larger index is much, by the rule that is in general use. Normal numbers have such an index
when their mean moves by half a standard deviation."""
FALSE_ALARMS = 0.001
"""In this part of all tables without any drift some column is said to drift, at most."""
SMOOTHING = 0.5
"""Rows added to each bin, so that an empty one has a logarithm."""


@dataclass(frozen=True)
class Drift:
    """The population stability index of a column, and the limit above which it is said to drift."""

    index: float
    limit: float

    @property
    def is_large(self) -> bool:
        """Whether the column drifts, and by more than chance."""
        return self.index > self.limit


def measure_drift(training: ArrayLike, others: ArrayLike, n_columns: int) -> Drift:
    """The drift of one of `n_columns` columns, from its counts (n_bins,) in both sets of rows.

    Without any drift, PSI · N n / (N + n) for N and n rows has about the χ² distribution with a
    degree of freedom for each bin but one (Yurdakul 2018). So the limit is `MUCH`, or for few rows
    the quantile of that distribution beyond which `FALSE_ALARMS` of all tables have any column.
    """
    before, now = np.array(training, dtype=np.float64), np.array(others, dtype=np.float64)
    used = before + now > 0
    before, now = before[used], now[used]
    n_before, n_now, n_bins = before.sum(), now.sum(), len(before)
    if n_bins < 2:
        return Drift(0.0, MUCH)
    p = (before + SMOOTHING) / (n_before + SMOOTHING * n_bins)
    q = (now + SMOOTHING) / (n_now + SMOOTHING * n_bins)
    index = float(np.sum((q - p) * np.log(q / p)))
    chance = chi_squared_quantile(1.0 - FALSE_ALARMS / n_columns, n_bins - 1)
    return Drift(index, max(MUCH, chance * float(1.0 / n_before + 1.0 / n_now)))


def chi_squared_quantile(probability: float, degrees: int) -> float:
    """The quantile of the χ² distribution by Wilson and Hilferty (1931), at most 8 % too high."""
    spread = 2.0 / (9.0 * degrees)
    z = NormalDist().inv_cdf(probability)
    return degrees * (1.0 - spread + z * math.sqrt(spread)) ** 3
