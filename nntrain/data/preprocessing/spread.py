"""How the numbers of a column are spread, and whether they differ by more than rounding."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nntrain.arrays import Vector

EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Spread:
    """How many numbers there are, and how they are spread; `deviation` is over N.

    `mean` and `deviation` are not finite where they overflow.
    """

    n: int
    minimum: float
    maximum: float
    mean: float
    deviation: float

    @property
    def is_constant(self) -> bool:
        """Whether the numbers are all the same, but for rounding."""
        return is_rounding(self.deviation, self.mean, self.n)


def is_rounding(deviation: float, mean: float, n: int) -> bool:
    """Whether a standard deviation of n numbers is no larger than rounding may make it.

    The bound var <= n ε var + (n mean ε)², solved for the standard deviation, is that of
    `_is_constant_feature` in scikit-learn's sklearn/preprocessing/_data.py (Chan, Golub, LeVeque
    1983).
    """
    rounding = n * EPSILON
    return deviation * math.sqrt(max(1.0 - rounding, 0.0)) <= rounding * abs(mean)


def measure_spread(values: Vector) -> Spread:
    """The spread of values (n_values,), at least one, computed without overflow or underflow."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        return Spread(len(values), low, high, low, 0.0)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        mean = float(np.mean(values))
        centred = values - mean
        largest = max(high - mean, mean - low)
        np.divide(centred, largest, centred)
        deviation = largest * float(np.sqrt(centred.dot(centred) / len(values)))
    return Spread(len(values), low, high, mean, deviation)


def distinct_but_for_rounding(numbers: list[float]) -> list[float]:
    """Rising numbers without those that are the same as one before them, but for rounding."""
    distinct = numbers[:1]
    for number in numbers[1:]:
        low = distinct[-1]
        if not is_rounding(number / 2 - low / 2, low / 2 + number / 2, 2):
            distinct.append(number)
    return distinct
