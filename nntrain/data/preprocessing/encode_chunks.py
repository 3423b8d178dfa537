"""Encode a table chunk by chunk with a preprocessing that was learned before.

Predicting, measuring and training on from a start model all read their tables through here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from nntrain.arrays import Array, Mask, Matrix, Vector
from nntrain.data.notes import RowsWithoutTarget, log_note
from nntrain.data.preprocessing.encode import check_finite_inputs
from nntrain.data.preprocessing.target_values import TargetOptions, true_values, weight_values
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.data.preprocessing.unusual_cells import UnusualCells
from nntrain.data.readers.table import Chunk, Table


@dataclass(frozen=True)
class EncodedRows:
    """The rows of one chunk, encoded: inputs x (n_rows, n_inputs).

    x was encoded from the feature `values` (n_rows, n_features). `kept` marks the rows of `chunk`
    that are here: all, or those with a target. `y_true` (n_rows, n_targets) are the true values in
    their own units, with no column if targets were not read; `weights` (n_rows,) are as they stand
    in the table. `bad` marks rows that cannot be encoded, where such rows are tolerated.
    """

    values: Matrix
    x: Array
    y_true: Matrix
    weights: Vector | None
    bad: Mask | None
    chunk: Chunk
    kept: Mask


def encode_chunks(
    preprocessing: Preprocessing,
    table: Table,
    dtype: DTypeLike,
    targets: TargetOptions | None = None,
    *,
    tolerate_bad_rows: bool = False,
) -> Iterator[EncodedRows]:
    """A table's rows encoded, chunk by chunk, with their true values if `targets` says how.

    Raises `DataError` where a column is missing or a cell is not what its column holds; with
    `tolerate_bad_rows`, rows with a bad feature are marked instead. A number too large for `dtype`
    becomes an infinite input, which raises `DataError` if targets are read. Logs in the end how
    many cells were missing, of an unseen category or far from the training range, and how many rows
    were left out.
    """
    names = [target.name for target in preprocessing.targets] if targets else []
    options = targets or TargetOptions()
    numbers = options.numbers(names)
    preprocessing.check(table, numbers)
    types = preprocessing.column_types(numbers)
    unusual, n_skipped = UnusualCells(), 0
    for chunk in table.chunks(lambda: types):
        preprocessing.check(table, numbers)  # More keys of JSON lines may be known now.
        y_true, kept = true_values(chunk, names, table.cells, options)
        weights = weight_values(chunk, options.weight, table.cells) if options.weight else None
        bad = _bad_rows(chunk) if tolerate_bad_rows else None
        values = preprocessing.values_of(chunk, table.cells, unusual, bad)
        if not kept.all():
            n_skipped += int(np.count_nonzero(~kept))
            y_true, values = y_true[kept], values[kept]
            weights = None if weights is None else weights[kept]
        x = np.empty((len(values), len(preprocessing.input_names)), dtype)
        preprocessing.encode(values, x)
        if targets:
            check_finite_inputs(x, preprocessing.input_names, table.name)
        yield EncodedRows(values, x, y_true, weights, bad, chunk, kept)
    preprocessing.check(table, numbers)
    unusual.note()
    if n_skipped:
        log_note(RowsWithoutTarget(table.name, n_skipped))


def _bad_rows(chunk: Chunk) -> Mask:
    return np.zeros(chunk.n_rows, dtype=bool) if chunk.bad is None else chunk.bad
