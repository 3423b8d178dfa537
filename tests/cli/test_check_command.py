"""`nntrain check`: a verdict on a table that agrees with what fit and predict then do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.command import Result as Ended
from support.command import Run

import nntrain
from nntrain.cli.main import main
from nntrain.stats.drift import measure_drift

TABLE = """\
size,color,dead,note,w,price
1,red,x,a,1,2
2,blue,x,b,1,3
,red,x,c,2,5
4,grey,x,d,0.5,9
"""
YAML = "target: price\nignore: [note]\nweight: w\nepochs: 2\n"
NEW = "color,more,size\nred,1,9\ngreen,2,big\ngreen,3,-1\n,4,\nblue,5,inf\n"
KEYS = [
    "name", "use", "type", "example", "missing", "new_categories", "outside_range", "far_outside_range", "bad",
    "drift", "drift_limit",
]  # fmt: skip


@pytest.fixture
def table(run: Run, folder: Path) -> None:
    """`t.csv`, its config `c.yaml` and the model `model.npz` that fit makes of them."""
    (folder / "t.csv").write_text(TABLE)
    (folder / "c.yaml").write_text(YAML)
    (folder / "new.csv").write_text(NEW)
    nntrain.fit("t.csv", nntrain.load_config("c.yaml")).save("model.npz")


def column(name: str, kind: str, use: str = "feature", **unusual: Any) -> dict[str, Any]:
    plain = {
        "example": "", "missing": 0, "new_categories": {}, "outside_range": 0, "far_outside_range": 0, "bad": 0,
        "drift": None, "drift_limit": None,
    }  # fmt: skip
    return {"name": name, "use": use, "type": kind, **plain, **unusual}


def drift(training: list[int], others: list[int]) -> dict[str, Any]:
    """The drift of one of two columns, from its counts by bins."""
    measured = measure_drift(training, others, 2)
    return {"drift": measured.index, "drift_limit": measured.limit}


@pytest.mark.usefixtures("table")
def test_the_whole_verdict_for_a_config(run: Run) -> None:
    assert run("check", "t.csv", "--config", "c.yaml") == Ended(
        0,
        "column  use       kind                   such as  missing\n"
        "size    feature   number                 1              1\n"
        "color   feature   category, 3 different  red            -\n"
        "dead    feature   category, 1 different  x              -\n"
        "note    left out  category, 4 different  a              -\n"
        "w       weight    number                 0.5            -\n"
        "price   target    number                 2              -\n"
        "Warning: left out the column 'dead': it is constant\n"
        "Warning: missing cells taken as the training mean: 1 in 'size'\n"
        "nntrain fit would work on this table: 4 rows, 2 warnings.\n",
        "Next: nntrain fit t.csv --config c.yaml\n",
    )


@pytest.mark.usefixtures("table")
def test_the_verdict_for_a_config_as_json(run: Run) -> None:
    result = run("check", "t.csv", "-c", "c.yaml", "--json")
    assert (result.code, result.err, result.out.count("\n")) == (0, "", 1)
    found = json.loads(result.out)
    assert list(found) == ["works", "rows", "columns", "warnings", "error"]
    assert [list(each) for each in found["columns"]] == [KEYS] * 6
    assert found == {
        "works": True,
        "rows": 4,
        "columns": [
            column("size", "number", example="1", missing=1),
            column("color", "category, 3 different", example="red"),
            column("dead", "category, 1 different", example="x"),
            column("note", "category, 4 different", "left out", example="a"),
            column("w", "number", "weight", example="0.5"),
            column("price", "number", "target", example="2"),
        ],
        "warnings": [
            "left out the column 'dead': it is constant",
            "missing cells taken as the training mean: 1 in 'size'",
        ],
        "error": "",
    }


@pytest.mark.usefixtures("table")
def test_the_whole_verdict_for_a_model(run: Run, folder: Path) -> None:
    (folder / "new.csv").write_text("color,more,size\nred,1,9\ngreen,2,3\ngreen,3,-1\n,4,\n")
    assert run("check", "new.csv", "--model", "model.npz") == Ended(
        0,
        "column  kind               new categories       missing  out of range  bad  drift\n"
        "size    number             -                          1             2    -   0.27\n"
        "color   category, 3 known  'green' (2), '' (1)        -             -    -   1.42\n"
        "Warning: 'size': 2 numbers outside the range of training, 1 to 4; 1 of them further "
        "than it is wide\n"
        "Warning: 'color': 3 cells of 2 categories not seen in training\n"
        "nntrain predict would work on this table: 4 rows, 2 warnings.\n",
        "Next: nntrain predict new.csv\n",
    )


@pytest.mark.usefixtures("table")
def test_the_verdict_for_a_model_as_json(run: Run) -> None:
    result = run("check", "new.csv", "-m", "model.npz", "--json")
    error = (
        "new.csv, line 3, column 'size': expects a number, found 'big'; correct the cell, or leave it "
        "empty if it is missing"
    )
    assert (result.code, result.err) == (3, f"Error: {error}\n")
    found = json.loads(result.out)
    assert list(found) == ["works", "rows", "columns", "warnings", "error"]
    assert found == {
        "works": False,
        "rows": 5,
        "columns": [
            column(
                "size",
                "number",
                missing=1,
                outside_range=2,
                far_outside_range=1,
                bad=2,
                **drift([1, 1, 1, 1], [1, 0, 1, 1]),
            ),
            column(
                "color",
                "category, 3 known",
                new_categories={"green": 2, "": 1},
                **drift([1, 1, 2, 0], [0, 0, 1, 2]),
            ),
        ],
        "warnings": [
            "'size': 2 numbers outside the range of training, 1 to 4; 1 of them further than it is wide",
            "'color': 3 cells of 2 categories not seen in training",
        ],
        "error": error,
    }


@pytest.mark.usefixtures("table")
def test_what_would_not_work_is_printed_with_the_first_reason(run: Run) -> None:
    result = run("check", "new.csv", "-m", "model.npz")
    assert result.code == 3
    assert result.out.splitlines()[-1] == "nntrain predict would not work on this table."
    assert result.out.splitlines()[1].split() == ["size", "number", "-", "1", "2", "2", "0.16"]
    assert result.err == (
        "Error: new.csv, line 3, column 'size': expects a number, found 'big'; correct the cell, or "
        "leave it empty if it is missing\n"
    )


@pytest.mark.usefixtures("table")
def test_many_new_categories_are_shown_in_part_and_listed_in_json(run: Run, folder: Path) -> None:
    rows = "".join(f"c{i},1\n" * (i + 1) for i in range(8))
    (folder / "new.csv").write_text("color,size\n" + rows)
    result = run("check", "new.csv", "-m", "model.npz")
    assert result.out.splitlines()[2].split(maxsplit=4)[4].rsplit(maxsplit=4)[0] == (
        "'c0' (1), 'c1' (2), 'c2' (3), 'c3' (4), 'c4' (5), 3 more"
    )
    found = json.loads(run("check", "new.csv", "-m", "model.npz", "--json").out)
    assert found["columns"][1]["new_categories"] == {f"c{i}": i + 1 for i in range(8)}


@pytest.mark.usefixtures("table")
def test_missing_cells_warn_only_where_training_had_none(run: Run, folder: Path) -> None:
    (folder / "full.csv").write_text(TABLE.replace("\n,red", "\n3,red"))
    nntrain.fit("full.csv", nntrain.load_config("c.yaml")).save("full.npz")
    (folder / "new.csv").write_text("size,color\n,red\n2,red\nNA,red\n")
    seen = json.loads(run("check", "new.csv", "-m", "model.npz", "--json").out)
    unseen = json.loads(run("check", "new.csv", "-m", "full.npz", "--json").out)
    assert [each["missing"] for each in seen["columns"]] == [2, 0]
    assert [each["missing"] for each in unseen["columns"]] == [2, 0]
    assert seen["warnings"] == []
    assert unseen["warnings"] == [
        "'size': 2 missing cells, none in training; taken as the training mean"
    ]


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    ("arguments", "code", "err"),
    [
        (["t.csv", "-c", "c.yaml"], 6, "Error: --strict: 2 warnings\n"),
        (["t.csv", "-c", "c.yaml", "--json"], 6, "Error: --strict: 2 warnings\n"),
        (["one.csv", "-m", "model.npz", "-q"], 6, "Error: --strict: 1 warning\n"),
        (["clean.csv", "-m", "model.npz"], 0, "Next: nntrain predict clean.csv\n"),
        (["clean.csv", "-m", "model.npz", "--json"], 0, ""),
        (["new.csv", "-m", "model.npz"], 3, "Error: new.csv, line 3, column 'size': expects a "
         "number, found 'big'; correct the cell, or leave it empty if it is missing\n"),
    ],
)  # fmt: skip
def test_strict_turns_any_warning_into_exit_code_6(
    run: Run, folder: Path, arguments: list[str], code: int, err: str
) -> None:
    (folder / "one.csv").write_text("size,color\n5,red\n")
    (folder / "clean.csv").write_text("size,color\n2,red\n1,grey\n")
    result = run("check", *arguments, "--strict")
    assert (result.code, result.err) == (code, err)
    assert result.out == run("check", *arguments).out


@pytest.mark.usefixtures("table")
def test_overrides_are_part_of_the_config(run: Run) -> None:
    result = run("check", "t.csv", "-c", "c.yaml", "--set", "features=[size]", "--json")
    uses = {each["name"]: each["use"] for each in json.loads(result.out)["columns"]}
    assert uses == {
        "size": "feature",
        "color": "not used",
        "dead": "not used",
        "note": "left out",
        "w": "weight",
        "price": "target",
    }


@pytest.mark.usefixtures("table")
def test_the_next_command_reads_the_table_and_sets_keys_as_this_one_did(
    run: Run, folder: Path
) -> None:
    (folder / "tabs.csv").write_text(TABLE.replace(",", "\t").replace("4\tgrey", "4,5\tgrey"))
    predict = run("check", "tabs.csv", "-m", "model.npz", "--delimiter", "tab", "--decimal", ",")
    assert predict.err == "Next: nntrain predict tabs.csv --delimiter tab --decimal ,\n"
    fit = run(
        "check", "t.csv", "-c", "c.yaml", "--set", "epochs=3", "--set", "ignore=[note, color]"
    )
    assert fit.err == (
        "Next: nntrain fit t.csv --config c.yaml --set epochs=3 --set 'ignore=[note, color]'\n"
    )


@pytest.mark.usefixtures("table")
def test_a_column_listed_as_categorical_holds_categories(run: Run) -> None:
    result = run("check", "t.csv", "-c", "c.yaml", "-s", "categorical=[size]", "--json")
    assert json.loads(result.out)["columns"][0]["type"] == "category, 3 different"


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "check needs either --config, for fit, or --model, for predict"),
        (["-c", "c.yaml", "-m", "model.npz"], "check needs either --config, for fit, or --model, for "
         "predict"),
        (["-m", "model.npz", "--set", "epochs=3"], "--set goes with --config"),
        (["-c", "c.yaml", "--delimiter", "|"], "--delimiter, --decimal and --encoding go with "
         "--model; with --config they are keys of it, as in --set delimiter=tab"),
        (["-c", "c.yaml", "--decimal", ","], "--delimiter, --decimal and --encoding go with "
         "--model; with --config they are keys of it, as in --set delimiter=tab"),
        (["-c", "c.yaml", "--set", "epoch=3"], "--set epoch=3: unknown key 'epoch': did you mean "
         "epochs?"),
        (["-c", "none.yaml"], "none.yaml: there is no such config; `nntrain init` makes one for a table"),
    ],
)  # fmt: skip
def test_a_call_that_makes_no_sense_is_explained(
    run: Run, options: list[str], message: str
) -> None:
    assert run("check", "t.csv", *options) == Ended(2, "", f"Error: {message}\n")


@pytest.mark.usefixtures("table")
def test_a_missing_table_and_a_missing_model_have_their_exit_codes(run: Run) -> None:
    assert run("check", "none.csv", "-c", "c.yaml") == Ended(
        3, "", "Error: none.csv: cannot be read: No such file or directory\n"
    )
    assert run("check", "t.csv", "-m", "none.npz") == Ended(
        4,
        "",
        "Error: none.npz: there is no such model file; make one with `nntrain fit`, or name another "
        "with --model\n",
    )


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("option", [["-c", "c.yaml"], ["-m", "model.npz"]], ids=["fit", "predict"])
@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, "bad.csv: cannot be read: No such file or directory"),
        ("", "bad.csv: is empty; expects a header line with the names of the columns"),
        (TABLE + "5,red,x,e,1\n", "bad.csv, line 6: has 5 cells, the header has 6. Correct the line; a "
         "cell that holds the delimiter must stand in double quotes"),
        (TABLE + '5,"red\n', "bad.csv, line 6: a quoted cell opens in this record and never ends; close "
         "its double quote"),
    ],
    ids=["missing", "empty", "ragged", "quoting"],
)  # fmt: skip
def test_a_table_that_cannot_be_read_is_one_json_object_too(
    run: Run, folder: Path, option: list[str], content: str | None, error: str
) -> None:
    if content is not None:
        (folder / "bad.csv").write_text(content)
    result = run("check", "bad.csv", *option, "--json")
    verdict = {"works": False, "rows": 0, "columns": [], "warnings": [], "error": error}
    assert result == Ended(3, json.dumps(verdict) + "\n", f"Error: {error}\n")
    assert run("check", "bad.csv", *option) == Ended(3, "", f"Error: {error}\n")


ROWS = "".join(f"{i * 7 % 11},{i % 3},{i * 5 % 13}\n" for i in range(30))
FIT_CASES: dict[str, tuple[str, str]] = {
    "a table that works": ("a,b,y\n" + ROWS, "target: y\n"),
    "a target that is not there": ("a,b,z\n" + ROWS, "target: y\n"),
    "a constant target": ("a,y\n1,5\n2,5\n", "target: y\n"),
    "a missing target": ("a,y\n1,5\n2,\n3,4\n", "target: y\n"),
    "a missing target that may be": ("a,y\n1,5\n2,\n3,4\n", "target: y\nmissing_target: skip\n"),
    "no row with a target": ("a,y\n1,\n2,\n", "target: y\nmissing_target: skip\n"),
    "no rows": ("a,y\n", "target: y\n"),
    "a text in the target": ("a,y\n1,5\n2,x\n", "target: y\n"),
    "a text among numbers": ("a,b,y\n" + ROWS + "x,1,2\n", "target: y\n"),
    "an infinite number": ("a,b,y\n" + ROWS + "inf,1,2\n", "target: y\n"),
    "columns that tell nothing": ("a,y\n5,1\n5,2\n", "target: y\n"),
    "too many categories": ("a,y\np,1\nq,2\nr,3\n", "target: y\nmax_categories: 2\n"),
    "a negative weight": ("a,b,y\n" + ROWS + "1,-1,2\n", "target: y\nweight: b\n"),
    "weights that are all zero": ("a,b,y\n1,0,3\n2,0,4\n", "target: y\nweight: b\n"),
    "a number too large for float32": ("a,y\n1e300,1\n2e300,2\n",
                                       "target: y\ndtype: float32\nstandardize: false\n"),
    "a target too large for float32": ("a,y\n1,1e300\n2,2e300\n",
                                       "target: y\ndtype: float32\nstandardize: false\n"),
    "a column twice": ("a,a,y\n1,2,3\n2,3,4\n", "target: y\n"),
    "a column twice that is ignored": ("a,a,b,y\n1,2,3,4\n2,3,5,5\n", "target: y\nignore: [a]\n"),
    "too few cells": ("a,b,y\n1,2,3\n4,5\n", "target: y\n"),
    "rows for validation alone": ("a,y\n1,2\n", "target: y\nvalidation_fraction: 0.9\n"),
    "a text column that starts like numbers": ("a,y\n" + "".join(
        f"{i if i < 40 else 'ab'[i % 2]},{i * 5 % 13}\n" for i in range(80)), "target: y\n"),
}  # fmt: skip


def ended(capfd: pytest.CaptureFixture[str], *arguments: str) -> Ended:
    """How a command ends that runs in this process."""
    code = main(list(arguments))
    return Ended(code, *capfd.readouterr())


def errors(result: Ended) -> list[str]:
    return [line for line in result.err.splitlines() if line.startswith("Error: ")]


@pytest.mark.parametrize("case", FIT_CASES)
def test_check_and_fit_agree(folder: Path, capfd: pytest.CaptureFixture[str], case: str) -> None:
    table, config = FIT_CASES[case]
    (folder / "t.csv").write_text(table)
    (folder / "c.yaml").write_text(config + "epochs: 1\n")
    checked = ended(capfd, "check", "t.csv", "-c", "c.yaml")
    fitted = ended(capfd, "fit", "t.csv", "-c", "c.yaml")
    assert (checked.code, errors(checked)) == (fitted.code, errors(fitted))
    verdict = "would work" if fitted.code == 0 else "would not work"
    assert verdict in checked.out or case == "too few cells"


PREDICT_CASES = {
    "a table that works": "size,color\n1,red\n",
    "more columns in another order": "x,color,size\n9,red,1\n",
    "no rows": "size,color\n",
    "a feature that is not there": "size\n1\n",
    "a feature twice": "size,size,color\n1,2,red\n",
    "a text where a number belongs": "size,color\n1,red\nx,red\n",
    "an infinite number": "size,color\n1,red\n1e999,red\n",
    "too few cells": "size,color\n1,red\n1\n",
    "a number that leaves no finite prediction": "size,color\n1e300,red\n",
}


@pytest.mark.parametrize("case", PREDICT_CASES)
def test_check_and_predict_agree(
    folder: Path, capfd: pytest.CaptureFixture[str], case: str
) -> None:
    config = nntrain.Config(target=("price",), hidden_layers=(), standardize=False, alpha=1e-9)
    frame = pd.DataFrame({"size": [1.0, 2.0, 4.0], "color": ["red", "blue", "red"]})
    nntrain.fit(frame.assign(price=np.array([1e18, 2e18, 3e18])), config).save("model.npz")
    (folder / "t.csv").write_text(PREDICT_CASES[case])
    checked = ended(capfd, "check", "t.csv", "-m", "model.npz")
    predicted = ended(capfd, "predict", "t.csv", "-o", "p.csv")
    assert checked.code == predicted.code
    assert len(errors(checked)) == len(errors(predicted)) == (predicted.code == 3)


@pytest.mark.usefixtures("table")
def test_check_writes_nothing_and_reads_standard_input(run: Run, folder: Path) -> None:
    before = sorted(path.name for path in folder.iterdir())
    named, piped = run("check", "t.csv", "-c", "c.yaml"), run("check", "-c", "c.yaml", stdin=TABLE)
    assert (piped.code, piped.out, piped.err) == (0, named.out, "")
    to_predict = run("check", "-", "-m", "model.npz", stdin="size;color\n1,5;red\n")
    assert to_predict.err == (
        "Error: standard input, line 2, column 'size': expects a number, found '1,5'; correct the "
        "cell, or leave it empty if it is missing; is the decimal mark a comma (--decimal, or decimal "
        "in a config)?\n"
    )
    comma = run("check", "-m", "model.npz", "--decimal", ",", stdin="size;color\n1,5;red\n")
    assert (comma.code, comma.err) == (0, "")
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.usefixtures("table")
def test_several_files_are_checked_as_one(run: Run, folder: Path) -> None:
    (folder / "a.csv").write_text("size,color\n1,red\n7,green\n")
    (folder / "b.csv").write_text("color,size\ngreen,0\n")
    result = run("check", "a.csv", "b.csv", "-m", "model.npz", "--json")
    found = json.loads(result.out)
    assert (result.code, found["rows"]) == (0, 3)
    assert found["columns"] == [
        column("size", "number", outside_range=2, **drift([1, 1, 1, 1], [2, 0, 1, 0])),
        column(
            "color",
            "category, 3 known",
            new_categories={"green": 2},
            **drift([1, 1, 2, 0], [0, 0, 1, 2]),
        ),
    ]


def test_a_column_that_drifts_is_a_warning_with_what_there_is_more_of(
    run: Run, folder: Path
) -> None:
    table = pd.read_csv("sample_data/concrete.csv")
    nntrain.fit(table, nntrain.load_config("configs/mini-batch.yaml", ["epochs=1"])).save(
        folder / "model.npz"
    )
    table[table["age_days"] < 28].to_csv("young.csv", index=False)
    result = run("check", "young.csv", "-m", "model.npz")
    same = run("check", "sample_data/concrete.csv", "-m", "model.npz", "--strict")
    assert (same.code, "Warning" in same.out) == (0, False)
    assert [line for line in result.out.splitlines() if line.startswith("Warning")] == [
        "Warning: 'age_days': the distribution differs from training's (population stability index "
        "4.29, limit 0.25): 100 % of cells are below 20, 31 % in training",
    ]
    strict = run("check", "young.csv", "-m", "model.npz", "--strict")
    assert (strict.code, strict.err) == (6, "Error: --strict: 1 warning\n")
