"""A table's predictions, chunk by chunk, and its rows with true values to evaluate them by."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nntrain.arrays import Array, Mask, Matrix
from nntrain.config.keys import Config
from nntrain.data.preprocessing.encode_chunks import EncodedRows, encode_chunks
from nntrain.data.preprocessing.target_values import TargetOptions
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.data.preprocessing.unusual_cells import UnusualCells
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.open import ReadOptions, open_table
from nntrain.data.readers.table import Chunk, Table, TableLike
from nntrain.errors import DataError
from nntrain.model.predictor import Predictor, Stack, mean_prediction, prediction_spread
from nntrain.threads import available_cores

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Predicted:
    """Predictions `values` (n_rows, n_targets) for a chunk of a table; x are its encoded rows.

    They are the mean of `network_predictions` (n_networks, n_rows, n_targets). `bad` (n_rows,)
    marks rows that cannot be predicted, None where such a row is an error.
    """

    x: Array
    values: Matrix
    network_predictions: Stack
    bad: Mask | None
    chunk: Chunk

    @property
    def spread(self) -> Matrix:
        """The standard deviation (n_rows, n_targets) of the networks' predictions."""
        return prediction_spread(self.network_predictions)


@contextlib.contextmanager
def open_predictions(
    predictor: Predictor, table: TableLike, reading: ReadOptions
) -> Iterator[tuple[Table, Iterator[Predicted]]]:
    """A table, and its predictions chunk by chunk, as the input arrives.

    Raises `DataError` where a column is missing, a cell is not a number, or a row is too far from
    the training rows; with `reading.tolerate_bad_rows`, such rows are marked instead. Logs at the
    end how many cells were missing, of an unknown category or far from the training range.
    """
    with open_table(table, reading) as source:
        predictor.preprocessing.check(source)
        yield source, _predict_chunks(predictor, source, reading)


def _predict_chunks(
    predictor: Predictor, source: Table, reading: ReadOptions
) -> Iterator[Predicted]:
    dtype, tolerate = predictor.networks[0].dtype, reading.tolerate_bad_rows
    chunks = encode_chunks(predictor.preprocessing, source, dtype, tolerate_bad_rows=tolerate)
    for rows in chunks:
        bad = rows.bad
        predictions = predictor.predict_each(rows.x, available_cores())
        values = mean_prediction(predictions)
        too_far = np.logical_not(np.isfinite(values).all(axis=1))
        if bad is not None:
            bad = bad | too_far
        elif too_far.any():
            raise DataError(_too_far_message(rows.chunk, too_far))
        yield Predicted(rows.x, values, predictions, bad, rows.chunk)


def find_row_too_far(predictor: Predictor, chunk: Chunk, cells: CellFormat) -> str:
    """The message about the first row of a chunk without a finite prediction; empty without one.

    `cells` is how the chunk was read. Raises `DataError` for a cell that is not a number.
    """
    x = predictor.encode(predictor.preprocessing.values_of(chunk, cells, UnusualCells()))
    too_far = np.logical_not(np.isfinite(predictor.predict_each(x)).all(axis=(0, 2)))
    return _too_far_message(chunk, too_far) if too_far.any() else ""


def _too_far_message(chunk: Chunk, too_far: Mask) -> str:
    place = chunk.place(int(np.flatnonzero(too_far)[0]))
    return (
        f"{place}: the prediction is not a finite number: a number of this row is too far from the "
        f"training rows"
    )


def labelled_rows(
    preprocessing: Preprocessing, config: Config, source: Table
) -> Iterator[EncodedRows]:
    """A table's rows with true values, encoded chunk by chunk, with weights if it has the column.

    Rows of weight 0 are left out, unless every row has weight 0: then each counts once. Rows
    without a target are left out where the config left them out in training. Raises `DataError`
    for what is wrong with the table.
    """
    weight = config.weight if config.weight in source.columns else None
    if weight != config.weight:
        log.warning(
            "%s: has no column %r, by which training rows were weighted; each row counts once",
            source.name,
            config.weight,
        )
    targets = TargetOptions(
        weight,
        skip_missing=config.missing_target == "skip",
        suggest_config_fix=False,
        zeros_count_once=True,
    )
    return encode_chunks(preprocessing, source, config.dtype, targets)
