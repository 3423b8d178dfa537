"""The schedules of α: how the learning rate falls while training goes on."""

from __future__ import annotations

import math
from collections.abc import Callable

SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda _: 1.0,
    "cosine": lambda t: 0.5 * (1.0 + math.cos(math.pi * t)),  # Loshchilov, Hutter 2017, eq. 5
    "linear": lambda t: 1.0 - t,
}
"""The factor of α when the fraction t of all iterations, from 0 to 1, is done."""
