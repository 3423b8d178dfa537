"""The training table, typed: which columns are numbers, which are categories, and all their values.

A column's type is known only when its last cell has been read. Numbers go straight into one matrix;
texts go in as codes. The rare column that looks like numbers at first and turns out to be text is
read once more.
"""

from __future__ import annotations

import difflib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nntrain.data.cells import DECIMAL_COMMA, CellFormat
from nntrain.data.table import Chunk, Table
from nntrain.errors import DataError, quoted

log = logging.getLogger(__name__)

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Roles:
    """What a config says of the columns; `features` None means every other column."""

    targets: tuple[str, ...]
    features: tuple[str, ...] | None
    ignore: tuple[str, ...]
    categorical: tuple[str, ...]
    max_categories: int


@dataclass(frozen=True)
class TypedTable:
    """A whole table: `values` is (n_rows, n_features + n_targets), the features first.

    A column of numbers holds them, NaN for a missing cell; a categorical column i holds codes
    into `categories[i]`, the texts in the order in which they were met.
    """

    name: str
    features: tuple[str, ...]
    targets: tuple[str, ...]
    values: Matrix
    categories: dict[int, list[str]]


def feature_columns(table: Table, roles: Roles) -> tuple[str, ...]:
    """The columns to learn from, in the order of `features`, or else of the table.

    Raises `DataError` for a column that the table lacks or has twice.
    """
    check_columns(table, roles.targets, "target")
    check_columns(table, roles.features or (), "features")
    check_columns(table, roles.ignore, "ignore")
    check_columns(table, roles.categorical, "categorical")
    nameless = [i for i, name in enumerate(table.columns, start=1) if name == ""]
    if nameless and roles.features is None:
        which = ", ".join(map(str, nameless))
        log.warning(
            "%s: left out column %s, which has no name in the header line (a saved index, or "
            "delimiters at the line's end); give it a name to learn from it",
            table.name,
            which,
        )
    wanted = roles.features or tuple(
        name for name in table.columns if name and name not in roles.targets
    )
    features = tuple(name for name in wanted if name not in roles.ignore)
    if not features:
        raise DataError(
            f"{table.name}: no column is left to learn from; see `features` and `ignore`"
        )
    check_unique(table, [*features, *roles.targets])
    return features


def check_columns(table: Table, names: Sequence[str], key: str = "") -> None:
    """Raise `DataError` where the table lacks a column, with the nearest names that it has.

    `key` is the config key that names the columns; without one it is a model that needs them.
    """
    for name in names:
        if name in table.columns:
            continue
        near = difflib.get_close_matches(name, table.columns, 3, cutoff=0.5)
        hint = f"did you mean {quoted(near)}?" if near else f"it has {quoted(list(table.columns))}"
        asked = f", named under {key}" if key else ", which the model needs"
        raise DataError(f"{table.name}: has no column {name!r}{asked}; {hint}")


def check_unique(table: Table, names: Sequence[str]) -> None:
    """Raise `DataError` where a column that is used stands twice in the header."""
    for name in names:
        places = [str(i) for i, column in enumerate(table.columns, start=1) if column == name]
        if len(places) > 1:
            raise DataError(
                f"{table.name}: the header names {name!r} more than once, as columns "
                f"{', '.join(places)}; rename one"
            )


def check_finite(chunk: Chunk, name: str) -> None:
    """Raise `DataError` for an infinite number in a feature column, naming its line."""
    infinite = np.flatnonzero(np.isinf(chunk.columns[name]))
    if len(infinite):
        raise DataError(
            f"{chunk.place(int(infinite[0]))}, column {name!r}: the number is infinite or too "
            f"large for a double; correct it, or leave the cell empty if it is missing"
        )


def read_typed(table: Table, roles: Roles, cells: CellFormat) -> TypedTable:
    """Read a table to train on. Raises `DataError` naming the line and column of a bad cell."""
    features = feature_columns(table, roles)
    states = [
        _ColumnState(name, i, name in roles.categorical, roles.max_categories)
        for i, name in enumerate(features)
    ]
    matrix = _GrowingMatrix(len(features) + len(roles.targets))
    numbers = [state.name for state in states if not state.is_text] + list(roles.targets)
    texts = [state.name for state in states if state.is_text]
    for chunk in table.chunks(numbers, texts):
        rows = matrix.grow(chunk.n_rows)
        for state in states:
            state.take(chunk, rows[:, state.position], cells)
            if state.is_text and state.name in numbers:
                numbers.remove(state.name)
                texts.append(state.name)
        for i, name in enumerate(roles.targets, start=len(features)):
            rows[:, i] = target_values(chunk, name, cells)
    again = [state for state in states if state.settle()]
    if again:
        start = 0
        for chunk in table.chunks([], [state.name for state in again]):
            for state in again:
                state.take(
                    chunk, matrix.values[start : start + chunk.n_rows, state.position], cells
                )
            start += chunk.n_rows
    for state in states:
        state.check_categories(table.name)
    categories = {state.position: list(state.codes) for state in states if state.is_text}
    return TypedTable(table.name, features, roles.targets, matrix.fit(), categories)


