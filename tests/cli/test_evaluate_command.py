"""`nntrain evaluate` as it is installed: its figures against NumPy's, and the checks for scripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from support.command import Result, Run
from support.ridge import slow_ridge
from support.seen_rows import warning_of

import nntrain
from nntrain.stats.metrics import Measured

Vector = NDArray[np.float64]
METRICS = ["rows", "rmse", "mae", "r2", "largest_error", "mean_rmse", "ridge_rmse"]
N_TRAIN = 60


def frame_of(n: int = 90, seed: int = 5) -> pd.DataFrame:
    """Two numbers, one with gaps, a text, a weight and two targets of different sizes."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": rng.normal(50, 9, n).round(2), "b": rng.exponential(1, n).round(3)})
    frame.loc[frame.index % 9 == 4, "b"] = np.nan
    frame["kind"] = [["red", "blue", "grey"][i % 7 % 3] for i in range(n)]
    frame["w"] = rng.integers(1, 5, n).astype(float)
    frame["load"] = (2 * frame["a"] + rng.normal(0, 3, n)).round(2)
    frame["cost"] = (1000 * frame["a"] + 500 * rng.normal(0, 3, n)).round(0)
    return frame


TRAIN, TEST = frame_of()[:N_TRAIN], frame_of()[N_TRAIN:].reset_index(drop=True)
CONFIGS = {
    "one": nntrain.Config(target=("load",), ignore=("cost", "w"), epochs=5),
    "two": nntrain.Config(target=("load", "cost"), ignore=("w",), epochs=5),
    "raw": nntrain.Config(
        target=("load",), ignore=("cost", "w"), epochs=2, standardize=False, alpha=1e-6
    ),
    "weighted": nntrain.Config(target=("load",), ignore=("cost",), weight="w", epochs=5),
    "skips": nntrain.Config(
        target=("load",), ignore=("cost", "w"), epochs=2, missing_target="skip"
    ),
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model of each config, and the rows they were not trained on."""
    folder = tmp_path_factory.mktemp("models")
    for name, config in CONFIGS.items():
        nntrain.fit(TRAIN, config).save(folder / f"{name}.npz")
    TRAIN.to_csv(folder / "train.csv", index=False)
    TEST.to_csv(folder / "test.csv", index=False)
    return folder


@pytest.fixture
def evaluate(run: Run, folder: Path, models: Path) -> Run:
    """`nntrain evaluate` in a folder with the models."""
    for path in models.iterdir():
        (folder / path.name).symlink_to(path)

    def run_evaluate(*arguments: str, stdin: str | bytes = b"") -> Result:
        return run("evaluate", *arguments, stdin=stdin)

    return run_evaluate


def figures(evaluate: Run, *arguments: str) -> dict[str, Any]:
    result = evaluate(*arguments, "--json", "-q")
    assert (result.code, result.err) == (0, "")
    found: dict[str, Any] = json.loads(result.out)
    return found


def mean(values: Vector, weights: Vector | None) -> float:
    return float(np.average(values, weights=weights))


def expected_metrics(
    y_true: Vector, y_pred: Vector, baselines: tuple[Vector, Vector], weights: Vector | None = None
) -> dict[str, Any]:
    """The metrics by their definitions; `baselines` are the mean's and the ridge's predictions."""
    errors = y_pred - y_true
    centre = mean(y_true, weights)
    spread = mean((y_true - centre) ** 2, weights)
    of_mean, of_ridge = (mean((y_pred - y_true) ** 2, weights) ** 0.5 for y_pred in baselines)
    return {
        "rows": len(y_true),
        "rmse": pytest.approx(mean(errors**2, weights) ** 0.5, rel=1e-9),
        "mae": pytest.approx(mean(np.abs(errors), weights), rel=1e-9),
        "r2": pytest.approx(1 - mean(errors**2, weights) / spread, rel=1e-9),
        "largest_error": pytest.approx(np.abs(errors).max(), rel=1e-9),
        "mean_rmse": pytest.approx(of_mean, rel=1e-9),
        "ridge_rmse": pytest.approx(of_ridge, rel=1e-9),
    }


def inputs_of(frame: pd.DataFrame, train: pd.DataFrame) -> Vector:
    """The inputs, made anew: the numbers, where one is missing, and the texts one by one."""
    columns = [frame["a"], frame["b"].fillna(train["b"].mean()), frame["b"].isna()]
    columns += [frame["kind"] == kind for kind in ("blue", "grey", "red")]
    return np.column_stack(columns).astype(np.float64)


def ridge_predictions(target: str, weights: Vector | None = None) -> Vector:
    """The ridge regression that is fitted on TRAIN, for TEST, in the range of TRAIN's target."""
    y = column(TRAIN, target)
    w = np.ones(len(y)) if weights is None else weights / weights.mean()
    return slow_ridge(inputs_of(TRAIN, TRAIN), y, w, inputs_of(TEST, TRAIN))[1].clip(
        y.min(), y.max()
    )


def predictions(model: str, target: str) -> Vector:
    frame = nntrain.load_model(f"{model}.npz").predict("test.csv")
    return frame[f"predicted_{target}"].to_numpy()


def column(frame: pd.DataFrame, name: str) -> Vector:
    return frame[name].to_numpy(dtype=np.float64)


@pytest.mark.parametrize("model", ["one", "two", "raw"])
def test_every_figure_is_what_its_definition_gives(evaluate: Run, model: str) -> None:
    found = figures(evaluate, "test.csv", "-m", f"{model}.npz")
    assert list(found) == ["targets", "ridge_penalty", "seen_rows", "findings"]
    assert list(found["targets"]) == list(CONFIGS[model].target)
    for target, metrics in found["targets"].items():
        of_mean = np.full(len(TEST), column(TRAIN, target).mean())
        baselines = (of_mean, ridge_predictions(target))
        y_pred = predictions(model, target)
        assert metrics == expected_metrics(column(TEST, target), y_pred, baselines)
        assert list(metrics) == METRICS


def test_the_ridge_is_that_of_the_inputs_without_standardization_too(evaluate: Run) -> None:
    found = figures(evaluate, "test.csv", "-m", "raw.npz")["targets"]["load"]["ridge_rmse"]
    scaled = figures(evaluate, "test.csv", "-m", "one.npz")["targets"]["load"]["ridge_rmse"]
    assert found == pytest.approx(scaled, rel=1e-9)


def test_nothing_is_fitted_again_on_the_rows_that_are_evaluated(
    evaluate: Run, folder: Path
) -> None:
    TEST.assign(load=TEST["load"] + 1e4).to_csv("moved.csv", index=False)
    metrics = figures(evaluate, "moved.csv", "-m", "one.npz")["targets"]["load"]
    y_true = column(TEST, "load") + 1e4
    baselines = (np.full(len(TEST), column(TRAIN, "load").mean()), ridge_predictions("load"))
    assert metrics == expected_metrics(y_true, predictions("one", "load"), baselines)


def test_one_row_alone_is_measured_with_the_same_baselines(evaluate: Run, folder: Path) -> None:
    TEST[:1].to_csv("row.csv", index=False)
    metrics = figures(evaluate, "row.csv", "-m", "one.npz")["targets"]["load"]
    y_true = TEST["load"][0]
    assert metrics["r2"] is None
    assert metrics["rmse"] == metrics["mae"] == metrics["largest_error"]
    assert metrics["mean_rmse"] == pytest.approx(abs(TRAIN["load"].mean() - y_true))
    assert metrics["ridge_rmse"] == pytest.approx(abs(ridge_predictions("load")[0] - y_true))


def test_the_training_rows_give_the_figures_that_fit_kept(evaluate: Run) -> None:
    found = figures(evaluate, "train.csv", "-m", "one.npz")["targets"]["load"]
    kept = nntrain.load_model("one.npz").summary.training["load"]
    assert found == {name: pytest.approx(getattr(kept, name), rel=1e-9) for name in METRICS}


def test_weights_in_the_table_make_every_figure_a_weighted_one(evaluate: Run) -> None:
    w_train, w_test = column(TRAIN, "w"), column(TEST, "w")
    y_train = column(TRAIN, "load")
    of_mean = np.full(len(TEST), np.average(y_train, weights=w_train))
    metrics = figures(evaluate, "test.csv", "-m", "weighted.npz")["targets"]["load"]
    baselines = (of_mean, ridge_predictions("load", w_train))
    y_pred = predictions("weighted", "load")
    assert metrics == expected_metrics(column(TEST, "load"), y_pred, baselines, w_test)


def test_weights_are_not_needed(evaluate: Run, folder: Path) -> None:
    TEST.drop(columns="w").to_csv("plain.csv", index=False)
    w_train = column(TRAIN, "w")
    of_mean = np.full(len(TEST), np.average(column(TRAIN, "load"), weights=w_train))
    metrics = figures(evaluate, "plain.csv", "-m", "weighted.npz")["targets"]["load"]
    baselines = (of_mean, ridge_predictions("load", w_train))
    y_pred = predictions("weighted", "load")
    assert metrics == expected_metrics(column(TEST, "load"), y_pred, baselines)


@pytest.mark.parametrize(("weight", "found"), [("-1", "-1"), ("", "a missing cell"), ("x", "'x'")])
def test_an_unsound_weight_is_an_error(
    evaluate: Run, folder: Path, weight: str, found: str
) -> None:
    (folder / "t.csv").write_text(f"a,b,kind,w,load\n1,2,red,1,3\n1,2,red,{weight},3\n")
    assert evaluate("t.csv", "-m", "weighted.npz") == Result(
        3,
        "",
        "Error: t.csv, line 3, column 'w': a weight is a finite number of 0 or more, found "
        f"{found}; correct the cell\n",
    )


def test_groups_are_measured_by_themselves(evaluate: Run) -> None:
    found = figures(evaluate, "test.csv", "-m", "two.npz", "--by", "kind")
    assert list(found) == ["targets", "groups", "ridge_penalty", "seen_rows", "findings"]
    assert found["targets"] == figures(evaluate, "test.csv", "-m", "two.npz")["targets"]
    assert list(found["groups"]) == sorted(set(TEST["kind"]))
    for group, targets in found["groups"].items():
        mine = (TEST["kind"] == group).to_numpy()
        assert list(targets) == ["load", "cost"]
        for target, metrics in targets.items():
            y_true = column(TEST, target)[mine]
            of_mean = np.full(len(y_true), column(TRAIN, target).mean())
            baselines = (of_mean, ridge_predictions(target)[mine])
            y_pred = predictions("two", target)[mine]
            assert metrics == expected_metrics(y_true, y_pred, baselines)


def test_groups_may_be_any_column_and_have_one_spelling(evaluate: Run, folder: Path) -> None:
    (folder / "t.csv").write_text(
        "site,a,b,kind,load\n1,1,1,red,1\n1.0,2,1,red,2\n,3,1,red,3\n1,4,1,red,4\n"
    )
    groups = figures(evaluate, "t.csv", "-m", "one.npz", "--by", "site")["groups"]
    assert {name: of["load"]["rows"] for name, of in groups.items()} == {"": 1, "1": 3}
    groups = figures(evaluate, "t.csv", "-m", "one.npz", "--by", "load")["groups"]
    assert list(groups) == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("sites", "ordered"),
    [
        (["10", "9", "-1.5", "1e3"], ["-1.5", "9", "10", "1e3"]),
        (["10", "", "9", "NA"], ["9", "10", "", "NA"]),
        (["10", "9", "b", "a"], ["10", "9", "a", "b"]),
    ],
    ids=["numbers", "missing ones last", "texts among them"],
)
def test_groups_that_are_all_numbers_stand_in_their_order(
    evaluate: Run, folder: Path, sites: list[str], ordered: list[str]
) -> None:
    rows = "".join(f"{site},{i},1,red,{i}\n" for i, site in enumerate(sites))
    (folder / "t.csv").write_text("site,a,b,kind,load\n" + rows)
    assert list(figures(evaluate, "t.csv", "-m", "one.npz", "--by", "site")["groups"]) == ordered
    printed = evaluate("t.csv", "-m", "one.npz", "--by", "site").out.splitlines()[3:]
    assert [line[:4].strip() for line in printed] == ordered


