"""Small models and their parts, for tests that need one of each kind."""

from __future__ import annotations

import numpy as np
import pandas as pd

import nntrain
from nntrain.training.run import TrainingRun

rng = np.random.default_rng(5)
FRAME = pd.DataFrame(
    {
        "x": [np.nan, *rng.normal(size=59)],
        "c": ["a", "b", "é"] * 20,
        "w": rng.uniform(0.5, 2.0, size=60),
        "y": rng.lognormal(size=60),
        "z": rng.normal(size=60) * 1e6,
    }
)
"""A number with a gap, a category, weights and two targets; y is positive."""

BASE = {"target": "y", "hidden_layers": [3], "epochs": 3, "engine": "numpy"}
KINDS: dict[str, dict[str, object]] = {
    "textbook": {"ignore": ["w", "z"]},
    "linear, two targets": {"target": ["y", "z"], "hidden_layers": []},
    "weights": {"weight": "w", "clamp_predictions": True},
    "log": {"target_transform": "log", "dtype": "float32"},
    "ensemble": {
        "ensemble": 3,
        "optimizer": "adam",
        "numeric_encoding": "piecewise_linear",
        "validation_fraction": 0.2,
        "keep": "best",
    },
    "intervals": {"calibration_fraction": 0.3},
    "untrained": {"epochs": 0},
}
"""The config keys, beside `BASE`, of a model of each kind."""


def model_of_kind(kind: str) -> nntrain.Model:
    """A trained model of one of `KINDS`."""
    return nntrain.fit(FRAME, nntrain.Config.from_dict({**BASE, **KINDS[kind]}))


def checkpoint(n_epochs: int, **keys: object) -> nntrain.Model:
    """The checkpoint of a run on `FRAME` with these config keys, after some epochs."""
    run = TrainingRun.from_table(FRAME, nntrain.Config.from_dict({**BASE, **keys}))
    for _ in zip(range(n_epochs), run.epochs(), strict=False):
        pass
    return run.checkpoint()
