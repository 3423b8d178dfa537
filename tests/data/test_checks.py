"""What is suggested instead of a column's name, and notes as text."""

from __future__ import annotations

import pytest

from nntrain.data.checks import name_hint, near_names
from nntrain.data.notes import (
    MissingCells,
    NamelessColumns,
    NoRowHasWeight,
    Note,
    ReplacedCells,
    RowsOfNoWeight,
    RowsWithoutTarget,
    UnseenCategories,
    UselessColumn,
)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("agee", ["age", "ages"]),
        ("AGE ", ["age", "ages"]),
        ("heigth", ["Height"]),
        ("zip", []),
    ],
)
def test_near_names_are_found_whatever_their_case(name: str, near: list[str]) -> None:
    assert near_names(name, ["age", "ages", "Height"]) == near


def test_the_hint_names_what_is_near_or_else_what_there_is() -> None:
    assert name_hint("agee", ["age", "height"]) == "did you mean 'age'?"
    assert name_hint("zip", ["age", "height"]) == "it has 'age', 'height'"
    assert name_hint("zip", []) == "it has none"


@pytest.mark.parametrize(
    ("note", "text"),
    [
        (
            NamelessColumns("t.csv", (1,)),
            "t.csv: left out column 1, which has no name in the header line (a saved index, or "
            "delimiters at the line's end); give it one to learn from it",
        ),
        (
            NamelessColumns("t.csv", (1, 4)),
            "t.csv: left out columns 1, 4, which have no name in the header line (a saved index, "
            "or delimiters at the line's end); give it one to learn from it",
        ),
        (RowsWithoutTarget("t.csv", 1), "t.csv: left out 1 row without a target"),
        (RowsOfNoWeight("t.csv", 2), "t.csv: left out 2 rows of weight 0"),
        (NoRowHasWeight("t.csv"), "t.csv: every row weighs 0; each row counts once"),
        (UselessColumn("a", "it is constant"), "left out the column 'a': it is constant"),
        (MissingCells({"a": 1200}), "missing cells taken as the training mean: 1,200 in 'a'"),
        (
            UnseenCategories({"a": 1, "b": 2}),
            "cells of a category not seen in training: 1 in 'a', 2 in 'b'",
        ),
    ],
)
def test_a_note_reads_as_a_sentence(note: Note, text: str) -> None:
    assert str(note) == text


def test_replaced_cells_are_noted_by_column_and_only_if_there_are_any() -> None:
    notes: list[Note] = []
    replaced = ReplacedCells()
    replaced.add_missing("a", 0)
    replaced.add_unseen("b", 0)
    replaced.note(notes.append)
    assert notes == []
    replaced.add_missing("a", 2)
    replaced.add_missing("a", 3)
    replaced.note(notes.append)
    assert notes == [MissingCells({"a": 5})]
