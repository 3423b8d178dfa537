"""How weights are drawn before training; biases begin at zero.

A layer's w is (n_out, n_in). The variance of its weights is a constant over n_in or n_in + n_out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Draw = Callable[[np.random.Generator, tuple[int, int]], NDArray[Any]]
Fans = Callable[[int, int], int]


def _uniform(numerator: float, fans: Fans) -> Draw:
    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[Any]:
        limit = np.sqrt(3.0 * numerator / fans(*shape))  # the variance is limit² / 3
        return rng.uniform(-limit, limit, shape)

    return draw


def _normal(numerator: float, fans: Fans) -> Draw:
    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[Any]:
        return rng.normal(0.0, np.sqrt(numerator / fans(*shape)), shape)

    return draw


def _both(n_out: int, n_in: int) -> int:
    return n_out + n_in


def _inputs(_n_out: int, n_in: int) -> int:
    return n_in


INITIALIZATIONS: dict[str, Draw] = {
    "glorot_uniform": _uniform(2.0, _both),  # Glorot, Bengio 2010, eq. 16
    "glorot_normal": _normal(2.0, _both),  # the same, eq. 12
    "he_uniform": _uniform(2.0, _inputs),
    "he_normal": _normal(2.0, _inputs),  # He, Zhang, Ren, Sun 2015, eq. 10
    "lecun_uniform": _uniform(1.0, _inputs),
    "lecun_normal": _normal(1.0, _inputs),  # LeCun, Bottou, Orr, Müller 1998, eq. 16
}
