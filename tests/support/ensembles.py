"""A table and a config of an ensemble of three networks, for the tests of several rooms."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

import nntrain

KEYS: dict[str, Any] = {
    "target": ("y", "z"),
    "hidden_layers": (4, 3),
    "epochs": 6,
    "batch_size": 8,
    "ensemble": 3,
    "validation_fraction": 0.2,
    "keep": "best",
}
CONFIG = nntrain.Config(**KEYS)


def frame(n_rows: int = 50) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, n_rows))
    noise = rng.normal(size=n_rows)
    return pd.DataFrame({"a": a, "b": b, "y": 10 + a * b + 0.5 * noise, "z": np.exp(a) + 1})


def fitted(**keys: Any) -> nntrain.Model:
    return nntrain.fit(frame(), dataclasses.replace(CONFIG, **keys))
