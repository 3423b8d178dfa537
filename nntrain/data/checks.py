"""Checks of a table's columns; each error names the file, and the line and column if known."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from nntrain.data.notation.dates import DateNotation
from nntrain.data.notation.notation import Notation
from nntrain.data.readers.cells import BLANKS, DECIMAL_COMMA, CellFormat
from nntrain.data.readers.csv_table import CsvTable
from nntrain.data.readers.table import Chunk, Table
from nntrain.errors import DataError
from nntrain.text import quoted

GROUPED = {
    ".": re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?", re.ASCII),
    ",": re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d+)?", re.ASCII),
}
"""By the decimal mark, a number whose thousands may be grouped by the other mark."""
OTHER_DELIMITERS = ",;\t|:~^ "
"""Delimiters that a header line may have without being recognised."""


def check_columns(table: Table, names: Sequence[str], key: str = "") -> None:
    """Raise `DataError` for a column that the table lacks, suggesting the nearest names.

    A column that may still come, in a table that is not complete, is not lacking.
    `key` is the config key or option that names the columns; without one, a model needs them.
    """
    known = set(table.columns)
    for name in names:
        if name in known or not table.is_complete:
            continue
        hint = misread(table, name) or name_hint(name, table.columns)
        reason = f", named under {key}" if key else ", which the model needs"
        raise DataError(f"{table.name}: has no column {name!r}{reason}; {hint}")


def near_names(name: str, columns: Sequence[str]) -> list[str]:
    """Up to three of the columns whose names are near a name, ignoring case; the nearest first."""
    folded = {column.strip().casefold(): column for column in reversed(columns)}
    near = difflib.get_close_matches(name.strip().casefold(), folded, 3, cutoff=0.6)
    return [folded[match] for match in near]


def name_hint(name: str, columns: Sequence[str]) -> str:
    """What to write instead of a column's name: the nearest names, or else all there are."""
    near = near_names(name, columns)
    if near:
        return f"did you mean {quoted(near)}?"
    return f"it has {quoted(list(columns)) or 'none'}"


def misread(table: Table, name: str = "") -> str:
    """The hint that a table was read in the wrong format; empty if nothing suggests so.

    Its only column looks like several. If a column `name` is looked for, one of these must have
    that name or one near it.
    """
    if not isinstance(table, CsvTable):
        return ""
    for delimiter in OTHER_DELIMITERS if len(table.columns) == 1 else "":
        names = [part.strip(' "') for part in table.columns[0].split(delimiter)]
        if len(names) > 1 and (not name or near_names(name, names)):
            return (
                f"its header line was read as one column, {table.columns[0]!r}; if {delimiter!r} "
                f"separates the cells, name it: --delimiter, or delimiter in a config"
            )
    return ""


def check_unique(table: Table, names: Sequence[str]) -> None:
    """Raise `DataError` for a column in use whose name stands in the header more than once."""
    counts = Counter(table.columns)
    for name in names:
        if counts[name] > 1:
            places = [str(i) for i, column in enumerate(table.columns, start=1) if column == name]
            raise DataError(
                f"{table.name}: the header names {name!r} more than once, as columns "
                f"{', '.join(places)}; rename one"
            )


def check_numbers(chunk: Chunk, name: str, cells: CellFormat) -> None:
    """Raise `DataError` for a cell of a feature that is not a finite number, naming its line."""
    column, own = chunk.columns[name], cells.of_column(name)
    if column.dtype != np.float64:
        row = own.first_text(column)
        raise DataError(not_a_number(str(chunk.place(row)), name, column[row], own))
    infinite = np.flatnonzero(np.isinf(column))
    if len(infinite):
        raise DataError(infinite_number(str(chunk.place(int(infinite[0]))), name))


def infinite_number(place: str, name: str) -> str:
    """The message for an infinite number in a feature column."""
    return (
        f"{place}, column {name!r}: the number is infinite or too large for a double; correct it, "
        f"or leave the cell empty if it is missing"
    )


def not_a_number(place: str, name: str, text: str, cells: CellFormat) -> str:
    """The message for a text in a feature column of numbers or dates."""
    return (
        f"{place}, column {name!r}: expects {written(cells.notation)}, found {text!r}; "
        f"correct the cell, or leave it empty if it is missing{comma_hint(text, cells)}"
    )


def written(notation: Notation | None, *, plural: bool = False) -> str:
    """What a cell is and how it is written: a number, or a date, in a column's notation."""
    if notation is None:
        return "numbers" if plural else "a number"
    if isinstance(notation, DateNotation):
        one, many = ("a time", "times") if notation.is_time else ("a date", "dates")
        how = f"written as {notation.example} ({notation.pattern})"
    else:
        one, many = "a number", "numbers"
        how = f"written as {notation.pattern}"
    return f"{many if plural else one} {how}"


def comma_hint(text: str, cells: CellFormat) -> str:
    """What to do about a comma or point in a text that looks like a number; else empty."""
    if cells.notation is not None:
        return ""
    if may_be_grouped(text, cells):
        mark = "comma" if cells.decimal == "." else "point"
        plain = text.strip(BLANKS).replace("," if mark == "comma" else ".", "")
        return (
            f"; the {mark} may group thousands: such a number has to be written without it, as "
            f"{plain}"
        )
    if may_be_decimal_comma(text, cells):
        return "; is the decimal mark a comma (--decimal, or decimal in a config)?"
    return ""


def may_be_grouped(text: str, cells: CellFormat) -> bool:
    """Whether a text may be a number with groups of thousands, such as 9,356 or 1,030.5."""
    return bool(GROUPED[cells.decimal].fullmatch(text.strip(BLANKS)))


def may_be_decimal_comma(text: str, cells: CellFormat) -> bool:
    """Whether a text may be a number with a decimal comma, where the mark is said to be a point."""
    return cells.decimal == "." and bool(DECIMAL_COMMA.fullmatch(text.strip(BLANKS)))


def has_digit(text: str) -> bool:
    """Whether a text has a digit, so that it is a number or a mistake, and not a missing cell."""
    return any(character.isdigit() for character in text)
