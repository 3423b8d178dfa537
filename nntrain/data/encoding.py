"""Whole tables as the matrices that a network trains on or is measured by."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.data.cells import CellFormat
from nntrain.data.checks import target_values, weight_values
from nntrain.data.columns import TypedTable
from nntrain.data.preprocessing import ENCODE_ROWS, CategoricalColumn, Preprocessing, Replaced
from nntrain.data.table import Chunk, Table
from nntrain.errors import DataError, counted

log = logging.getLogger(__name__)

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Encoded:
    """Rows as a network sees them: inputs x (n_rows, n_inputs), targets y (n_rows, n_targets).

    `weights` of (n_rows,) are as they stand in the table; None without a weight column.
    """

    x: NDArray[Any]
    y: NDArray[Any]
    weights: Matrix | None


def encode_rows(
    preprocessing: Preprocessing, table: TypedTable, rows: NDArray[np.intp], dtype: str
) -> Encoded:
    """Some rows of a typed table, in the network's dtype."""
    kept = np.array([table.features.index(f.name) for f in preprocessing.features])
    to_category = {
        i: _positions(table.categories[source], feature.categories)
        for i, (source, feature) in enumerate(
            zip(kept.tolist(), preprocessing.features, strict=True)
        )
        if isinstance(feature, CategoricalColumn)
    }
    x = np.empty((len(rows), len(preprocessing.input_names)), dtype)
    for start in range(0, len(rows), ENCODE_ROWS):
        block = slice(start, start + ENCODE_ROWS)
        values = table.values[np.ix_(rows[block], kept)]
        for i, positions in to_category.items():
            values[:, i] = positions[values[:, i].astype(np.intp)]
        preprocessing.encode(values, x[block])
        _check_inputs(x[block], preprocessing.input_names, table.name)
    with np.errstate(over="ignore"):
        y = preprocessing.encode_targets(table.true_values[rows]).astype(dtype)
    _check_inputs(y, table.targets, table.name)
    weights = table.weights
    return Encoded(x, y, None if weights is None else weights[rows])


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
    """A chunk encoded, with its true values (n_rows, n_targets) in their own units."""

    x: NDArray[Any]
    y_true: Matrix
    weights: Matrix | None
    chunk: Chunk
    kept: NDArray[np.bool_]


@dataclass(frozen=True)
class Labels:
    """Where the true values of a table stand, and whether rows without one are left out."""

    weight: str | None = None
    skip_missing_targets: bool = False


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
    replaced, skipped = Replaced(), 0
    numbers = [*preprocessing.numeric_names, *others]
    for chunk in table.chunks(numbers, preprocessing.categorical_names):
        may_miss = labels.skip_missing_targets
        y = np.column_stack([target_values(chunk, t, cells, may_miss=may_miss) for t in targets])
        kept = np.logical_not(np.isnan(y).any(axis=1))
        weights = weight_values(chunk, labels.weight, cells)[kept] if labels.weight else None
        values = preprocessing.values_of(chunk, cells, replaced)[kept]
        x = np.empty((len(values), len(preprocessing.input_names)), dtype)
        preprocessing.encode(values, x)
        _check_inputs(x, preprocessing.input_names, table.name)
        skipped += int(np.count_nonzero(~kept))
        yield Labelled(x, y[kept], weights, chunk, kept)
    replaced.report()
    if skipped:
        log.warning("%s: left out %s without a target", table.name, counted(skipped, "row"))


def _positions(texts: list[str], categories: tuple[str, ...]) -> Matrix:
    """For each text its position among the categories, -1 for one not seen in training."""
    position = {category: i for i, category in enumerate(categories)}
    return np.array([position.get(text, -1) for text in texts], dtype=np.float64)
