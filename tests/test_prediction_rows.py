"""What `predict` can write beside predictions, in which format, and what it does with bad rows."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from conftest import COMMAND, Result, Run, environment
from hypothesis import given, settings
from hypothesis import strategies as st

import nntrain
from nntrain.cli.main import main

TRAINING = pd.DataFrame({"x": [float(i) for i in range(20)], "y": [2.0 * i for i in range(20)]})
TABLE = 'name,x\n"a, ""b""",1\nplain,2.50\n'
BAD = "name,x\na,1\nb,two\nc,inf\nd\ne,5,6\nf,6\n"


@pytest.fixture(scope="module")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.npz"
    nntrain.fit(TRAINING, nntrain.Config(target="y", epochs=3)).save(path)
    return path


@pytest.fixture
def predict(run: Run, folder: Path, model_path: Path) -> Run:
    (folder / "model.npz").symlink_to(model_path)

    def run_predict(*arguments: str, stdin: str = "") -> Result:
        return run("predict", *arguments, stdin=stdin)

    return run_predict


def predictions(x: list[float]) -> list[str]:
    values = nntrain.load_model("model.npz").predict(pd.DataFrame({"x": x}))
    return [repr(value) for value in values["predicted_y"].tolist()]


def test_append_writes_every_column_as_it_was_then_the_predictions(predict: Run) -> None:
    result = predict("--append", stdin=TABLE)
    one, two = predictions([1.0, 2.5])
    assert (result.code, result.err) == (0, "")
    assert result.out == f'name,x,predicted_y\n"a, ""b""",1,{one}\nplain,2.50,{two}\n'


def test_keep_writes_the_columns_named_in_that_order(predict: Run) -> None:
    result = predict("--keep", "x,name", stdin=TABLE)
    one, two = predictions([1.0, 2.5])
    assert result.out == f'x,name,predicted_y\n1,"a, ""b""",{one}\n2.50,plain,{two}\n'


def test_tsv_and_json_lines_hold_the_same(predict: Run) -> None:
    one, two = predictions([1.0, 2.5])
    tsv = predict("--append", "--format", "tsv", stdin=TABLE)
    assert tsv.out == f'name\tx\tpredicted_y\n"a, ""b"""\t1\t{one}\nplain\t2.50\t{two}\n'
    jsonl = predict("--append", "--format", "jsonl", stdin=TABLE)
    assert [json.loads(line) for line in jsonl.out.splitlines()] == [
        {"name": 'a, "b"', "x": 1, "predicted_y": float(one)},
        {"name": "plain", "x": 2.5, "predicted_y": float(two)},
    ]
    alone = predict("--format", "jsonl", stdin="x\n1\n")
    assert json.loads(alone.out) == {"predicted_y": pytest.approx(float(one), rel=1e-12)}


def test_a_bad_row_is_an_error_unless_it_is_borne(predict: Run) -> None:
    result = predict(stdin=BAD)
    assert (result.code, result.out) == (3, "")
    assert result.err == (
        "Error: standard input, line 5: has 1 cell, the header has 2. Correct the line; a cell that "
        "holds the delimiter must stand in double quotes\n"
    )


def test_skip_leaves_bad_rows_out_and_counts_them(predict: Run) -> None:
    one, six = predictions([1.0, 6.0])
    result = predict("--on-bad-row", "skip", "--append", stdin=BAD)
    assert (result.code, result.out) == (0, f"name,x,predicted_y\na,1,{one}\nf,6,{six}\n")
    assert result.err == "Note: 4 rows that could not be predicted: left out\n"


def test_blank_keeps_bad_rows_without_a_prediction(predict: Run) -> None:
    one, six = predictions([1.0, 6.0])
    appended = predict("--on-bad-row", "blank", "--append", stdin=BAD)
    assert appended.out == (
        f"name,x,predicted_y\na,1,{one}\nb,two,\nc,inf,\nd,,\ne,5,\nf,6,{six}\n"
    )
    assert appended.err == "Note: 4 rows that could not be predicted: left without a prediction\n"
    alone = predict("--on-bad-row", "blank", "-q", stdin=BAD)
    assert alone.out == f'predicted_y\n{one}\n""\n""\n""\n""\n{six}\n'
    assert alone.err == ""
    assert len(pd.read_csv(io.StringIO(alone.out))) == 6
    jsonl = predict("--on-bad-row", "blank", "--format", "jsonl", stdin=BAD)
    assert [json.loads(line)["predicted_y"] is None for line in jsonl.out.splitlines()] == [
        False, True, True, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "table", "message"),
    [
        (["--append"], "x,predicted_y\n1,2\n", "--append would write two columns called "
         "'predicted_y'; give the predictions another name with --prefix"),
        (["--keep", "y", "--prefix", ""], "x,y\n1,2\n", "--keep would write two columns called 'y'; "
         "give the predictions another name with --prefix"),
        (["--keep", "z"], "x,y\n1,2\n", "--keep: DATA has no column 'z'; it has 'x', 'y'"),
        (["--keep", "x", "--append"], "x\n1\n", "--append writes every column; drop it, or drop "
         "--keep"),
    ],
)  # fmt: skip
def test_columns_that_cannot_be_written_are_explained(
    predict: Run, options: list[str], table: str, message: str
) -> None:
    result = predict(*options, stdin=table)
    assert (result.code, result.out, result.err) == (2, "", f"Error: {message}\n")


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8),
        min_size=1,
        max_size=6,
    )
)
def test_append_never_lets_a_cell_break_the_table(model_path: Path, cells: list[str]) -> None:
    folder = model_path.parent
    with (folder / "in.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([["x", "text"], *([1, c] for c in cells)])
    arguments = ["predict", str(folder / "in.csv"), "-m", str(model_path), "--append", "-o"]
    assert main([*arguments, str(folder / "out.csv")]) == 0
    with (folder / "out.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert [row[:2] for row in rows[1:]] == [["1", cell] for cell in cells]
    assert rows[0] == ["x", "text", "predicted_y"]
    assert all(len(row) == 3 for row in rows)


@pytest.fixture
def growing(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`tail -f` of grow.csv into `nntrain predict`."""
    (folder / "grow.csv").write_text("x\n1\n")
    command = f"tail -n +1 -f grow.csv | {COMMAND} predict"
    process = subprocess.Popen(
        ["bash", "-c", command], stdout=subprocess.PIPE, env=environment(), start_new_session=True
    )
    yield process
    subprocess.run(["pkill", "-s", str(process.pid)], check=False)
    process.communicate()


def test_tail_f_is_answered_within_a_second(
    model_path: Path, folder: Path, growing: subprocess.Popen[bytes]
) -> None:
    (folder / "model.npz").symlink_to(model_path)
    assert growing.stdout
    assert growing.stdout.readline() == b"predicted_y\n"
    expected = predictions([1.0, 2.0, 3.0])
    first = float(growing.stdout.readline())
    assert first == pytest.approx(float(expected[0]), rel=1e-12)
    for x, answer in ((2, expected[1]), (3, expected[2])):
        with (folder / "grow.csv").open("a") as file:
            file.write(f"{x}\n")
        began = time.monotonic()
        line = growing.stdout.readline().decode().strip()
        # tail itself looks once a second where it cannot be notified.
        assert time.monotonic() - began < 2.5
        assert float(line) == pytest.approx(float(answer), rel=1e-12)