def test_rows_without_a_target_are_left_out_of_every_group(evaluate: Run, folder: Path) -> None:
    without = TEST.copy()
    without.loc[[0, 5, 29], "load"] = np.nan
    without.to_csv("gaps.csv", index=False)
    result = evaluate("gaps.csv", "-m", "skips.npz", "--by", "kind", "--json")
    assert (result.code, result.err) == (
        0,
        "Note: missing cells taken as the training mean: 3 in 'b'\n"
        "Note: gaps.csv: left out 3 rows without a target\n",
    )
    without.drop(index=[0, 5, 29]).to_csv("rest.csv", index=False)
    assert json.loads(result.out) == figures(
        evaluate, "rest.csv", "-m", "skips.npz", "--by", "kind"
    )


def test_a_row_for_all_rows_and_a_row_for_each_group_are_printed(
    evaluate: Run, folder: Path
) -> None:
    (folder / "t.csv").write_text("g,x,y\nlow,1,1\nlow,2,3\nhigh,3,5\nhigh,4,7\n")
    config = nntrain.Config(target=("y",), features=("x",), epochs=0)
    nntrain.fit("t.csv", config).save("model.npz")
    result = evaluate("t.csv", "--by", "g")
    found = figures(evaluate, "t.csv", "--by", "g")
    warning = warning_of("t.csv", "100 % of these rows (4 of 4)")
    assert (result.code, result.err) == (0, f"{warning}Next: nntrain inspect\n")
    lines = [line.split() for line in result.out.splitlines()]
    assert lines[:2] == [
        ["Error", "of", "y"],
        ["g", "rows", "RMSE", "MAE", "R²", "max", "error", "mean's", "RMSE", "ridge's", "RMSE"],
    ]
    parts = {"all": found["targets"], **found["groups"]}
    assert list(parts) == ["all", "high", "low"]
    for line, (part, targets) in zip(lines[2:], parts.items(), strict=True):
        of = targets["y"]
        rest = [of["largest_error"], of["mean_rmse"], of["ridge_rmse"]]
        figures_of = [f"{of['rmse']:.4g}", f"{of['mae']:.4g}", f"{of['r2']:.3f}"]
        assert line == [part, str(of["rows"]), *figures_of, *(f"{value:.4g}" for value in rest)]


