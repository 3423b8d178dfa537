"""Several tables as one, JSON lines and Parquet, through the commands."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from support.command import COMMAND, ROOT, Result, Run, environment

TABLE = "sample_data/housing.csv"
OPTIONS = ["-c", "configs/housing.yaml", "--set", "epochs=1", "-q"]


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.read_csv(ROOT / TABLE, dtype=str, keep_default_na=False).head(900)


def test_several_files_are_read_as_one_table(run: Run, folder: Path, frame: pd.DataFrame) -> None:
    frame.to_csv("all.csv", index=False)
    frame[:300].to_csv("a.csv", index=False)
    frame[300:700][frame.columns[::-1]].to_csv("b.csv.gz", index=False, sep=";")
    frame[700:].to_csv("c.csv", index=False)
    assert run("fit", "all.csv", *OPTIONS, "-m", "one.npz").code == 0
    assert run("fit", "a.csv", "b.csv.gz", "c.csv", *OPTIONS, "-m", "three.npz").code == 0
    assert (folder / "one.npz").read_bytes() == (folder / "three.npz").read_bytes()
    alone = run("predict", "all.csv", "-m", "one.npz", "--append")
    assert (
        run("predict", "a.csv", "b.csv.gz", "c.csv", "-m", "one.npz", "--append").out == alone.out
    )


def test_files_of_different_columns_are_refused(run: Run, folder: Path) -> None:
    (folder / "a.csv").write_text("x,y\n1,2\n2,3\n")
    (folder / "b.csv").write_text("x,z\n1,2\n")
    (folder / "c.yaml").write_text("target: y\n")
    result = run("fit", "a.csv", "b.csv", "-c", "c.yaml")
    assert (result.code, result.err) == (
        3,
        "Error: b.csv: has other columns than a.csv: it lacks 'y'; tables read as one must have the "
        "same columns\n",
    )
    twice = run("fit", "-", "-", "-c", "c.yaml")
    assert (twice.code, twice.err) == (
        2,
        "Error: standard input (-) is named twice; it can be read once\n",
    )


def test_json_lines_give_the_same_model_as_the_csv(
    run: Run, folder: Path, frame: pd.DataFrame
) -> None:
    frame.to_csv("t.csv", index=False)
    with (folder / "t.jsonl").open("w") as file:
        for row in frame.to_dict("records"):
            cells = {
                name: cell if name == "ocean_proximity" else float(cell) if cell else None
                for name, cell in row.items()
            }
            if cells["total_bedrooms"] is None:
                del cells["total_bedrooms"]
            file.write(json.dumps(cells) + "\n")
    assert run("fit", "t.csv", *OPTIONS, "-m", "csv.npz").code == 0
    assert run("fit", "t.jsonl", *OPTIONS, "-m", "jsonl.npz").code == 0
    assert (folder / "csv.npz").read_bytes() == (folder / "jsonl.npz").read_bytes()
    assert (
        run("predict", "t.jsonl", "-m", "csv.npz").out
        == run("predict", "t.csv", "-m", "csv.npz").out
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"x": 1, "y": 2}\n{"x": 1\n', "t.jsonl, line 2: is not JSON; expects a JSON object a line"),
        ("[1]\n", "t.jsonl, line 1: expects a JSON object, found another value"),
        ('{"x": [1], "y": 2}\n', "t.jsonl, line 1, key 'x': holds an array, an object or another "
         "value that is neither a number nor a text; give its parts columns of their own, or put "
         "the column under ignore"),
        ('{"x": 1, "y": 2}\n{"x": 3, "x": 3, "y": 2}\n', "t.jsonl, line 2: the key 'x' stands twice "
         "in one object; rename one"),
        ('{\n"x": 1,\n"y": 2}\n', "t.jsonl, line 1: is not JSON; expects each object whole on one "
         "line; convert it: jq -c . FILE"),
        ('{"x": 1, "y": 2}\n{"x": "a\\ud800", "y": 2}\n', "t.jsonl, line 2, key 'x': '\\ud800' is half "
         "of a character, which no UTF-8 text can hold; write the other half too, or remove it"),
        ('{"y": 2, "\\udfff": 1}\n', "t.jsonl, line 1, key '\\udfff': '\\udfff' is half of a character, "
         "which no UTF-8 text can hold; write the other half too, or remove it"),
        ("{}\n", "t.jsonl: has no column 'y', named under target; it has none"),
        ('{"x y": 1}\n', "t.jsonl: has no column 'y', named under target; it has 'x y'"),
        ("", "t.jsonl: is empty; expects a JSON object a line"),
        ('{"x": 1, "y": 2}\n\n{"x": 1, "y": "a"}\n', "t.jsonl, line 3, column 'y': the target must be "
         "a number, found 'a'; correct the cell or choose another target"),
    ],
)  # fmt: skip
def test_json_lines_that_are_wrong_name_their_line(
    run: Run, folder: Path, text: str, message: str
) -> None:
    (folder / "t.jsonl").write_text(text)
    (folder / "c.yaml").write_text("target: y\n")
    result = run("fit", "t.jsonl", "-c", "c.yaml")
    assert (result.code, result.err) == (3, f"Error: {message}\n")


def test_json_lines_in_another_encoding_are_explained(run: Run, folder: Path) -> None:
    (folder / "t.jsonl").write_bytes('{"x": "a", "y": 1}\n{"x": "é", "y": 2}\n'.encode("latin-1"))
    (folder / "c.yaml").write_text("target: y\n")
    assert run("fit", "t.jsonl", "-c", "c.yaml") == Result(
        3,
        "",
        "Error: t.jsonl, line 2: is not UTF-8 text: its byte E9 would be 'é' in Latin-1; say which "
        "it is: --encoding latin-1 or cp1252, or encoding in a config\n",
    )


def test_both_halves_of_a_character_are_a_character(run: Run, folder: Path) -> None:
    (folder / "t.jsonl").write_text('{"x": "\\ud83d\\ude00", "y": 1}\n{"x": "b", "y": 2}\n')
    (folder / "c.yaml").write_text("target: y\nepochs: 1\n")
    assert run("fit", "t.jsonl", "-c", "c.yaml").code == 0
    result = run("predict", "t.jsonl", "--append", "-q")
    assert [line.split(",")[0] for line in result.out.splitlines()] == ["x", "\U0001f600", "b"]


def test_half_a_character_stops_predict_before_anything_is_written(run: Run, folder: Path) -> None:
    (folder / "t.csv").write_text("x,y\n1,1\n2,2\n")
    (folder / "c.yaml").write_text("target: y\nepochs: 1\n")
    assert run("fit", "t.csv", "-c", "c.yaml").code == 0
    (folder / "new.jsonl").write_text('{"x": 1, "note": "\\ud800"}\n')
    assert run("predict", "new.jsonl", "--append") == Result(
        3,
        "",
        "Error: new.jsonl, line 1, key 'note': '\\ud800' is half of a character, which no UTF-8 text "
        "can hold; write the other half too, or remove it\n",
    )


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".jsonl", ".parquet"])
def test_a_missing_file_is_called_the_same_whatever_its_suffix(run: Run, suffix: str) -> None:
    assert run("fit", f"none{suffix}", *OPTIONS) == Result(
        3, "", f"Error: none{suffix}: cannot be read: No such file or directory\n"
    )


def test_parquet_gives_the_same_model_as_the_csv(
    run: Run, folder: Path, frame: pd.DataFrame
) -> None:
    frame.to_csv("t.csv", index=False)
    pd.read_csv("t.csv").to_parquet("t.parquet")
    assert run("fit", "t.csv", *OPTIONS, "-m", "csv.npz").code == 0
    assert run("fit", "t.parquet", *OPTIONS, "-m", "parquet.npz").code == 0
    assert (folder / "csv.npz").read_bytes() == (folder / "parquet.npz").read_bytes()
    (folder / "bad.parquet").write_text("no")
    result = run("fit", "bad.parquet", *OPTIONS)
    assert result.code == 3
    assert result.err.startswith("Error: bad.parquet: cannot be read as Parquet: ")


def test_parquet_without_its_extra_names_the_extra(folder: Path) -> None:
    stub = folder / "stub/pyarrow"
    stub.mkdir(parents=True)
    (stub / "__init__.py").write_text("raise ImportError('absent')")
    (folder / "t.parquet").write_text("")
    done = subprocess.run(
        [COMMAND, "fit", "t.parquet", *OPTIONS],
        capture_output=True, text=True, check=False,
        env=environment() | {"PYTHONPATH": str(folder / "stub")},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (
        2,
        "Error: t.parquet: reading Parquet needs the extra parquet: pip install "
        "'nntrain[parquet]'\n",
    )
