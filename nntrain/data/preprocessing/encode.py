"""Whole tables as the matrices that a network trains on or is measured by."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Matrix, RowNumbers
from nntrain.data.checks import target_values, weight_values
from nntrain.data.preprocessing.transform import (
    ENCODE_ROWS,
    CategoricalColumn,
    Preprocessing,
    ReplacedCells,
)
from nntrain.data.preprocessing.typed_table import TypedTable
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.table import Chunk, Table
from nntrain.errors import DataError
from nntrain.text import counted
from nntrain.threads import available_cores

log = logging.getLogger(__name__)


STRETCH = 1 << 17
"""Rows of a typed table that are encoded before their memory is given back."""


@dataclass(frozen=True)
class Encoded:
    """Rows as a network sees them: inputs x (n_rows, n_inputs), targets y (n_rows, n_targets).

    `y_true` are the targets in their own units, in double precision. `weights` of (n_rows,) are as
    they stand in the table; None without a weight column.
    """

    x: NDArray[Any]
    y: NDArray[Any]
    y_true: Matrix
    weights: Matrix | None


def encode_rows(
    preprocessing: Preprocessing, table: TypedTable, rows: RowNumbers, dtype: str
) -> Encoded:
    """Some rows of a typed table, in ascending order, in the network's dtype."""
    return encode_parts(preprocessing, table, [rows], dtype)[0]


def encode_parts(
    preprocessing: Preprocessing,
    table: TypedTable,
    parts: Sequence[RowNumbers],
    dtype: str,
    *,
    use_up: bool = False,
) -> list[Encoded]:
    """Several sets of rows of a typed table, each in ascending order, in the network's dtype.

    `use_up`: the table is freed on the way, so that both are never there whole. Raises `DataError`
    where the inputs would not fit into memory, or a number into the dtype.
    """
    _check_size(preprocessing, sum(map(len, parts)), dtype, table.name)
    encoded = [
        Encoded(
            np.empty((len(rows), len(preprocessing.input_names)), dtype),
            _encode_targets(preprocessing, table, rows, dtype),
            table.true_values(rows),
            table.weights(rows),
        )
        for rows in parts
    ]
    columns = _FeatureColumns(preprocessing, table)
    with ThreadPoolExecutor(available_cores()) as pool:
        for start in reversed(range(0, len(table), STRETCH)):
            for rows, of_part in zip(parts, encoded, strict=True):
                first, last = np.searchsorted(rows, (start, start + STRETCH)).tolist()
                blocks = [
                    slice(i, min(i + ENCODE_ROWS, last)) for i in range(first, last, ENCODE_ROWS)
                ]

                def encode(block: slice, rows: RowNumbers = rows, x: Matrix = of_part.x) -> None:
                    preprocessing.encode(columns.of(rows[block]), x[block])
                    _check_inputs(x[block], preprocessing.input_names, table.name)

                list(pool.map(encode, blocks))
            if use_up:
                table.give_back(start)
    return encoded


class _FeatureColumns:
    """The columns of a typed table that features were learned from, as `encode` wants them."""

    def __init__(self, preprocessing: Preprocessing, table: TypedTable) -> None:
        self.table = table
        places = {name: i for i, name in enumerate(table.features)}
        self.kept = [places[f.name] for f in preprocessing.features]
        self.positions = {
            i: _positions(table.categories[source], feature.categories)
            for i, (source, feature) in enumerate(
                zip(self.kept, preprocessing.features, strict=True)
            )
            if isinstance(feature, CategoricalColumn)
        }

    def of(self, rows: RowNumbers) -> Matrix:
        """The values of some rows (n_rows, n_features), one or more in ascending order."""
        start, stop = int(rows[0]), int(rows[-1]) + 1
        is_stretch = stop - start == len(rows)
        values = np.empty((len(self.kept), len(rows))).T
        for i, source in enumerate(self.kept):
            column = self.table.columns[source]
            part = column[start:stop] if is_stretch else column[rows]
            values[:, i] = self.positions[i][part.astype(np.intp)] if i in self.positions else part
        return values


def report_unseen(preprocessing: Preprocessing, table: TypedTable, rows: RowNumbers) -> None:
    """Log how many cells of some rows are of a category that the training rows lack."""
    replaced, columns = ReplacedCells(), _FeatureColumns(preprocessing, table)
    for i, positions in columns.positions.items():
        codes = table.column(columns.kept[i], rows).astype(np.intp)
        n_unseen = int(np.count_nonzero(positions[codes] < 0))
        replaced.count(replaced.unseen, preprocessing.features[i].name, n_unseen)
    replaced.report()


