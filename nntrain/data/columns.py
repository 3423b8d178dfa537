"""The training table, typed: which columns are numbers, which are categories, and all their values.

A column's type is known only when its last cell has been read. Numbers go straight into one matrix;
texts go in as codes. The rare column that looks like numbers at first and turns out to be text is
read once more.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nntrain.data.cells import DECIMAL_COMMA, CellFormat
from nntrain.data.checks import (
    check_columns,
    check_unique,
    infinite_number,
    target_values,
    weight_values,
)
from nntrain.data.table import Chunk, Table
from nntrain.errors import DataError, counted

log = logging.getLogger(__name__)

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Roles:
    """What a config says of the columns; `features` None means every other column.

    `group` is a column that is read along, as text, and learned from only if it is a feature too.
    """

    targets: tuple[str, ...]
    features: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    max_categories: int = 100
    weight: str | None = None
    group: str | None = None
    skip_missing_targets: bool = False


@dataclass(frozen=True)
class TypedTable:
    """A whole table in one matrix: the features, the targets, then weights and groups if any.

    `values` is (n_rows, n_columns). A column of numbers holds them, NaN for a missing cell; a
    categorical column i holds codes into `categories[i]`, the texts in the order in which they
    were met. `weights` and `groups` are (n_rows,); equal groups have equal numbers. `kept` marks,
    among all rows that were read, those that are here; None when all are.
    """

    name: str
    features: tuple[str, ...]
    targets: tuple[str, ...]
    values: Matrix
    categories: dict[int, list[str]]
    has_weights: bool = False
    has_groups: bool = False
    kept: NDArray[np.bool_] | None = None

    @property
    def true_values(self) -> Matrix:
        """The targets (n_rows, n_targets), in their own units."""
        return self.values[:, len(self.features) : len(self.features) + len(self.targets)]

    @property
    def weights(self) -> Matrix | None:
        """The sample weights as they stand in the table."""
        i = len(self.features) + len(self.targets)
        return self.values[:, i] if self.has_weights else None

    @property
    def groups(self) -> Matrix | None:
        """A number for each row's group."""
        return self.values[:, -1] if self.has_groups else None


def feature_columns(table: Table, roles: Roles) -> tuple[str, ...]:
    """The columns to learn from, in the order of `features`, or else of the table.

    Raises `DataError` for a column that the table lacks or has twice.
    """
    check_columns(table, roles.targets, "target")
    check_columns(table, roles.features or (), "features")
    check_columns(table, roles.ignore, "ignore")
    check_columns(table, roles.categorical, "categorical")
    check_columns(table, [roles.weight] if roles.weight else [], "weight")
    check_columns(table, [roles.group] if roles.group else [], "--group")
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
        name
        for name in table.columns
        if name and name not in roles.targets and name != roles.weight
    )
    features = tuple(name for name in wanted if name not in roles.ignore)
    if not features:
        raise DataError(
            f"{table.name}: no column is left to learn from; see `features` and `ignore`"
        )
    others = [name for name in (roles.weight, roles.group) if name]
    check_unique(table, list(dict.fromkeys([*features, *roles.targets, *others])))
    return features


def read_typed(table: Table, roles: Roles, cells: CellFormat) -> TypedTable:
    """Read a table to train on. Raises `DataError` naming the line and column of a bad cell."""
    features = feature_columns(table, roles)
    states = [
        _ColumnState(name, i, name in roles.categorical, roles.max_categories)
        for i, name in enumerate(features)
    ]
    reader = _Reader(table, roles, cells, states)
    reader.read()
    again = [state for state in states if state.settle()]
    if again:
        reader.read_again_as_text(again)
    for state in states:
        state.check_categories(table.name)
        kind = f"text, {len(state.codes):,} categories" if state.is_text else "numbers"
        log.info("column %r: %s", state.name, kind)
    categories = {state.position: list(state.codes) for state in states if state.is_text}
    return TypedTable(
        table.name,
        features,
        roles.targets,
        reader.matrix.fit(),
        categories,
        has_weights=roles.weight is not None,
        has_groups=roles.group is not None,
        kept=np.concatenate(reader.kept) if reader.kept else None,
    )


