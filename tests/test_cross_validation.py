"""`cv`: every row scored once by a model that has not seen it, and the figures add up."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Run

import nntrain
from nntrain.cross_validation import FoldRun, estimate, make_folds
from nntrain.fitting import read_training_table

CONFIG = nntrain.Config(target=("y",), epochs=2)


def make_table(n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=n), "g": [f"g{i % 7}" for i in range(n)]})
    frame["y"] = 2 * frame["x"] + rng.normal(size=n)
    return frame


def test_random_folds_score_every_row_once_and_train_on_the_others() -> None:
    table = read_training_table(make_table(), CONFIG)
    folds = make_folds(table, 7, CONFIG, ordered=False)
    assert sorted(np.concatenate([fold.rows for fold in folds])) == list(range(60))
    for fold in folds:
        assert not set(fold.rows) & set(fold.training_rows)
        assert len(fold.rows) + len(fold.training_rows) == 60
        assert len(fold.rows) in (8, 9)
    again = make_folds(table, 7, CONFIG, ordered=False)
    assert all((a.rows == b.rows).all() for a, b in zip(folds, again, strict=True))
    other = make_folds(table, 7, nntrain.Config(target=("y",), seed=1), ordered=False)
    assert any(set(a.rows) != set(b.rows) for a, b in zip(folds, other, strict=True))


def test_a_group_is_never_on_both_sides() -> None:
    frame = make_table()
    table = read_training_table(frame, CONFIG, group="g")
    folds = make_folds(table, 3, CONFIG, ordered=False)
    assert sorted(np.concatenate([fold.rows for fold in folds])) == list(range(60))
    for fold in folds:
        assert not set(frame["g"][fold.rows]) & set(frame["g"][fold.training_rows])


def test_ordered_folds_train_on_the_past_alone() -> None:
    folds = make_folds(read_training_table(make_table(), CONFIG), 4, CONFIG, ordered=True)
    assert [len(fold.rows) for fold in folds] == [12, 12, 12, 12]
    for fold in folds:
        assert fold.training_rows.tolist() == list(range(fold.rows[0]))


def test_each_fold_learns_its_own_preprocessing() -> None:
    frame = make_table()
    frame.loc[5, "x"] = 1e6
    frame.loc[5, "g"] = "only here"
    table = read_training_table(frame, CONFIG)
    for fold in make_folds(table, 5, CONFIG, ordered=False):
        preprocessing = FoldRun(table, CONFIG, fold).run.preprocessing
        column = preprocessing.features[0]
        seen = frame["x"][fold.training_rows]
        assert column.name == "x"
        assert column.mean == pytest.approx(seen.mean())  # type: ignore[union-attr]
        assert ("g=only here" in preprocessing.input_names) == (5 in fold.training_rows)


def test_the_estimate_is_the_mean_with_its_standard_error() -> None:
    found = estimate([1.0, 2.0, 6.0])
    assert found.mean == 3.0
    assert found.standard_error == pytest.approx(math.sqrt(7 / 3))


def test_cv_reports_folds_that_add_up_and_the_same_twice(run: Run, folder: Path) -> None:
    make_table().to_csv("t.csv", index=False)
    (folder / "c.yaml").write_text("target: y\nepochs: 3\nignore: [g]\n")
    first = run("cv", "t.csv", "-c", "c.yaml", "--folds", "4", "--json", "-o", "folds.csv")
    assert (first.code, first.err) == (0, "")
    assert run("cv", "t.csv", "-c", "c.yaml", "--folds", "4", "--json").out == first.out
    found = json.loads(first.out)
    rmse = [fold["targets"]["y"]["rmse"] for fold in found["folds"]]
    assert [fold["fold"] for fold in found["folds"]] == [1, 2, 3, 4]
    assert found["targets"]["y"]["rmse"] == {
        "mean": pytest.approx(np.mean(rmse)),
        "standard_error": pytest.approx(np.std(rmse, ddof=1) / 2),
    }
    written = pd.read_csv("folds.csv")
    assert list(written.columns) == ["fold", "predicted_y"]
    errors = written["predicted_y"] - make_table()["y"]
    for fold, expected in enumerate(rmse, start=1):
        mine = errors[written["fold"] == fold]
        assert np.sqrt(np.mean(mine**2)) == pytest.approx(expected)
    assert not (folder / "model.npz").exists()


def test_cv_prints_a_row_a_fold_then_mean_and_standard_error(run: Run, folder: Path) -> None:
    make_table().to_csv("t.csv", index=False)
    (folder / "c.yaml").write_text("target: y\nepochs: 3\nignore: [g]\n")
    result = run("cv", "t.csv", "-c", "c.yaml", "--folds", "3")
    lines = result.out.split("\n")
    assert lines[0] == "Error of y"
    assert [line.split()[0] for line in lines[1:-1]] == ["fold", "1", "2", "3", "mean", "±"]
    assert result.err == "Next: nntrain fit t.csv --config c.yaml\n"


def test_predictions_stay_beside_their_rows_when_some_have_no_target(
    run: Run, folder: Path
) -> None:
    frame = make_table()
    frame.loc[[0, 10, 59], "y"] = np.nan
    frame.to_csv("t.csv", index=False)
    (folder / "c.yaml").write_text("target: y\nepochs: 0\nmissing_target: skip\nignore: [g]\n")
    result = run(
        "cv", "t.csv", "-c", "c.yaml", "--ordered", "-o", "folds.csv", "-q", "--folds", "2"
    )
    assert result.code == 0
    written = pd.read_csv("folds.csv")
    assert len(written) == 60
    blank = written["predicted_y"].isna().to_numpy()
    kept = np.flatnonzero(frame["y"].notna())
    assert blank[[0, 10, 59]].all()
    assert not blank[kept[19:]].any()
    assert blank[kept[:19]].all()


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--folds", "99"], 3, "t.csv: has 60 rows, too few for these folds, which take 99 or more; "
         "use fewer --folds"),
        (["--folds", "8", "--group", "g"], 3, "t.csv: has 7 groups, too few for these folds, which "
         "take 8 or more; use fewer --folds"),
        (["--folds", "60", "--ordered"], 3, "t.csv: has 60 rows, too few for these folds, which take "
         "61 or more; use fewer --folds"),
        (["--group", "g", "--ordered"], 2, "--group and --ordered cut the rows in two ways; use one "
         "of them"),
        (["--group", "h"], 3, "t.csv: has no column 'h', named under --group; it has 'x', 'g', 'y'"),
        (["-o", "t.csv"], 2, "--output t.csv would overwrite an input of this run"),
    ],
)  # fmt: skip
def test_what_cannot_be_cross_validated_is_explained(
    run: Run, folder: Path, options: list[str], code: int, message: str
) -> None:
    make_table().to_csv("t.csv", index=False)
    (folder / "c.yaml").write_text("target: y\n")
    result = run("cv", "t.csv", "-c", "c.yaml", *options)
    assert (result.code, result.out, result.err) == (code, "", f"Error: {message}\n")
