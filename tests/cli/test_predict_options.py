"""What `nntrain predict` can do with rows: carry columns along, other formats, bad rows, streams."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import logging
import os
import select
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.command import COMMAND, Result, Run, environment
from support.ensembles import fitted, frame

import nntrain
from nntrain.cli.main import main

HEADER = "size,color,price\n"
TABLE = HEADER + "".join(
    f"{i if i % 4 else ''},{'red' if i % 3 else 'blue'},{2 * i + i % 3}\n" for i in range(1, 40)
)
ROWS = 'note,size,color\n"a, b",1,red\n"said ""hi""",2.50,blue\n"two\nlines",,red\n'
BAD_ROWS = [
    pytest.param("big,red", id="a text where a number belongs"),
    pytest.param("inf,red", id="an infinite number"),
    pytest.param("-1e999,red", id="a number too large for a double"),
    pytest.param("3", id="too few cells"),
    pytest.param("3,red,more", id="too many cells"),
    pytest.param("1e300,red", id="a number too far for a finite prediction"),
]


def far_note(row: str, n_rows: int) -> str:
    """What is said of rows whose number can be read and is too far for a prediction."""
    if not row.startswith("1e300"):
        return ""
    return (
        f"Note: numbers further outside the training range than it is wide: {n_rows} in 'size' "
        f"(training: 1 to 3)\n"
    )


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model of one target and one of two; the second is linear."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "table.csv").write_text(TABLE)
    nntrain.fit(folder / "table.csv", nntrain.Config(target=("price",), epochs=5)).save(
        folder / "model.npz"
    )
    frame = pd.read_csv(folder / "table.csv", keep_default_na=False).assign(tax=range(39))
    two = nntrain.Config(target=("price", "tax"), epochs=2, hidden_layers=())
    nntrain.fit(frame, two).save(folder / "two.npz")
    steep = nntrain.Config(
        target=("price",), epochs=1, hidden_layers=(), standardize=False, alpha=1e-9
    )
    big = pd.DataFrame({"size": [1.0, 2.0, 3.0], "color": ["red", "blue", "red"]})
    nntrain.fit(big.assign(price=[1e18, 2e18, 3e18]), steep).save(folder / "steep.npz")
    return folder


@pytest.fixture
def predict(run: Run, folder: Path, models: Path) -> Run:
    """`nntrain predict` in a folder with the models."""
    for path in models.iterdir():
        (folder / path.name).symlink_to(path)

    def run_predict(*arguments: str, stdin: str | bytes = b"") -> Result:
        return run("predict", *arguments, stdin=stdin)

    return run_predict


def predicted(text: str, model: str = "model.npz") -> list[float]:
    """What the library predicts for a table, of the first target."""
    frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    return nntrain.load_model(model).predict(frame).iloc[:, 0].tolist()


