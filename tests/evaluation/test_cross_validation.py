"""The folds of cross-validation: what each model was trained on, and what it has not seen."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.folds import CONFIG, frame_of, out_of_fold, typed

import nntrain
from nntrain.data.preprocessing.columns import CategoricalColumn, NumericColumn
from nntrain.evaluation.cross_validation import FoldRun, make_folds


@settings(deadline=None, max_examples=60)
@given(
    n=st.integers(2, 40), n_folds=st.integers(2, 12), seed=st.integers(0, 2**32 - 1), data=st.data()
)
def test_folds_cut_any_table_so_that_each_row_is_scored_once(
    n: int, n_folds: int, seed: int, data: st.DataObject
) -> None:
    n_folds = min(n_folds, n)
    groups = data.draw(st.none() | st.lists(st.integers(0, 15), min_size=n, max_size=n))
    frame = pd.DataFrame({"x": np.arange(n) % 5, "g": groups or 0, "y": np.arange(n)})
    config = nntrain.Config(target=("y",), seed=seed)
    n_units = len(set(groups)) if groups else n
    table = typed(frame, config, "g" if groups else None)
    if n_units < n_folds:
        with pytest.raises(nntrain.NntrainError, match="too few for these folds"):
            make_folds(table, n_folds, config, ordered=False)
        return
    folds = make_folds(table, n_folds, config, ordered=False)
    assert [fold.number for fold in folds] == list(range(1, n_folds + 1))
    assert sorted(np.concatenate([fold.rows for fold in folds]).tolist()) == list(range(n))
    for fold in folds:
        assert sorted([*fold.rows.tolist(), *fold.training_rows.tolist()]) == list(range(n))
        assert len(fold.rows)
        if groups:
            assert not set(frame["g"][fold.rows]) & set(frame["g"][fold.training_rows])
        else:
            assert len(fold.rows) in (n // n_folds, -(-n // n_folds))


@settings(deadline=None, max_examples=40)
@given(n=st.integers(3, 60), n_folds=st.integers(2, 9))
def test_ordered_folds_are_trained_on_all_that_came_before_and_nothing_else(
    n: int, n_folds: int
) -> None:
    n_folds = min(n_folds, n - 1)
    frame = pd.DataFrame({"x": np.arange(n) % 5, "y": np.arange(n)})
    folds = make_folds(typed(frame, CONFIG), n_folds, CONFIG, ordered=True)
    assert len(folds) == n_folds
    scored = np.concatenate([fold.rows for fold in folds]).tolist()
    assert scored == list(range(scored[0], n))
    for fold in folds:
        assert fold.training_rows.tolist() == list(range(fold.rows[0]))
        assert len(fold.rows) in (n // (n_folds + 1), -(-n // (n_folds + 1)))


def test_folds_depend_on_the_seed_alone() -> None:
    def rows(seed: int, **changes: Any) -> list[list[int]]:
        config = dataclasses.replace(CONFIG, seed=seed, **changes)
        folds = make_folds(typed(frame_of(), config), 5, config, ordered=False)
        return [fold.rows.tolist() for fold in folds]

    assert rows(3) == rows(3) == rows(3, epochs=9, alpha=0.5, ignore=("kind",))
    assert rows(3) != rows(4)
    assert rows(0) != [list(range(k, 50, 5)) for k in range(5)]


@pytest.mark.parametrize("ordered", [False, True], ids=["random", "ordered"])
def test_a_fold_is_what_fit_and_predict_would_make_of_its_rows(ordered: bool) -> None:
    frame = frame_of().drop(columns="site")
    table = typed(frame, CONFIG)
    for fold in make_folds(table, 4, CONFIG, ordered=ordered):
        run = FoldRun(table, CONFIG, fold)
        for _ in run.epochs():
            pass
        expected = out_of_fold(frame, CONFIG, fold)["predicted_y"].to_numpy()
        assert run.result().predictions[:, 0] == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_nothing_of_the_scored_rows_leaks_into_what_was_learned() -> None:
    frame = frame_of()
    frame.loc[7, "x"] = 1e6
    frame.loc[7, "kind"] = "once"
    frame.loc[8, "x"] = np.nan
    table = typed(frame, CONFIG)
    saw_outlier, saw_missing = [], []
    for fold in make_folds(table, 5, CONFIG, ordered=False):
        run = FoldRun(table, CONFIG, fold).run
        x, kind = run.preprocessing.features[:2]
        assert isinstance(x, NumericColumn)
        assert isinstance(kind, CategoricalColumn)
        seen = frame.iloc[fold.training_rows]
        assert (x.minimum, x.maximum) == (seen["x"].min(), seen["x"].max())
        assert x.mean == pytest.approx(seen["x"].mean())
        assert x.scale == pytest.approx(seen["x"].std(ddof=0))
        assert x.has_missing == (8 in fold.training_rows)
        assert set(kind.categories) == set(seen["kind"])
        assert run.preprocessing.targets[0].shift == pytest.approx(seen["y"].mean())
        assert run.data.baseline.means[0] == pytest.approx(seen["y"].mean())
        saw_outlier.append("once" in kind.categories)
        saw_missing.append(x.has_missing)
    assert sorted(saw_outlier) == sorted(saw_missing) == [False, True, True, True, True]


def test_the_scored_rows_targets_change_no_prediction_for_them() -> None:
    frame = frame_of()
    fold = make_folds(typed(frame, CONFIG), 5, CONFIG, ordered=False)[2]
    other = frame.copy()
    other.loc[fold.rows, "y"] = 1e5 * np.arange(len(fold.rows))
    predictions = []
    for each in (frame, other):
        run = FoldRun(typed(each, CONFIG), CONFIG, fold)
        for _ in run.epochs():
            pass
        predictions.append(run.result().predictions)
    assert np.array_equal(predictions[0], predictions[1])


def test_validation_rows_of_a_fold_are_taken_from_its_training_rows() -> None:
    config = dataclasses.replace(CONFIG, validation_fraction=0.25)
    table = typed(frame_of(), config)
    for fold in make_folds(table, 5, config, ordered=False):
        run = FoldRun(table, config, fold).run
        assert run.data.validation is not None
        assert (len(run.samples), len(run.data.validation), len(fold.rows)) == (30, 10, 10)