class _Reader:
    """Reads a table's chunks into a matrix: features by their states, then the other columns."""

    def __init__(
        self, table: Table, roles: Roles, cells: CellFormat, states: list[_ColumnState]
    ) -> None:
        self.table, self.roles, self.cells, self.states = table, roles, cells, states
        self.others = [*roles.targets, *([roles.weight] if roles.weight else [])]
        n_columns = len(states) + len(self.others) + (roles.group is not None)
        self.matrix = _GrowingMatrix(n_columns)
        self.groups: dict[str, int] = {}
        self.kept: list[NDArray[np.bool_]] = []

    def read(self) -> None:
        """Read every row, each column as what it looks like so far."""
        numbers = [state.name for state in self.states if not state.is_text] + self.others
        texts = [state.name for state in self.states if state.is_text]
        for chunk in self.table.chunks(numbers, texts):
            rows = self.matrix.grow(chunk.n_rows)
            for state in self.states:
                state.take(chunk, rows[:, state.position], self.cells)
                if state.is_text and state.name in numbers:
                    numbers.remove(state.name)
                    texts.append(state.name)
            self._take_others(chunk, rows[:, len(self.states) :])
            if self.roles.skip_missing_targets:
                end = len(self.states) + len(self.roles.targets)
                kept: NDArray[np.bool_] = ~np.isnan(rows[:, len(self.states) : end].sum(axis=1))
                self.matrix.keep(rows, kept)
                self.kept.append(kept)
        skipped = sum(int(np.count_nonzero(~kept)) for kept in self.kept)
        if skipped:
            log.warning(
                "%s: left out %s without a target", self.table.name, counted(skipped, "row")
            )

    def _take_others(self, chunk: Chunk, out: Matrix) -> None:
        for i, name in enumerate(self.others):
            if name == self.roles.weight:
                out[:, i] = weight_values(chunk, name, self.cells)
            else:
                may_miss = self.roles.skip_missing_targets
                out[:, i] = target_values(chunk, name, self.cells, may_miss=may_miss)
        if self.roles.group:
            (cells,) = chunk.as_written([self.table.columns.index(self.roles.group)])
            codes, texts = pd.factorize(cells, use_na_sentinel=False)
            known = [self.groups.setdefault(text, len(self.groups)) for text in texts]
            out[:, -1] = np.array(known, dtype=np.float64)[codes]

    def read_again_as_text(self, states: list[_ColumnState]) -> None:
        """Read columns once more, that looked like numbers until late in the table."""
        start = 0
        kept = iter(self.kept)
        for chunk in self.table.chunks([], [state.name for state in states]):
            wanted = next(kept, None)
            rows = np.empty((chunk.n_rows, len(states)))
            for i, state in enumerate(states):
                state.take(chunk, rows[:, i], self.cells)
            rows = rows if wanted is None else rows[wanted]
            for i, state in enumerate(states):
                self.matrix.values[start : start + len(rows), state.position] = rows[:, i]
            start += len(rows)


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

    def keep(self, rows: Matrix, kept: NDArray[np.bool_]) -> None:
        """Drop some of the rows last grown."""
        n_kept = int(np.count_nonzero(kept))
        rows[:n_kept] = rows[kept]
        self.n_rows -= len(rows) - n_kept

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
    first_infinite: str = ""

    def __post_init__(self) -> None:
        self.is_listed = self.is_text

    def take(self, chunk: Chunk, out: NDArray[np.float64], cells: CellFormat) -> None:
        """Put a chunk's cells into `out`, numbers as they are and texts as codes."""
        column = chunk.columns[self.name]
        if column.dtype == np.float64:
            infinite = np.flatnonzero(np.isinf(column))
            if len(infinite) and not self.first_infinite:
                self.first_infinite = chunk.place(int(infinite[0]))
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
        if self.is_listed:
            return False
        if not self.is_text:
            if self.first_infinite:
                raise DataError(infinite_number(self.first_infinite, self.name))
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
