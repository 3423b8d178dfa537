"""Prediction intervals: they cover what they promise, adapt to the row, and no training saw their rows."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from support.command import ROOT, Run
from support.forging import forge

import nntrain
from nntrain.errors import DataError, ModelFileError, UsageError
from nntrain.stats.conformal import ExpectedError, Intervals, expect_errors
from nntrain.stats.ridge import MAX_INPUTS, Ridge
from nntrain.training.split import split_rows

Vector = NDArray[np.float64]

LEVELS = (0.5, 0.8, 0.9, 0.95)
CONFIG = nntrain.Config(
    target=("y",), hidden_layers=(8,), epochs=15, batch_size=16, calibration_fraction=0.3
)


def made(n_rows: int, seed: int, noise: Callable[[Vector], Vector | float]) -> pd.DataFrame:
    """y = sin 2a + b²/2 and noise whose deviation may depend on b."""
    rng = np.random.default_rng([seed, 7])
    a, b = rng.uniform(-2, 2, (2, n_rows))
    y = np.sin(2 * a) + b * b / 2 + noise(b) * rng.standard_normal(n_rows)
    return pd.DataFrame({"a": a, "b": b, "y": y})


def even(_b: Vector) -> float:
    return 0.5


def uneven(b: Vector) -> Vector:
    return 0.05 + np.exp(b) / 3


def covered(model: nntrain.Model, table: pd.DataFrame, level: float) -> float:
    """The part of the rows whose true value lies within, over all targets."""
    found = model.predict(table, interval=level)
    inside = [
        (found[f"predicted_{name}_lower"] <= table[name])
        & (table[name] <= found[f"predicted_{name}_upper"])
        for name in model.config.target
    ]
    return float(np.mean(inside))


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

    # The ridge regression by its normal equations, with a column of ones that is not penalized.
    trained = errors[split.training]
    logs = np.log(trained + np.median(trained) / 2)
    ones = np.ones(len(rows))
    inputs = np.column_stack([ones, a.iloc[split.training], b.iloc[split.training]])
    weights = np.linalg.solve(inputs.T @ inputs + np.diag([0, 100, 100]), inputs.T @ logs)
    of_trained = inputs @ weights
    of_all = np.clip(
        np.column_stack([np.ones(150), a, b]) @ weights, of_trained.min(), of_trained.max()
    )
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
    run = nntrain.TrainingRun.on(made(200, 6, uneven), config)
    for _ in run.epochs():
        pass
    model = run.model()
    assert run.data.held_out is not None
    sums = np.zeros((140, 1))
    for network, rows in zip(model.networks, run.data.held_out, strict=True):
        sums[rows] += replace(model, networks=(network,)).predict_each(run.samples.x[rows])[0]
    expected = expect_errors(run.samples.x, np.abs(run.data.y_true - sums))
    assert model.intervals is not None
    found = model.intervals.expected_error
    assert expected.ridge is not None
    assert found.ridge is not None
    np.testing.assert_allclose(found.ridge.weights, expected.ridge.weights, rtol=1e-12)


def test_a_calibration_row_counts_once_or_not_at_all() -> None:
    table = made(100, 7, even).assign(w=1.0)
    config = replace(CONFIG, weight="w")
    rows = split_rows(np.arange(100), config).calibration
    heavy = table.copy()
    heavy.loc[rows[:10], "w"] = 5.0
    weightless = table.copy()
    weightless.loc[rows[:10], "w"] = 0.0
    of_equal, of_heavy, of_weightless = (
        nntrain.fit(rows, config).intervals for rows in (table, heavy, weightless)
    )
    assert of_equal is not None
    assert of_heavy is not None
    assert of_weightless is not None
    assert of_heavy.scores.tobytes() == of_equal.scores.tobytes()
    assert len(of_weightless.scores) == 20
    assert set(of_weightless.scores[:, 0]) < set(of_equal.scores[:, 0])
    none = table.copy()
    none.loc[rows, "w"] = 0.0
    with pytest.raises(DataError) as caught:
        nntrain.fit(none, config)
    assert str(caught.value) == (
        "the DataFrame: every calibration row weighs 0; raise calibration_fraction, or choose "
        "another seed"
    )


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
    expected = expect_errors(x, np.zeros((20, 1)))
    assert (expected.ridge, expected.predict(x).tolist()) == (None, [[1.0]] * 20)
    mostly_none = np.zeros((20, 1))
    mostly_none[3] = 5.0
    assert np.isfinite(expect_errors(x, mostly_none).predict(x)).all()


def test_with_too_many_inputs_all_rows_are_alike() -> None:
    x = np.random.default_rng(1).normal(size=(20, MAX_INPUTS + 1))
    expected = expect_errors(x, np.abs(x[:, :1]))
    assert expected.ridge is None
    assert expected.predict(x).tolist() == [[1.0]] * 20


def test_a_row_far_from_training_has_the_largest_expected_error_at_most() -> None:
    model = nntrain.fit(made(200, 8, uneven), CONFIG)
    far = pd.DataFrame({"a": [0.0, 1e308], "b": [1e6, 1e308]})
    found = model.predict(far, interval=0.9)
    assert model.intervals is not None
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
        "an interval takes calibration rows, and the model has none; fit it with --set "
        "calibration_fraction=0.2"
    )


def test_an_unfinished_run_has_no_intervals() -> None:
    run = nntrain.TrainingRun.on(made(50, 9, even), CONFIG)
    next(run.epochs())
    with pytest.raises(UsageError) as caught:
        run.checkpoint().predict(made(5, 9, even), interval=0.9)
    assert str(caught.value) == ("an unfinished run has no intervals yet; finish it: fit --resume")


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
    assert tuned.intervals is not None
    assert start.intervals is not None
    assert tuned.intervals.fingerprint == start.intervals.fingerprint
    again = nntrain.fit(table, CONFIG, start=tuned)
    assert again.intervals is not None
    none = nntrain.fit(table, replace(CONFIG, calibration_fraction=0.0), start=tuned)
    assert none.intervals is None


# Files and commands


def test_a_model_file_keeps_all_that_intervals_take(tmp_path: Path) -> None:
    table = made(100, 12, uneven).assign(z=lambda of: of["y"] * of["a"])
    model = nntrain.fit(table, replace(CONFIG, target=("y", "z"), dtype="float32"))
    model.save(tmp_path / "m.npz")
    again = nntrain.load_model(tmp_path / "m.npz")
    for level in LEVELS:
        pd.testing.assert_frame_equal(
            again.predict(table, interval=level), model.predict(table, interval=level)
        )
    again.save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "m.npz").read_bytes()
    with np.load(tmp_path / "m.npz") as archive:
        assert archive["scores"].shape == (30, 2)
        header = json.loads(archive["header"].item())
    assert header["intervals"]["rows"] == 30


@pytest.fixture
def calibrated(run: Run, folder: Path) -> nntrain.Model:
    """A model with intervals, in the folder, and its table."""
    made(200, 13, uneven).assign(w=2.0).to_csv(folder / "t.csv", index=False)
    (folder / "c.yaml").write_text(
        "target: y\nignore: [w]\nhidden_layers: [8]\nepochs: 15\nbatch_size: 16\n"
        "calibration_fraction: 0.3\n"
    )
    done = run("fit", "t.csv", "-c", "c.yaml")
    assert (done.code, done.out) == (0, "")
    assert "Kept 60 rows for prediction intervals (predict --interval).\n" in done.err
    return nntrain.load_model(folder / "model.npz")


def test_predict_adds_the_bounds(run: Run, folder: Path, calibrated: nntrain.Model) -> None:
    done = run("predict", "t.csv", "--interval", "0.9", "--prefix", "p_", "--keep", "a")
    assert (done.code, done.err) == (0, "")
    (folder / "out.csv").write_text(done.out)
    found = pd.read_csv(folder / "out.csv")
    assert found.columns.tolist() == ["a", "p_y", "p_y_lower", "p_y_upper"]
    expected = calibrated.predict("t.csv", interval=0.9)
    np.testing.assert_array_equal(found.iloc[:, 1:].to_numpy(), expected.to_numpy())
    lines = run("predict", "t.csv", "--interval", "0.5", "--format", "jsonl").out.splitlines()
    first = json.loads(lines[0])
    assert list(first) == ["predicted_y", "predicted_y_lower", "predicted_y_upper"]
    assert first["predicted_y_lower"] == calibrated.predict("t.csv", interval=0.5).iloc[0, 1]


def test_a_bad_row_has_no_bounds(run: Run, calibrated: nntrain.Model) -> None:
    options = ["--interval", "0.9", "--on-bad-row", "blank"]
    done = run("predict", *options, stdin="a,b\n1,2\nx,2\n")
    assert done.out.splitlines()[2] == ",,"


def test_predict_with_a_column_of_the_same_name_is_refused(
    run: Run, folder: Path, calibrated: nntrain.Model
) -> None:
    (folder / "new.csv").write_text("a,b,predicted_y_lower\n1,1,1\n")
    done = run("predict", "new.csv", "--append", "--interval", "0.9")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "Error: --append would write two columns called 'predicted_y_lower'; give the predictions "
        "another name with --prefix\n"
    )


def test_evaluate_measures_coverage_and_width(
    run: Run, folder: Path, calibrated: nntrain.Model
) -> None:
    new = made(300, 14, uneven)
    new.assign(half=np.arange(300) % 2).to_csv(folder / "new.csv", index=False)
    bounds = calibrated.predict("new.csv", interval=0.8)
    lower, upper = bounds["predicted_y_lower"], bounds["predicted_y_upper"]
    inside, widths = (lower <= new["y"]) & (new["y"] <= upper), upper - lower
    done = run("evaluate", "new.csv", "--interval", "0.8", "--by", "half", "--json")
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    assert found["interval"] == 0.8
    assert found["targets"]["y"]["coverage"] == inside.mean()
    assert found["targets"]["y"]["mean_width"] == pytest.approx(widths.mean(), rel=1e-12)
    of_odd = found["groups"]["1"]["y"]
    assert of_odd["coverage"] == inside[1::2].mean()
    assert of_odd["mean_width"] == pytest.approx(widths[1::2].mean(), rel=1e-12)
    table = run("evaluate", "new.csv", "--interval", "0.8").out.splitlines()
    assert table[1].endswith("  coverage  mean width")
    assert table[2].split()[-2:] == [f"{inside.mean():.3f}", f"{widths.mean():.4g}"]
    plain = run("evaluate", "new.csv").out
    assert "coverage" not in plain
    assert "interval" not in json.loads(run("evaluate", "new.csv", "--json").out)


def test_evaluate_fails_by_coverage(run: Run, calibrated: nntrain.Model) -> None:
    options = ["--interval", "0.9", "--fail-if"]
    done = run("evaluate", "t.csv", *options, "coverage>0.5", "--json")
    assert done.code == 6
    assert done.err.startswith("Error: --fail-if 'coverage>0.5': coverage of 'y' is 0.")
    assert run("evaluate", "t.csv", *options, "y.mean_width<0").code == 0
    without = run("evaluate", "t.csv", "--fail-if", "coverage<0.9")
    assert without.code == 2
    assert without.err == (
        "Error: --fail-if 'coverage<0.9': coverage takes prediction intervals; add --interval 0.9\n"
    )


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_the_commands_refuse_a_level(run: Run, command: str, calibrated: nntrain.Model) -> None:
    done = run(command, "t.csv", "--interval", "0.99")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "Error: an interval of level 0.99 takes 99 calibration rows or more, and the model has 60; "
        "ask for a lower level, or fit it with more rows or a larger calibration_fraction\n"
    )
    done = run(command, "t.csv", "--interval", "90%")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "Error: --interval expects a number above 0 and below 1, such as 0.9, found '90%'\n"
    )


def test_a_run_with_intervals_is_resumed_and_reproduced(
    run: Run, folder: Path, calibrated: nntrain.Model
) -> None:
    half = nntrain.TrainingRun.on("t.csv", calibrated.config)
    next(half.epochs())
    half.checkpoint().save(folder / "half.npz")
    rest = nntrain.TrainingRun.on("t.csv", calibrated.config)
    rest.resume(nntrain.load_model(folder / "half.npz"))
    for _ in rest.epochs():
        pass
    rest.model().save(folder / "rest.npz")
    assert (folder / "rest.npz").read_bytes() == (folder / "model.npz").read_bytes()
    assert run("reproduce", "t.csv").code == 0

    other = pd.read_csv(folder / "t.csv")
    row = split_rows(np.arange(200), calibrated.config).calibration[0]
    other.loc[row, "y"] += 1.0
    other.to_csv(folder / "other.csv", index=False)
    assert run("reproduce", "other.csv").code == 6
    with pytest.raises(UsageError, match="the data: the rows to train on, or those held out"):
        nntrain.TrainingRun.on("other.csv", calibrated.config).resume(half.checkpoint())


def test_cv_measures_coverage(run: Run, folder: Path, calibrated: nntrain.Model) -> None:
    options = ["cv", "t.csv", "-c", "c.yaml", "--folds", "4", "--interval", "0.8"]
    found = json.loads(run(*options, "--json", "-o", "folds.csv").out)
    table, folds = pd.read_csv(folder / "t.csv"), pd.read_csv(folder / "folds.csv")["fold"]
    assert found["interval"] == 0.8
    for fold in found["folds"]:
        mine = folds == fold["fold"]
        model = nntrain.fit(table[~mine], calibrated.config)
        assert fold["training_rows"] == model.summary.rows == 105
        assert fold["targets"]["y"]["coverage"] == covered(model, table[mine], 0.8)
    mean = np.mean([fold["targets"]["y"]["coverage"] for fold in found["folds"]])
    assert found["targets"]["y"]["coverage"]["mean"] == pytest.approx(mean)
    lines = run(*options).out.splitlines()
    assert lines[1].endswith("  coverage  mean width")
    assert f"{mean:.3f}" in lines[-2].split()
    done = run(*options, "--set", "calibration_fraction=0")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "Error: an interval takes calibration rows, and the model has none; fit it with --set "
        "calibration_fraction=0.2\n"
    )


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


def test_inspect_check_and_cv_go_with_calibration_rows(
    run: Run, folder: Path, calibrated: nntrain.Model
) -> None:
    assert "\nIntervals by 60 calibration rows.\n" in run("inspect", "model.npz").out
    assert run("check", "t.csv", "-c", "c.yaml").code == 0
    done = run("cv", "t.csv", "-c", "c.yaml", "--folds", "4", "--json")
    folds = json.loads(done.out)["folds"]
    assert [fold["targets"]["y"]["rows"] for fold in folds] == [50] * 4
    assert run("trace", "t.csv", "-c", "c.yaml", "--row", "150").code == 0


Arrays = dict[str, NDArray[Any]]

UNSOUND_SCORES: dict[str, Callable[[Arrays], object]] = {
    "none": lambda arrays: arrays.pop("scores"),
    "fewer": lambda arrays: arrays.update(scores=arrays["scores"][1:]),
    "falling": lambda arrays: arrays.update(scores=arrays["scores"][::-1].copy()),
    "negative": lambda arrays: arrays.update(scores=arrays["scores"] - 1e6),
    "not finite": lambda arrays: arrays["scores"].fill(math.inf),
    "single precision": lambda arrays: arrays.update(scores=arrays["scores"].astype("float32")),
}

UNSOUND_HEADERS: dict[str, Callable[[dict[str, Any]], object]] = {
    "no intervals": lambda header: header.pop("intervals"),
    "a config without": lambda header: header["config"].update(calibration_fraction=0),
    "no rows": lambda header: header["intervals"].pop("rows"),
    "no lowest": lambda header: header["intervals"].pop("lowest"),
    "lowest above highest": lambda header: header["intervals"].update(lowest=[1e9]),
    "weights of texts": lambda header: header["intervals"].update(weights=[["a", "b"]]),
    "weights too few": lambda header: header["intervals"].update(weights=[[1.0]]),
    "fingerprint a number": lambda header: header["intervals"].update(fingerprint=1),
}


@pytest.fixture
def saved(tmp_path: Path) -> bytes:
    """The bytes of a model file with intervals, which an edit that changes nothing leaves sound."""
    path = tmp_path / "m.npz"
    nntrain.fit(made(60, 15, even), replace(CONFIG, epochs=1)).save(path)
    content = path.read_bytes()
    forge(path, content)
    assert nntrain.load_model(path).intervals is not None
    return content


def refusal(path: Path) -> str:
    with pytest.raises(ModelFileError) as caught:
        nntrain.load_model(path)
    return str(caught.value)


@pytest.mark.parametrize("edit", UNSOUND_SCORES.values(), ids=UNSOUND_SCORES.keys())
def test_a_file_of_unsound_scores_is_refused(tmp_path: Path, saved: bytes, edit: Any) -> None:
    forge(tmp_path / "m.npz", saved, edit_arrays=edit)
    assert refusal(tmp_path / "m.npz").startswith(f"{tmp_path}/m.npz: is not a valid model file: ")


@pytest.mark.parametrize("edit", UNSOUND_HEADERS.values(), ids=UNSOUND_HEADERS.keys())
def test_a_header_of_unsound_intervals_is_refused(tmp_path: Path, saved: bytes, edit: Any) -> None:
    forge(tmp_path / "m.npz", saved, edit)
    assert refusal(tmp_path / "m.npz").startswith(f"{tmp_path}/m.npz: is not a valid model file: ")