def test_the_next_command_names_a_model_that_is_not_the_default(evaluate: Run) -> None:
    result = evaluate("test.csv", "-m", "one.npz")
    assert result.err.split("\n")[-2] == "Next: nntrain inspect one.npz"


def test_a_table_can_be_piped_or_come_in_parts_or_with_a_decimal_comma(
    evaluate: Run, folder: Path
) -> None:
    whole = figures(evaluate, "test.csv", "-m", "one.npz")
    TEST[:11].to_csv("1.csv", index=False)
    TEST[11:].to_csv("2.csv", index=False)
    TEST.to_csv("comma.csv", index=False, sep="|", decimal=",")
    assert figures(evaluate, "1.csv", "2.csv", "-m", "one.npz") == whole
    options = ["--delimiter", "|", "--decimal", ","]
    assert figures(evaluate, "comma.csv", "-m", "one.npz", *options) == whole
    piped = evaluate("-m", "one.npz", "--json", "-q", stdin=Path("test.csv").read_bytes())
    assert json.loads(piped.out) == whole


def shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"


def test_every_metric_can_be_checked_in_both_directions(evaluate: Run) -> None:
    options = ["test.csv", "-m", "one.npz", "--json", "-q"]
    values = figures(evaluate, *options)["targets"]["load"]
    holds, not_so, messages = [], [], ""
    for metric, value in values.items():
        low, high = value - abs(value) / 100, value + abs(value) / 100
        for condition in (f"{metric}>{low}", f" {metric} <{high:.12e} "):
            holds += ["--fail-if", condition]
            messages += f"Error: --fail-if {condition!r}: {metric} of 'load' is {shown(value)}\n"
        not_so += ["--fail-if", f"{metric}<{low}", "--fail-if", f"{metric} > {high}"]
    assert list(values) == METRICS
    broken = evaluate(*options, *holds)
    assert (broken.code, broken.err) == (6, messages)
    assert json.loads(broken.out)["targets"]["load"] == values
    assert evaluate(*options, *not_so).code == 0


