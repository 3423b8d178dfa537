"""`--interval` of `nntrain predict`, `evaluate` and `cv`, and calibration rows in the other commands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.command import Run
from support.intervals import covered, made, uneven
from support.seen_rows import warning_of

import nntrain
from nntrain.errors import UsageError
from nntrain.training.split import split_rows


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
    warning = warning_of("t.csv", "70 % of these rows (140 of 200)", some_are_new=True)
    assert done.err.startswith(f"{warning}Error: --fail-if 'coverage>0.5': coverage of 'y' is 0.")
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
    half = nntrain.TrainingRun.from_table("t.csv", calibrated.config)
    next(half.epochs())
    half.checkpoint().save(folder / "half.npz")
    rest = nntrain.TrainingRun.from_table("t.csv", calibrated.config)
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
        nntrain.TrainingRun.from_table("other.csv", calibrated.config).resume(half.checkpoint())


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
        "Error: an interval needs rows that the model has not learned from, and it has none; fit an "
        "ensemble that holds out rows, with --set ensemble=8 --set validation_fraction=0.1, or "
        "keep calibration rows, with --set calibration_fraction=0.2\n"
    )


def test_inspect_check_and_cv_go_with_calibration_rows(
    run: Run, folder: Path, calibrated: nntrain.Model
) -> None:
    assert "\nIntervals by 60 calibration rows.\n" in run("inspect", "model.npz").out
    assert run("check", "t.csv", "-c", "c.yaml").code == 0
    done = run("cv", "t.csv", "-c", "c.yaml", "--folds", "4", "--json")
    folds = json.loads(done.out)["folds"]
    assert [fold["targets"]["y"]["rows"] for fold in folds] == [50] * 4
    assert run("trace", "t.csv", "-c", "c.yaml", "--row", "150").code == 0


# Without calibration rows


@pytest.fixture
def ensemble(run: Run, folder: Path) -> nntrain.Model:
    """An ensemble that holds out rows, in the folder, and its table."""
    made(120, 13, uneven).to_csv(folder / "t.csv", index=False)
    (folder / "c.yaml").write_text(
        "target: y\nhidden_layers: [8]\nepochs: 12\nbatch_size: 16\nensemble: 4\n"
        "validation_fraction: 0.2\nkeep: best\npatience: 4\n"
    )
    done = run("fit", "t.csv", "-c", "c.yaml")
    assert (done.code, done.out) == (0, "")
    assert "for prediction intervals" not in done.err
    return nntrain.load_model(folder / "model.npz")


def test_an_ensemble_predicts_and_measures_intervals(
    run: Run, folder: Path, ensemble: nntrain.Model
) -> None:
    (folder / "out.csv").write_text(run("predict", "t.csv", "--interval", "0.8").out)
    found, expected = pd.read_csv(folder / "out.csv"), ensemble.predict("t.csv", interval=0.8)
    np.testing.assert_array_equal(found.to_numpy(), expected.to_numpy())
    lower, upper = expected["predicted_y_lower"], expected["predicted_y_upper"]
    y = pd.read_csv(folder / "t.csv")["y"]
    measured = json.loads(run("evaluate", "t.csv", "--interval", "0.8", "--json").out)
    assert list(measured)[:3] == ["interval", "interval_method", "interval_guarantee"]
    assert [measured[key] for key in list(measured)[:3]] == [0.8, "CV+", None]
    assert measured["targets"]["y"]["coverage"] == ((lower <= y) & (y <= upper)).mean()
    assert measured["targets"]["y"]["mean_width"] == pytest.approx((upper - lower).mean())
    assert "\nIntervals by 96 rows that networks held out (CV+).\n" in run("inspect").out
    done = run("predict", "t.csv", "--interval", "0.99")
    assert done.err == (
        "Error: an interval of level 0.99 takes 99 rows or more that networks held out, and the "
        "model has scores of 96; ask for a lower level, or fit it with more rows, or keep "
        "calibration rows (calibration_fraction)\n"
    )


def test_cv_measures_the_intervals_of_ensembles(
    run: Run, folder: Path, ensemble: nntrain.Model
) -> None:
    done = run("cv", "t.csv", "-c", "c.yaml", "--folds", "3", "--interval", "0.8", "--json")
    found, table = json.loads(done.out), pd.read_csv(folder / "t.csv")
    assert (found["interval"], found["interval_method"]) == (0.8, "CV+")
    run("cv", "t.csv", "-c", "c.yaml", "--folds", "3", "-o", "folds.csv")
    folds = pd.read_csv(folder / "folds.csv")["fold"]
    for fold in found["folds"]:
        mine = folds == fold["fold"]
        model = nntrain.fit(table[~mine], ensemble.config)
        assert fold["targets"]["y"]["coverage"] == covered(model, table[mine], 0.8)


def test_an_ensemble_that_is_resumed_has_the_same_intervals(
    run: Run, folder: Path, ensemble: nntrain.Model
) -> None:
    half = nntrain.TrainingRun.from_table("t.csv", ensemble.config)
    next(half.epochs())
    rest = nntrain.TrainingRun.from_table("t.csv", ensemble.config)
    rest.resume(half.checkpoint())
    for _ in rest.epochs():
        pass
    rest.model().save(folder / "rest.npz")
    assert (folder / "rest.npz").read_bytes() == (folder / "model.npz").read_bytes()
    assert run("reproduce", "t.csv").code == 0
    # A run that a time limit ends has them too.
    assert half.model("time").intervals is not None
