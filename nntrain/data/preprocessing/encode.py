"""Encode a typed table into the matrices that a network trains on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from nntrain.arrays import Array, Hashes, Matrix, RowNumbers, Vector
from nntrain.data.preprocessing.columns import CategoricalColumn
from nntrain.data.preprocessing.encode_features import (
    UNSEEN,
    category_positions,
    category_values,
)
from nntrain.data.preprocessing.row_hashes import hash_rows
from nntrain.data.preprocessing.transform import ENCODE_ROWS, Preprocessing
from nntrain.data.preprocessing.typed_table import TypedTable
from nntrain.data.preprocessing.unusual_cells import UnusualCells
from nntrain.errors import DataError, OutOfMemoryError
from nntrain.memory_limit import memory_limit
from nntrain.text import counted
from nntrain.threads import available_cores

FREED_ROWS = 1 << 17
"""Rows of a typed table that are encoded at a time before their memory is given back."""


@dataclass(frozen=True)
class Encoded:
    """Rows as a network sees them: inputs x (n_rows, n_inputs), targets y (n_rows, n_targets).

    `y_true` are the targets in their own units, in double precision. `weights` (n_rows,) are as
    they stand in the table; None without a weight column. Equal rows are known by their
    `row_hashes` (n_rows,).
    """

    x: Array
    y: Array
    y_true: Matrix
    weights: Vector | None
    row_hashes: Hashes

    def take(self, rows: RowNumbers | slice) -> Encoded:
        """The rows with these numbers; those of a slice share their memory with this one."""
        return Encoded(
            self.x[rows],
            self.y[rows],
            self.y_true[rows],
            None if self.weights is None else self.weights[rows],
            self.row_hashes[rows],
        )


def encode_rows(
    preprocessing: Preprocessing, table: TypedTable, rows: RowNumbers, dtype: str
) -> Encoded:
    """The encoded `rows` of a typed table, which are in ascending order."""
    return encode_parts(preprocessing, table, [rows], dtype)[0]


def encode_parts(
    preprocessing: Preprocessing,
    table: TypedTable,
    parts: Sequence[RowNumbers],
    dtype: str,
    *,
    use_up: bool = False,
) -> list[Encoded]:
    """The encoded rows of each part of a typed table; a part's rows are in ascending order.

    With `use_up`, the table's memory is freed on the way, so that the table and the result never
    both take their whole memory. Raises `OutOfMemoryError` if the inputs do not fit into memory,
    `DataError` if a number does not fit into `dtype`.
    """
    _check_size(preprocessing, sum(map(len, parts)), dtype, table.name)
    encoded = [_with_empty_inputs(preprocessing, table, rows, dtype) for rows in parts]
    columns = FeatureColumns(preprocessing, table)
    with ThreadPoolExecutor(available_cores()) as pool:
        for start in reversed(range(0, len(table), FREED_ROWS)):
            for rows, part in zip(parts, encoded, strict=True):
                blocks = _blocks(rows, part, start, start + FREED_ROWS)
                list(pool.map(lambda block: columns.encode(*block), blocks))
            if use_up:
                table.give_back(start)
    return encoded


def _blocks(
    rows: RowNumbers, encoded: Encoded, first_row: int, end_row: int
) -> Iterator[tuple[RowNumbers, Encoded]]:
    """The row numbers from `first_row` up to `end_row`, with their rows to fill, block by block."""
    first, end = np.searchsorted(rows, (first_row, end_row)).tolist()
    for start in range(first, end, ENCODE_ROWS):
        block = slice(start, min(start + ENCODE_ROWS, end))
        yield rows[block], encoded.take(block)


def _with_empty_inputs(
    preprocessing: Preprocessing, table: TypedTable, rows: RowNumbers, dtype: str
) -> Encoded:
    """Rows encoded but for their inputs and their hashes, for which there is room."""
    y_true = table.true_values(rows)
    with np.errstate(over="ignore"):
        y = preprocessing.encode_targets(y_true).astype(dtype)
    check_finite_inputs(y, table.targets, table.name)
    x = np.empty((len(rows), len(preprocessing.input_names)), dtype)
    return Encoded(x, y, y_true, table.weights(rows), np.empty(len(rows), np.uint64))


class FeatureColumns:
    """The columns of a typed table that a preprocessing's features were learned from.

    `values_by_code` has, for each categorical feature by its position, the value for each code.
    """

    def __init__(self, preprocessing: Preprocessing, table: TypedTable) -> None:
        self.table, self.preprocessing = table, preprocessing
        self.features = preprocessing.features
        sources = {name: i for i, name in enumerate(table.features)}
        self.sources = [sources[feature.name] for feature in self.features]
        self.values_by_code = {
            i: category_values(category_positions(feature), table.categories[source])
            for i, (source, feature) in enumerate(zip(self.sources, self.features, strict=True))
            if isinstance(feature, CategoricalColumn)
        }

    def values(self, rows: RowNumbers) -> Matrix:
        """The feature values (n_rows, n_features) of rows, at least one, in ascending order."""
        start, stop = int(rows[0]), int(rows[-1]) + 1
        are_consecutive = stop - start == len(rows)
        values = np.empty((len(self.sources), len(rows))).T
        for i, source in enumerate(self.sources):
            column = self.table.columns[source]
            cells = column[start:stop] if are_consecutive else column[rows]
            if i in self.values_by_code:
                cells = self.values_by_code[i][cells.astype(np.intp)]
            values[:, i] = cells
        return values

    def encode(self, rows: RowNumbers, out: Encoded) -> None:
        """Fill in the inputs and the hashes of rows, at least one, in ascending order.

        Raises `DataError` for a number that the dtype of the inputs cannot hold.
        """
        values = self.values(rows)
        out.row_hashes[:] = hash_rows(values, out.y_true)
        self.preprocessing.encode(values, out.x)
        check_finite_inputs(out.x, self.preprocessing.input_names, self.table.name)

    def unseen(self, rows: RowNumbers) -> UnusualCells:
        """The cells of rows whose category the training rows lack, counted."""
        unusual = UnusualCells()
        for i, values in self.values_by_code.items():
            codes = self.table.column(self.sources[i], rows).astype(np.intp)
            n_unseen = int(np.count_nonzero(values[codes] == UNSEEN))
            unusual.add_unseen(self.features[i].name, n_unseen)
        return unusual


def _check_size(preprocessing: Preprocessing, n_rows: int, dtype: str, table_name: str) -> None:
    """Raise `OutOfMemoryError` for inputs that do not fit into memory, before they are made."""
    n_inputs = len(preprocessing.input_names)
    size, memory = n_rows * n_inputs * np.dtype(dtype).itemsize, memory_limit()
    if size <= memory:
        return
    widest = sorted(preprocessing.features, key=lambda f: -len(f.input_names))[:3]
    shown = ", ".join(f"{f.name!r} ({counted(len(f.input_names), 'input')})" for f in widest)
    smaller = ", or set dtype: float32" if dtype == "float64" else ", or train on fewer rows"
    raise OutOfMemoryError(
        f"{table_name}: {counted(n_rows, 'row')} of {counted(n_inputs, 'input')} would take "
        f"{size / 1e9:,.1f} GB, and this process may take {memory / 1e9:,.1f} GB. The most inputs "
        f"are those of {shown}; put what is of no use under ignore{smaller}"
    )


def check_finite_inputs(x: Array, names: Sequence[str], table_name: str) -> None:
    """Raise `DataError` for a number that the network's dtype cannot hold."""
    if not np.isfinite(x).all():
        column = names[int(np.flatnonzero(~np.isfinite(x).all(axis=0))[0])]
        raise DataError(
            f"{table_name}, column {column!r}: a number is too large for {x.dtype}; set "
            f"standardize: true or dtype: float64, or rescale the column"
        )