def cells(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_append_writes_every_column_as_it_was_then_the_predictions(predict: Run) -> None:
    result = predict("--append", stdin=ROWS)
    one, two, three = map(repr, predicted(ROWS))
    assert result == Result(
        0,
        "note,size,color,predicted_price\n"
        f'"a, b",1,red,{one}\n"said ""hi""",2.50,blue,{two}\n"two\nlines",,red,{three}\n',
        "Note: missing cells taken as the training mean: 1 in 'size'\n",
    )


def test_append_keeps_a_nameless_column_a_repeated_one_and_the_target(predict: Run) -> None:
    table = ",n,size,n,color,price\n7,a,1,b,red,9\n"
    result = predict("--append", "-q", stdin=table)
    (value,) = predicted("size,color\n1,red\n")
    assert result.out == f",n,size,n,color,price,predicted_price\n7,a,1,b,red,9,{value!r}\n"


def test_append_reads_any_delimiter_and_writes_commas(predict: Run) -> None:
    table = "size;color;note\n1,5;red;a,b\n2;blue;c\n"
    result = predict("--append", "--decimal", ",", stdin=table)
    one, two = map(repr, predicted("size,color\n1.5,red\n2,blue\n"))
    assert result == Result(
        0,
        f'size,color,note,predicted_price\n"1,5",red,"a,b",{one}\n2,blue,c,{two}\n',
        "",
    )


def test_append_reads_a_bom_and_windows_line_ends(predict: Run) -> None:
    table = b"\xef\xbb\xbfsize,color\r\n1,red\r\n2,blue\r\n"
    one, two = map(repr, predicted("size,color\n1,red\n2,blue\n"))
    result = predict("--append", stdin=table)
    assert result.out == f"size,color,predicted_price\n1,red,{one}\n2,blue,{two}\n"


def test_keep_writes_the_columns_named_in_the_order_named(predict: Run) -> None:
    result = predict("--keep", "color,note", "-q", stdin=ROWS)
    one, two, three = map(repr, predicted(ROWS))
    assert result.out == (
        "color,note,predicted_price\n"
        f'red,"a, b",{one}\nblue,"said ""hi""",{two}\nred,"two\nlines",{three}\n'
    )


def test_a_kept_column_may_have_a_comma_in_its_name(predict: Run) -> None:
    result = predict("--keep", '"id, old",color', stdin='"id, old",size,color\n7,1,red\n')
    (value,) = predicted("size,color\n1,red\n")
    assert result.out == f'"id, old",color,predicted_price\n7,red,{value!r}\n'


@pytest.mark.parametrize(
    ("format_name", "delimiter"), [("csv", ","), ("tsv", "\t")], ids=["csv", "tsv"]
)
def test_delimited_formats_read_back_to_the_same_cells_and_doubles(
    predict: Run, format_name: str, delimiter: str
) -> None:
    table = ROWS + '"tab\there, and ""quotes""",4,blue\n'
    result = predict("--append", "--format", format_name, "-q", stdin=table)
    header, *rows = cells(result.out, delimiter)
    assert header == ["note", "size", "color", "predicted_price"]
    assert [row[:3] for row in rows] == cells(table)[1:]
    assert [float(row[3]) for row in rows] == predicted(table)


def test_json_lines_are_an_object_a_row_with_numbers_as_numbers(predict: Run) -> None:
    table = 'note,size,color\n007,1,red\n-1.5e3,+2,"bl""ue"\nNaN,,é\n'
    result = predict("--append", "--format", "jsonl", "-q", stdin=table)
    values = predicted(table)
    assert result.out.count("\n") == 3
    assert [json.loads(line) for line in result.out.splitlines()] == [
        {"note": "007", "size": 1, "color": "red", "predicted_price": values[0]},
        {"note": -1500.0, "size": "+2", "color": 'bl"ue', "predicted_price": values[1]},
        {"note": "NaN", "size": "", "color": "é", "predicted_price": values[2]},
    ]


def test_json_lines_without_columns_hold_the_predictions_alone(predict: Run) -> None:
    result = predict("-m", "two.npz", "--format", "jsonl", stdin="size,color\n1,red\n2,blue\n")
    frame = pd.DataFrame({"size": [1.0, 2.0], "color": ["red", "blue"]})
    expected = nntrain.load_model("two.npz").predict(frame).to_dict("records")
    assert [json.loads(line) for line in result.out.splitlines()] == expected
    assert result.err == ""


@pytest.mark.parametrize(
    ("format_name", "out"), [("csv", "predicted_price\n"), ("tsv", "predicted_price\n"), ("jsonl", "")]
)  # fmt: skip
def test_a_table_without_rows_gives_the_header_alone(
    predict: Run, format_name: str, out: str
) -> None:
    assert predict("--format", format_name, stdin="size,color\n") == Result(0, out, "")


@pytest.mark.parametrize("row", BAD_ROWS)
def test_a_bad_row_is_an_error_by_default(predict: Run, row: str) -> None:
    model = "steep.npz" if row.startswith("1e300") else "model.npz"
    for options in ([], ["--on-bad-row", "error"]):
        result = predict("-m", model, *options, stdin=f"size,color\n1,red\n{row}\n")
        assert (result.code, result.out) == (3, "")
        assert result.err.startswith("Error: standard input, line 3")


@pytest.mark.parametrize("row", BAD_ROWS)
def test_a_bad_row_can_be_left_out_and_is_counted(predict: Run, row: str) -> None:
    model = "steep.npz" if row.startswith("1e300") else "model.npz"
    good = "size,color\n1,red\n2,blue\n"
    table = f"size,color\n{row}\n1,red\n{row}\n2,blue\n"
    result = predict("-m", model, "--on-bad-row", "skip", stdin=table)
    values = "".join(f"{value!r}\n" for value in predicted(good, model))
    assert result == Result(
        0,
        "predicted_price\n" + values,
        far_note(row, 2) + "Note: 2 rows that could not be predicted: left out\n",
    )


@pytest.mark.parametrize("row", BAD_ROWS)
def test_a_bad_row_can_be_left_blank_so_that_every_row_stays_in_its_place(
    predict: Run, row: str
) -> None:
    model = "steep.npz" if row.startswith("1e300") else "model.npz"
    table = f"size,color\n1,red\n{row}\n2,blue\n"
    result = predict("-m", model, "--on-bad-row", "blank", stdin=table)
    one, two = map(repr, predicted("size,color\n1,red\n2,blue\n", model))
    assert result == Result(
        0,
        f'predicted_price\n{one}\n""\n{two}\n',
        far_note(row, 1) + "Note: 1 row that could not be predicted: left without a prediction\n",
    )
    frame = pd.read_csv(io.StringIO(result.out), skip_blank_lines=True)
    assert frame["predicted_price"].isna().tolist() == [False, True, False]


def test_blank_predictions_of_two_targets_are_empty_cells_and_null_in_json(predict: Run) -> None:
    table = "size,color\nbig,red\n"
    options = ["-q", "-m", "two.npz", "--on-bad-row", "blank"]
    assert predict(*options, stdin=table).out == "predicted_price,predicted_tax\n,\n"
    assert json.loads(predict(*options, "--append", "--format", "jsonl", stdin=table).out) == {
        "size": "big",
        "color": "red",
        "predicted_price": None,
        "predicted_tax": None,
    }


def test_quiet_counts_no_bad_rows(predict: Run) -> None:
    result = predict("-q", "--on-bad-row", "skip", stdin="size,color\nbig,red\n")
    assert result == Result(0, "predicted_price\n", "")


def test_a_row_with_too_few_cells_keeps_those_it_has_when_columns_are_carried(
    predict: Run,
) -> None:
    table = "size,color,note\n1\nx,red,n\n2,blue,m\n"
    result = predict("--append", "--on-bad-row", "blank", "-q", stdin=table)
    (value,) = predicted("size,color\n2,blue\n")
    assert cells(result.out) == [
        ["size", "color", "note", "predicted_price"],
        ["1", "", "", ""],
        ["x", "red", "n", ""],
        ["2", "blue", "m", repr(value)],
    ]


def test_bad_rows_count_no_missing_cell_and_no_new_category(predict: Run) -> None:
    table = "size,color\n,green\nbig,green\n3\n"
    result = predict("--on-bad-row", "skip", stdin=table)
    assert result.err == (
        "Note: missing cells taken as the training mean: 1 in 'size'\n"
        "Note: cells of a category not seen in training: 1 in 'color'\n"
        "Note: 2 rows that could not be predicted: left out\n"
    )


def test_broken_quoting_is_an_error_whatever_is_done_with_bad_rows(predict: Run) -> None:
    for choice in ("error", "skip", "blank"):
        result = predict("--on-bad-row", choice, stdin='size,color\n1,"red\n')
        assert (result.code, result.err) == (
            3,
            "Error: standard input, line 2: a quoted cell opens in this record and never ends; "
            "close its double quote\n",
        )


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--append", "--keep", "size"], 2, "--append writes every column; drop it, or drop --keep"),
        (["--append", "--prefix", ""], 2, "--append would write two columns called 'price'; give the "
         "predictions another name with --prefix"),
        (["--keep", "price", "--prefix", ""], 2, "--keep would write two columns called 'price'; "
         "give the predictions another name with --prefix"),
        (["--keep", "colour"], 3, "--keep: DATA has no column 'colour'; did you mean 'color'?"),
        (["--keep", "x"], 3, "--keep: DATA has no column 'x'; it has 'size', 'color', 'price'"),
    ],
)  # fmt: skip
def test_columns_that_cannot_be_carried_are_explained_before_anything_is_written(
    predict: Run, folder: Path, options: list[str], code: int, message: str
) -> None:
    (folder / "out.csv").write_text("older")
    result = predict(*options, "-o", "out.csv", "table.csv")
    assert result == Result(code, "", f"Error: {message}\n")
    assert (folder / "out.csv").read_text() == "older"


