"""The training table in memory: numbers and categories by columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from nntrain.arrays import Mask, Matrix, RowNumbers, Vector
from nntrain.data.kinds.decision import Decision
from nntrain.data.notation.notation import Notation
from nntrain.data.notes import TakeNote, log_note
from nntrain.data.preprocessing.kinds import note_decisions
from nntrain.data.preprocessing.memory import give_back
from nntrain.data.preprocessing.roles import ColumnRoles, feature_columns
from nntrain.data.preprocessing.table_reader import TableReader
from nntrain.data.preprocessing.useful_columns import (
    decide_targets,
    features_to_keep,
    growing_features,
    note_categories,
)
from nntrain.data.readers.table import Table
from nntrain.errors import DataError


@dataclass(frozen=True)
class TypedTable:
    """A whole table by columns: the features, the targets, then weights and groups if any.

    Each of `columns` is (n_rows,). A numeric column holds numbers, NaN for a missing cell. A
    categorical column i holds codes into `categories[i]`, the distinct texts in the order in which
    they first stand in the table; one with `levels`, by its name, is in the order of these and
    holds positions, NaN for a missing cell. Groups are numbered; equal texts have equal numbers.
    `notations` has the features and targets that are not written as plain numbers. `kept` marks,
    among all rows of the table, those that are here; None means all.
    """

    name: str
    features: tuple[str, ...]
    targets: tuple[str, ...]
    columns: list[Vector]
    categories: dict[int, list[str]]
    has_weights: bool = False
    has_groups: bool = False
    kept: Mask | None = None
    notations: Mapping[str, Notation] = field(default_factory=dict)
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

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

    Rows of weight 0 are left out, and rows without a target where they may be; so are identifiers
    and free text. `take_note` is told of columns and rows that are left out, and what a column was
    taken for. Raises `DataError` naming the line and column of a bad cell, where a column may be
    read in two ways, and where every row has weight 0.
    """
    names = feature_columns(table, roles, take_note)
    decided: dict[str, Decision] = {}
    reader = TableReader(table, roles, growing_features(names, roles))
    if texts := reader.read():
        decided = decide_targets(table, texts)
        reader = TableReader(table, roles, growing_features(names, roles))
        reader.read(stops_at_texts=False)
    if reader.left_out.all_are_weightless:
        raise DataError(f"{table.name}, column {roles.weight!r}: every training row weighs 0")
    reader.left_out.note(table.name, take_note)
    decided |= reader.decide()
    note_decisions(decided, take_note)
    columns = reader.columns.trimmed()
    features = features_to_keep(table.name, reader.features, columns, decided, take_note)
    note_categories(features, take_note)
    kept = [columns[feature.position] for feature in features]
    return TypedTable(
        table.name,
        tuple(feature.name for feature in features),
        roles.targets,
        [*kept, *columns[len(names) :]],
        {i: list(f.codes) for i, f in enumerate(features) if f.is_text and not f.levels},
        has_weights=roles.weight is not None,
        has_groups=roles.group is not None,
        kept=np.concatenate(reader.kept) if reader.kept else None,
        notations=dict(table.cells.notations),
        levels={feature.name: feature.levels for feature in features if feature.levels},
    )