def _encode_targets(
    preprocessing: Preprocessing, table: TypedTable, rows: RowNumbers, dtype: str
) -> NDArray[Any]:
    with np.errstate(over="ignore"):
        y = preprocessing.encode_targets(table.true_values(rows)).astype(dtype)
    _check_inputs(y, table.targets, table.name)
    return y


def _check_size(preprocessing: Preprocessing, n_rows: int, dtype: str, table_name: str) -> None:
    """Raise `DataError`, before they are made, for inputs that memory could not hold."""
    n_inputs = len(preprocessing.input_names)
    size, memory = n_rows * n_inputs * np.dtype(dtype).itemsize, physical_memory()
    if size <= memory:
        return
    widest = sorted(preprocessing.features, key=lambda f: -len(f.input_names))[:3]
    shown = ", ".join(f"{f.name!r} ({counted(len(f.input_names), 'input')})" for f in widest)
    raise DataError(
        f"{table_name}: {counted(n_rows, 'row')} of {counted(n_inputs, 'input')} would take "
        f"{size / 1e9:,.1f} GB, and this machine has {memory / 1e9:,.1f} GB. The most inputs are "
        f"those of {shown}; put what is of no use under ignore, or set dtype: float32"
    )


def physical_memory() -> int:
    """The bytes of memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _check_inputs(x: NDArray[Any], names: Sequence[str], table_name: str) -> None:
    """Raise `DataError` for a number that the network's dtype cannot hold."""
    if not np.isfinite(x).all():
        column = names[int(np.flatnonzero(~np.isfinite(x).all(axis=0))[0])]
        raise DataError(
            f"{table_name}, column {column!r}: a number is too large for {x.dtype}; set "
            f"standardize: true or dtype: float64, or rescale the column"
        )


@dataclass(frozen=True)
class Labelled:
    """A chunk encoded, with its true values (n_rows, n_targets) in their own units.

    `values` (n_rows, n_features) are what x was encoded from, `kept` marks the chunk's rows that
    are here.
    """

    values: Matrix
    x: NDArray[Any]
    y_true: Matrix
    weights: Matrix | None
    chunk: Chunk
    kept: NDArray[np.bool_]


@dataclass(frozen=True)
class Labels:
    """Where the true values of a table stand, and whether rows without one are left out.

    `log_targets`: true values must have a logarithm. `suggest_config_fix`: messages say what a
    config can do about a missing target.
    """

    weight: str | None = None
    skip_missing_targets: bool = False
    log_targets: bool = False
    suggest_config_fix: bool = True


def read_labelled(
    preprocessing: Preprocessing, table: Table, cells: CellFormat, dtype: str, labels: Labels
) -> Iterator[Labelled]:
    """The chunks of a table with targets, by a preprocessing learned before.

    `kept` marks the rows of the chunk that have a target and are here. Raises `DataError` where a
    column is missing or a cell is not what its column holds.
    """
    targets = [target.name for target in preprocessing.targets]
    others = [*targets, *([labels.weight] if labels.weight else [])]
    preprocessing.check(table, others)
    replaced, skipped = ReplacedCells(), 0
    types = preprocessing.column_types(others)
    for chunk in table.chunks(lambda: types):
        y = np.column_stack(
            [
                target_values(
                    chunk,
                    target,
                    cells,
                    may_miss=labels.skip_missing_targets,
                    for_log=labels.log_targets,
                    suggest_config_fix=labels.suggest_config_fix,
                )
                for target in targets
            ]
        )
        kept = np.logical_not(np.isnan(y).any(axis=1))
        weights = weight_values(chunk, labels.weight, cells)[kept] if labels.weight else None
        values = preprocessing.values_of(chunk, cells, replaced)[kept]
        x = np.empty((len(values), len(preprocessing.input_names)), dtype)
        preprocessing.encode(values, x)
        _check_inputs(x, preprocessing.input_names, table.name)
        skipped += int(np.count_nonzero(~kept))
        yield Labelled(values, x, y[kept], weights, chunk, kept)
    replaced.report()
    if skipped:
        log.warning("%s: left out %s without a target", table.name, counted(skipped, "row"))


def _positions(texts: list[str], categories: tuple[str, ...]) -> Matrix:
    """For each text its position among the categories, -1 for one not seen in training."""
    position = {category: i for i, category in enumerate(categories)}
    return np.array([position.get(text, -1) for text in texts], dtype=np.float64)
