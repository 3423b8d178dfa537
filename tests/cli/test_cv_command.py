"""`nntrain cv` as it is installed: what it prints, what it writes, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
import math
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.command import COMMAND, Result, Run, environment
from support.ensembles import frame
from support.folds import frame_of, out_of_fold

import nntrain
from nntrain.evaluation.cross_validation import Fold
from nntrain.stats.estimate import METRICS, estimate_mean

YAML = "target: y\nepochs: 3\nhidden_layers: [4]\n"


@pytest.fixture
def table(folder: Path) -> pd.DataFrame:
    """`t.csv` and its config `c.yaml`, in the folder."""
    frame = frame_of()
    frame.to_csv("t.csv", index=False)
    (folder / "c.yaml").write_text(YAML + "categorical: [kind, site]\n")
    return frame


def found_by(run: Run, *options: str) -> dict[str, Any]:
    result = run("cv", "t.csv", "-c", "c.yaml", "--json", *options)
    assert (result.code, result.err) == (0, "")
    found: dict[str, Any] = json.loads(result.out)
    return found


def test_the_same_command_prints_the_same_twice_and_another_seed_does_not(
    run: Run, table: pd.DataFrame
) -> None:
    options = ["cv", "t.csv", "-c", "c.yaml"]
    first = run(*options)
    assert first.code == 0
    assert run(*options) == first
    assert run(*options, "--set", "seed=1").out != first.out


def test_cv_prints_a_row_a_fold_then_all_rows_together_and_the_noise(
    run: Run, folder: Path
) -> None:
    rows = "".join(f"{i},{10 * i}\n" for i in range(1, 9))
    (folder / "t.csv").write_text(f"x,y\n{rows}")
    (folder / "c.yaml").write_text("target: y\nhidden_layers: []\nbatch_mode: batch\n")
    result = run("cv", "t.csv", "-c", "c.yaml", "--folds", "3", "--ordered")
    assert result.code == 0
    lines = result.out.split("\n")
    assert lines[0] == "Error of y"
    assert lines[1].split() == [
        "fold", "rows", "RMSE", "MAE", "R²", "max", "error", "mean's", "RMSE", "ridge's", "RMSE",
    ]  # fmt: skip
    assert [line.split()[:2] for line in lines[2:5]] == [["1", "2"], ["2", "2"], ["3", "2"]]
    assert lines[5].split()[:2] == ["all", "6"]
    assert [line.split()[0] for line in lines[2:-1]] == ["1", "2", "3", "all", "±"]
    # Fold 1 is trained on 10 and 20, and scored on 30 and 40.
    assert lines[2].split()[-2] == f"{math.sqrt((15**2 + 25**2) / 2):.4g}"
    assert result.err == "Next: nntrain fit t.csv --config c.yaml\n"
    other = run("cv", "t.csv", "-c", "c.yaml", "--folds", "3", "-s", "epochs=2", "-s", "tau=.1")
    assert other.err == "Next: nntrain fit t.csv --config c.yaml --set epochs=2 --set tau=.1\n"


@pytest.mark.parametrize("options", [[], ["--folds", "3"], ["--ordered"], ["--group", "site"]])
def test_the_figures_are_those_of_the_out_of_fold_predictions(
    run: Run, table: pd.DataFrame, options: list[str]
) -> None:
    found = found_by(run, "-o", "p.csv", *options)
    written = pd.read_csv("p.csv")
    assert list(written.columns) == ["fold", "predicted_y"]
    assert len(written) == len(table)
    assert set(found) == {"folds", "targets", "pooled", "findings"}
    for fold in found["folds"]:
        assert set(fold) == {"fold", "training_rows", "epochs_trained", "targets"}
        mine = (written["fold"] == fold["fold"]).to_numpy()
        y_true, y_pred = table["y"][mine].to_numpy(), written["predicted_y"][mine].to_numpy()
        errors = y_pred - y_true
        metrics = fold["targets"]["y"]
        assert set(metrics) == {"rows", *METRICS[:-2]}
        assert metrics["rows"] == mine.sum()
        assert metrics["rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)))
        assert metrics["mae"] == pytest.approx(np.mean(np.abs(errors)))
        assert metrics["largest_error"] == pytest.approx(np.max(np.abs(errors)))
        assert metrics["r2"] == pytest.approx(1 - np.mean(errors**2) / np.var(y_true))
        if "--ordered" not in options:
            assert fold["training_rows"] == len(table) - mine.sum()
            seen = table["y"][~mine].mean()
            assert metrics["mean_rmse"] == pytest.approx(np.sqrt(np.mean((y_true - seen) ** 2)))
        assert fold["epochs_trained"] == 3
    for name in METRICS[:-2]:
        values = [fold["targets"]["y"][name] for fold in found["folds"]]
        assert found["targets"]["y"][name] == {
            "mean": pytest.approx(np.mean(values)),
            "standard_error": pytest.approx(np.std(values, ddof=1) / math.sqrt(len(values))),
        }


def test_five_folds_are_the_default(run: Run, table: pd.DataFrame) -> None:
    assert [fold["fold"] for fold in found_by(run)["folds"]] == [1, 2, 3, 4, 5]


def test_each_prediction_of_the_output_is_by_the_model_that_has_not_seen_its_row(
    run: Run, table: pd.DataFrame
) -> None:
    found_by(run, "-o", "p.csv", "--folds", "3")
    written = pd.read_csv("p.csv")
    config = nntrain.load_config("c.yaml")
    for k in (1, 2, 3):
        mine = np.flatnonzero(written["fold"] == k)
        others = np.flatnonzero(written["fold"] != k)
        expected = out_of_fold(table, config, Fold(k, mine, others))["predicted_y"].to_numpy()
        assert written["predicted_y"][mine].to_numpy() == pytest.approx(expected, rel=1e-9)


def test_rows_of_one_group_share_a_fold(run: Run, table: pd.DataFrame) -> None:
    found_by(run, "-o", "p.csv", "--group", "site", "--folds", "4")
    folds_of_site = pd.read_csv("p.csv").groupby(table["site"])["fold"].nunique()
    assert folds_of_site.tolist() == [1] * 11


def test_groups_have_one_spelling_and_an_empty_cell_is_a_group(run: Run, folder: Path) -> None:
    sites = ["1", "True", "01", "", "1.0", "true", "01", ""] * 5
    rows = "".join(f"{site},{i % 6},{i}\n" for i, site in enumerate(sites))
    (folder / "t.csv").write_text("site,x,y\n" + rows)
    (folder / "c.yaml").write_text(YAML + "ignore: [site]\n")
    found_by(run, "-o", "p.csv", "--group", "site", "--folds", "4")
    folds = pd.read_csv("p.csv")["fold"].tolist()
    assert sorted(folds[:4]) == [1, 2, 3, 4]
    assert folds == folds[:4] * 10


@pytest.mark.parametrize("role", ["target", "weight", "ignored", "feature"])
def test_any_column_can_be_the_group(run: Run, folder: Path, role: str) -> None:
    rows = "".join(f"{i % 4 + 1},{i % 6},{i % 4}\n" for i in range(24))
    (folder / "t.csv").write_text("g,x,y\n" + rows)
    name = "y" if role == "target" else "g"
    config = {"weight": "weight: g\n", "ignored": "ignore: [g]\n"}.get(role, "")
    (folder / "c.yaml").write_text(YAML + config)
    found_by(run, "-o", "p.csv", "--group", name, "--folds", "2")
    folds = pd.read_csv("p.csv")["fold"].tolist()
    assert folds == folds[:4] * 6
    assert sorted(folds[:4]) == [1, 1, 2, 2]


def test_rows_without_a_target_are_blank_and_the_others_stay_in_their_places(
    run: Run, folder: Path
) -> None:
    frame = frame_of()
    without = [0, 13, 14, 49]
    frame.loc[without, "y"] = np.nan
    frame.to_csv("t.csv", index=False)
    (folder / "c.yaml").write_text(YAML + "missing_target: skip\ncategorical: [kind, site]\n")
    result = run("cv", "t.csv", "-c", "c.yaml", "--json", "-o", "p.csv")
    assert result.code == 0
    assert result.err == "Note: t.csv: left out 4 rows without a target\n"
    rows = list(csv.reader(io.StringIO((folder / "p.csv").read_text())))
    assert rows[0] == ["fold", "predicted_y"]
    assert len(rows) == 51
    assert [i for i, row in enumerate(rows[1:]) if row == ["", ""]] == without
    found = json.loads(result.out)
    for fold in found["folds"]:
        mine = [i for i, row in enumerate(rows[1:]) if row[0] == str(fold["fold"])]
        errors = np.array([float(rows[i + 1][1]) for i in mine]) - frame["y"][mine].to_numpy()
        assert fold["targets"]["y"]["rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)))


def test_a_group_that_has_no_target_at_all_counts_as_none(run: Run, folder: Path) -> None:
    rows = "".join(f"{'abc'[i // 10]},{i % 7},{'' if i < 10 else i * 2 % 11}\n" for i in range(30))
    (folder / "t.csv").write_text("g,x,y\n" + rows)
    (folder / "c.yaml").write_text(YAML + "ignore: [g]\nmissing_target: skip\n")
    three = run("cv", "t.csv", "-c", "c.yaml", "--group", "g", "--folds", "3")
    assert (three.code, three.out) == (3, "")
    assert three.err == (
        "Note: t.csv: left out 10 rows without a target\n"
        "Error: t.csv: has 2 groups, too few for these folds, which take 3 or more; use fewer "
        "--folds\n"
    )
    two = run("cv", "t.csv", "-c", "c.yaml", "--group", "g", "--folds", "2", "--json", "-q")
    assert two.code == 0
    assert [fold["targets"]["y"]["rows"] for fold in json.loads(two.out)["folds"]] == [10, 10]


def test_several_targets_have_figures_and_predictions_each(run: Run, folder: Path) -> None:
    frame_of().assign(z=np.arange(50) % 7).to_csv("t.csv", index=False)
    (folder / "c.yaml").write_text(YAML.replace("y", "[y, z]", 1) + "categorical: [kind, site]\n")
    found = found_by(run, "-o", "p.csv", "--folds", "2")
    assert list(found["targets"]) == ["y", "z"]
    assert pd.read_csv("p.csv").columns.tolist() == ["fold", "predicted_y", "predicted_z"]
    text = run("cv", "t.csv", "-c", "c.yaml", "--folds", "2").out
    heads = [line.split()[0] for line in text.splitlines() if line]
    assert heads == ["Error", "fold", "1", "2", "all", "±"] * 2
    assert [line for line in text.splitlines() if line.startswith("Error")] == [
        "Error of y",
        "Error of z",
    ]


def test_leaving_one_row_out_has_r2_over_all_rows_alone(run: Run, folder: Path) -> None:
    (folder / "t.csv").write_text("x,y\n1,2\n2,3\n4,1\n5,9\n")
    (folder / "c.yaml").write_text(YAML)
    result = run("cv", "t.csv", "-c", "c.yaml", "--folds", "4")
    assert result.code == 0
    rows = [line.split() for line in result.out.splitlines()[2:]]
    assert [row[4] for row in rows[:4]] == ["-"] * 4
    assert rows[4][:2] == ["all", "4"]
    assert float(rows[4][4]) < 1
    assert rows[5][3] == "-"


def test_weighted_rows_count_by_their_weight(run: Run, folder: Path) -> None:
    frame = frame_of().drop(columns="site").assign(w=1 + np.arange(50) % 4)
    frame.to_csv("t.csv", index=False)
    (folder / "c.yaml").write_text(YAML + "weight: w\ncategorical: [kind]\n")
    found = found_by(run, "-o", "p.csv")
    written = pd.read_csv("p.csv")
    for fold in found["folds"]:
        mine = (written["fold"] == fold["fold"]).to_numpy()
        errors = written["predicted_y"][mine] - frame["y"][mine]
        expected = np.sqrt(np.average(errors**2, weights=frame["w"][mine]))
        assert fold["targets"]["y"]["rmse"] == pytest.approx(expected)


def test_standard_input_and_several_files_are_tables_too(run: Run, table: pd.DataFrame) -> None:
    whole = found_by(run)
    table[:20].to_csv("a.csv", index=False)
    table[20:].to_csv("b.csv", index=False)
    text = Path("t.csv").read_text()
    piped = run("cv", "-", "-c", "c.yaml", stdin=text)
    assert piped.code == 0
    assert "Next: " not in piped.err
    assert json.loads(run("cv", "-", "-c", "c.yaml", "--json", stdin=text).out) == whole
    assert json.loads(run("cv", "a.csv", "b.csv", "-c", "c.yaml", "--json").out) == whole


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--folds", "51"], 3, "t.csv: has 50 rows, too few for these folds, which take 51 or more; "
         "use fewer --folds"),
        (["--folds", "50", "--ordered"], 3, "t.csv: has 50 rows, too few for these folds, which take "
         "51 or more; use fewer --folds"),
        (["--folds", "12", "--group", "site"], 3, "t.csv: has 11 groups, too few for these folds, "
         "which take 12 or more; use fewer --folds"),
        (["--group", "site", "--ordered"], 2, "--group and --ordered cut the rows in two ways; use "
         "one of them"),
        (["--group", "sites"], 3, "t.csv: has no column 'sites', named under --group; did you mean "
         "'site'?"),
        (["-o", "c.yaml"], 2, "--output c.yaml would overwrite an input of this run"),
        (["-o", "-"], 2, "stdout carries the report of cv; name a file for the predictions"),
        (["-o", "none/p.csv"], 7, "none/p.csv: cannot be written: No such file or directory"),
        (["--set", "ignore=[z]"], 3, "t.csv: has no column 'z', named under ignore; it has 'x', "
         "'kind', 'site', 'y'"),
        (["--set", "epoch=3"], 2, "--set epoch=3: unknown key 'epoch': did you mean epochs?"),
    ],
)  # fmt: skip
def test_what_stands_in_the_way_is_explained(
    run: Run, table: pd.DataFrame, options: list[str], code: int, message: str
) -> None:
    result = run("cv", "t.csv", "-c", "c.yaml", *options)
    assert (result.code, result.out, result.err) == (code, "", f"Error: {message}\n")


@pytest.mark.parametrize("folds", ["1", "0", "two"])
def test_fewer_than_two_folds_are_refused(run: Run, table: pd.DataFrame, folds: str) -> None:
    result = run("cv", "t.csv", "-c", "c.yaml", "--folds", folds)
    assert (result.code, result.out) == (2, "")
    assert "Error: Invalid value for '--folds'" in result.err


def test_a_fold_that_diverges_is_an_error_and_leaves_no_output(
    run: Run, folder: Path, table: pd.DataFrame
) -> None:
    (folder / "p.csv").write_text("older")
    options = [
        "--set",
        "alpha=1e9",
        "--set",
        "activation=relu",
        "--set",
        "epochs=60",
        "-o",
        "p.csv",
    ]
    result = run("cv", "t.csv", "-c", "c.yaml", *options)
    assert (result.code, result.out) == (5, "")
    assert result.err.startswith("Error: training diverged in epoch ")
    assert (folder / "p.csv").read_text() == "older"


def test_quiet_keeps_the_figures_and_drops_the_rest(run: Run, table: pd.DataFrame) -> None:
    loud = run("cv", "t.csv", "-c", "c.yaml")
    quiet = run("cv", "t.csv", "-c", "c.yaml", "-q")
    assert (quiet.code, quiet.out, quiet.err) == (0, loud.out, "")


def test_no_model_and_no_log_are_written(run: Run, folder: Path, table: pd.DataFrame) -> None:
    before = sorted(path.name for path in folder.iterdir())
    assert run("cv", "t.csv", "-c", "c.yaml").code == 0
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_reader_that_leaves_early_does_no_harm(folder: Path, table: pd.DataFrame) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{COMMAND} cv t.csv -c c.yaml -q | head -n 1; echo ${{PIPESTATUS[@]}}"],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    assert (done.stdout, done.stderr) == ("Error of y\n0 0\n", "")


def test_what_preprocessing_notes_is_not_said_for_each_fold(run: Run, folder: Path) -> None:
    frame_of().assign(constant=1).to_csv("t.csv", index=False)
    (folder / "c.yaml").write_text(YAML)
    note = "Note: left out the column 'constant': it is constant\n"
    assert "constant" not in run("cv", "t.csv", "-c", "c.yaml").err
    assert run("cv", "t.csv", "-c", "c.yaml", "--folds", "3", "-v").err.count(note) == 3


def test_a_fold_of_cross_validation_is_an_ensemble_too(run: Run, folder: Path) -> None:
    frame().to_csv("t.csv", index=False)
    (folder / "c.yaml").write_text(
        "target: y\nignore: [z]\nensemble: 3\nepochs: 4\nvalidation_fraction: 0.3\nkeep: best\n"
    )
    result = run("cv", "t.csv", "-c", "c.yaml", "--folds", "3", "--json")
    assert (result.code, result.err) == (0, "")
    assert [fold["epochs_trained"] for fold in json.loads(result.out)["folds"]] == [4, 4, 4]
    refused = run("cv", "t.csv", "-c", "c.yaml", "--set", "validation_fraction=0")
    assert refused.code == 2
    assert refused.err.startswith("Error: keep: best goes by the validation loss")


def test_worse_than_the_ridge_regression_is_said_and_listed_with_json(
    run: Run, table: pd.DataFrame
) -> None:
    result = run("cv", "t.csv", "-c", "c.yaml")
    assert result.code == 0
    found = found_by(run)
    (finding,) = found["findings"]
    look, _ = result.err.split("\n", 1)
    assert look == f"Look: {finding['text']}; try {finding['remedy']}"
    pooled, folds = found["pooled"]["y"], [fold["targets"]["y"] for fold in found["folds"]]
    difference = estimate_mean([fold["rmse"] - fold["ridge_rmse"] for fold in folds])
    assert finding == {
        "text": "predictions of rows not trained on are worse than those of a linear (ridge) "
        f"regression on the same columns: RMSE {pooled['rmse']:.4g} for y, the regression's "
        f"{pooled['ridge_rmse']:.4g}; the difference over 5 folds is {difference.mean:.4g} ± "
        f"{difference.standard_error:.4g}",
        "remedy": "--set epochs=200",
    }
    assert found_by(run, "--set", "epochs=200")["findings"] == []
    assert "Look" not in run("cv", "t.csv", "-c", "c.yaml", "-q").err


def test_fail_if_judges_the_errors_over_all_rows(run: Run, table: pd.DataFrame) -> None:
    rmse = found_by(run)["pooled"]["y"]["rmse"]
    options = ["cv", "t.csv", "-c", "c.yaml", "-q", "--fail-if"]
    assert run(*options, f"rmse>{rmse * 1.001}").code == 0
    failed = run(*options, f"rmse>{rmse * 0.999}", "--fail-if", "rows<51")
    assert failed.code == 6
    assert failed.out == run("cv", "t.csv", "-c", "c.yaml", "-q").out
    assert failed.err == (
        f"Error: --fail-if 'rmse>{rmse * 0.999}': rmse of 'y' is {rmse:.4g}\n"
        "Error: --fail-if 'rows<51': rows of 'y' is 50\n"
    )


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("z.rmse>1", "the config has no target 'z'; write one of 'y' before the metric, as in "
         "'y.rmse>1'"),
        ("coverage<0.9", "coverage takes prediction intervals; add --interval 0.9"),
        ("rmse", "expects a metric, < or >, and a number, such as 'rmse>3.2'; the metrics are "
         "rows, rmse, mae, r2, largest_error, mean_rmse, ridge_rmse, coverage, mean_width"),
    ],
)  # fmt: skip
def test_a_condition_that_cannot_hold_is_refused_before_training(
    run: Run, table: pd.DataFrame, condition: str, message: str
) -> None:
    result = run("cv", "t.csv", "-c", "c.yaml", "--fail-if", condition)
    assert result == Result(2, "", f"Error: --fail-if {condition!r}: {message}\n")
