"""Intervals by rows that networks held out: as defined, covering about their level, and refused."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.command import ROOT
from support.intervals import LEVELS, covered, even, made, uneven
from support.ridge import slow_ridge

import nntrain
from nntrain.arrays import Matrix
from nntrain.errors import UsageError
from nntrain.stats import cross_conformal
from nntrain.stats.conformal import ExpectedError
from nntrain.stats.cross_conformal import CrossIntervals, HeldOutRows, evenly_chosen
from nntrain.training.members import rows_held_out

CONFIG = nntrain.Config(
    target=("y",), hidden_layers=(8,), alpha=0.02, optimizer="adam", epochs=30, batch_size=16,
    ensemble=8, validation_fraction=0.1, keep="best", patience=10,
)  # fmt: skip


def intervals_of(model: nntrain.Model) -> CrossIntervals:
    assert isinstance(model.intervals, CrossIntervals)
    return model.intervals


ALL_ALIKE = ExpectedError(None, np.zeros(1), np.zeros(1))

# The definition


def predictions_of_each(model: nntrain.Model, table: pd.DataFrame) -> Matrix:
    """The predictions (n_networks, n_rows) of the networks, each as a model of its own."""
    alone = replace(model.config, ensemble=1, validation_fraction=0.0, keep="last", patience=None)
    models = [
        replace(model, config=alone, networks=(network,), intervals=None)
        for network in model.networks
    ]
    return np.array([each.predict(table)["predicted_y"].to_numpy() for each in models])


@pytest.mark.parametrize("transform", ["none", "log"])
@pytest.mark.parametrize(("networks", "fraction"), [(8, 0.1), (3, 0.5), (5, 0.3), (2, 0.5)])
def test_bounds_are_those_of_the_slow_and_obvious_form(
    transform: str, networks: int, fraction: float
) -> None:
    """Row by row: each held-out row gives two values, and the bounds are among them."""
    table = made(120, 3, uneven).assign(y=lambda of: np.exp(of["y"]))
    new = made(25, 4, uneven)
    config = replace(
        CONFIG, ensemble=networks, validation_fraction=fraction, target_transform=transform,
        epochs=5,
    )  # fmt: skip
    model = nntrain.fit(table, config)
    held_out = rows_held_out(config, 120)
    assert held_out is not None
    rows = [i for i in range(120) if any(out[i] for out in held_out)]
    learned = np.log if transform == "log" else np.asarray
    back = np.exp if transform == "log" else np.asarray
    of_rows, of_new = (predictions_of_each(model, each) for each in (table, new))
    members = {i: [j for j, out in enumerate(held_out) if out[i]] for i in rows}
    errors = np.array(
        [abs(learned(table["y"][i]) - learned(of_rows[members[i], i].mean())) for i in rows]
    )

    inputs, new_inputs = (
        np.column_stack([(each[c] - table[c].mean()) / table[c].std(ddof=0) for c in ("a", "b")])
        for each in (table, new)
    )
    logs, ones = np.log(errors + np.median(errors) / 2), np.ones(len(rows))
    _, logs_of_rows = slow_ridge(inputs[rows], logs, ones, inputs[rows])
    _, logs_of_new = slow_ridge(inputs[rows], logs, ones, new_inputs)
    scores = errors / np.exp(logs_of_rows)
    expected = np.exp(np.clip(logs_of_new, logs_of_rows.min(), logs_of_rows.max()))

    for level in (Fraction(1, 20), Fraction(1, 2), Fraction(9, 10), Fraction(19, 20)):
        found = model.predict(new, interval=float(level))
        k = math.ceil((len(rows) + 1) * level)
        for m in range(len(new)):
            centres = [float(learned(of_new[members[i], m].mean())) for i in rows]
            halves = [score * expected[m] for score in scores]
            pairs = list(zip(centres, halves, strict=True))
            prediction = learned(of_new[:, m].mean())
            upper = max(prediction, sorted(centre + half for centre, half in pairs)[k - 1])
            lower = min(
                prediction, sorted((centre - half for centre, half in pairs), reverse=True)[k - 1]
            )
            assert found["predicted_y_upper"][m] == pytest.approx(back(upper), rel=1e-8)
            assert found["predicted_y_lower"][m] == pytest.approx(back(lower), rel=1e-8, abs=1e-8)


def test_a_bound_of_a_row_is_the_same_whichever_rows_stand_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = nntrain.fit(made(100, 5, even), replace(CONFIG, epochs=3))
    new = made(40, 6, even)
    whole = model.predict(new, interval=0.8)
    monkeypatch.setattr(cross_conformal, "VALUES_AT_ONCE", 7 * 80)
    pd.testing.assert_frame_equal(model.predict(new, interval=0.8), whole)
    alone = pd.concat([model.predict(new[i : i + 1], interval=0.8) for i in range(40)])
    pd.testing.assert_frame_equal(alone, whole)


@pytest.mark.parametrize("transform", ["none", "log"])
def test_the_prediction_lies_between_the_bounds_at_every_level(transform: str) -> None:
    table = made(100, 5, even).assign(y=lambda of: np.exp(of["y"]))
    model = nntrain.fit(table, replace(CONFIG, epochs=3, target_transform=transform))
    for level in (0.001, 0.01, 0.1, 0.5, 0.9):
        found = model.predict(made(200, 6, even), interval=level)
        assert (found["predicted_y_lower"] <= found["predicted_y"]).all()
        assert (found["predicted_y"] <= found["predicted_y_upper"]).all()


def test_of_many_rows_some_evenly_chosen_ones_give_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cross_conformal, "MOST_SCORES", 40)
    assert evenly_chosen(39).tolist() == list(range(39))
    assert evenly_chosen(41).tolist() == list(range(40))
    assert evenly_chosen(120).tolist() == list(range(0, 120, 3))
    model = nntrain.fit(made(150, 5, even), replace(CONFIG, epochs=3))
    intervals = intervals_of(model)
    assert len(intervals.scores) == 40
    assert sum(group.rows for group in intervals.groups) == 40
    assert {group.networks for group in intervals.groups} == {(j,) for j in range(8)}


# What they cover


@pytest.mark.parametrize("keep", ["best", "last"])
@pytest.mark.parametrize("noise", [even, uneven])
def test_about_their_level_of_new_rows_is_covered(noise: Any, keep: str) -> None:
    """Over tables of 60 rows; the part covered varies with the table, by which it is judged.

    That epochs are chosen by the held-out rows makes their errors too small, and that a new row is
    predicted by more networks than a held-out one makes them too large.
    """
    coverages: dict[float, list[float]] = {level: [] for level in LEVELS}
    patience = 10 if keep == "best" else None
    for seed in range(12):
        model = nntrain.fit(
            made(60, seed, noise), replace(CONFIG, seed=seed, keep=keep, patience=patience)
        )
        new = made(300, seed + 1000, noise)
        for level in LEVELS:
            coverages[level].append(covered(model, new, level))
    for level, found in coverages.items():
        error = np.std(found, ddof=1) / math.sqrt(len(found)) + 1e-3
        assert np.mean(found) > level - 0.02 - 3 * error, (level, np.mean(found))
        assert np.mean(found) < level + 0.08 + 3 * error, (level, np.mean(found))
        assert np.mean(found) > 2 * level - 1


def test_about_their_level_of_a_real_table_is_covered() -> None:
    table = pd.read_csv(ROOT / "sample_data/concrete.csv")
    config = replace(CONFIG, target=("strength_mpa",), hidden_layers=(16,), clamp_predictions=True)
    coverages: dict[float, list[float]] = {level: [] for level in LEVELS}
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(len(table))
        model = nntrain.fit(table.iloc[order[300:700]], replace(config, seed=seed))
        for level in LEVELS:
            coverages[level].append(covered(model, table.iloc[order[:300]], level))
    for level, found in coverages.items():
        assert level - 0.04 < np.mean(found) < level + 0.08, (level, np.mean(found))


def test_intervals_are_wide_where_errors_are() -> None:
    new = made(500, 2, uneven)
    model = nntrain.fit(made(1500, 1, uneven), replace(CONFIG, hidden_layers=(16,)))
    found = model.predict(new, interval=0.9)
    widths = (found["predicted_y_upper"] - found["predicted_y_lower"]).to_numpy()
    calm, wild = new["b"].to_numpy() < -1, new["b"].to_numpy() > 1
    assert widths[wild].mean() > 2 * widths[calm].mean()


def test_the_check_of_coverage_finds_scores_of_rows_that_were_trained_on() -> None:
    coverages = []
    for seed in range(6):
        table = made(60, seed, even)
        config = replace(CONFIG, seed=seed, hidden_layers=(64,), epochs=200, keep="last")
        model = nntrain.fit(table, replace(config, patience=None))
        errors = np.abs(table[["y"]].to_numpy() - model.predict(table).to_numpy())
        cheating = replace(intervals_of(model), scores=np.sort(errors, axis=0)[:48])
        new = made(300, seed + 1000, even)
        alike = replace(cheating, expected_error=ALL_ALIKE)
        coverages.append(covered(replace(model, intervals=alike), new, 0.9))
    assert np.mean(coverages) < 0.8


# What there is, and what is refused


def test_calibration_rows_are_taken_where_there_are_any() -> None:
    model = nntrain.fit(made(100, 5, even), replace(CONFIG, epochs=2, calibration_fraction=0.2))
    assert model.intervals is not None
    assert model.intervals.method == "split conformal"
    assert model.intervals.guarantee(0.9) == 0.9
    other = nntrain.fit(made(100, 5, even), replace(CONFIG, epochs=2))
    assert intervals_of(other).method == "CV+"
    assert intervals_of(other).guarantee(0.9) is None


@pytest.mark.parametrize(("level", "needed"), [(0.5, 1), (0.9, 9), (0.95, 19), (0.99, 99)])
def test_a_level_takes_so_many_held_out_rows_and_no_more(level: float, needed: int) -> None:
    scores = np.arange(1.0, needed + 1)[:, None]
    CrossIntervals(ALL_ALIKE, scores, (HeldOutRows((0,), needed),)).check(level)
    if needed > 1:
        with pytest.raises(UsageError) as caught:
            CrossIntervals(ALL_ALIKE, scores[1:], (HeldOutRows((0,), needed - 1),)).check(level)
        assert str(caught.value) == (
            f"an interval of level {level} takes {needed} rows or more that networks held out, and "
            f"the model has scores of {needed - 1}; ask for a lower level, or fit it with more "
            f"rows, or keep calibration rows (calibration_fraction)"
        )


def test_of_the_most_scores_there_are_more_rows_are_no_remedy() -> None:
    scores = np.arange(1000.0)[:, None]
    with pytest.raises(UsageError) as caught:
        CrossIntervals(ALL_ALIKE, scores, (HeldOutRows((0,), 1000),)).check(0.9999)
    assert str(caught.value) == (
        "an interval of level 0.9999 takes 9,999 rows or more that networks held out, and the "
        "model has scores of 1,000; ask for a lower level, or keep calibration rows "
        "(calibration_fraction)"
    )


def test_rows_that_a_start_may_have_learned_from_give_no_intervals() -> None:
    table = made(60, 5, even)
    start = nntrain.fit(table, replace(CONFIG, epochs=2))
    tuned = nntrain.fit(table, replace(CONFIG, epochs=2), start=start)
    with pytest.raises(UsageError) as caught:
        tuned.predict(table, interval=0.5)
    assert str(caught.value) == (
        "the model started from another one, which may have learned from the rows that its "
        "networks held out, and intervals would promise too much; fit it without --from, or both "
        "with the same calibration_fraction, such as --set calibration_fraction=0.2"
    )
    kept = replace(CONFIG, epochs=2, calibration_fraction=0.2)
    assert nntrain.fit(table, kept, start=nntrain.fit(table, kept)).intervals is not None


def test_an_unfinished_ensemble_has_no_intervals() -> None:
    run = nntrain.TrainingRun.from_table(made(50, 9, even), CONFIG)
    next(run.epochs())
    with pytest.raises(UsageError) as caught:
        run.checkpoint().predict(made(5, 9, even), interval=0.9)
    assert str(caught.value) == "an unfinished run has no intervals yet; finish it: fit --resume"


def test_an_ensemble_of_an_older_version_is_to_be_fitted_again() -> None:
    model = replace(nntrain.fit(made(50, 9, even), replace(CONFIG, epochs=1)), intervals=None)
    with pytest.raises(UsageError) as caught:
        model.predict(made(5, 9, even), interval=0.9)
    assert str(caught.value) == (
        "an older nntrain made the model, without what intervals take; fit it again"
    )


@pytest.mark.parametrize("overrides", [{"ensemble": 1, "keep": "last", "patience": None}, {}])
def test_what_the_remedies_name_gives_intervals(overrides: dict[str, Any]) -> None:
    plain = replace(CONFIG, epochs=1, validation_fraction=0.0, keep="last", patience=None)
    with pytest.raises(UsageError) as caught:
        nntrain.fit(made(50, 9, even), replace(plain, **overrides)).predict(
            made(5, 9, even), interval=0.9
        )
    assert str(caught.value) == (
        "an interval needs rows that the model has not learned from, and it has none; fit an "
        "ensemble that holds out rows, with --set ensemble=8 --set validation_fraction=0.1, or "
        "keep calibration rows, with --set calibration_fraction=0.2"
    )
    for remedy in ({"ensemble": 8, "validation_fraction": 0.1}, {"calibration_fraction": 0.2}):
        model = nntrain.fit(made(50, 9, even), replace(plain, **(overrides | remedy)))
        model.predict(made(5, 9, even), interval=0.9)


def test_errors_too_large_to_divide_give_scores_that_are_numbers() -> None:
    x = np.zeros((4, 1))
    errors = np.array([[1e308], [math.inf], [0.0], [1.0]])
    found = cross_conformal.calibrate_by_hold_outs(ALL_ALIKE, x, errors, [np.ones(4, dtype=bool)])
    assert found.scores[:, 0].tolist() == [0.0, 1.0, 1e308, float(np.finfo(np.float64).max)]
