"""Encode a table chunk by chunk with a preprocessing that was learned before.

Predicting, measuring and training on from a start model all read their tables through here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import DTypeLike

from nntrain.arrays import Array, Hashes, Mask, Matrix, Vector
from nntrain.data.notes import log_note
from nntrain.data.preprocessing.counted_rows import CountedRows, LeftOutRows, counted_rows
from nntrain.data.preprocessing.encode import check_finite_inputs
from nntrain.data.preprocessing.row_hashes import hash_rows
from nntrain.data.preprocessing.target_values import TargetOptions
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.data.preprocessing.unusual_cells import UnusualCells
from nntrain.data.readers.table import Chunk, ColumnTypes, Table
from nntrain.errors import DataError
from nntrain.memory_limit import check_fits


@dataclass(frozen=True)
class EncodedRows:
    """The rows of one chunk, encoded: inputs x (n_rows, n_inputs).

    x was encoded from the feature `values` (n_rows, n_features). `kept` marks the rows of `chunk`
    that are here: all, or those with a target and a positive weight. `y_true` (n_rows, n_targets)
    are the true values in their own units, with no column if targets were not read; `weights`
    (n_rows,) are as they stand in the table. `bad` marks rows that cannot be encoded, where such
    rows are tolerated.
    """

    values: Matrix
    x: Array
    y_true: Matrix
    weights: Vector | None
    bad: Mask | None
    chunk: Chunk
    kept: Mask

    @property
    def row_hashes(self) -> Hashes:
        """The hashes (n_rows,) by which rows equal to these are known."""
        return hash_rows(self.values, self.y_true)

    def take(self, rows: Mask) -> EncodedRows:
        """The rows that a mask (n_rows,) marks."""
        kept = self.kept.copy()
        kept[kept] = rows
        return replace(
            self,
            values=self.values[rows],
            x=self.x[rows],
            y_true=self.y_true[rows],
            weights=None if self.weights is None else self.weights[rows],
            bad=None if self.bad is None else self.bad[rows],
            kept=kept,
        )


def encode_chunks(
    preprocessing: Preprocessing,
    table: Table,
    dtype: DTypeLike,
    targets: TargetOptions | None = None,
    *,
    tolerate_bad_rows: bool = False,
) -> Iterator[EncodedRows]:
    """A table's rows encoded, chunk by chunk, with their true values if `targets` says how.

    Rows of weight 0 are left out. Raises `DataError` where a column is missing or a cell is not
    what its column holds; with `tolerate_bad_rows`, rows with a bad feature are marked instead. A
    number too large for `dtype` becomes an infinite input, which raises `DataError` if targets are
    read. Logs in the end how many cells were missing, of an unseen category or far from the
    training range, and how many rows were left out.
    """
    names = [target.name for target in preprocessing.targets] if targets else []
    options = targets or TargetOptions()
    numbers = options.numbers(names)
    preprocessing.check(table, numbers)
    keys_are_open = not table.is_complete
    unusual, left_out = UnusualCells(), LeftOutRows()
    types = preprocessing.column_types(numbers)
    for rows, whole in _counted_chunks(table, types, names, options, left_out):
        if keys_are_open:  # More keys of JSON lines are known now.
            preprocessing.check(table, numbers)
        bad = _bad_rows(rows.chunk) if tolerate_bad_rows else None
        values = preprocessing.values_of(rows.chunk, table.cells, unusual, bad)
        x = np.empty((len(values), len(preprocessing.input_names)), dtype)
        preprocessing.encode(values, x)
        if targets:
            check_finite_inputs(x, preprocessing.input_names, table.name)
        yield EncodedRows(values, x, rows.y_true, rows.weights, bad, whole, rows.kept)
    preprocessing.check(table, numbers)
    unusual.note()
    left_out.note(table.name, log_note)


def _counted_chunks(
    table: Table,
    types: ColumnTypes,
    targets: Sequence[str],
    options: TargetOptions,
    left_out: LeftOutRows,
) -> Iterator[tuple[CountedRows, Chunk]]:
    """The rows that count, with the chunk that they are from; the others are added to `left_out`.

    Until the first row with a positive weight comes, chunks are held back, for if none comes, each
    row may count.
    """
    waiting: list[Chunk] = []
    for chunk in table.chunks(lambda: types):
        rows = counted_rows(chunk, targets, types.numbers, table.cells, options)
        left_out.add(rows)
        if left_out.all_are_weightless and options.zeros_count_once:
            waiting.append(chunk)
        else:
            waiting.clear()
            yield rows, chunk
    if not left_out.all_are_weightless:
        return
    if not options.zeros_count_once:
        raise DataError(f"{table.name}, column {options.weight!r}: every row weighs 0")
    left_out.ignore_weights()
    for chunk in waiting:
        rows = counted_rows(
            chunk, targets, types.numbers, table.cells, replace(options, weight=None)
        )
        left_out.add(rows)
        yield rows, chunk


def _bad_rows(chunk: Chunk) -> Mask:
    return np.zeros(chunk.n_rows, dtype=bool) if chunk.bad is None else chunk.bad


def held_rows(parts: Iterable[EncodedRows], table_name: str) -> Iterator[EncodedRows]:
    """Encoded rows that the caller keeps in memory, all of them, and then puts into one array.

    Raises `OutOfMemoryError` as soon as that array would not fit.
    """
    n_bytes = 0
    for part in parts:
        n_bytes += part.x.nbytes
        check_fits(n_bytes, f"{table_name}: all its rows are needed, and take", "name fewer rows")
        yield part
