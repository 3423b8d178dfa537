"""`nntrain predict` as it is installed: rows in, predictions out, in order."""

from __future__ import annotations

import io
import os
import pty
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.command import COMMAND, ROOT, Result, Run, environment

import nntrain

TABLE = ROOT / "sample_data/concrete.csv"
MIXED = "size,color,price\n" + "".join(
    f"{i if i % 4 else ''},{'red' if i % 3 else 'blue'},{2 * i + i % 3}\n" for i in range(1, 40)
)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model of numbers alone, one of mixed columns, and one of two targets."""
    folder = tmp_path_factory.mktemp("models")
    concrete = nntrain.Config(target=("strength_mpa",), epochs=20)
    nntrain.fit(TABLE, concrete).save(folder / "model.npz")
    (folder / "mixed.csv").write_text(MIXED)
    mixed = nntrain.Config(target=("price",), epochs=5)
    nntrain.fit(folder / "mixed.csv", mixed).save(folder / "mixed.npz")
    energy = nntrain.Config(target=("heating_load", "cooling_load"), epochs=2)
    nntrain.fit(ROOT / "sample_data/energy.csv", energy).save(folder / "energy.npz")
    return folder


@pytest.fixture
def predict(run: Run, folder: Path, models: Path) -> Run:
    """`nntrain predict` in a folder with the models."""
    for path in models.iterdir():
        (folder / path.name).symlink_to(path)

    def run_predict(*arguments: str, stdin: str | bytes = b"") -> Result:
        return run("predict", *arguments, stdin=stdin)

    return run_predict


def test_predictions_come_as_csv_that_reads_back_to_the_same_doubles(predict: Run) -> None:
    result = predict("sample_data/concrete.csv")
    assert (result.code, result.err) == (0, "")
    lines = result.out.split("\n")
    assert lines[0] == "predicted_strength_mpa"
    assert (len(lines), lines[-1]) == (1032, "")
    expected = nntrain.load_model("model.npz").predict(TABLE)
    assert [float(line) for line in lines[1:-1]] == expected["predicted_strength_mpa"].tolist()
    assert all(repr(float(line)) == line for line in lines[1:-1])


def test_standard_input_is_the_default(predict: Run) -> None:
    from_file = predict("sample_data/concrete.csv")
    assert predict(stdin=TABLE.read_bytes()) == from_file
    assert predict("-", stdin=TABLE.read_bytes()) == from_file


def test_an_output_file_holds_what_stdout_would(predict: Run, folder: Path) -> None:
    result = predict("sample_data/concrete.csv", "--output", "p.csv")
    assert (result.code, result.out, result.err) == (0, "", "")
    assert (folder / "p.csv").read_text() == predict("sample_data/concrete.csv").out
    assert not list(folder.glob("*.tmp"))


def test_several_targets_are_several_columns_and_the_prefix_can_be_changed(predict: Run) -> None:
    result = predict("sample_data/energy.csv", "-m", "energy.npz", "--prefix", "")
    frame = pd.read_csv(io.StringIO(result.out))
    assert list(frame.columns) == ["heating_load", "cooling_load"]
    assert len(frame) == 768


def test_order_and_extra_columns_change_nothing(predict: Run, folder: Path) -> None:
    frame = pd.read_csv(TABLE, dtype=str)
    frame = frame[sorted(frame.columns)].drop(columns="strength_mpa")
    frame.insert(3, "note", 'said "no", twice')
    frame.to_csv("other.csv", index=False, sep=";", lineterminator="\r\n", encoding="utf-8-sig")
    assert predict("other.csv") == predict("sample_data/concrete.csv")


def test_a_decimal_comma_and_a_delimiter_can_be_named(predict: Run, folder: Path) -> None:
    frame = pd.read_csv(TABLE)
    frame.to_csv("comma.csv", index=False, sep="|", decimal=",")
    result = predict("comma.csv", "--delimiter", "|", "--decimal", ",")
    assert result == predict("sample_data/concrete.csv")


def test_an_empty_table_gives_the_header_alone(predict: Run) -> None:
    header = TABLE.read_text().split("\n")[0]
    result = predict(stdin=header)
    assert (result.code, result.out, result.err) == (0, "predicted_strength_mpa\n", "")


def test_missing_cells_and_new_categories_are_counted(predict: Run) -> None:
    result = predict("-m", "mixed.npz", stdin="color,size\ngreen,1\nred,\nred,NA\nRED,4\n")
    assert result.code == 0
    assert len(result.out.split("\n")) == 6
    assert result.err == (
        "Note: missing cells taken as the training mean: 2 in 'size'\n"
        "Note: cells of a category not seen in training: 2 in 'color'\n"
    )
    quiet = predict("-m", "mixed.npz", "-q", stdin="color,size\ngreen,1\n")
    assert (quiet.code, quiet.err) == (0, "")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("color,size\nred,big\n", "standard input, line 2, column 'size': expects a number, found "
         "'big'; correct the cell, or leave it empty if it is missing"),
        ("color,size\nred,1\nred,-inf\n", "standard input, line 3, column 'size': the number is "
         "infinite or too large for a double; correct it, or leave the cell empty if it is missing"),
        ("color,sise\nred,1\n", "standard input: has no column 'size', which the model needs; did "
         "you mean 'sise'?"),
        ('{"color": "red", "sise": 1}\n', "standard input: has no column 'size', which the model needs; "
         "did you mean 'sise'?"),
        ("color:size\nred:1\n", "standard input: has no column 'size', which the model needs; its header "
         "line was read as one column, 'color:size'; if ':' separates the cells, name it: "
         "--delimiter, or delimiter in a config"),
        ("color,size\nred\n", "standard input, line 2: has 1 cell, the header has 2. Correct the "
         "line; a cell that holds the delimiter must stand in double quotes"),
        ("color,size\nred,1,2\n", "standard input, line 2: has 3 cells, the header has 2. Correct "
         "the line; a cell that holds the delimiter must stand in double quotes"),
        ("color,size,size\nred,1,2\n", "standard input: the header names 'size' more than once, as "
         "columns 2, 3; rename one"),
        ("", "standard input: is empty; expects a header line with the names of the columns"),
    ],
)  # fmt: skip
def test_a_table_that_does_not_fit_the_model_says_where(
    predict: Run, table: str, message: str
) -> None:
    result = predict("-m", "mixed.npz", stdin=table)
    assert (result.code, result.out, result.err) == (3, "", f"Error: {message}\n")


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["-m", "none.npz"], 4, "none.npz: there is no such model file; make one with `nntrain fit`, "
         "or name another with --model"),
        (["-m", "mixed.csv"], 4, "mixed.csv: is not a model file, or damaged: File is not a zip file"),
        (["-o", "none/p.csv"], 7, "none/p.csv: cannot be written: No such file or directory"),
        (["-o", "model.npz"], 2, "--output model.npz would overwrite an input of this run"),
        (["--delimiter", "ab"], 2, "--delimiter expects one character, such as , or ; or tab, found "
         "'ab'"),
        (["none.csv"], 3, "none.csv: cannot be read: No such file or directory"),
    ],
)  # fmt: skip
def test_files_and_options_that_cannot_be_used_are_explained(
    predict: Run, options: list[str], code: int, message: str
) -> None:
    result = predict(*options, stdin="a\n1\n")
    assert (result.code, result.out, result.err) == (code, "", f"Error: {message}\n")


def test_a_bad_row_late_in_the_input_leaves_no_half_written_file(
    predict: Run, folder: Path
) -> None:
    (folder / "p.csv").write_text("older")
    rows = "red,1\n" * 1_000_000
    result = predict("-m", "mixed.npz", "-o", "p.csv", stdin=f"color,size\n{rows}red,x\n")
    assert result.code == 3
    assert result.err.startswith("Error: standard input, line 1000002, column 'size': expects")
    assert (folder / "p.csv").read_text() == "older"
    assert not list(folder.glob("*.tmp"))


def test_a_terminal_as_standard_input_is_refused_at_once(folder: Path) -> None:
    ours, theirs = pty.openpty()
    for command in (["predict"], ["fit", "-", "-c", "configs/concrete.yaml"]):
        done = subprocess.run(
            [COMMAND, *command], stdin=theirs, capture_output=True, text=True, timeout=60,
            env=environment(), check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert done.stderr == (
            "Error: standard input is a terminal; name a table (nntrain "
            f"{command[0]} data.csv) or pipe one in\n"
        )
    os.close(ours)
    os.close(theirs)


def test_a_closed_pipe_downstream_ends_quietly(predict: Run, folder: Path) -> None:
    lines = TABLE.read_text().split("\n")
    (folder / "long.csv").write_text("\n".join([lines[0], *(lines[1:-1] * 300)]) + "\n")
    done = subprocess.run(
        ["bash", "-c", f"{COMMAND} predict long.csv | head -n 1; echo ${{PIPESTATUS[@]}}"],
        capture_output=True, text=True, env=environment(), check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("predicted_strength_mpa\n0 0\n", "")


def test_a_row_is_answered_before_the_next_arrives(predict: Run) -> None:
    process = subprocess.Popen(
        [COMMAND, "predict", "-m", "mixed.npz"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(),
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    process.stdin.write(b"color,size\nred,1\n")
    process.stdin.flush()
    answers = [process.stdout.readline(), process.stdout.readline()]
    process.stdin.write(b"blue,2\n")
    process.stdin.flush()
    answers.append(process.stdout.readline())
    process.stdin.close()
    assert process.wait(60) == 0
    process.stdout.close()
    model = nntrain.load_model("mixed.npz")
    both = model.predict(pd.DataFrame({"color": ["red", "blue"], "size": [1.0, 2.0]}))
    deviation = model.preprocessing.targets[0].scale
    numbers = [float(answer) for answer in answers[1:]]
    assert np.abs(numbers - both["predicted_price"].to_numpy()).max() <= 1e-12 * deviation