def test_a_limit_that_is_met_exactly_breaks_nothing(evaluate: Run) -> None:
    options = ["test.csv", "-m", "one.npz", "-q"]
    assert evaluate(*options, "--fail-if", "rows>30", "--fail-if", "rows<30").code == 0


def test_each_broken_condition_is_named_and_the_figures_are_still_printed(evaluate: Run) -> None:
    options = ["test.csv", "-m", "two.npz", "-q"]
    good = evaluate(*options)
    of = figures(evaluate, "test.csv", "-m", "two.npz")["targets"]
    conditions = ["load.rmse>0", "cost.r2<-9", "cost.rows>29", "cost.mae>1"]
    result = evaluate(*options, *(word for c in conditions for word in ("--fail-if", c)))
    assert result == Result(
        6,
        good.out,
        f"Error: --fail-if 'load.rmse>0': rmse of 'load' is {shown(of['load']['rmse'])}\n"
        "Error: --fail-if 'cost.rows>29': rows of 'cost' is 30\n"
        f"Error: --fail-if 'cost.mae>1': mae of 'cost' is {shown(of['cost']['mae'])}\n",
    )


def test_a_target_may_be_named_where_it_is_the_only_one(evaluate: Run) -> None:
    result = evaluate("test.csv", "-m", "one.npz", "-q", "--fail-if", "load.rows<31")
    assert (result.code, result.err) == (
        6,
        "Error: --fail-if 'load.rows<31': rows of 'load' is 30\n",
    )