@pytest.mark.parametrize(
    ("options", "option"),
    [
        (["--append", "--format", "jsonl"], "--append"),
        (["--keep", "n,n"], "--keep"),
        (["--keep", "n,n", "--format", "jsonl"], "--keep"),
    ],
)
def test_an_object_has_one_value_for_a_name_and_no_column_is_kept_twice(
    predict: Run, options: list[str], option: str
) -> None:
    table = "n,size,n,color\na,1,b,red\n"
    assert predict(*options, stdin=table) == Result(
        2,
        "",
        f"Error: {option} would write two columns called 'n'; name each of those wanted once with "
        "--keep\n",
    )
    kept = predict("--keep", "n", "--format", "jsonl", stdin=table)
    assert json.loads(kept.out)["n"] == "a"


def test_a_second_prediction_appended_needs_another_prefix(predict: Run, folder: Path) -> None:
    assert predict("table.csv", "--append", "-q", "-o", "once.csv").code == 0
    again = predict("once.csv", "--append", "-q")
    assert again == Result(
        2,
        "",
        "Error: --append would write two columns called 'predicted_price'; give the predictions "
        "another name with --prefix\n",
    )
    renamed = predict("once.csv", "--append", "-q", "--prefix", "again_")
    assert renamed.out.split("\n")[0] == "size,color,price,predicted_price,again_price"
    assert all(row[3] == row[4] for row in cells(renamed.out)[1:])


