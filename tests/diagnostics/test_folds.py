"""Findings of a cross-validation: said where the difference is no chance, and the advice helps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.folds import typed

import nntrain
from nntrain.config.yaml_file import load_config
from nntrain.diagnostics.finding import Finding
from nntrain.diagnostics.folds import find_worse_than_baselines
from nntrain.evaluation.cross_validation import FoldRun, make_folds
from nntrain.evaluation.fold_summary import find_problems, pooled_metrics
from nntrain.model.model import Model
from nntrain.stats.metrics import Metrics


def table_of(*, noise: bool) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 10))
    y = rng.normal(size=200) if noise else x @ np.arange(10) + rng.normal(size=200)
    return pd.DataFrame(x, columns=[f"x{i}" for i in range(10)]).assign(y=y)


def cross_validate(frame: pd.DataFrame, config: nntrain.Config) -> tuple[list[Finding], float]:
    """The findings, and the RMSE over all rows."""
    table, results = typed(frame, config), []
    for fold in make_folds(table, 5, config, ordered=False):
        run = FoldRun(table, config, fold)
        for _ in run.epochs():
            pass
        results.append(run.result())
    pooled = pooled_metrics(results, config)
    return find_problems(results, pooled), pooled["y"].rmse


@pytest.mark.parametrize(
    ("noise", "epochs", "first", "remedy"),
    [
        (True, 800, "predictions of rows not trained on are worse than those of always predicting "
         "the mean: RMSE ", "--set hidden_layers=[]"),
        (False, 1, "predictions of rows not trained on are worse than those of a linear (ridge) "
         "regression on the same columns: RMSE ", "--set epochs="),
    ],
    ids=["noise", "too few epochs"],
)  # fmt: skip
def test_the_advice_helps_whoever_follows_it(
    folder: Path, noise: bool, epochs: int, first: str, remedy: str
) -> None:
    (folder / "c.yaml").write_text(f"target: y\nepochs: {epochs}\n")
    frame, config = table_of(noise=noise), load_config("c.yaml")
    (finding,), before = cross_validate(frame, config)
    assert finding.text.startswith(first)
    assert finding.remedy.startswith(remedy)
    overrides = [word for word in finding.remedy.split() if word != "--set"]
    _, after = cross_validate(frame, load_config("c.yaml", overrides))
    assert after < 0.9 * before


def model() -> Model:
    frame = pd.DataFrame({"x": [1.0, 2.0, 4.0], "y": [1.0, 2.0, 3.0]})
    return nntrain.fit(frame, nntrain.Config(target=("y",), epochs=1))


def metrics(rmse: float, mean: float, ridge: float | None, rows: int = 400) -> Metrics:
    return Metrics(rows, rmse, rmse, None, rmse, mean, ridge)


def texts(pooled: Metrics, folds: list[Metrics]) -> list[str]:
    found = find_worse_than_baselines(model(), {"y": pooled}, [{"y": fold} for fold in folds])
    return [finding.text for finding in found]


def test_the_difference_stands_with_its_standard_error() -> None:
    folds = [metrics(12.0, 30.0, 10.0), metrics(14.0, 30.0, 10.0)]
    assert texts(metrics(13.04, 30.0, 10.0), folds) == [
        "predictions of rows not trained on are worse than those of a linear (ridge) regression on "
        "the same columns: RMSE 13.04 for y, the regression's 10; the difference over 2 folds is "
        "3 ± 1"
    ]
    folds = [metrics(12.0, 10.0, 9.0), metrics(14.0, 10.0, 9.0)]
    assert texts(metrics(13.04, 10.0, 9.0), folds) == [
        "predictions of rows not trained on are worse than those of always predicting the mean: "
        "RMSE 13.04 for y, the mean's 10; the difference over 2 folds is 3 ± 1"
    ]


@pytest.mark.parametrize(
    ("pooled", "folds"),
    [
        (metrics(11.0, 30.0, 10.0), [(9.0, 10.0), (13.0, 10.0)]),
        (metrics(10.4, 30.0, 10.0), [(10.4, 10.0), (10.4, 10.0)]),
        (metrics(15.0, 30.0, 10.0, rows=19), [(15.0, 10.0), (15.0, 10.0)]),
        (metrics(15.0, 30.0, None), [(15.0, None), (15.0, None)]),
    ],
    ids=["folds disagree", "within 1 / √n", "few rows", "no regression"],
)
def test_what_may_be_chance_or_is_not_known_is_no_finding(
    pooled: Metrics, folds: list[tuple[float, float | None]]
) -> None:
    assert texts(pooled, [metrics(rmse, 30.0, ridge) for rmse, ridge in folds]) == []
