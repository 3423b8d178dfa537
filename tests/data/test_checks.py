"""What is suggested instead of a column's name, and notes as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nntrain.data.checks import comma_hint, name_hint, near_names
from nntrain.data.notes import (
    FarNumbers,
    MissingCells,
    NamelessColumns,
    NoRowHasWeight,
    Note,
    RowsOfNoWeight,
    RowsWithoutTarget,
    UnseenCategories,
    UselessColumn,
)
from nntrain.data.readers.cells import CellFormat


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
        (
            FarNumbers({"a": 1200, "b": 1}, {"a": ("1", "5"), "b": ("-0.5", "1e+300")}),
            "numbers further outside the training range than it is wide: 1,200 in 'a' (training: 1 to "
            "5), 1 in 'b' (training: -0.5 to 1e+300)",
        ),
    ],
)
def test_a_note_reads_as_a_sentence(note: Note, text: str) -> None:
    assert str(note) == text


COMMA = "; is the decimal mark a comma (--decimal, or decimal in a config)?"
GROUPS = "; the {} may group thousands: such a number has to be written without it, as {}"


@pytest.mark.parametrize(
    ("text", "decimal", "hint"),
    [
        ("9,356", ".", GROUPS.format("comma", "9356")),
        ("-1,234,567", ".", GROUPS.format("comma", "-1234567")),
        (" 12,345.67 ", ".", GROUPS.format("comma", "12345.67")),
        ("999,000", ".", GROUPS.format("comma", "999000")),
        ("9.356", ",", GROUPS.format("point", "9356")),
        ("1.234.567,8", ",", GROUPS.format("point", "1234567,8")),
        ("9,35", ".", COMMA),
        ("1234,567", ".", COMMA),
        ("0,356", ".", COMMA),  # no number begins with a group 0
        ("+1,5", ".", COMMA),
        ("9.35", ",", ""),
        ("1,23,456", ".", ""),
        ("1,5x", ".", ""),
        ("big", ".", ""),
    ],
)
def test_a_comma_that_may_group_thousands_is_not_called_a_decimal_mark(
    text: str, decimal: str, hint: str
) -> None:
    cells = CellFormat((), decimal)
    assert comma_hint(text, cells) == hint
    if hint.startswith("; the"):
        without = text.replace("," if decimal == "." else ".", "")
        assert hint.endswith(f" as {without.strip()}")
        assert cells.number(without) == float(without.replace(",", "."))


@given(st.from_regex(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?", fullmatch=True))
def test_whatever_may_be_thousands_never_gets_the_advice_of_a_decimal_comma(text: str) -> None:
    assert "decimal" not in comma_hint(text, CellFormat(()))
