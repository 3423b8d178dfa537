"""Tables of noise that is even or depends on the row, for the tests of intervals in several rooms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import nntrain

Vector = NDArray[np.float64]

LEVELS = (0.5, 0.8, 0.9, 0.95)
CONFIG = nntrain.Config(
    target=("y",), hidden_layers=(8,), epochs=15, batch_size=16, calibration_fraction=0.3
)


def made(n_rows: int, seed: int, noise: Callable[[Vector], Vector | float]) -> pd.DataFrame:
    """y = sin 2a + b²/2 and noise whose deviation may depend on b."""
    rng = np.random.default_rng([seed, 7])
    a, b = rng.uniform(-2, 2, (2, n_rows))
    y = np.sin(2 * a) + b * b / 2 + noise(b) * rng.standard_normal(n_rows)
    return pd.DataFrame({"a": a, "b": b, "y": y})


def even(_b: Vector) -> float:
    return 0.5


def uneven(b: Vector) -> Vector:
    return 0.05 + np.exp(b) / 3


def covered(model: nntrain.Model, table: pd.DataFrame, level: float) -> float:
    """The part of the rows whose true value lies within, over all targets."""
    found = model.predict(table, interval=level)
    inside = [
        (found[f"predicted_{name}_lower"] <= table[name])
        & (table[name] <= found[f"predicted_{name}_upper"])
        for name in model.config.target
    ]
    return float(np.mean(inside))
