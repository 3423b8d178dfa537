"""Rows of weight 0 count for nothing: a model made without them is the same, byte for byte."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.command import Run

import nntrain
from nntrain.data.preprocessing.typed_table import read_typed
from nntrain.data.readers import csv_records
from nntrain.data.readers.open import open_table
from nntrain.errors import DataError
from nntrain.evaluation.cross_validation import FoldRun, make_folds
from nntrain.evaluation.importance import explain
from nntrain.model.seen_rows import SeenRows
from nntrain.report.measure import measure_report
from nntrain.training.options import column_roles, read_options
from nntrain.training.prepare import read_training_table
from nntrain.training.reproduce import Reproduction

CONFIG = nntrain.Config(target=("y",), weight="w", epochs=4, engine="numpy")
CONFIGS = {
    "plain": CONFIG,
    "bins": replace(CONFIG, numeric_encoding="piecewise_linear", bins=5, clamp_predictions=True),
    "log": replace(CONFIG, target_transform="log", missing_target="skip", dtype="float32"),
    "validation": replace(CONFIG, validation_fraction=0.2, keep="best", patience=3),
    "intervals": replace(CONFIG, validation_fraction=0.2, calibration_fraction=0.3),
    "ensemble": replace(CONFIG, ensemble=3, validation_fraction=0.3, calibration_fraction=0.3),
}
UNLIKE: dict[str, dict[str, Any]] = {
    "far": {"a": 1e6, "b": -1e9, "y": 1e5},
    "another category": {"c": "purple", "g": "z"},
    "missing": {"a": "", "y": ""},
    "texts": {"a": "none", "b": "x", "y": "?"},
    "infinite": {"a": "inf", "y": "inf"},
    "not positive": {"y": -3.0},
}
"""What the rows of weight 0 hold; nothing of it may be seen."""


def lines(n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"a": rng.normal(size=n).round(4), "b": rng.random(n).round(4)})
    table["c"], table["g"] = rng.choice(["red", "blue"], n), rng.choice(["u", "v", "w"], n)
    table["y"] = (3 + table["a"] + 2 * table["b"]).abs() + 0.1
    table["w"] = rng.choice([0.5, 1.0, 2.5], n)
    return table.astype(object)


def with_weightless(cells: dict[str, Any], every: int = 3) -> pd.DataFrame:
    """The table with rows of weight 0 among the others, the first and the last of all too."""
    table = lines()
    more = table.iloc[::every].assign(w=0, **cells)
    more.index = more.index - 0.5
    last = more.iloc[:1].set_axis([1000])
    return pd.concat([table, more, last]).sort_index()


def written(folder: Path, table: pd.DataFrame, name: str) -> Path:
    table.to_csv(folder / name, index=False)
    return folder / name


def bytes_of(model: nntrain.Model, folder: Path) -> bytes:
    model.save(folder / "model.npz")
    return (folder / "model.npz").read_bytes()


@pytest.fixture(params=[1, 1 << 20], ids=["row by row", "at once"])
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_records, "BLOCK_BYTES", request.param)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("cells", UNLIKE.values(), ids=UNLIKE)
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_a_model_does_not_know_of_them(
    config: nntrain.Config, cells: dict[str, Any], tmp_path: Path
) -> None:
    without = nntrain.fit(written(tmp_path, lines(), "without.csv"), config)
    model = nntrain.fit(written(tmp_path, with_weightless(cells), "with.csv"), config)
    assert bytes_of(model, tmp_path) == bytes_of(without, tmp_path)


def test_a_comparison_of_bytes_sees_a_row_of_little_weight(tmp_path: Path) -> None:
    table = with_weightless(UNLIKE["far"])
    expected = bytes_of(nntrain.fit(lines(), CONFIG), tmp_path)
    table["w"] = table["w"].where(table["w"] > 0, 1e-9)
    assert bytes_of(nntrain.fit(table, CONFIG), tmp_path) != expected


@pytest.mark.parametrize("cells", [UNLIKE["far"], UNLIKE["texts"]], ids=["far", "texts"])
def test_a_validation_table_is_read_without_them(cells: dict[str, Any], tmp_path: Path) -> None:
    validation = written(tmp_path, with_weightless(cells), "v.csv")
    config = replace(CONFIG, keep="best")
    expected = nntrain.fit(lines(), config, validation=lines())
    model = nntrain.fit(lines(), config, validation=validation)
    assert bytes_of(model, tmp_path) == bytes_of(expected, tmp_path)
    started = [nntrain.fit(table, CONFIG, start=expected) for table in (lines(), validation)]
    assert bytes_of(started[0], tmp_path) == bytes_of(started[1], tmp_path)
    none = lines().assign(w=0)
    with pytest.raises(DataError) as caught:
        nntrain.fit(lines(), config, validation=none)
    assert str(caught.value) == "the DataFrame, column 'w': every row weighs 0"


@pytest.mark.parametrize("group", [None, "g"])
@pytest.mark.parametrize("ordered", [False, True])
def test_folds_are_made_without_them(group: str | None, ordered: bool, tmp_path: Path) -> None:
    config = replace(CONFIG, ignore=("g",))
    results = []
    for table in (lines(), with_weightless(UNLIKE["another category"])):
        typed = read_training_table(written(tmp_path, table, "t.csv"), config, group)
        folds = make_folds(typed, 3, config, ordered=ordered and group is None)
        for fold in folds:
            run = FoldRun(typed, config, fold)
            for _ in run.epochs():
                pass
            result = run.result()
            results.append((result.metrics, result.predictions.tobytes(), result.training_rows))
    assert results[:3] == results[3:]


@pytest.mark.parametrize("cells", [UNLIKE["far"], UNLIKE["texts"]], ids=["far", "texts"])
def test_errors_importance_and_reports_are_those_without_them(
    cells: dict[str, Any], tmp_path: Path
) -> None:
    config = replace(CONFIG, calibration_fraction=0.4)
    model = nntrain.fit(lines(), config)
    with_them = written(tmp_path, with_weightless({**cells, "g": "only these"}), "t.csv")
    without = written(tmp_path, lines(), "u.csv")
    found, expected = (
        nntrain.evaluate(model, path, by="g", interval=0.8) for path in (with_them, without)
    )
    assert found.as_dict() == expected.as_dict()
    assert found.targets["y"].rows == 60
    assert explain(model, with_them).as_dict() == explain(model, without).as_dict()
    report, plain = measure_report(model, with_them), measure_report(model, without)
    assert report.seen_rows == found.seen_rows == SeenRows(60, 60, 36)
    assert (report.rows, report.intervals) == (plain.rows, plain.intervals)
    one, other = report.targets["y"], plain.targets["y"]
    assert (one.metrics, one.counts, one.ranges) == (other.metrics, other.counts, other.ranges)
    assert [row.y_true for row in one.worst] == [row.y_true for row in other.worst]
    table = with_weightless(cells)
    for row in one.worst:
        assert float(table.iloc[row.place.number - 2]["y"]) == row.y_true


def test_a_long_run_of_them_before_the_first_row_that_counts_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_records, "BLOCK_BYTES", 1)
    model = nntrain.fit(lines(), CONFIG)
    table = pd.concat([lines().assign(w=0, y="?", a="x"), lines()])
    found = nntrain.evaluate(model, written(tmp_path, table, "t.csv"))
    assert found.as_dict() == nntrain.evaluate(model, lines()).as_dict()


def test_their_number_is_said_and_the_rows_that_are_left_are_known() -> None:
    notes: list[object] = []
    config = replace(CONFIG, missing_target="skip")
    table = with_weightless({"y": ""})
    table["y"] = table["y"].where(np.arange(len(table)) != 1, "")
    with open_table(table, read_options(config, twice=True)) as source:
        typed = read_typed(source, column_roles(config), notes.append)
    assert list(map(str, notes)) == [
        "the DataFrame: left out 1 row without a target",
        "the DataFrame: left out 21 rows of weight 0",
        "read as categories: 'c' (2), 'g' (3)",
    ]
    assert typed.kept is not None
    kept = (table["w"] > 0).to_numpy(copy=True)
    kept[1] = False
    assert typed.kept.tolist() == kept.tolist()
    assert len(typed) == 59


def test_a_model_is_reproduced_from_a_table_with_them(tmp_path: Path) -> None:
    path = written(tmp_path, with_weightless(UNLIKE["texts"]), "t.csv")
    reproduction = Reproduction(nntrain.fit(path, CONFIG), path)
    for _ in reproduction.epochs():
        pass
    assert reproduction.difference() == ""


def test_fit_and_cv_say_how_many_rows_they_leave_out(run: Run, folder: Path) -> None:
    written(folder, with_weightless({}), "t.csv")
    (folder / "c.yaml").write_text("target: y\nweight: w\nepochs: 2\nseed: 1\n")
    note = "Note: t.csv: left out 21 rows of weight 0\n"
    result = run("fit", "t.csv", "-c", "c.yaml")
    assert (result.code, note in result.err) == (0, True)
    result = run("cv", "t.csv", "-c", "c.yaml", "-o", "p.csv")
    assert (result.code, note in result.err) == (0, True)
    predictions = (folder / "p.csv").read_text().splitlines()[1:]
    blank = [line == "," for line in predictions]
    assert blank == (with_weightless({})["w"] == 0).tolist()
    result = run("evaluate", "t.csv", "--json")
    assert (result.code, '"rows": 60' in result.out, note in result.err) == (0, True, True)
