"""A table and a config of models to explain, for the tests of several rooms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

import nntrain
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.open import ReadOptions


def frame(n_numbers: int, n_rows: int = 300) -> pd.DataFrame:
    """Numbers x0, x1, …, one of them with gaps, and a text; y bends, with an interaction."""
    rng = np.random.default_rng(3)
    columns: dict[str, Any] = {f"x{i}": rng.normal(i, 1 + i, n_rows) for i in range(n_numbers)}
    columns["x1"] = np.where(rng.random(n_rows) < 0.2, np.nan, columns["x1"])
    columns["text"] = rng.choice(["u", "v", "w"], n_rows, p=[0.5, 0.3, 0.2])
    y = np.tanh(columns["x0"]) * np.nan_to_num(columns["x1"]) + sum(
        columns[f"x{i}"] for i in range(2, n_numbers)
    )
    return pd.DataFrame({**columns, "y": y + 3.0 * (columns["text"] == "u")})


CONFIG = nntrain.Config(target=("y",), hidden_layers=(6,), activation="tanh", epochs=20)


def explained(model: nntrain.Model, table: pd.DataFrame) -> pd.DataFrame:
    return model.predict(table, explain=True)


def parts_of(model: nntrain.Model, table: pd.DataFrame) -> list[Any]:
    cells = CellFormat(model.preprocessing.missing_values, ".")
    with model.predicting(table, ReadOptions(cells)) as (_, parts):
        return list(parts)
