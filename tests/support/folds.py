"""A table to cross-validate, and what a library user would predict for a fold."""

from __future__ import annotations

import numpy as np
import pandas as pd

import nntrain
from nntrain.data.preprocessing.typed_table import TypedTable
from nntrain.evaluation.cross_validation import Fold
from nntrain.training.prepare import read_training_table

CONFIG = nntrain.Config(target=("y",), epochs=3, hidden_layers=(4,))


def frame_of(n: int = 50) -> pd.DataFrame:
    """Numbers, texts, groups and two targets; each row's `row` is its position."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=n).round(3)
    frame = pd.DataFrame({"x": x, "kind": [f"k{i % 3}" for i in range(n)]})
    frame["site"] = [f"s{i * 7 % 11}" for i in range(n)]
    frame["y"] = (3 * x + rng.normal(size=n)).round(3)
    return frame


def typed(frame: pd.DataFrame, config: nntrain.Config, group: str | None = None) -> TypedTable:
    return read_training_table(frame, config, group)


def out_of_fold(frame: pd.DataFrame, config: nntrain.Config, fold: Fold) -> pd.DataFrame:
    """What a model predicts for a fold that was fitted, as a library user would, on the others."""
    return nntrain.fit(frame.iloc[fold.training_rows], config).predict(frame.iloc[fold.rows])
