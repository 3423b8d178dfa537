"""A table whose targets are linear in its features, and a model that has learned them."""

from __future__ import annotations

import numpy as np
import pandas as pd

import nntrain


def linear_frame(n_rows: int) -> pd.DataFrame:
    """Numbers a, b and c, a text, a column with gaps, and the targets y and z."""
    rng = np.random.default_rng(5)
    a, b, c = rng.normal(size=(3, n_rows))
    text = rng.choice(["u", "v", "w"], n_rows)
    gaps = np.where(rng.random(n_rows) < 0.3, np.nan, rng.normal(size=n_rows))
    y = 3 * a - 2 * b + np.where(text == "u", 1.5, 0) + np.where(np.isnan(gaps), 2.0, 0)
    return pd.DataFrame({"a": a, "b": b, "c": c, "text": text, "gaps": gaps, "y": y, "z": 100 * c})


def linear_model(n_rows: int) -> nntrain.Model:
    """A linear model, which has learned the two formulas to the last digits."""
    config = nntrain.Config(
        target=("y", "z"), hidden_layers=(), epochs=60, optimizer="adam", alpha=0.05,
        alpha_schedule="cosine", batch_size=64,
    )  # fmt: skip
    return nntrain.fit(linear_frame(n_rows), config)