@pytest.mark.parametrize(
    ("option", "value", "known"),
    [("--format", "xml", "'csv', 'tsv', 'jsonl'"), ("--on-bad-row", "drop", "'error', 'skip', 'blank'")],
)  # fmt: skip
def test_an_unknown_choice_lists_the_known_ones(
    predict: Run, option: str, value: str, known: str
) -> None:
    result = predict(option, value, "table.csv")
    assert (result.code, result.out) == (2, "")
    assert f"Error: Invalid value for '{option}': '{value}' is not one of {known}.\n" in result.err


def test_a_carriage_return_alone_survives_append(predict: Run) -> None:
    result = predict("--append", stdin=b'"no\rte",size,color\n"a\rb",1,red\n"\r",2,blue\n')
    one, two = predicted("size,color\n1,red\n2,blue\n")
    assert cells(result.out) == [
        ["no\rte", "size", "color", "predicted_price"],
        ["a\rb", "1", "red", repr(one)],
        ["\r", "2", "blue", repr(two)],
    ]


CELL = st.lists(
    st.sampled_from(['"', ",", "\n", "\r\n", "\r", "\t", ";", " ", "'", "NA"])
    | st.characters(codec="utf-8", exclude_characters="\0"),
    max_size=6,
).map("".join)


@pytest.fixture
def loudness() -> Iterator[None]:
    """Puts back what `--quiet` sets for the whole process."""
    log = logging.getLogger("nntrain")
    level = log.level
    yield
    log.setLevel(level)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(st.tuples(CELL, CELL, st.sampled_from(["1", "2.5", "", "x"])), max_size=6),
    names=st.lists(CELL, min_size=2, max_size=2),
    format_name=st.sampled_from(["csv", "tsv"]),
)
def test_any_cell_survives_append(
    models: Path,
    tmp_path: Path,
    loudness: None,
    rows: list[tuple[str, str, str]],
    names: list[str],
    format_name: str,
) -> None:
    table = io.StringIO(newline="")
    writer = csv.writer(table, quoting=csv.QUOTE_ALL, lineterminator="\n")
    header = [*(f"n{name}" for name in names), "size", "color"]
    given_rows = [[*row, "red"] for row in rows]
    writer.writerows([header, *given_rows])
    source, out = tmp_path / "in.csv", tmp_path / "out"
    source.write_bytes(table.getvalue().encode())
    arguments = ["predict", str(source), "-m", str(models / "model.npz"), "-o", str(out), "-q"]
    options = ["--append", "--delimiter", ",", "--on-bad-row", "blank", "--format", format_name]
    assert main([*arguments, *options]) == 0
    delimiter = "," if format_name == "csv" else "\t"
    written = cells(out.read_bytes().decode(), delimiter)
    assert written[0] == [*header, "predicted_price"]
    assert [row[:-1] for row in written[1:]] == given_rows
    assert [row[-1] == "" for row in written[1:]] == [row[2] == "x" for row in given_rows]


