"""The training table, typed: which columns are numbers, which are categories, and their values.

A column's type is known only when its last cell has been read. Numbers go straight into an array
for each column, texts as codes. The rare column that looks like numbers at first and turns out
to be text is read once more.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import RowNumbers, Vector
from nntrain.data.checks import (
    check_columns,
    check_unique,
    comma_hint,
    infinite_number,
    target_values,
    weight_values,
)
from nntrain.data.preprocessing.memory import give_back, long_array
from nntrain.data.readers.cells import CellFormat, distinct_texts
from nntrain.data.readers.table import Chunk, ColumnTypes, Table
from nntrain.errors import DataError
from nntrain.text import counted

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ColumnRoles:
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
    log_targets: bool = False


@dataclass(frozen=True)
class TypedTable:
    """A whole table by columns: the features, the targets, then weights and groups if any.

    Each of `columns` is (n_rows,). A column of numbers holds them, NaN for a missing cell; a
    categorical column i holds codes into `categories[i]`, the texts in the order in which they
    were met. Equal groups have equal numbers. `kept` marks, among all rows that were read, those
    that are here; None when all are.
    """

    name: str
    features: tuple[str, ...]
    targets: tuple[str, ...]
    columns: list[Vector]
    categories: dict[int, list[str]]
    has_weights: bool = False
    has_groups: bool = False
    kept: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.columns[0])

    def column(self, i: int, rows: RowNumbers) -> Vector:
        """The i-th column (n_rows,) of some rows, in ascending order."""
        return self.columns[i] if len(rows) == len(self) else self.columns[i][rows]

    def true_values(self, rows: RowNumbers) -> NDArray[np.float64]:
        """The targets (n_rows, n_targets) of some rows, in their own units."""
        first = len(self.features)
        return np.column_stack([self.columns[first + i][rows] for i in range(len(self.targets))])

    def weights(self, rows: RowNumbers) -> Vector | None:
        """The sample weights (n_rows,) of some rows as they stand in the table, if it has any."""
        i = len(self.features) + len(self.targets)
        return self.columns[i][rows] if self.has_weights else None

    @property
    def groups(self) -> Vector | None:
        """A number for each row's group."""
        return self.columns[-1] if self.has_groups else None

    def give_back(self, start: int) -> None:
        """Free the memory of all rows from one on; they must not be used any more."""
        for column in self.columns:
            give_back(column, start)


def feature_columns(table: Table, roles: ColumnRoles) -> tuple[str, ...]:
    """The columns to learn from, in the order of `features`, or else of the table.

    Raises `DataError` for a column that the table lacks or has twice.
    """
    check_columns(table, roles.targets, "target")
    check_columns(table, roles.features or (), "features")
    check_columns(table, roles.ignore, "ignore")
    check_columns(table, roles.categorical, "categorical")
    check_columns(table, [roles.weight] if roles.weight else [], "weight")
    check_columns(table, [roles.group] if roles.group else [], "--group")
    left_out = {*roles.ignore, *(() if roles.features else (*roles.targets, roles.weight))}
    nameless = [i for i, name in enumerate(table.columns, start=1) if name == ""]
    if nameless and roles.features is None:
        which = ", ".join(map(str, nameless))
        one = len(nameless) == 1
        log.warning(
            "%s: left out column%s %s, which %s no name in the header line (a saved index, or "
            "delimiters at the line's end); give it one to learn from it",
            table.name,
            "" if one else "s",
            which,
            "has" if one else "have",
        )
    wanted = roles.features or tuple(filter(None, table.columns))
    features = tuple(name for name in wanted if name not in left_out)
    if not features:
        raise DataError(
            f"{table.name}: no column is left to learn from; see `features` and `ignore`"
        )
    others = [name for name in (roles.weight, roles.group) if name]
    check_unique(table, list(dict.fromkeys([*features, *roles.targets, *others])))
    return features


def read_typed(table: Table, roles: ColumnRoles, cells: CellFormat) -> TypedTable:
    """Read a table to train on. Raises `DataError` naming the line and column of a bad cell."""
    features = feature_columns(table, roles)
    categorical = set(roles.categorical)
    states = [
        _ColumnState(name, i, name in categorical, roles.max_categories)
        for i, name in enumerate(features)
    ]
    reader = _Reader(table, roles, cells, states)
    reader.read()
    again = [state for state in states if state.settle(cells)]
    if again:
        reader.read_again_as_text(again)
    for state in states:
        state.check_categories(table.name, cells)
        kind = f"text, {len(state.codes):,} categories" if state.is_text else "numbers"
        log.info("column %r: %s", state.name, kind)
    categories = {state.position: list(state.codes) for state in states if state.is_text}
    return TypedTable(
        table.name,
        features,
        roles.targets,
        reader.columns.fit(),
        categories,
        has_weights=roles.weight is not None,
        has_groups=roles.group is not None,
        kept=np.concatenate(reader.kept) if reader.kept else None,
    )


