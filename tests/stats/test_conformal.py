"""Prediction intervals: they cover what they promise, adapt to the row, and refuse what they cannot."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.command import ROOT
from support.intervals import CONFIG, LEVELS, covered, even, made, uneven
from support.ridge import slow_ridge

import nntrain
from nntrain.errors import UsageError
from nntrain.stats.conformal import ExpectedError, Intervals, expect_errors
from nntrain.stats.ridge import Ridge
from nntrain.stats.row_sums import MAX_INPUTS
from nntrain.training.split import split_rows


def is_as_promised(coverages: list[float], level: float, n: int, m: int) -> bool:
    """Whether the mean over independent runs lies within four standard errors of the promise.

    With n calibration rows without ties a new row is covered with the probability k / (n + 1),
    k = ⌈(n + 1) level⌉; of m new rows of a run the part covered is beta-binomial.
    """
    p = math.ceil((n + 1) * level - 1e-9) / (n + 1)
    assert level <= p < level + 1 / (n + 1) + 1e-9
    error = math.sqrt(p * (1 - p) * (1 / (n + 2) + 1 / m) / len(coverages))
    return abs(float(np.mean(coverages)) - p) < 4 * error


def n_kept(model: nntrain.Model) -> int:
    assert model.intervals is not None
    return len(model.intervals.scores)


@pytest.mark.heavy
@pytest.mark.parametrize("noise", [even, uneven])
def test_coverage_on_made_tables_is_as_promised(noise: Any) -> None:
    coverages: dict[float, list[float]] = {level: [] for level in LEVELS}
    for seed in range(200):
        model = nntrain.fit(made(200, seed, noise), replace(CONFIG, seed=seed))
        new = made(400, seed + 1000, noise)
        for level in LEVELS:
            coverages[level].append(covered(model, new, level))
    for level, level_coverages in coverages.items():
        assert n_kept(model) == 60
        assert is_as_promised(level_coverages, level, 60, 400), (level, np.mean(level_coverages))


TABLES: dict[str, dict[str, Any]] = {
    "concrete": {"target": ("strength_mpa",)},
    "energy": {"target": ("heating_load", "cooling_load")},
    "housing": {"target": ("median_house_value",)},
    "housing, log": {"target": ("median_house_value",), "target_transform": "log"},
    "concrete, two networks": {
        "target": ("strength_mpa",), "ensemble": 2, "validation_fraction": 0.2, "keep": "best",
        "clamp_predictions": True,
    },
}  # fmt: skip


@pytest.mark.heavy
@pytest.mark.parametrize("name", TABLES)
def test_coverage_on_the_sample_tables_is_as_promised(name: str) -> None:
    table = pd.read_csv(ROOT / f"sample_data/{name.partition(',')[0]}.csv").iloc[::2]
    table = table.iloc[:600]
    config = nntrain.Config(**TABLES[name], epochs=10, calibration_fraction=0.3)
    coverages: dict[float, list[float]] = {level: [] for level in LEVELS}
    for seed in range(60):
        order = np.random.default_rng(seed).permutation(len(table))
        new, rest = table.iloc[order[:100]], table.iloc[order[100:]]
        model = nntrain.fit(rest, replace(config, seed=seed))
        for level in LEVELS:
            coverages[level].append(covered(model, new, level))
    for level, level_coverages in coverages.items():
        assert is_as_promised(level_coverages, level, n_kept(model), 100), (
            level,
            np.mean(level_coverages),
        )


ALL_ALIKE = ExpectedError(None, np.zeros(1), np.zeros(1))


def all_alike(model: nntrain.Model, table: pd.DataFrame) -> nntrain.Model:
    """The model with intervals of one width, by the errors on these rows."""
    errors = (table["y"] - model.predict(table)["predicted_y"]).abs().to_numpy()
    return replace(model, intervals=Intervals(ALL_ALIKE, np.sort(errors)[:, None], ""))


@pytest.mark.heavy
def test_the_check_of_coverage_finds_intervals_by_rows_that_were_trained_on() -> None:
    coverages = []
    for seed in range(25):
        config = replace(
            CONFIG, seed=seed, hidden_layers=(64,), epochs=300, optimizer="adam", alpha=0.02
        )
        table = made(60, seed, even)
        seen = table.iloc[split_rows(np.arange(60), config).training]
        cheating = all_alike(nntrain.fit(table, config), seen)
        coverages.append(covered(cheating, made(400, seed + 1000, even), 0.8))
    assert np.mean(coverages) < 0.7
    assert not is_as_promised(coverages, 0.8, len(seen), 400)


def test_intervals_are_wide_where_errors_are_and_shorter_in_the_mean() -> None:
    table, new = made(3000, 1, uneven), made(3000, 2, uneven)
    model = nntrain.fit(table, replace(CONFIG, epochs=60))
    calibration = table.iloc[split_rows(np.arange(3000), model.config).calibration]
    one_width_model = all_alike(model, calibration)
    widths, one_width = (
        (found["predicted_y_upper"] - found["predicted_y_lower"]).to_numpy()
        for found in (each.predict(new, interval=0.9) for each in (model, one_width_model))
    )
    assert covered(model, new, 0.9) == pytest.approx(0.9, abs=0.03)
    assert covered(one_width_model, new, 0.9) == pytest.approx(0.9, abs=0.03)
    assert widths.mean() < 0.9 * one_width.mean()
    calm, wild = new["b"].to_numpy() < -1, new["b"].to_numpy() > 1
    assert widths[wild].mean() > 3 * widths[calm].mean()
    assert covered(model, new[wild], 0.9) > covered(one_width_model, new[wild], 0.9) + 0.05


@pytest.mark.parametrize("transform", ["none", "log"])
def test_bounds_are_those_of_the_slow_and_obvious_form(transform: str) -> None:
    """From predictions, the inputs of the model and the definitions alone."""
    table = made(150, 3, uneven).assign(y=lambda of: np.exp(of["y"]))
    config = replace(CONFIG, target_transform=transform, calibration_fraction=0.2)
    model = nntrain.fit(table, config)
    split = split_rows(np.arange(150), config)
    learned = np.log if transform == "log" else np.asarray
    rows = table.iloc[split.training]
    a, b = ((table[c] - rows[c].mean()) / rows[c].std(ddof=0) for c in ("a", "b"))
    y_pred = model.predict(table)["predicted_y"].to_numpy()
    errors = np.abs(learned(table["y"].to_numpy()) - learned(y_pred))

    trained = errors[split.training]
    logs = np.log(trained + np.median(trained) / 2)
    inputs = np.column_stack([a, b])
    _, of_rows = slow_ridge(inputs[split.training], logs, np.ones(len(rows)), inputs)
    of_trained = of_rows[split.training]
    of_all = np.clip(of_rows, of_trained.min(), of_trained.max())
    expected = np.exp(of_all)

    scores = sorted((errors / expected)[split.calibration].tolist())
    assert len(scores) == 30
    for level, rank in ((0.5, 16), (0.9, 28), (0.95, 30), (0.03, 1)):
        half = scores[rank - 1] * expected
        lower, upper = learned(y_pred) - half, learned(y_pred) + half
        if transform == "log":
            lower, upper = np.exp(lower), np.exp(upper)
        found = model.predict(table, interval=level)
        np.testing.assert_allclose(found["predicted_y_lower"], lower, rtol=1e-9)
        np.testing.assert_allclose(found["predicted_y_upper"], upper, rtol=1e-9)
        inside = (found["predicted_y_lower"] <= table["y"]) & (
            table["y"] <= found["predicted_y_upper"]
        )
        # The row whose score is the quantile is inside, for all that is rounded.
        assert inside.iloc[split.calibration].sum() == rank


def test_bounds_of_a_log_target_are_above_zero_and_none_is_clamped() -> None:
    table = made(300, 4, even).assign(y=lambda of: np.exp(2 * of["y"]))
    config = replace(CONFIG, target_transform="log", clamp_predictions=True)
    model = nntrain.fit(table, config)
    found = model.predict(table, interval=0.95)
    assert (found["predicted_y_lower"] > 0).all()
    assert (found["predicted_y_lower"] < found["predicted_y"]).all()
    assert (found["predicted_y"] < found["predicted_y_upper"]).all()
    highest = model.preprocessing.targets[0].maximum
    assert found["predicted_y"].max() <= highest < found["predicted_y_upper"].max()
    plain = nntrain.fit(table, replace(CONFIG, clamp_predictions=True))
    assert plain.predict(table, interval=0.95)["predicted_y_lower"].min() < table["y"].min()


def test_coverage_is_of_rows_that_weigh_anything() -> None:
    table = made(100, 7, even).assign(w=1.0)
    model = nntrain.fit(table, replace(CONFIG, weight="w"))
    new = made(50, 8, even).assign(w=np.arange(50) % 3)
    found = nntrain.evaluate(model, new, interval=0.5).targets["y"].as_dict()
    weighing = new[new["w"] > 0]
    assert found["coverage"] == covered(model, weighing, 0.5) != covered(model, new, 0.5)
    bounds = model.predict(weighing, interval=0.5)
    widths = bounds["predicted_y_upper"] - bounds["predicted_y_lower"]
    assert found["mean_width"] == pytest.approx(widths.mean(), rel=1e-12)


def test_ties_are_covered() -> None:
    """Rows that are all alike, as duplicates are: each error is the quantile itself."""
    table = pd.DataFrame({"a": np.arange(40) % 2, "y": 1e9 + np.arange(40) % 2 / 3})
    table.loc[::7, "y"] += 0.1
    model = nntrain.fit(table, CONFIG)
    assert covered(model, table, 0.9) >= 0.9


def test_a_model_that_makes_no_error_expects_none() -> None:
    x = np.random.default_rng(1).normal(size=(20, 2))
    expected = expect_errors(x, np.zeros((20, 1)), np.ones(2, dtype=bool))
    assert (expected.ridge, expected.predict(x).tolist()) == (None, [[1.0]] * 20)
    mostly_none = np.zeros((20, 1))
    mostly_none[3] = 5.0
    assert np.isfinite(expect_errors(x, mostly_none, np.ones(2, dtype=bool)).predict(x)).all()


def test_with_too_many_inputs_all_rows_are_alike() -> None:
    x = np.random.default_rng(1).normal(size=(20, MAX_INPUTS + 1))
    expected = expect_errors(x, np.abs(x[:, :1]), np.ones(MAX_INPUTS + 1, dtype=bool))
    assert expected.ridge is None
    assert expected.predict(x).tolist() == [[1.0]] * 20


def test_a_row_far_from_training_has_the_largest_expected_error_at_most() -> None:
    model = nntrain.fit(made(200, 8, uneven), CONFIG)
    far = pd.DataFrame({"a": [0.0, 1e308], "b": [1e6, 1e308]})
    found = model.predict(far, interval=0.9)
    assert isinstance(model.intervals, Intervals)
    highest = math.exp(model.intervals.expected_error.highest[0])
    half = model.intervals.quantile(0.9)[0] * highest
    widths = found["predicted_y_upper"] - found["predicted_y_lower"]
    assert widths.tolist() == pytest.approx([2 * half] * 2, rel=1e-9)


def test_where_terms_of_both_signs_overflow_the_largest_error_is_expected() -> None:
    ridge = Ridge(np.array([[10.0, -10.0]]), np.zeros(1))
    expected = ExpectedError(ridge, np.array([0.0]), np.array([2.0]))
    found = expected.predict(np.array([[math.inf, math.inf], [0.1, 0.0], [-1.0, 0.0]]))
    assert found[:, 0].tolist() == pytest.approx([math.exp(2), math.exp(1), 1.0])


# What is refused


@pytest.mark.parametrize(
    ("level", "found"),
    [
        (0.0, "0.0"),
        (1.0, "1.0"),
        (-0.5, "-0.5"),
        (math.nan, "nan"),
        (95.0, "95.0; write 0.95 for 95 %"),
        ("0.9", "'0.9'"),
    ],
)
def test_a_level_that_is_no_part_of_one_is_refused(level: float, found: str) -> None:
    model = nntrain.fit(made(50, 9, even), replace(CONFIG, epochs=1))
    with pytest.raises(UsageError) as caught:
        model.predict(made(5, 9, even), interval=level)
    assert str(caught.value) == (
        f"an interval's level is a number above 0 and below 1, such as 0.9, found {found}"
    )


@pytest.mark.parametrize(
    ("level", "needed"), [(0.5, 1), (0.8, 4), (0.9, 9), (0.95, 19), (0.99, 99), (0.7, 3), (0.55, 2)]
)
def test_a_level_takes_so_many_calibration_rows_and_no_more(level: float, needed: int) -> None:
    scores = np.arange(1.0, needed + 1)[:, None]
    assert Intervals(ALL_ALIKE, scores, "").quantile(level) == [needed]
    if needed > 1:
        with pytest.raises(UsageError) as caught:
            Intervals(ALL_ALIKE, scores[1:], "").quantile(level)
        assert str(caught.value) == (
            f"an interval of level {level} takes {needed} calibration rows or more, and the model "
            f"has {needed - 1}; ask for a lower level, or fit it with more rows or a larger "
            f"calibration_fraction"
        )


def test_a_rank_is_not_off_by_what_a_double_is() -> None:
    """0.07 · 100 is 7, and in doubles a little more."""
    assert 0.07 * 100 > 7
    assert Intervals(ALL_ALIKE, np.arange(1.0, 100.0)[:, None], "").quantile(0.07) == [7]


def test_a_model_without_calibration_rows_names_the_key() -> None:
    model = nntrain.fit(made(50, 9, even), replace(CONFIG, calibration_fraction=0.0, epochs=1))
    with pytest.raises(UsageError) as caught:
        model.predict(made(5, 9, even), interval=0.9)
    assert str(caught.value) == (
        "an interval needs rows that the model has not learned from, and it has none; fit an "
        "ensemble that holds out rows, with --set ensemble=8 --set validation_fraction=0.1, or "
        "keep calibration rows, with --set calibration_fraction=0.2"
    )


def test_an_unfinished_run_has_no_intervals() -> None:
    run = nntrain.TrainingRun.from_table(made(50, 9, even), CONFIG)
    next(run.epochs())
    with pytest.raises(UsageError) as caught:
        run.checkpoint().predict(made(5, 9, even), interval=0.9)
    assert str(caught.value) == ("an unfinished run has no intervals yet; finish it: fit --resume")
