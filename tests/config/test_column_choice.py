"""Which columns of an unknown table are chosen as targets, ignored, and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from nntrain.config.column_choice import ColumnChoice, choose_columns
from nntrain.data.kinds.profile import profile
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
    "color": ["red", "blue", "green"] * 10,
    "size": [str(i % 7) for i in range(N - 1)] + ["large"],
    "y": [str(i * i) for i in range(N)],
}


def choose(tmp_path: Path, columns: Sequence[str], targets: Sequence[str] = ()) -> ColumnChoice:
    """The choice for a table t.csv of some of the columns."""
    path = tmp_path / "t.csv"
    rows = zip(*(COLUMNS[name] for name in columns), strict=True)
    path.write_text("\n".join([",".join(columns), *map(",".join, rows)]) + "\n")
    with open_table(path, ReadOptions(CellFormat(("",)))) as table:
        return choose_columns("t.csv", profile(table), targets)


def test_columns_that_tell_nothing_of_a_new_row_are_ignored_with_the_reason(tmp_path: Path) -> None:
    choice = choose(tmp_path, list(COLUMNS))
    assert choice.targets == ["y"]
    assert choice.target_reason == "the last column; --target COLUMN chooses another"
    assert choice.ignored == {
        "row": "counts the rows",
        "empty": "has no value",
        "same": "constant",
        "rounded": "constant",
        "day": "30 dates; a column of months or weekdays could tell more",
        "name": "nearly every row has a text of its own",
    }
    assert choice.odd_texts == ["large"]


def test_the_last_column_of_numbers_is_the_target_beside_texts(tmp_path: Path) -> None:
    choice = choose(tmp_path, ["row", "y", "color"])
    assert choice.targets == ["y"]
    assert choice.target_reason == "the last column of numbers; --target COLUMN chooses another"


def test_targets_that_are_asked_for_are_taken(tmp_path: Path) -> None:
    choice = choose(tmp_path, ["size", "y", "color"], ["size"])
    assert (choice.targets, choice.target_reason) == (["size"], "as asked for")
    assert choice.odd_texts == ["large"]


@pytest.mark.parametrize(
    ("columns", "targets", "message"),
    [
        (["y", "color"], ["color"], "the column 'color' cannot be the target: it holds text"),
        (["y", "same"], ["same"], "the column 'same' cannot be the target: it is constant"),
        (
            ["y", "rounded"],
            ["rounded"],
            "the column 'rounded' cannot be the target: it is constant",
        ),
        (["y", "empty"], ["empty"], "the column 'empty' cannot be the target: it has no value"),
        (["same", "color"], [], "no column can be the target; each is text, constant or empty"),
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
