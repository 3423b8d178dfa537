"""Checks of a table's columns and cells; each error names the file, the line and the column."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from nntrain.arrays import Matrix
from nntrain.data.readers.cells import DECIMAL_COMMA, CellFormat
from nntrain.data.readers.csv_table import CsvTable
from nntrain.data.readers.table import Chunk, Table
from nntrain.errors import DataError
from nntrain.text import quoted

JSON_MEMBER = re.compile(r'\{\s*"[^"]*"\s*:')
OTHER_DELIMITERS = "|,;\t:~^ "
"""What separates cells in some tables, and is not found unless it is named, or another one is."""


def check_columns(table: Table, names: Sequence[str], key: str = "") -> None:
    """Raise `DataError` where the table lacks a column, with the nearest names that it has.

    `key` is the config key that names the columns; without one it is a model that needs them.
    """
    known = set(table.columns)
    for name in names:
        if name in known:
            continue
        hint = misread(table, name) or instead(name, table.columns)
        asked = f", named under {key}" if key else ", which the model needs"
        raise DataError(f"{table.name}: has no column {name!r}{asked}; {hint}")


def instead(name: str, columns: Sequence[str]) -> str:
    """What to write instead of a column's name: those that are near it, case aside, or all."""
    folded = {column.strip().casefold(): column for column in reversed(columns)}
    near = difflib.get_close_matches(name.strip().casefold(), folded, 3, cutoff=0.6)
    if near:
        return f"did you mean {quoted([folded[each] for each in near])}?"
    return f"it has {quoted(list(columns)) or 'none'}"


def misread(table: Table, name: str = "") -> str:
    """The hint that a table is not what it was read as; empty where nothing tells so.

    It is JSON lines under another name, or its only column is several, one of them `name` or near.
    """
    if not isinstance(table, CsvTable):
        return ""
    if JSON_MEMBER.match(table.columns[0]):
        return "it looks like JSON lines; those are read from a file whose name ends in .jsonl"
    for delimiter in OTHER_DELIMITERS if len(table.columns) == 1 else "":
        names = [part.strip(' "') for part in table.columns[0].split(delimiter)]
        if len(names) > 1 and (not name or instead(name, names).startswith("did")):
            return (
                f"its header line was read as one column, {table.columns[0]!r}; if {delimiter!r} "
                f"separates the cells, name it: --delimiter, or delimiter in a config"
            )
    return ""


def check_unique(table: Table, names: Sequence[str]) -> None:
    """Raise `DataError` where a column that is used stands twice in the header."""
    counts = Counter(table.columns)
    for name in names:
        if counts[name] > 1:
            places = [str(i) for i, column in enumerate(table.columns, start=1) if column == name]
            raise DataError(
                f"{table.name}: the header names {name!r} more than once, as columns "
                f"{', '.join(places)}; rename one"
            )


def check_finite(chunk: Chunk, name: str) -> None:
    """Raise `DataError` for an infinite number in a feature column, naming its line."""
    infinite = np.flatnonzero(np.isinf(chunk.columns[name]))
    if len(infinite):
        raise DataError(infinite_number(str(chunk.place(int(infinite[0]))), name))


def infinite_number(place: str, name: str) -> str:
    """The message for an infinite number in a feature column."""
    return (
        f"{place}, column {name!r}: the number is infinite or too large for a double; correct it, "
        f"or leave the cell empty if it is missing"
    )


def target_values(
    chunk: Chunk,
    name: str,
    cells: CellFormat,
    *,
    may_miss: bool = False,
    for_log: bool = False,
    suggest_config_fix: bool = True,
) -> Matrix:
    """A chunk's true values of one target, NaN where one is missing and may be.

    Raises `DataError` naming the line of a cell that is no finite number, or that has no logarithm
    where it is `for_log`. `suggest_config_fix`: the message says what a config can do about it.
    """
    column = chunk.columns[name]
    if column.dtype != np.float64:
        row = cells.first_text(column)
        raise DataError(
            f"{chunk.place(row)}, column {name!r}: the target must be a number, found "
            f"{column[row]!r}; correct the cell or choose another target"
            f"{comma_hint(column[row], cells)}"
        )
    bad = np.flatnonzero(np.isinf(column) if may_miss else ~np.isfinite(column))
    if len(bad):
        row = int(bad[0])
        if np.isnan(column[row]):
            what = (
                "is missing; fill it in, remove the row, or leave out every row without a target: "
                "--set missing_target=skip"
                if suggest_config_fix
                else "is missing; fill it in or remove the row"
            )
        else:
            what = "is infinite or too large for a double; correct it or remove the row"
        raise DataError(f"{chunk.place(row)}, column {name!r}: the target {what}")
    if for_log and len(bad := np.flatnonzero(column <= 0)):
        row = int(bad[0])
        raise DataError(
            f"{chunk.place(row)}, column {name!r}: the target is {column[row]:g}, which has no "
            f"logarithm; correct it, or --set target_transform=none"
        )
    return column


def weight_values(chunk: Chunk, name: str, cells: CellFormat) -> Matrix:
    """A chunk's sample weights. Raises `DataError` for one that is no number of 0 or more."""
    column = chunk.columns[name]
    if column.dtype != np.float64:
        row = cells.first_text(column)
        found = repr(column[row])
        hint = comma_hint(column[row], cells)
    else:
        bad = np.flatnonzero(~(np.isfinite(column) & (column >= 0)))
        if not len(bad):
            return column
        row = int(bad[0])
        found = "a missing cell" if np.isnan(column[row]) else f"{column[row]:g}"
        hint = ""
    raise DataError(
        f"{chunk.place(row)}, column {name!r}: a weight is a finite number of 0 or more, found "
        f"{found}; correct the cell{hint}"
    )


def comma_hint(text: str, cells: CellFormat) -> str:
    """The question whether a text is a number with a decimal comma; empty where it cannot be."""
    is_one = cells.decimal == "." and DECIMAL_COMMA.fullmatch(text)
    return "; is the decimal mark a comma (--decimal, or decimal in a config)?" if is_one else ""
