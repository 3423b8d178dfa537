"""Numbers too small to matter, kept from becoming denormals.

With a denormal, a number between 0 and the smallest of full precision, a processor is a hundred
times slower. Where a unit is dead, errors and what an optimizer remembers of them fade towards
denormals and stay there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nntrain.arrays import Array

SINGLE, DOUBLE = 4, 8
"""The bytes of a number, by which the limits below are found."""

TINY: dict[int, Any] = {SINGLE: np.float32(2e-12), DOUBLE: np.float64(1e-138)}
"""Rounding errors of this number count as 0; the square of the least that does not is no denormal.
"""
SMALLEST = {size: float(tiny * np.finfo(type(tiny)).eps) for size, tiny in TINY.items()}
SMALLEST_SQUARE = {size: smallest**2 for size, smallest in SMALLEST.items()}

LOWEST = {SINGLE: -34.0, DOUBLE: -330.0}
"""For an activation with a factor of e^z a lower z counts as this one, or e^z as 0."""


def flush(values: Array) -> None:
    """Round to what can be told from 0 beside `TINY`, in place."""
    tiny = TINY[values.itemsize]
    np.add(values, tiny, values)
    np.subtract(values, tiny, values)
