"""Read a training table into columns, and decide what kind of column each is.

What a column is, is decided when its last cell has been read (`data.kinds`). Numbers go straight
into one array for each column, and texts go in as codes, which become numbers where the texts turn
out to be dates or numbers in disguise. A column that looks like plain numbers at first, and then is
not, is read once more.
"""

from __future__ import annotations

import numpy as np

from nntrain.arrays import Mask, Vector
from nntrain.data.kinds.decision import Decision
from nntrain.data.kinds.table_kinds import (
    decimal_mark,
    has_decimal_comma,
    may_have_groups,
    written_as_texts,
)
from nntrain.data.preprocessing.counted_rows import (
    CountedRows,
    LeftOutRows,
    counted_rows,
    take_rows,
)
from nntrain.data.preprocessing.feature_type import GrowingFeature
from nntrain.data.preprocessing.kinds import check_decided
from nntrain.data.preprocessing.memory import GrowingColumns
from nntrain.data.preprocessing.roles import ColumnRoles
from nntrain.data.preprocessing.useful_columns import (
    check_target_groups,
    has_fractions,
)
from nntrain.data.readers.cells import distinct_categories
from nntrain.data.readers.table import Chunk, ColumnTypes, Table


class TableReader:
    """Reads a table's chunks into columns: features, targets, then weights and groups if any."""

    def __init__(self, table: Table, roles: ColumnRoles, features: list[GrowingFeature]) -> None:
        self.table, self.roles, self.features = table, roles, features
        n_columns = len(features) + len(roles.numbers) + (roles.group is not None)
        self.columns = GrowingColumns(n_columns)
        self.groups: dict[str, int] = {}
        self.kept: list[Mask] = []
        self.left_out = LeftOutRows()
        self._may_leave_out = roles.weight is not None or roles.target_options.skip_missing

    def read(self, *, stops_at_texts: bool = True) -> list[str]:
        """Read every row that counts, each feature by the type that its cells so far suggest.

        With `stops_at_texts`, reading ends where targets without a notation hold a text; these
        targets are returned.
        """
        targets, options = self.roles.targets, self.roles.target_options
        for chunk in self.table.chunks(self._types):
            texts = [name for name in targets if self._is_unexpected_text(chunk, name)]
            if texts and stops_at_texts:
                return texts
            numbers = self._types().numbers
            rows = counted_rows(chunk, targets, numbers, self.table.cells, options)
            self.left_out.add(rows)
            if self._may_leave_out:
                self.kept.append(rows.kept)
            if rows.chunk.n_rows:
                self._add(rows)
        return []

    def _is_unexpected_text(self, chunk: Chunk, name: str) -> bool:
        return chunk.columns[name].dtype != np.float64 and name not in self.table.cells.notations

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

    def decide(self) -> dict[str, Decision]:
        """What each feature is, and its column turned into that. Raises `DataError`."""
        mixed = [f for f in self.features if f.is_text and f.rows_as_numbers]
        self.read_again(mixed, as_texts=True)
        given = dict(self.table.cells.notations)
        decimal = decimal_mark(self.table, has_fractions=self._has_plain_fractions())
        decisions = {feature.name: feature.decide(decimal) for feature in self.features}
        if decimal == "." and has_decimal_comma(decisions, given):
            decisions |= self._decide_groups()
        for name, decision in decisions.items():
            check_decided(self.table, name, decision, self.table.cells.notations)
        unread = [f for f in self.features if not self._turn_into_numbers(f, decisions[f.name])]
        self.read_again(unread, as_texts=False)
        return decisions

    def _has_plain_fractions(self) -> bool:
        """Whether a column of plain numbers has a fraction, so that the decimal mark is known."""
        columns = self.columns.trimmed()
        plain = {f.name: columns[f.position] for f in self.features if not f.is_text}
        plain |= dict(zip(self.roles.numbers, columns[len(self.features) :], strict=False))
        given = self.table.cells.notations
        return any(has_fractions(column) for name, column in plain.items() if name not in given)

    def _decide_groups(self) -> dict[str, Decision]:
        """The kinds of features of plain numbers whose point may group thousands.

        Other columns have decimal commas. Raises `DataError` for such a target.
        """
        columns, given = self.columns.trimmed(), self.table.cells.notations
        plain = {f.name: columns[f.position] for f in self.features if not f.is_text}
        targets = columns[len(self.features) :]
        plain |= dict(zip(self.roles.targets, targets, strict=False))
        names = [name for name, c in plain.items() if name not in given and may_have_groups(c)]
        names = written_as_texts(self.table, names)
        check_target_groups(self.table, [name for name in self.roles.targets if name in names])
        suspects = [feature for feature in self.features if feature.name in names]
        self.read_again(suspects, as_texts=True)
        return {feature.name: feature.decide(",") for feature in suspects}

    def _turn_into_numbers(self, feature: GrowingFeature, decision: Decision) -> bool:
        """Turn codes into what they stand for; False: the column must be read again as numbers."""
        column = self.columns.arrays[feature.position][: self.columns.n_rows]
        if feature.levels:
            column[:] = feature.positions()[column.astype(np.intp)]
        if not feature.is_text or decision.kind not in ("number", "date"):
            return True
        if decision.notation is not None:
            self.table.cells.notations[feature.name] = decision.notation
        numbers = feature.numbers(self.table.cells) if feature.has_all_codes else None
        feature.is_text = False
        if numbers is not None:
            column[:] = numbers[column.astype(np.intp)]
        return numbers is not None

    def _group_numbers(self, chunk: Chunk, name: str) -> Vector:
        (cells,) = chunk.as_written([self.table.columns.index(name)])
        codes, texts = distinct_categories(cells)
        numbers = [self.groups.setdefault(text, len(self.groups)) for text in texts]
        return np.array(numbers, dtype=np.float64)[codes]

    def read_again(self, features: list[GrowingFeature], *, as_texts: bool) -> None:
        """Read some features once more: as texts, or as numbers in their notation."""
        if not features:
            return
        start = 0
        kept = iter(self.kept)
        names = tuple(feature.name for feature in features)
        types = ColumnTypes(texts=names) if as_texts else ColumnTypes(names)
        for feature in features:
            feature.start_again()
        for chunk in self.table.chunks(lambda: types):
            rows = next(kept, np.ones(chunk.n_rows, dtype=bool))
            part = take_rows(chunk, rows, types.numbers, self.table.cells)
            stop = start + part.n_rows
            for feature in features if part.n_rows else ():
                column = self.columns.arrays[feature.position]
                feature.read(part, column[start:stop], self.table.cells)
            start = stop
