"""What folds come to: the errors over all rows are those of the rows in one table."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from support.folds import CONFIG, frame_of, typed

import nntrain
from nntrain.data.preprocessing.typed_table import TypedTable
from nntrain.evaluation.cross_validation import FoldResult, FoldRun, make_folds
from nntrain.evaluation.fold_summary import pooled_metrics, results_as_dict


def results_of(table: TypedTable, config: nntrain.Config, n_folds: int) -> list[FoldResult]:
    results = []
    for fold in make_folds(table, n_folds, config, ordered=False):
        run = FoldRun(table, config, fold)
        for _ in run.epochs():
            pass
        results.append(run.result())
    return results


@pytest.mark.parametrize("weight", [None, "w"], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("n_folds", [2, 7, 50])
def test_pooled_metrics_are_those_of_all_rows_each_beside_its_own_folds_mean(
    n_folds: int, weight: str | None
) -> None:
    frame = frame_of().assign(w=1 + np.arange(50) % 4)
    config = dataclasses.replace(CONFIG, weight=weight, ignore=() if weight else ("w",))
    results = results_of(typed(frame, config), config, n_folds)
    pooled = pooled_metrics(results, config)["y"]
    y, w = frame["y"].to_numpy(), frame["w"].to_numpy() if weight else np.ones(50)
    y_pred, mean, ridge = np.empty(50), np.empty(50), np.empty(50)
    for result in results:
        rows, others = result.fold.rows, result.fold.training_rows
        y_pred[rows] = result.predictions[:, 0]
        mean[rows] = np.average(y[others], weights=w[others])
        assert result.measured.ridge is not None
        ridge[rows] = result.measured.ridge[:, 0]
    mse = np.average((y_pred - y) ** 2, weights=w)
    variance = np.average((y - np.average(y, weights=w)) ** 2, weights=w)
    assert dataclasses.asdict(pooled) == {
        "rows": 50,
        "rmse": pytest.approx(mse**0.5),
        "mae": pytest.approx(np.average(abs(y_pred - y), weights=w)),
        "r2": pytest.approx(1 - mse / variance),
        "largest_error": pytest.approx(max(r.metrics["y"].largest_error for r in results)),
        "mean_rmse": pytest.approx(np.average((mean - y) ** 2, weights=w) ** 0.5),
        "ridge_rmse": pytest.approx(np.average((ridge - y) ** 2, weights=w) ** 0.5),
    }


def test_a_fold_without_a_ridge_regression_leaves_the_pooled_metrics_without_one() -> None:
    results = results_of(typed(frame_of(), CONFIG), CONFIG, 3)
    first = dataclasses.replace(
        results[0], measured=dataclasses.replace(results[0].measured, ridge=None)
    )
    assert pooled_metrics([first, *results[1:]], CONFIG)["y"].ridge_rmse is None


def test_a_metric_that_each_fold_lacks_is_known_over_all_rows() -> None:
    frame = pd.DataFrame({"x": range(6), "y": [1.0, 2.0, 4.0, 5.0, 7.0, 3.0]})
    results = results_of(typed(frame, CONFIG), CONFIG, 6)
    assert {result.metrics["y"].r2 for result in results} == {None}
    found = results_as_dict(results, CONFIG)
    assert "r2" not in found["targets"]["y"]
    assert found["pooled"]["y"]["r2"] < 1