class _GrowingMatrix:
    """A matrix that rows are added to; the memory is moved rather than copied where it can be."""

    def __init__(self, n_columns: int) -> None:
        self.values: Matrix = np.empty((0, n_columns))
        self.n_rows = 0

    def grow(self, n_rows: int) -> Matrix:
        """The next rows, to be filled."""
        start, self.n_rows = self.n_rows, self.n_rows + n_rows
        if self.n_rows > len(self.values):
            room = max(self.n_rows, len(self.values) * 9 // 8)
            self.values.resize((room, self.values.shape[1]), refcheck=False)
        return self.values[start : self.n_rows]

    def fit(self) -> Matrix:
        """The matrix without spare rows."""
        self.values.resize((self.n_rows, self.values.shape[1]), refcheck=False)
        return self.values


@dataclass
class _ColumnState:
    """What is known of a feature column while its table is read."""

    name: str
    position: int
    is_text: bool
    max_categories: int
    codes: dict[str, int] = field(default_factory=dict)
    n_numbers: int = 0
    n_texts: int = 0
    rows_as_numbers: int = 0
    first_text: tuple[str, str] = ("", "")

    def __post_init__(self) -> None:
        self.is_listed = self.is_text

    def take(self, chunk: Chunk, out: NDArray[np.float64], cells: CellFormat) -> None:
        """Put a chunk's cells into `out`, numbers as they are and texts as codes."""
        column = chunk.columns[self.name]
        if column.dtype == np.float64:
            check_finite(chunk, self.name)
            out[:] = column
            self.n_numbers += int(np.count_nonzero(~np.isnan(column)))
            self.rows_as_numbers += len(column)
            return
        self.is_text = True
        codes, texts = pd.factorize(column, use_na_sentinel=False)
        if not self.is_listed:
            self._count(np.bincount(codes, minlength=len(texts)), texts, cells)
            if self.n_texts and not self.first_text[0]:
                row = cells.first_text(column)
                self.first_text = (chunk.place(row), column[row])
        out[:] = np.array([self._code(text) for text in texts], dtype=np.float64)[codes]

    def _count(self, counts: NDArray[Any], texts: NDArray[Any], cells: CellFormat) -> None:
        for count, text in zip(counts.tolist(), texts, strict=True):
            value = cells.number(text)
            if value is None:
                self.n_texts += count
            elif not np.isnan(value):
                self.n_numbers += count

    def _code(self, text: str) -> int:
        """The code of a text; one more than allowed is kept, to tell that there are too many."""
        if text not in self.codes and len(self.codes) <= self.max_categories:
            self.codes[text] = len(self.codes)
        return self.codes.get(text, -1)

    def settle(self) -> bool:
        """Decide the column's type when all is read; whether it must be read again as text."""
        if self.is_listed or not self.is_text:
            return False
        if self.n_numbers >= 9 * self.n_texts:
            place, text = self.first_text
            raise DataError(
                f"{place}, column {self.name!r}: {text!r} is not a number, and at least nine "
                f"tenths of the column are. Correct the cell, add the text to missing_values, or "
                f"list the column under categorical{_comma_hint(text)}"
            )
        if self.rows_as_numbers:
            self.codes.clear()
            self.is_listed = True
        return self.rows_as_numbers > 0

    def check_categories(self, table_name: str) -> None:
        """Raise `DataError` for a text column of too many distinct texts."""
        if len(self.codes) <= self.max_categories:
            return
        text = next(iter(self.codes))
        raise DataError(
            f"{table_name}: the text column {self.name!r} has more than {self.max_categories} "
            f"distinct values, such as {text!r}; put it under ignore, or raise max_categories"
            f"{_comma_hint(text)}"
        )


def _comma_hint(text: str) -> str:
    return "; is the decimal mark a comma (decimal: ',')?" if DECIMAL_COMMA.fullmatch(text) else ""


def target_values(chunk: Chunk, name: str, cells: CellFormat) -> Matrix:
    """A chunk's true values of one target. Raises `DataError` where one is no finite number."""
    column = chunk.columns[name]
    if column.dtype != np.float64:
        row = cells.first_text(column)
        raise DataError(
            f"{chunk.place(row)}, column {name!r}: the target must be a number, found "
            f"{column[row]!r}; correct the cell or choose another target"
        )
    bad = np.flatnonzero(~np.isfinite(column))
    if len(bad):
        row = int(bad[0])
        what = "is missing" if np.isnan(column[row]) else "is infinite or too large for a double"
        raise DataError(
            f"{chunk.place(row)}, column {name!r}: the target {what}; a row without a target "
            f"cannot be learned from: fill it in or remove the row"
        )
    return column
