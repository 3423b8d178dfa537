"""Predictions written by the library: what the command writes, without the command."""

from __future__ import annotations

import contextlib
import csv
import io
from pathlib import Path
from typing import NoReturn

import pandas as pd
import pytest
from support.models import FRAME, model_of_kind

import nntrain
from nntrain.errors import DataError, UsageError
from nntrain.files import replacing
from nntrain.model.write_predictions import OutputOptions, check_names, write_predictions


@pytest.fixture(scope="module")
def model() -> nntrain.Model:
    return model_of_kind("textbook")


def written(model: nntrain.Model, table: pd.DataFrame, options: OutputOptions) -> str:
    output = io.BytesIO()
    write_predictions(model, table, lambda: contextlib.nullcontext(output), options)
    return output.getvalue().decode()


def test_a_row_is_written_for_each_row_with_the_columns_kept(model: nntrain.Model) -> None:
    text = written(model, FRAME, OutputOptions(keep=["c", "x"], prefix="p_"))
    header, *rows = csv.reader(text.splitlines())
    assert header == ["c", "x", "p_y"]
    assert [row[0] for row in rows] == FRAME["c"].tolist()
    assert [float(row[2]) for row in rows] == model.predict(FRAME)["predicted_y"].tolist()


def test_every_column_is_written_to_a_file(model: nntrain.Model, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_predictions(model, FRAME, lambda: replacing(path), OutputOptions(keep=None))
    assert pd.read_csv(path).columns.tolist() == [*FRAME.columns, "predicted_y"]


@pytest.mark.parametrize(("on_bad_row", "n_rows"), [("skip", 59), ("blank", 60)])
def test_bad_rows_are_left_out_or_left_blank_and_counted(
    model: nntrain.Model, on_bad_row: str, n_rows: int, caplog: pytest.LogCaptureFixture
) -> None:
    table = FRAME.astype({"x": object})
    table.loc[2, "x"] = "big"
    text = written(model, table, OutputOptions(on_bad_row=on_bad_row))
    lines = text.splitlines()[1:]
    assert len(lines) == n_rows
    assert lines.count('""') == (on_bad_row == "blank")
    assert "1 row that could not be predicted: left " in caplog.text


def test_nothing_is_opened_for_a_table_that_does_not_fit(model: nntrain.Model) -> None:
    def output() -> NoReturn:
        raise AssertionError("the output was opened")

    with pytest.raises(DataError, match="has no column 'x', which the model needs"):
        write_predictions(model, FRAME.drop(columns="x"), output, OutputOptions())
    with pytest.raises(DataError, match="DATA has no column 'q'"):
        write_predictions(model, FRAME, output, OutputOptions(keep=["q"]))


@pytest.mark.parametrize(
    ("kept", "predictions", "options", "message"),
    [
        (["a", "a"], ["p"], OutputOptions(keep=["a"]), "--keep would write two columns called 'a'"),
        (
            ["a", "a"],
            ["p"],
            OutputOptions(keep=None, format_name="jsonl"),
            "--append would write two columns called 'a'",
        ),
        ([], ["p", "q", "p"], OutputOptions(), "two columns would be called 'p'"),
        (
            ["predicted_y"],
            ["predicted_y"],
            OutputOptions(keep=None),
            "give the predictions another name with --prefix",
        ),
        (["c"], ["c"], OutputOptions(keep=["c"]), "leave that of DATA out of --keep"),
        (["c"], ["c"], OutputOptions(keep=None), "leave that of DATA out with --keep"),
    ],
)
def test_two_columns_of_one_name_are_refused(
    kept: list[str], predictions: list[str], options: OutputOptions, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        check_names(kept, predictions, options)


def test_a_delimited_table_may_keep_the_same_name_twice() -> None:
    check_names(["a", "a"], ["p"], OutputOptions(keep=None))


RUN = [
    "=1+1",
    "+A1",
    "-A1",
    "@SUM(A1)",
    "\tx",
    "\r=1",
    "\n=1",
    "＝1",
    "=1",
    "-1-1",
    "--5",
    '="a"',
    "-",
    "+",
]
LEFT = ["-5", "+5", "-1e5", "-.5", "-1,5", "a=b", "", " =1", "a;=1+1", "'=1"]


@pytest.mark.parametrize(("format_name", "delimiter"), [("csv", ","), ("tsv", "\t")])
def test_no_cell_and_no_name_is_run_by_a_spreadsheet(format_name: str, delimiter: str) -> None:
    cells = [*RUN, *LEFT]
    x = [float(i) for i in range(len(cells))]
    table = pd.DataFrame({"=x": x, "=note": cells, "-y": [i % 5 for i in range(len(cells))]})
    config = nntrain.Config(target=("-y",), features=("=x",), epochs=1, engine="numpy")
    model = nntrain.fit(table, config)
    options = OutputOptions(None, prefix="+", format_name=format_name, safe_cells=True)
    text = written(model, table, options)
    header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    assert header == ["'=x", "'=note", "'-y", "'+-y"]
    assert [row[1] for row in rows] == [*(f"'{cell}" for cell in RUN), *LEFT]
    assert [float(row[0]) for row in rows] == x
    assert '"a;=1+1"' in text
    predicted = model.predict(table)["predicted_-y"].tolist()
    assert [float(row[3]) for row in rows] == predicted
    plain = written(model, table, OutputOptions(None, prefix="+", format_name=format_name))
    assert [row[1] for row in csv.reader(io.StringIO(plain, newline=""), delimiter=delimiter)] == [
        "=note", *cells,
    ]  # fmt: skip
