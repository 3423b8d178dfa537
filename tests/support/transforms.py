"""A table and a config for the encoding of numbers in bins and the transforms of a target."""

from __future__ import annotations

import numpy as np
import pandas as pd

import nntrain

CONFIG = nntrain.Config(target=("y",), numeric_encoding="piecewise_linear", bins=4, epochs=3)


def frame(n_rows: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    skewed = np.exp(rng.normal(size=n_rows))
    return pd.DataFrame(
        {
            "skewed": skewed,
            "few": rng.choice([1.0, 2.0, 5.0], n_rows, p=[0.8, 0.1, 0.1]),
            "flag": rng.integers(0, 2, n_rows).astype(float),
            "gaps": np.where(rng.random(n_rows) < 0.2, np.nan, rng.normal(size=n_rows)),
            "text": rng.choice(["a", "b"], n_rows),
            "y": skewed * np.exp(rng.normal(size=n_rows)),
        }
    )
