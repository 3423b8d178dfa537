"""The training table in memory: numbers and categories by columns, as they are read.

`feature_type` decides which columns are numbers; a column's type is known only when its last cell
has been read. Numbers go straight into one array for each column, and texts go in as codes. The
rare column that looks like numbers at first and turns out to be text is read once more.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from nntrain.arrays import Mask, Matrix, RowNumbers, Vector
from nntrain.data.notes import TakeNote, log_note
from nntrain.data.preprocessing.counted_rows import (
    CountedRows,
    LeftOutRows,
    counted_rows,
    take_rows,
)
from nntrain.data.preprocessing.feature_type import GrowingFeature
from nntrain.data.preprocessing.memory import GrowingColumns, give_back
from nntrain.data.preprocessing.roles import ColumnRoles, feature_columns
from nntrain.data.readers.cells import distinct_categories
from nntrain.data.readers.table import Chunk, ColumnTypes, Table
from nntrain.errors import DataError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TypedTable:
    """A whole table by columns: the features, the targets, then weights and groups if any.

    Each of `columns` is (n_rows,). A numeric column holds numbers, NaN for a missing cell. A
    categorical column i holds codes into `categories[i]`, the distinct texts in the order in which
    they first stand in the table. Groups are numbered; equal texts have equal numbers. `kept`
    marks, among all rows of the table, those that are here; None means all.
    """

    name: str
    features: tuple[str, ...]
    targets: tuple[str, ...]
    columns: list[Vector]
    categories: dict[int, list[str]]
    has_weights: bool = False
    has_groups: bool = False
    kept: Mask | None = None

    def __len__(self) -> int:
        return len(self.columns[0])

    def column(self, i: int, rows: RowNumbers) -> Vector:
        """The i-th column (n_rows,) of these rows, which are in ascending order."""
        return self.columns[i] if len(rows) == len(self) else self.columns[i][rows]

    def true_values(self, rows: RowNumbers) -> Matrix:
        """The targets (n_rows, n_targets) of these rows, in their own units."""
        first = len(self.features)
        return np.column_stack([self.columns[first + i][rows] for i in range(len(self.targets))])

    def weights(self, rows: RowNumbers) -> Vector | None:
        """The sample weights (n_rows,) of these rows as they stand in the table, if it has any."""
        i = len(self.features) + len(self.targets)
        return self.columns[i][rows] if self.has_weights else None

    @property
    def groups(self) -> Vector | None:
        """The number (n_rows,) of each row's group, if the table was read with a group column."""
        return self.columns[-1] if self.has_groups else None

    def give_back(self, start: int) -> None:
        """Free the memory of all rows from `start` on; they must not be used any more."""
        for column in self.columns:
            give_back(column, start)


def read_typed(table: Table, roles: ColumnRoles, take_note: TakeNote = log_note) -> TypedTable:
    """The whole table, typed; `table` must be one that can be read twice.

    Rows of weight 0 are left out, and rows without a target where they may be. `take_note` is told
    of columns and rows that are left out. Raises `DataError` naming the line and column of a bad
    cell, and where every row has weight 0.
    """
    names, categorical = feature_columns(table, roles, take_note), set(roles.categorical)
    features = [
        GrowingFeature(name, i, name in categorical, roles.max_categories)
        for i, name in enumerate(names)
    ]
    reader = _TableReader(table, roles, features)
    reader.read()
    if reader.left_out.all_are_weightless:
        raise DataError(f"{table.name}, column {roles.weight!r}: every training row weighs 0")
    reader.left_out.note(table.name, take_note)
    mistyped = [feature for feature in features if feature.fix_type(table.cells)]
    if mistyped:
        reader.read_again_as_text(mistyped)
    for feature in features:
        feature.check_categories(table.name, table.cells)
        kind = f"text, {len(feature.codes):,} categories" if feature.is_text else "numbers"
        log.info("column %r: %s", feature.name, kind)
    return TypedTable(
        table.name,
        names,
        roles.targets,
        reader.columns.trimmed(),
        {feature.position: list(feature.codes) for feature in features if feature.is_text},
        has_weights=roles.weight is not None,
        has_groups=roles.group is not None,
        kept=np.concatenate(reader.kept) if reader.kept else None,
    )


class _TableReader:
    """Reads a table's chunks into columns: features, targets, then weights and groups if any."""

    def __init__(self, table: Table, roles: ColumnRoles, features: list[GrowingFeature]) -> None:
        self.table, self.roles, self.features = table, roles, features
        n_columns = len(features) + len(roles.numbers) + (roles.group is not None)
        self.columns = GrowingColumns(n_columns)
        self.groups: dict[str, int] = {}
        self.kept: list[Mask] = []
        self.left_out = LeftOutRows()
        self._may_leave_out = roles.weight is not None or roles.target_options.skip_missing

    def read(self) -> None:
        """Read every row that counts, each feature by the type that its cells so far suggest."""
        targets, options = self.roles.targets, self.roles.target_options
        for chunk in self.table.chunks(self._types):
            numbers = self._types().numbers
            rows = counted_rows(chunk, targets, numbers, self.table.cells, options)
            self.left_out.add(rows)
            if self._may_leave_out:
                self.kept.append(rows.kept)
            if rows.chunk.n_rows:
                self._add(rows)

    def _types(self) -> ColumnTypes:
        """Each column's type by the cells read so far."""
        numbers = [feature.name for feature in self.features if not feature.is_text]
        texts = [feature.name for feature in self.features if feature.is_text]
        return ColumnTypes((*numbers, *self.roles.numbers), tuple(texts))

    def _add(self, rows: CountedRows) -> None:
        """Add rows to the columns."""
        parts = self.columns.grow(rows.chunk.n_rows, self.table.progress)
        for feature in self.features:
            feature.read(rows.chunk, parts[feature.position], self.table.cells)
        others, n_targets = parts[len(self.features) :], len(self.roles.targets)
        for part, values in zip(others, rows.y_true.T, strict=False):
            part[:] = values
        if rows.weights is not None:
            others[n_targets][:] = rows.weights
        if self.roles.group is not None:
            others[-1][:] = self._group_numbers(rows.chunk, self.roles.group)

    def _group_numbers(self, chunk: Chunk, name: str) -> Vector:
        (cells,) = chunk.as_written([self.table.columns.index(name)])
        codes, texts = distinct_categories(cells)
        numbers = [self.groups.setdefault(text, len(self.groups)) for text in texts]
        return np.array(numbers, dtype=np.float64)[codes]

    def read_again_as_text(self, features: list[GrowingFeature]) -> None:
        """Read features once more that looked like numbers until late in the table."""
        start = 0
        kept = iter(self.kept)
        types = ColumnTypes(texts=tuple(feature.name for feature in features))
        for chunk in self.table.chunks(lambda: types):
            rows = next(kept, np.ones(chunk.n_rows, dtype=bool))
            part = take_rows(chunk, rows, (), self.table.cells)
            stop = start + part.n_rows
            for feature in features if part.n_rows else ():
                column = self.columns.arrays[feature.position]
                feature.read(part, column[start:stop], self.table.cells)
            start = stop