def test_a_target_may_have_a_dot_a_sign_or_a_blank_in_its_name(evaluate: Run, folder: Path) -> None:
    for target in ("y.rmse", "x>1", "y 2", "a.b.c"):
        frame = pd.DataFrame({"x": range(9), target: [i * i for i in range(9)], "z": range(9)})
        frame.to_csv("t.csv", index=False)
        nntrain.fit(frame, nntrain.Config(target=(target, "z"), epochs=1)).save("model.npz")
        result = evaluate("t.csv", "-q", "--fail-if", f"{target}.rows>8")
        assert (result.code, result.err) == (
            6,
            f"Error: --fail-if '{target}.rows>8': rows of {target!r} is 9\n",
        )


def test_a_figure_that_is_not_defined_fails_its_check(evaluate: Run, folder: Path) -> None:
    TEST[:1].to_csv("row.csv", index=False)
    result = evaluate("row.csv", "-m", "one.npz", "-q", "--fail-if", "r2<0")
    assert (result.code, result.err) == (
        6,
        "Error: --fail-if 'r2<0': r2 of 'load' is not defined here\n",
    )


EXPECTS = (
    "expects a metric, < or >, and a number, such as 'rmse>3.2'; the metrics are rows, rmse, mae, "
    "r2, largest_error, mean_rmse, ridge_rmse, coverage, mean_width"
)


@pytest.mark.parametrize(
    ("model", "condition", "message"),
    [
        ("one", "mse>3", EXPECTS),
        ("one", "rmse>", EXPECTS),
        ("one", "rmse>=3", EXPECTS),
        ("one", "rmse>three", EXPECTS),
        ("one", "rmse>nan", EXPECTS),
        ("one", "rmse=3", EXPECTS),
        ("two", "rmse>3", "the model has several targets; write one of 'load', 'cost' before the "
         "metric, as in 'load.rmse>3'"),
        ("two", "coast.rmse>3", "the model has no target 'coast'; write one of 'load', 'cost' before "
         "the metric, as in 'load.rmse>3'"),
        ("one", "cost.r2<0", "the model has no target 'cost'; write one of 'load' before the metric, "
         "as in 'load.r2<0'"),
    ],
)  # fmt: skip
def test_a_condition_that_cannot_be_checked_is_refused_before_any_work(
    evaluate: Run, model: str, condition: str, message: str
) -> None:
    result = evaluate("none.csv", "-m", f"{model}.npz", "--fail-if", condition)
    assert result == Result(2, "", f"Error: --fail-if {condition!r}: {message}\n")


