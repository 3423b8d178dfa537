"""Numbers too small to matter, kept from becoming denormals.

A denormal is a number between 0 and the smallest number of full precision; computing with it is a
hundred times slower. Where a unit is dead, its errors and the optimizer's state fade towards
denormals and stay there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nntrain.arrays import Array

SINGLE, DOUBLE = 4, 8
"""The bytes of a number in single and in double precision: the keys of the limits below."""

TINY: dict[int, Any] = {SINGLE: np.float32(2e-12), DOUBLE: np.float64(1e-138)}
"""`flush` rounds to multiples of this number's rounding error; their squares are no denormals."""
SMALLEST = {size: float(tiny * np.finfo(type(tiny)).eps) for size, tiny in TINY.items()}
SMALLEST_SQUARE = {size: smallest**2 for size, smallest in SMALLEST.items()}

LOWEST = {SINGLE: -34.0, DOUBLE: -330.0}
"""Activations with a factor e^z take a lower z as this one, or take e^z as 0."""


def flush(values: Array) -> None:
    """Round in place: numbers that vanish when `TINY` is added become 0."""
    tiny = TINY[values.itemsize]
    np.add(values, tiny, values)
    np.subtract(values, tiny, values)
