"""Sample weights in a unit of their own, so that no sum of them overflows or underflows.

Only ratios of weights mean anything. A power of two as the unit rounds nothing: weights w and 2w
give the same bytes.
"""

from __future__ import annotations

import numpy as np

from nntrain.arrays import Vector

SMALLEST = float(np.finfo(np.float64).tiny)
"""A positive weight this far below the largest counts for next to nothing, but stays positive."""


def unit_weights(weights: Vector) -> Vector:
    """Weights (n_rows,) divided by the power of two that brings the largest to 0.5 up to 1.

    >>> unit_weights(np.array([0.0, 1e308, 2e307]))
    array([0.        , 0.55626846, 0.11125369])
    """
    scaled = np.ldexp(weights, -weight_exponent(weights))
    return np.where((weights > 0) & (scaled < SMALLEST), SMALLEST, scaled)


def weight_exponent(weights: Vector) -> int:
    """The exponent of that power of two; 0 where no weight is positive."""
    return int(np.frexp(weights.max(initial=0.0))[1])
