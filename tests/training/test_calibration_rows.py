"""Calibration rows: which they are, and that no training, no start and no validation learns from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.intervals import CONFIG, even, made, uneven

import nntrain
from nntrain.errors import DataError, UsageError
from nntrain.stats.conformal import Intervals, expect_errors
from nntrain.training.split import split_rows


def test_nothing_but_scores_depends_on_the_calibration_rows() -> None:
    table = made(200, 5, uneven).assign(text=["u", "v"] * 100)
    config = replace(
        CONFIG, validation_fraction=0.2, keep="best", patience=5, epochs=40, target_transform="none"
    )
    rows = split_rows(np.arange(200), config).calibration
    assert len(rows) == 60
    other = table.copy()
    other.loc[rows, ["a", "b"]] *= 1e3
    other.loc[rows, "y"] = -1e6
    other.loc[rows, "text"] = "never seen"
    first, second = (nntrain.fit(rows, config) for rows in (table, other))
    assert first.preprocessing == second.preprocessing
    assert replace(first.summary, fingerprint="") == replace(second.summary, fingerprint="")
    vectors = [model.networks[0].parameters.vector.tobytes() for model in (first, second)]
    assert vectors[0] == vectors[1]
    assert first.intervals is not None
    assert second.intervals is not None
    ridges = [model.intervals.expected_error.ridge for model in (first, second) if model.intervals]
    assert ridges[0] is not None
    assert ridges[1] is not None
    assert ridges[0].weights.tobytes() == ridges[1].weights.tobytes()
    assert second.intervals.scores.min() > first.intervals.scores.max()
    unlike = nntrain.fit(table, replace(config, seed=1))
    assert unlike.preprocessing != first.preprocessing


def test_validation_rows_are_of_those_that_are_left() -> None:
    config = replace(CONFIG, calibration_fraction=0.25, validation_fraction=0.2)
    split = split_rows(np.arange(100, 200), config)
    assert list(map(len, split.parts)) == [60, 15, 25]
    assert sorted(np.concatenate(split.parts).tolist()) == list(range(100, 200))
    assert all((np.diff(part) > 0).all() for part in split.parts)
    ensemble_split = split_rows(np.arange(100), replace(config, ensemble=4))
    assert list(map(len, ensemble_split.parts)) == [75, 0, 25]


def test_held_out_rows_teach_what_errors_to_expect() -> None:
    """Of networks that know their training rows by heart, those tell nothing."""
    config = replace(CONFIG, ensemble=5, validation_fraction=0.2, epochs=5)
    run = nntrain.TrainingRun.from_table(made(200, 6, uneven), config)
    for _ in run.epochs():
        pass
    model = run.model()
    assert run.data.held_out is not None
    sums = np.zeros((140, 1))
    for network, rows in zip(model.networks, run.data.held_out, strict=True):
        sums[rows] += replace(model, networks=(network,)).predict_each(run.samples.x[rows])[0]
    expected = expect_errors(run.samples.x, np.abs(run.data.y_true - sums), np.ones(2, dtype=bool))
    assert model.intervals is not None
    found = model.intervals.expected_error
    assert expected.ridge is not None
    assert found.ridge is not None
    np.testing.assert_allclose(found.ridge.weights, expected.ridge.weights, rtol=1e-12)


def test_a_calibration_row_counts_once_whatever_its_weight() -> None:
    table = made(100, 7, even).assign(w=1.0)
    config = replace(CONFIG, weight="w")
    rows = split_rows(np.arange(100), config).calibration
    heavy = table.copy()
    heavy.loc[rows[:10], "w"] = 5.0
    of_equal, of_heavy = (nntrain.fit(rows, config).intervals for rows in (table, heavy))
    assert of_equal is not None
    assert of_heavy is not None
    assert of_heavy.scores.tobytes() == of_equal.scores.tobytes()


def test_no_row_is_left_to_train_on() -> None:
    config = replace(CONFIG, calibration_fraction=0.9)
    with pytest.raises(DataError) as caught:
        nntrain.fit(made(2, 1, even), config)
    assert str(caught.value) == (
        "the DataFrame: has no rows left to train on: calibration_fraction 0.9 holds out all of "
        "its 2 rows; lower it"
    )
    with pytest.raises(DataError) as caught:
        nntrain.fit(
            made(2, 1, even), replace(config, calibration_fraction=0.5, validation_fraction=0.9)
        )
    assert str(caught.value) == (
        "the DataFrame: has no rows left to train on: validation_fraction 0.9 and "
        "calibration_fraction 0.5 hold out all of its 2 rows; lower them"
    )


MAY_HAVE_LEARNED = (
    "the model to start from may have learned from the rows that calibration_fraction holds out, "
    "and intervals would promise too much; start from one that held out the same rows (of the same "
    "table, with the same seed and calibration_fraction), or set calibration_fraction: 0"
)


@pytest.mark.parametrize("changes", [{"calibration_fraction": 0.0}, {"seed": 1}])
def test_a_start_that_may_have_seen_the_rows_is_refused(changes: dict[str, Any]) -> None:
    table = made(100, 10, even)
    start = nntrain.fit(table, replace(CONFIG, **changes))
    with pytest.raises(UsageError) as caught:
        nntrain.fit(table, CONFIG, start=start)
    assert str(caught.value) == MAY_HAVE_LEARNED
    with pytest.raises(UsageError) as caught:
        nntrain.fit(made(100, 11, even), CONFIG, start=nntrain.fit(table, CONFIG))
    assert str(caught.value) == MAY_HAVE_LEARNED


def test_a_start_that_held_out_the_same_rows_keeps_the_promise() -> None:
    table = made(100, 10, even)
    start = nntrain.fit(table, CONFIG)
    tuned = nntrain.fit(table, replace(CONFIG, epochs=30), start=start)
    assert isinstance(tuned.intervals, Intervals)
    assert isinstance(start.intervals, Intervals)
    assert tuned.intervals.fingerprint == start.intervals.fingerprint
    again = nntrain.fit(table, CONFIG, start=tuned)
    assert again.intervals is not None
    none = nntrain.fit(table, replace(CONFIG, calibration_fraction=0.0), start=tuned)
    assert none.intervals is None


def test_validation_rows_that_calibrate_too_are_refused() -> None:
    table = made(100, 16, even)
    with pytest.raises(DataError) as caught:
        nntrain.fit(table, CONFIG, validation=table)
    assert str(caught.value) == (
        "--validation: holds 30 of the 30 calibration rows, which must not be validated by; name a "
        "table of other rows, or set calibration_fraction: 0"
    )
    some = table.iloc[split_rows(np.arange(100), CONFIG).calibration[:5]]
    nntrain.fit(table, CONFIG, validation=pd.concat([some, made(50, 17, even)]))
