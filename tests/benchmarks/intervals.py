"""Prediction intervals on the sample tables: what they cover, and how wide they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from accuracy import Split, splits
from commands import ROOT
from measure import as_markdown, machine
from numpy.typing import NDArray

import nntrain
from nntrain.config.recipes import RECIPES
from nntrain.stats.conformal import ExpectedError, absolute_errors, calibrate

LEVELS = (0.5, 0.8, 0.9, 0.95)
Measures = NDArray[np.float64]


def intervals(n_splits: int) -> str:
    """A Markdown table of coverage, and of mean width by that of intervals of one width.

    A fifth of the rows that are not tested by calibrates; the large table is a quarter of it.
    """
    concrete, energy, housing = (
        pd.read_csv(ROOT / f"sample_data/{name}.csv") for name in ("concrete", "energy", "housing")
    )
    tables = {
        "concrete": splits(concrete, "strength_mpa", n_splits),
        "energy": splits(energy.drop(columns="cooling_load"), "heating_load", n_splits),
        "housing, every 4th row": splits(housing.iloc[::4], "median_house_value", n_splits),
    }
    rows = []
    for recipe in ("textbook", "accurate"):
        for name, parts in tables.items():
            of_splits = np.mean([measured(split, recipe) for split in parts], axis=0)
            cells = [f"{cover:.3f}, {width:.2f}" for cover, width in of_splits]
            rows.append([f"{name}, {recipe}, splits: {len(parts)}", *cells])
    header = ["coverage, relative width", *map(str, LEVELS)]
    return f"{machine()}, {date.today()}\n\n{as_markdown(header, rows)}"


def measured(split: Split, recipe: str) -> Measures:
    """For each level the coverage of the test rows, and the relative width."""
    values: dict[str, Any] = RECIPES[recipe](len(split.train))
    config = nntrain.Config(
        target=(split.target,), seed=split.seed, calibration_fraction=0.2, **values
    )
    run = nntrain.TrainingRun.from_table(split.train, config)
    for _ in run.epochs():
        pass
    model = run.model()
    plain = of_one_width(run, model)
    return np.array([relative(model, plain, split.test, level) for level in LEVELS])


def of_one_width(run: nntrain.TrainingRun, model: nntrain.Model) -> nntrain.Model:
    """The same model with intervals that do not adapt to the row."""
    assert run.data.calibration is not None
    kept = model.measured(run.data.calibration.x, run.data.calibration.y_true, None)
    errors = absolute_errors(kept.y_true, kept.y_pred, model.preprocessing)
    alike = ExpectedError(None, np.zeros(1), np.zeros(1))
    return replace(model, intervals=calibrate(alike, run.data.calibration.x, errors, ""))


def relative(
    model: nntrain.Model, plain: nntrain.Model, test: pd.DataFrame, level: float
) -> tuple[float, float]:
    """The coverage of a model, and its mean width by that of the plain one."""
    of_model, of_plain = (
        next(iter(nntrain.evaluate(of, test, interval=level).targets.values())).as_dict()
        for of in (model, plain)
    )
    coverage, width, plain_width = (
        of_model["coverage"], of_model["mean_width"], of_plain["mean_width"]
    )  # fmt: skip
    assert coverage is not None
    assert width
    assert plain_width
    return coverage, width / plain_width