def _line_within(process: subprocess.Popen[bytes], seconds: float) -> bytes:
    """The next line that a process writes."""
    assert process.stdout
    line = b""
    deadline = time.monotonic() + seconds
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([process.stdout], [], [], max(deadline - time.monotonic(), 0))
        assert ready, f"no line within {seconds} s, but {line!r}"
        line += os.read(process.stdout.fileno(), 1)
    return line


@pytest.fixture
def following(predict: Run, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`tail -n +1 -f rows.csv | nntrain predict`, of a file with a header and one row."""
    (folder / "rows.csv").write_text("size,color\n1,red\n")
    with subprocess.Popen(
        ["tail", "-n", "+1", "-f", "-s", "0.1", "rows.csv"], stdout=subprocess.PIPE
    ) as tail:
        command = [str(COMMAND), "predict", "--append", "--on-bad-row", "blank"]
        with subprocess.Popen(
            command,
            stdin=tail.stdout,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
        ) as process:
            assert tail.stdout
            tail.stdout.close()
            yield process
            tail.terminate()


def test_a_file_that_is_followed_is_answered_row_by_row(
    following: subprocess.Popen[bytes], folder: Path
) -> None:
    one, two = predicted("size,color\n1,red\n2,blue\n")
    assert _line_within(following, 30) == b"size,color,predicted_price\n"
    assert float(_line_within(following, 30).split(b",")[2]) == pytest.approx(one, rel=1e-9)
    for row, expected in (("2,blue", two), ("oops,red", None), ("2,blue", two)):
        with (folder / "rows.csv").open("a") as file:
            file.write(row + "\n")
        answer = _line_within(following, 1).decode().rstrip("\n").split(",")
        assert ",".join(answer[:2]) == row
        if expected is None:
            assert answer[2] == ""
        else:
            assert float(answer[2]) == pytest.approx(expected, rel=1e-9)


def test_a_row_that_has_come_only_in_part_waits_for_its_end(
    following: subprocess.Popen[bytes], folder: Path
) -> None:
    for _ in range(2):
        _line_within(following, 30)
    with (folder / "rows.csv").open("a") as file:
        file.write("2,b")
        file.flush()
        assert following.stdout
        assert not select.select([following.stdout], [], [], 0.5)[0]
        file.write("lue\n")
    assert _line_within(following, 1).startswith(b"2,blue,")


def test_bytes_that_are_not_utf_8_in_a_column_that_is_only_copied_are_an_error(
    run: Run, folder: Path
) -> None:
    (folder / "t.csv").write_text("x,note,y\n1,a,1\n2,b,2\n3,c,4\n")
    (folder / "c.yaml").write_text("target: y\nfeatures: [x]\nepochs: 1\n")
    assert run("fit", "t.csv", "-c", "c.yaml", "-m", "m.npz").code == 0
    (folder / "bad.csv").write_bytes(b"x,note\n1,\xe9\n")
    message = (
        "Error: bad.csv, line 2: is not UTF-8 text: its byte E9 would be 'é' in Latin-1; say which "
        "it is: --encoding latin-1 or cp1252, or encoding in a config\n"
    )
    for options in (["--append"], ["--keep", "note"], ["--append", "--on-bad-row", "skip"]):
        result = run("predict", "bad.csv", "-m", "m.npz", *options)
        assert (result.code, result.err) == (3, message)


@pytest.mark.parametrize("added", [["--interval", "0.9"], ["--spread"], ["--explain"]])
def test_a_row_too_far_away_is_left_blank_without_a_word_of_arithmetic(
    run: Run, folder: Path, added: list[str]
) -> None:
    table = pd.DataFrame(
        {"a": np.arange(40.0) / 10, "b": np.arange(40.0)[::-1] ** 2, "y": np.arange(40.0)}
    )
    config = nntrain.Config(
        target=("y",), hidden_layers=(), epochs=2, ensemble=3, calibration_fraction=0.4
    )
    nntrain.fit(table, config).save(folder / "far.npz")
    rows = "a,b\n1e308,1e308\n-1e308,1e308\n0,0\n"
    done = run("predict", "-m", "far.npz", "--on-bad-row", "blank", *added, stdin=rows)
    assert done.code == 0
    assert done.err.splitlines() == [
        "Note: numbers further outside the training range than it is wide: 2 in 'a' (training: 0.1 to "
        "3.9), 2 in 'b' (training: 0 to 1444)",
        "Note: 2 rows that could not be predicted: left without a prediction",
    ]
    lines = done.out.splitlines()
    assert len(lines) == 4
    assert set(lines[1]) == set(lines[2]) == {","}
    assert all(cell for cell in lines[3].split(","))


def test_the_command_adds_the_spread(run: Run, folder: Path) -> None:
    fitted().save("model.npz")
    table = frame()
    table.to_csv("t.csv", index=False)
    model = nntrain.load_model("model.npz")
    each = np.stack(
        [
            dataclasses.replace(model, networks=(network,)).predict(table).to_numpy()
            for network in model.networks
        ]
    )
    result = run("predict", "t.csv", "--spread")
    assert (result.code, result.err) == (0, "")
    lines = list(csv.reader(result.out.splitlines()))
    assert lines[0] == ["predicted_y", "predicted_z", "predicted_y_spread", "predicted_z_spread"]
    expected = np.hstack([each.mean(axis=0), each.std(axis=0)])
    np.testing.assert_allclose(np.array(lines[1:], dtype=float), expected, rtol=1e-12)
    assert run("predict", "t.csv").out == "".join(",".join(line[:2]) + "\n" for line in lines)


def test_one_network_has_no_spread(run: Run, folder: Path) -> None:
    fitted(ensemble=1).save("model.npz")
    frame().to_csv("t.csv", index=False)
    result = run("predict", "t.csv", "--spread")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "Error: a spread needs an ensemble, and the model has one network; fit an ensemble with "
        "--set ensemble=5\n"
    )


def test_cells_for_a_spreadsheet_are_those_of_csv_and_tsv(run: Run, folder: Path) -> None:
    result = run("predict", "sample_data/concrete.csv", "--safe-cells", "--format", "jsonl")
    assert (result.code, result.err) == (
        2,
        "Error: --safe-cells is for spreadsheets, which read --format csv or tsv\n",
    )
