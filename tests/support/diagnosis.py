"""Runs to diagnose: a table and a config, the model that comes of them, and its findings."""

from __future__ import annotations

import dataclasses
import shlex
from typing import Any

import numpy as np
import pandas as pd

import nntrain
from nntrain.config.yaml_file import parse_config
from nntrain.data.readers.table import TableLike
from nntrain.diagnostics.finding import Finding
from nntrain.stats.metrics import Metrics
from nntrain.training.run import TrainingRun


def fitted(
    table: TableLike, source: str, remedy: str = "", validation: TableLike | None = None
) -> tuple[nntrain.Model, list[Finding]]:
    """The model of a config, changed by the options of a remedy, and the findings about it."""
    words = shlex.split(remedy)
    assert words[::2] == ["--set"] * len(words[1::2])
    run = TrainingRun.from_table(table, parse_config(source, overrides=words[1::2]), validation)
    for _ in run.epochs():
        pass
    model = run.model()
    return model, nntrain.diagnose(run, model)


def error(model: nntrain.Model) -> float:
    """The RMSE of the first target on the validation rows, on the training rows without any."""
    first_part = next(iter(model.summary.parts().values()))
    return next(iter(first_part.values())).rmse


def findings_on_rows(table: TableLike, source: str) -> list[Finding]:
    """The findings on the rows of a table: those of a network that was not trained."""
    return fitted(table, source + "epochs: 0\n")[1]


def multiplied(noise: float = 0.5) -> pd.DataFrame:
    """A target that is a product, up to a factor near 1."""
    rng = np.random.default_rng(3)
    a, b, c = rng.normal(size=(3, 800))
    y = np.exp(1 + a - 0.6 * b + noise * rng.normal(size=800))
    return pd.DataFrame({"a": a, "b": b, "c": c, "y": y})


def metrics(**changes: Any) -> dict[str, Metrics]:
    """The metrics of a target y whose RMSE is twice the ridge regression's, with changes."""
    bad = Metrics(10_000, 2.0, 1.0, 0.5, 3.0, 3.0, 1.0)
    return {"y": dataclasses.replace(bad, **changes)}
