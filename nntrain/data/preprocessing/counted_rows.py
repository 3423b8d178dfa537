"""The rows of a table that count: those with a positive weight and with every target.

Nothing is learned or measured from any other row, so nothing in such a row is looked at: neither a
text where a number belongs nor a category of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from nntrain.arrays import Mask, Matrix, Vector
from nntrain.data.notes import NoRowHasWeight, RowsOfNoWeight, RowsWithoutTarget, TakeNote
from nntrain.data.preprocessing.target_values import TargetOptions, true_values, weight_values
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.table import Chunk, Place, with_numbers


@dataclass(frozen=True)
class CountedRows:
    """The rows of a chunk that count, as a chunk of their own.

    `y_true` (n_rows, n_targets) are their true values and `weights` (n_rows,) their weights, None
    without a weight column. `kept` (n_all_rows,) marks them among all rows of the chunk, of which
    `n_weightless` have weight 0.
    """

    chunk: Chunk
    y_true: Matrix
    weights: Vector | None
    kept: Mask
    n_weightless: int


def counted_rows(
    chunk: Chunk,
    targets: Sequence[str],
    numbers: Iterable[str],
    cells: CellFormat,
    options: TargetOptions,
) -> CountedRows:
    """The rows of a chunk that count; `numbers` are the columns wanted as numbers.

    Raises `DataError` for a weight that is none, and, in a row with a positive weight, for a target
    that is none.
    """
    kept = np.ones(chunk.n_rows, dtype=bool)
    weights = weight_values(chunk, options.weight, cells) if options.weight else None
    if weights is not None:
        kept = weights > 0
        chunk, weights = take_rows(chunk, kept, numbers, cells), weights[kept]
    n_weightless = int(np.count_nonzero(~kept))
    y_true, has_target = true_values(chunk, targets, cells, options)
    if not has_target.all():
        kept[kept] = has_target
        chunk, y_true = take_rows(chunk, has_target, numbers, cells), y_true[has_target]
        weights = None if weights is None else weights[has_target]
    return CountedRows(chunk, y_true, weights, kept, n_weightless)


def take_rows(chunk: Chunk, kept: Mask, numbers: Iterable[str], cells: CellFormat) -> Chunk:
    """The rows marked by `kept` (n_rows,), as a chunk of their own.

    A column that is wanted as numbers, and was text for the sake of rows that are not kept, is
    numbers.
    """
    if kept.all():
        return chunk
    rows = np.flatnonzero(kept)
    columns = {name: column[rows] for name, column in chunk.columns.items()}
    texts = [name for name in numbers if name in columns and columns[name].dtype != np.float64]

    def place(row: int) -> Place:
        return chunk.place(int(rows[row]))

    return Chunk(
        len(rows),
        with_numbers(columns, texts, cells),
        place,
        lambda positions: [column[rows] for column in chunk.as_written(positions)],
        lambda positions: [column[rows] for column in chunk.as_json(positions)],
        None if chunk.bad is None else chunk.bad[rows],
    )


@dataclass
class LeftOutRows:
    """Counts the rows of a table that count for nothing, and those that do not.

    `ignores_weights` is set where every row turned out to have weight 0, and so each counts once.
    """

    without_target: int = 0
    weightless: int = 0
    counted: int = 0
    ignores_weights: bool = False

    def add(self, rows: CountedRows) -> None:
        """Count the rows of one more chunk."""
        self.counted += rows.chunk.n_rows
        self.weightless += rows.n_weightless
        self.without_target += len(rows.kept) - rows.n_weightless - rows.chunk.n_rows

    @property
    def all_are_weightless(self) -> bool:
        """Whether there are rows so far, and each has weight 0."""
        return self.weightless > 0 and self.counted + self.without_target == 0

    def ignore_weights(self) -> None:
        """Start over with rows that are counted without their weights."""
        self.weightless, self.ignores_weights = 0, True

    def note(self, table_name: str, take_note: TakeNote) -> None:
        """Make a note of each kind, if there were any such rows."""
        if self.without_target:
            take_note(RowsWithoutTarget(table_name, self.without_target))
        if self.weightless:
            take_note(RowsOfNoWeight(table_name, self.weightless))
        if self.ignores_weights:
            take_note(NoRowHasWeight(table_name))
