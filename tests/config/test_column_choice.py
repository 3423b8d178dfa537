"""Which columns of an unknown table are chosen as targets, ignored, and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from nntrain.config.column_choice import ColumnChoice, KnownColumn, choose_columns
from nntrain.data.kinds.profile import profile
from nntrain.data.kinds.table_kinds import decide_columns
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.open import ReadOptions, open_table
from nntrain.errors import DataError

N = 30
COLUMNS = {
    "row": [str(i) for i in range(N)],
    "empty": [""] * N,
    "same": ["7"] * N,
    "rounded": ["0.3", "0.30000000000000004", "0.3"] * 10,
    "day": [f"2024-01-{1 + i:02}" for i in range(N)],
    "name": [f"name {i}" for i in range(N)],
    "key_id": [str(1000 + i * 37 % 991) for i in range(N)],
    "story": [f"a story of several words about {i}" for i in range(N)],
    "color": ["red", "blue", "green"] * 10,
    "store": ["7", "12", "13"] * 10,
    "size": [str(i % 7) for i in range(N - 1)] + ["large"],
    "y": [str(i * i) for i in range(N)],
}
MISTYPED = {
    "mistyped": [*(str(i % 7) for i in range(N - 1)), "12a"],
    "misdated": [*(f"2024-02-{1 + i % 28:02}" for i in range(N - 1)), "2024-13-01"],
}


def choose(tmp_path: Path, columns: Sequence[str], targets: Sequence[str] = ()) -> ColumnChoice:
    """The choice for a table t.csv of some of the columns."""
    path = tmp_path / "t.csv"
    rows = zip(*({**COLUMNS, **MISTYPED}[name] for name in columns), strict=True)
    path.write_text("\n".join([",".join(columns), *map(",".join, rows)]) + "\n")
    with open_table(path, ReadOptions(CellFormat(("",)), twice=True)) as table:
        profiles = profile(table)
        decisions = decide_columns(table, profiles)
    known = [KnownColumn(column, decisions[column.name]) for column in profiles]
    return choose_columns("t.csv", known, targets)


def test_columns_that_tell_nothing_of_a_new_row_are_ignored_with_the_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    choice = choose(tmp_path, list(COLUMNS))
    assert choice.targets == ["y"]
    assert choice.target_reason == "the last column; --target COLUMN chooses another"
    assert choice.ignored == {
        "row": "it counts the rows, from 0 to 29",
        "empty": "has no value",
        "same": "constant",
        "rounded": "constant",
        "name": "names or numbers of the rows, 30 different in 30 rows",
        "key_id": "it identifies the rows, by its name and because no number stands twice",
        "story": "free text, 30 different in 30 rows",
    }
    assert choice.odd_texts == ["large"]
    assert caplog.messages == [
        "the target is 'y', the last column; --target chooses another",
        *(f"left out the column {name!r}: {reason}" for name, reason in choice.ignored.items()),
        "'store' is read as numbers; if they are codes, list it under categorical",
    ]


def test_numbers_that_count_the_rows_are_kept_where_nothing_else_is_left(tmp_path: Path) -> None:
    choice = choose(tmp_path, ["row", "name", "y"])
    assert choice.ignored == {"name": "names or numbers of the rows, 30 different in 30 rows"}


def test_texts_with_digits_among_numbers_or_dates_leave_a_column_out(tmp_path: Path) -> None:
    choice = choose(tmp_path, ["color", "mistyped", "misdated", "y"])
    assert choice.ignored == {
        "mistyped": "texts with digits among its numbers, such as '12a'; correct them",
        "misdated": "texts with digits among its dates, such as '2024-13-01'; correct them",
    }
    assert choice.odd_texts == []


def test_targets_that_are_asked_for_are_taken(tmp_path: Path) -> None:
    choice = choose(tmp_path, ["size", "y", "color"], ["size"])
    assert (choice.targets, choice.target_reason) == (["size"], "as asked for")
    assert choice.odd_texts == ["large"]


@pytest.mark.parametrize(
    ("columns", "targets", "message"),
    [
        (
            ["y", "color"],
            ["color"],
            "the column 'color' cannot be the target: it holds text, such as 'red'",
        ),
        (
            ["y", "day"],
            ["day"],
            "the column 'day' cannot be the target: it holds dates or times, such as '2024-01-01'",
        ),
        (
            ["y", "mistyped"],
            ["mistyped"],
            "the column 'mistyped' cannot be the target: it holds texts with digits among its "
            "numbers, such as '12a'",
        ),
        (["y", "same"], ["same"], "the column 'same' cannot be the target: it is constant"),
        (
            ["y", "rounded"],
            ["rounded"],
            "the column 'rounded' cannot be the target: it is constant",
        ),
        (["y", "empty"], ["empty"], "the column 'empty' cannot be the target: it has no value"),
        (
            ["row", "size", "y", "color"],
            [],
            "the last column, 'color', cannot be the target: it holds text, such as 'red'; name the "
            "column to predict with --target: it could be 'size', 'y'",
        ),
        (
            ["same", "row", "day", "color"],
            [],
            "no column can be the target; each is text, dates, constant, empty or names of the rows",
        ),
        (["y"], [], "no column is left to learn from: the target is the only one"),
        (
            ["same", "y"],
            [],
            "no column is left to learn from: little can be learned from 'same'",
        ),
    ],
)
def test_a_table_without_a_target_or_a_feature_is_an_error(
    tmp_path: Path, columns: list[str], targets: list[str], message: str
) -> None:
    with pytest.raises(DataError) as caught:
        choose(tmp_path, columns, targets)
    assert str(caught.value) == f"t.csv: {message}"
