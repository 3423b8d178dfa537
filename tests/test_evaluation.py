"""`evaluate`: figures against a hand computation, baselines that are never refitted, and checks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, Run

import nntrain

CONCRETE = ROOT / "sample_data/concrete.csv"
ENERGY = ROOT / "sample_data/energy.csv"
METRICS = ["rows", "rmse", "mae", "r2", "largest_error", "mean_rmse", "ridge_rmse"]


@pytest.fixture
def split(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """model.npz, trained on train.csv; test.csv has other rows."""
    frame = pd.read_csv(CONCRETE).sample(frac=1.0, random_state=0)
    train, test = frame[:800], frame[800:]
    train.to_csv("train.csv", index=False)
    test.to_csv("test.csv", index=False)
    nntrain.fit("train.csv", nntrain.Config(target=("strength_mpa",), epochs=20)).save("model.npz")
    return train, test


def ridge_predictions(x: pd.DataFrame, y: pd.Series, new: pd.DataFrame) -> np.ndarray:
    """A ridge regression as an augmented least-squares problem on standardized columns."""
    mean, deviation = x.mean(), x.std(ddof=0)
    scaled = ((x - mean) / deviation).to_numpy()
    left = np.vstack([scaled, np.eye(scaled.shape[1])])
    right = np.concatenate([y - y.mean(), np.zeros(scaled.shape[1])])
    weights = np.linalg.lstsq(left, right, rcond=None)[0]
    predictions: np.ndarray = ((new - mean) / deviation).to_numpy() @ weights + y.mean()
    return predictions


def test_the_figures_are_those_of_a_hand_computation(
    run: Run, split: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    train, test = split
    result = run("evaluate", "test.csv", "--json")
    assert (result.code, result.err) == (0, "")
    found = json.loads(result.out)
    assert list(found) == ["targets"]
    metrics = found["targets"]["strength_mpa"]
    assert list(metrics) == METRICS
    y = test.pop("strength_mpa").to_numpy()
    y_train = train.pop("strength_mpa")
    errors = nntrain.load_model("model.npz").predict("test.csv").to_numpy()[:, 0] - y
    ridge = ridge_predictions(train, y_train, test)
    expected = {
        "rows": len(y),
        "rmse": np.sqrt(np.mean(errors**2)),
        "mae": np.mean(np.abs(errors)),
        "r2": 1 - np.sum(errors**2) / np.sum((y - y.mean()) ** 2),
        "largest_error": np.max(np.abs(errors)),
        "mean_rmse": np.sqrt(np.mean((y - y_train.mean()) ** 2)),
        "ridge_rmse": np.sqrt(np.mean((y - ridge) ** 2)),
    }
    assert metrics == pytest.approx(expected, rel=1e-9)


@pytest.mark.usefixtures("split")
def test_by_gives_each_group_its_own_figures(run: Run) -> None:
    found = json.loads(run("evaluate", "test.csv", "--by", "age_days", "--json").out)
    test = pd.read_csv("test.csv", dtype={"age_days": str})
    assert list(found["groups"]) == sorted(test["age_days"].unique())
    for group, rows in test.groupby("age_days"):
        rows.to_csv("group.csv", index=False)
        alone = nntrain.evaluate(nntrain.load_model("model.npz"), "group.csv")
        ours, theirs = (
            found["groups"][group]["strength_mpa"],
            alone.targets["strength_mpa"].as_dict(),
        )
        assert {k: v for k, v in ours.items() if v is not None} == pytest.approx(
            {k: v for k, v in theirs.items() if v is not None}, rel=1e-9
        )
    table = run("evaluate", "test.csv", "--by", "age_days").out
    assert table.startswith("Error of strength_mpa\nage_days  rows")


@pytest.mark.usefixtures("split")
@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("rmse>1000", 0),
        ("rmse<1000", 6),
        ("r2 < -5", 0),
        ("strength_mpa.mae>0", 6),
        ("rows>1e3", 0),
        ("largest_error>1e-3", 6),
        ("mean_rmse<1", 0),
        ("ridge_rmse>1", 6),
    ],
)
def test_fail_if_exits_6_when_the_condition_holds(run: Run, condition: str, code: int) -> None:
    result = run("evaluate", "test.csv", "--json", "--fail-if", condition)
    assert result.code == code
    assert json.loads(result.out)["targets"]
    assert bool(result.err) == (code == 6)


def test_fail_if_names_each_figure_that_broke(run: Run, folder: Path) -> None:
    pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [2.0, 2.0, 5.0]}).to_csv("t.csv", index=False)
    nntrain.fit("t.csv", nntrain.Config(target=("y",), epochs=0)).save("model.npz")
    pd.DataFrame({"x": [1.0, 1.0], "y": [3.0, 3.0]}).to_csv("u.csv", index=False)
    result = run("evaluate", "u.csv", "--fail-if", "mean_rmse<1", "--fail-if", "r2<0")
    assert result.code == 6
    assert result.err == (
        "Error: --fail-if 'mean_rmse<1': mean_rmse of 'y' is 0\n"
        "Error: --fail-if 'r2<0': r2 of 'y' is not defined here\n"
    )


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("rmse=3", "expects a metric, < or >, and a number, such as 'rmse>3.2'; the metrics are "
         + ", ".join(METRICS)),
        ("speed>3", "expects a metric, < or >, and a number, such as 'rmse>3.2'; the metrics are "
         + ", ".join(METRICS)),
        ("rmse>3", "the model has several targets; write one of 'heating_load', 'cooling_load' "
         "before the metric, as in 'heating_load.rmse>3'"),
        ("a.b.rmse>3", "the model has no target 'a.b'; write one of 'heating_load', 'cooling_load' "
         "before the metric, as in 'heating_load.rmse>3'"),
    ],
)  # fmt: skip
def test_a_condition_that_makes_no_sense_is_explained(
    run: Run, folder: Path, condition: str, message: str
) -> None:
    config = nntrain.Config(target=("heating_load", "cooling_load"), epochs=0)
    nntrain.fit(ENERGY, config).save("model.npz")
    result = run("evaluate", "sample_data/energy.csv", "--fail-if", condition)
    assert (result.code, result.out) == (2, "")
    assert result.err == f"Error: --fail-if {condition!r}: {message}\n"


def test_metrics_are_weighted_where_the_table_has_the_weights(run: Run, folder: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=50), "w": rng.integers(0, 4, 50)})
    frame["y"] = frame["x"] * 3 + rng.normal(size=50)
    frame.to_csv("t.csv", index=False)
    config = nntrain.Config(target=("y",), weight="w", epochs=3)
    model = nntrain.fit("t.csv", config)
    assert model.preprocessing.input_names == ("x",)
    errors = model.predict("t.csv").to_numpy()[:, 0] - frame["y"]
    weighted = nntrain.evaluate(model, "t.csv").targets["y"]
    assert weighted.rmse == pytest.approx(np.sqrt(np.average(errors**2, weights=frame["w"])))
    assert weighted.mae == pytest.approx(np.average(np.abs(errors), weights=frame["w"]))
    assert weighted == model.summary.training["y"] or weighted.rmse == pytest.approx(
        model.summary.training["y"].rmse
    )
    frame.drop(columns="w").to_csv("u.csv", index=False)
    plain = nntrain.evaluate(model, "u.csv").targets["y"]
    assert plain.rmse == pytest.approx(np.sqrt(np.mean(errors**2)))


@pytest.mark.usefixtures("split")
@pytest.mark.parametrize(
    ("table", "code", "message"),
    [
        ("cement,strength_mpa\n1,2\n", 3, "t.csv: has no column 'slag', which the model needs; it "
         "has 'cement', 'strength_mpa'"),
        (CONCRETE.read_text().split("\n")[0] + "\n", 3, "t.csv: has no row to evaluate on"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_evaluated_is_explained(
    run: Run, folder: Path, table: str, code: int, message: str
) -> None:
    (folder / "t.csv").write_text(table)
    result = run("evaluate", "t.csv")
    assert (result.code, result.out, result.err) == (code, "", f"Error: {message}\n")
    missing = run("evaluate", "test.csv", "--by", "ages")
    assert missing.code == 3
    assert missing.err == (
        "Error: test.csv: has no column 'ages', named under --by; did you mean 'age_days'?\n"
    )