@pytest.mark.parametrize(
    ("table", "options", "code", "message"),
    [
        ("a,b,kind\n1,2,red\n", [], 3, "t.csv: has no column 'load', which the model needs; it has "
         "'a', 'b', 'kind'"),
        ("a,b,load\n1,2,3\n", [], 3, "t.csv: has no column 'kind', which the model needs; it has "
         "'a', 'b', 'load'"),
        ("a,b,kind,load\n", [], 3, "t.csv: has no row to evaluate on"),
        ("a,b,kind,load\n1,2,red,\n", [], 3, "t.csv, line 2, column 'load': the target is missing; "
         "fill it in or remove the row"),
        ("a,b,kind,load\n1,2,red,x\n", [], 3, "t.csv, line 2, column 'load': the target must be a "
         "number, found 'x'; correct the cell or choose another target"),
        ("a,b,kind,load\n1,x,red,3\n", [], 3, "t.csv, line 2, column 'b': expects a number, found "
         "'x'; correct the cell, or leave it empty if it is missing"),
        ("a,b,kind,load\n1,2,red,3\n", ["--by", "kid"], 3, "t.csv: has no column 'kid', named under "
         "--by; did you mean 'kind'?"),
        ("a,b,kind,load\n1,2,red,3\n", ["-m", "gone.npz"], 4, "gone.npz: there is no such model "
         "file; make one with `nntrain fit`, or name another with --model"),
    ],
)  # fmt: skip
def test_what_stands_in_the_way_is_explained(
    evaluate: Run, folder: Path, table: str, options: list[str], code: int, message: str
) -> None:
    (folder / "t.csv").write_text(table)
    result = evaluate("t.csv", "-m", "one.npz", *options)
    assert result == Result(code, "", f"Error: {message}\n")


def test_what_is_amiss_is_said_on_stderr_or_in_the_json(evaluate: Run, folder: Path) -> None:
    """Five epochs of so few rows are not enough to do as well as a ridge regression."""
    said = (
        "predictions are worse than those of a linear (ridge) regression on the same columns: RMSE "
        "on these rows 12.3 for load, the regression's 3.112"
    )
    note = "Note: missing cells taken as the training mean: 3 in 'b'\n"
    result = evaluate("test.csv", "-m", "one.npz")
    assert result.err == (
        f"{note}Look: {said}; try --set epochs=200\nNext: nntrain inspect one.npz\n"
    )
    assert evaluate("test.csv", "-m", "one.npz", "-q").err == ""
    found = figures(evaluate, "test.csv", "-m", "one.npz")
    assert found["findings"] == [{"text": said, "remedy": "--set epochs=200"}]
    assert evaluate("test.csv", "-m", "one.npz", "--json").err == note
    config = nntrain.Config(target=("load",), ignore=("cost", "w"))
    nntrain.fit(TRAIN, config).save("trained.npz")
    result = evaluate("test.csv", "-m", "trained.npz")
    assert result.err == f"{note}Next: nntrain inspect trained.npz\n"
    assert figures(evaluate, "test.csv", "-m", "trained.npz")["findings"] == []


def test_the_largest_error_is_of_a_row_that_weighs_anything() -> None:
    y_true, y_pred = np.zeros((3, 1)), np.array([[1.0], [-3.0], [9.0]])
    for weights, largest in (
        ([1.0, 2.0, 0.0], 3.0),
        ([0.0, 0.0, 0.0], 9.0),
        ([1.0, 0.0, 0.1], 9.0),
    ):
        measured = Measured(y_true, y_pred, np.zeros(1), None, np.array(weights))
        assert measured.metrics(["y"])["y"].largest_error == largest