class _Reader:
    """Reads a table's chunks into columns: features by their states, then the others."""

    def __init__(
        self, table: Table, roles: ColumnRoles, cells: CellFormat, states: list[_ColumnState]
    ) -> None:
        self.table, self.roles, self.cells, self.states = table, roles, cells, states
        self.others = [*roles.targets, *([roles.weight] if roles.weight else [])]
        n_columns = len(states) + len(self.others) + (roles.group is not None)
        self.columns = _GrowingColumns(n_columns)
        self.groups: dict[str, int] = {}
        self.kept: list[NDArray[np.bool_]] = []

    def read(self) -> None:
        """Read every row, each column as what it looks like so far."""
        for chunk in self.table.chunks(self._types):
            parts = self.columns.grow(chunk.n_rows, self.table.progress)
            for state in self.states:
                state.take(chunk, parts[state.position], self.cells)
            self._take_others(chunk, parts[len(self.states) :])
            if self.roles.skip_missing_targets:
                targets = parts[len(self.states) : len(self.states) + len(self.roles.targets)]
                kept = ~np.any([np.isnan(part) for part in targets], axis=0)
                self.columns.keep(parts, kept)
                self.kept.append(kept)
        skipped = sum(int(np.count_nonzero(~kept)) for kept in self.kept)
        if skipped:
            log.warning(
                "%s: left out %s without a target", self.table.name, counted(skipped, "row")
            )

    def _types(self) -> ColumnTypes:
        """Each column's type by the cells read so far."""
        numbers = [state.name for state in self.states if not state.is_text]
        texts = [state.name for state in self.states if state.is_text]
        return ColumnTypes((*numbers, *self.others), tuple(texts))

    def _take_others(self, chunk: Chunk, parts: list[Vector]) -> None:
        for name, part in zip(self.others, parts, strict=False):
            if name == self.roles.weight:
                part[:] = weight_values(chunk, name, self.cells)
            else:
                may_miss = self.roles.skip_missing_targets
                part[:] = target_values(
                    chunk, name, self.cells, may_miss=may_miss, for_log=self.roles.log_targets
                )
        if self.roles.group:
            (cells,) = chunk.as_written([self.table.columns.index(self.roles.group)])
            codes, texts = distinct_texts(cells)
            known = [self.groups.setdefault(text, len(self.groups)) for text in texts]
            parts[-1][:] = np.array(known, dtype=np.float64)[codes]

    def read_again_as_text(self, states: list[_ColumnState]) -> None:
        """Read columns once more, that looked like numbers until late in the table."""
        start = 0
        kept = iter(self.kept)
        types = ColumnTypes(texts=tuple(state.name for state in states))
        for chunk in self.table.chunks(lambda: types):
            wanted = next(kept, None)
            codes = np.empty(chunk.n_rows)
            stop = start + (chunk.n_rows if wanted is None else int(np.count_nonzero(wanted)))
            for state in states:
                state.take(chunk, codes, self.cells)
                column = self.columns.arrays[state.position]
                column[start:stop] = codes if wanted is None else codes[wanted]
            start = stop


class _GrowingColumns:
    """Arrays that rows are added to."""

    def __init__(self, n_columns: int) -> None:
        self.arrays: list[Vector] = [long_array(0) for _ in range(n_columns)]
        self.n_rows = 0

    def grow(self, n_rows: int, progress: float) -> list[Vector]:
        """The next rows, to be filled; `progress` is the part of all rows that they end, or 0."""
        start, self.n_rows = self.n_rows, self.n_rows + n_rows
        capacity = len(self.arrays[0])
        if self.n_rows > capacity:
            expected = int(self.n_rows / progress * 1.02) if progress > 0 else 2 * self.n_rows
            for i, array in enumerate(self.arrays):
                self.arrays[i] = long_array(max(self.n_rows, expected))
                self.arrays[i][:start] = array[:start]
        return [array[start : self.n_rows] for array in self.arrays]

    def keep(self, parts: list[Vector], kept: NDArray[np.bool_]) -> None:
        """Drop some of the rows last grown, of which these are the parts."""
        n_kept = int(np.count_nonzero(kept))
        for part in parts:
            part[:n_kept] = part[kept]
        self.n_rows -= len(kept) - n_kept

    def fit(self) -> list[Vector]:
        """The arrays without spare rows."""
        return [array[: self.n_rows] for array in self.arrays]


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
            out[:] = column
            self.rows_as_numbers += len(column)
            if np.isfinite(column).all():
                self.n_numbers += len(column)
                return
            infinite = np.flatnonzero(np.isinf(column))
            if len(infinite) and not self.first_infinite:
                self.first_infinite = str(chunk.place(int(infinite[0])))
            self.n_numbers += int(np.count_nonzero(~np.isnan(column)))
            return
        self.is_text = True
        codes, texts = distinct_texts(column)
        if not self.is_listed:
            self._count(np.bincount(codes, minlength=len(texts)), texts, cells)
            if self.n_texts and not self.first_text[0]:
                row = cells.first_text(column)
                self.first_text = (str(chunk.place(row)), column[row])
        out[:] = np.array([self._code(text) for text in texts], dtype=np.float64)[codes]

    def _count(self, counts: NDArray[Any], texts: list[str], cells: CellFormat) -> None:
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

    def settle(self, cells: CellFormat) -> bool:
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
                f"list the column under categorical{comma_hint(text, cells)}"
            )
        if self.rows_as_numbers:
            self.codes.clear()
            self.is_listed = True
        return self.rows_as_numbers > 0

    def check_categories(self, table_name: str, cells: CellFormat) -> None:
        """Raise `DataError` for a text column of too many distinct texts."""
        if len(self.codes) <= self.max_categories:
            return
        text = next(iter(self.codes))
        raise DataError(
            f"{table_name}: the text column {self.name!r} has more than {self.max_categories} "
            f"distinct values, such as {text!r}; put it under ignore, or raise max_categories"
            f"{comma_hint(text, cells)}"
        )
