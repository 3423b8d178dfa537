"""A trained model: what it holds, its predictions, and its file."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nntrain._version import __version__
from nntrain.arrays import Array, Matrix, Vector
from nntrain.config.keys import Config
from nntrain.data.preprocessing.encode_chunks import EncodedRows
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.dialect import PLAIN, Dialect
from nntrain.data.readers.open import ReadOptions, is_frame
from nntrain.data.readers.table import Chunk, Table, TableLike
from nntrain.engine.network import Network
from nntrain.errors import ConfigError, ModelFileError, UsageError
from nntrain.model.archive import checksum, read_archive, write_archive
from nntrain.model.deserialize import model_parts
from nntrain.model.output_columns import (
    Extras,
    OutputColumns,
    column_names,
    output_blocks,
    output_columns,
)
from nntrain.model.parts import ModelParts
from nntrain.model.prediction import Predicted, find_row_too_far, labelled_rows, open_predictions
from nntrain.model.predictor import Predictor, Stack
from nntrain.model.records import FormatError
from nntrain.model.serialize import model_arrays, model_header
from nntrain.model.summary import Summary, Unfinished
from nntrain.stats.baseline import Baseline
from nntrain.stats.conformal import Intervals, check_level
from nntrain.stats.cross_conformal import CrossIntervals
from nntrain.stats.histogram import Histogram
from nntrain.stats.metrics import Measured
from nntrain.stats.row_sketch import RowSketch

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Model:
    """A trained model. `nntrain.fit` makes one, `nntrain.load_model` reads one from its file.

    It predicts the mean of its networks' predictions. `intervals` is set where calibration rows
    were held out, or networks of an ensemble held out rows of their own; `unfinished` is set in a
    checkpoint, which is a model too. By its `row_sketch`, training rows are known again; None where
    the config or an older version kept none. `histograms` are those of the features over the
    training rows; an older model has none.

    >>> model = nntrain.load_model("model.npz")
    >>> model.predict("new.csv")
    """

    config: Config
    preprocessing: Preprocessing
    networks: tuple[Network, ...]
    baseline: Baseline
    summary: Summary
    intervals: Intervals | CrossIntervals | None = None
    unfinished: Unfinished | None = None
    row_sketch: RowSketch | None = None
    nntrain_version: str = __version__
    histograms: tuple[Histogram, ...] = ()

    def predict(
        self,
        table: TableLike,
        *,
        interval: float | None = None,
        explain: bool = False,
        dialect: Dialect = PLAIN,
    ) -> pd.DataFrame:
        """Predictions in the target's unit, a row for each row and a column for each target.

        `table` is a path, `-` for standard input, a DataFrame (its index is kept), or several of
        them to be read as one table. The level of an `interval`, such as 0.9, adds the bounds of
        prediction intervals; `explain` adds what each feature contributes (the columns' names:
        `nntrain.model.output_columns`). `dialect` says how a
        file's text is written. Raises `DataError` where a column is missing or a cell is
        not a number, `UsageError` for a level that the model has no intervals for.

        >>> model.predict(pd.DataFrame({"age": [3.0], "weight": [12.5]}), interval=0.9)
        """
        reading = self.preprocessing.read_options(dialect)
        columns = self.output_columns(Extras(interval=interval, explain=explain))
        names = column_names(columns)
        with self.predicting(table, reading) as (_, parts):
            blocks = [values for part in parts for _, values in output_blocks(part, columns)]
            values = np.concatenate([np.empty((0, len(names))), *blocks])
        import pandas as pd  # noqa: PLC0415  (slow to load, and not needed by the commands)

        index = table.index if is_frame(table) else None
        return pd.DataFrame(values, columns=names, index=index)

    def save(self, path: str | Path) -> None:
        """Write the model file, whole or not at all. Raises `OutputError`.

        The same model gives the same bytes. `nntrain.model.archive` describes the format.
        """
        parts = self.parts
        write_archive(path, model_header(parts), model_arrays(parts))

    @property
    def checksum(self) -> str:
        """The checksum in the model's file."""
        return checksum(model_header(self.parts), model_arrays(self.parts))

    @property
    def parts(self) -> ModelParts:
        """The record of everything that the model's file holds."""
        return ModelParts(
            self.config,
            self.preprocessing,
            self.networks,
            self.baseline,
            self.summary,
            self.intervals,
            self.unfinished,
            self.row_sketch,
            self.nntrain_version,
            self.histograms,
        )

    @cached_property
    def predictor(self) -> Predictor:
        """The arithmetic of the model's predictions."""
        return Predictor(
            self.preprocessing,
            self.networks,
            self.baseline,
            self.intervals,
            self.config.clamp_predictions,
        )

    def output_columns(self, extras: Extras, prefix: str = "predicted_") -> list[OutputColumns]:
        """The columns of predictions, and the extra ones requested.

        Raises `UsageError` for columns that the model cannot give.
        """
        if extras.interval is not None:
            self.check_level(extras.interval)
        return output_columns(self.predictor, extras, self.config.seed, prefix)

    def check_level(self, level: float) -> None:
        """Raise `UsageError` where the model has no prediction intervals of a level."""
        check_level(level)
        if self.intervals is None and self.config.has_rows_for_intervals:
            raise UsageError(self._why_no_intervals())
        self.predictor.check_level(level)

    def _why_no_intervals(self) -> str:
        """Why a model has no intervals although its config keeps rows for them."""
        if self.unfinished:
            return "an unfinished run has no intervals yet; finish it: fit --resume"
        if self.summary.started_from:
            return (
                "the model started from another one, which may have learned from the rows that its "
                "networks held out, and intervals would promise too much; fit it without --from, "
                "or both with the same calibration_fraction, such as --set calibration_fraction=0.2"
            )
        return "an older nntrain made the model, without what intervals take; fit it again"

    def predicting(
        self, table: TableLike, reading: ReadOptions
    ) -> contextlib.AbstractContextManager[tuple[Table, Iterator[Predicted]]]:
        """A table, and its predictions chunk by chunk; see `open_predictions`."""
        return open_predictions(self.predictor, table, reading)

    def labelled(self, source: Table) -> Iterator[EncodedRows]:
        """A table's rows with true values, encoded chunk by chunk; see `labelled_rows`."""
        return labelled_rows(self.preprocessing, self.config, source)

    def row_too_far(self, chunk: Chunk, cells: CellFormat) -> str:
        """The message about the first row of a chunk without a finite prediction, if any."""
        return find_row_too_far(self.predictor, chunk, cells)

    def predict_each(self, x: Array, threads: int = 1) -> Stack:
        """See `Predictor.predict_each`."""
        return self.predictor.predict_each(x, threads)

    def predict_mean(self, x: Array) -> Matrix:
        """See `Predictor.predict_mean`."""
        return self.predictor.predict_mean(x)

    def bounds(self, level: float, x: Array, predictions: Stack) -> Matrix:
        """See `Predictor.bounds`."""
        return self.predictor.bounds(level, x, predictions)

    def measured(
        self, x: Array, y_true: Matrix, weights: Vector | None, interval: float | None = None
    ) -> Measured:
        """See `Predictor.measure`."""
        return self.predictor.measure(x, y_true, weights, interval)

    def beside_baseline(
        self, x: Array, y_true: Matrix, y_pred: Matrix, weights: Vector | None
    ) -> Measured:
        """See `Predictor.compare_with_baseline`."""
        return self.predictor.compare_with_baseline(x, y_true, y_pred, weights)


def load_model(path: str | Path) -> Model:
    """The model in a file; that it is a checkpoint of an unfinished run is logged.

    Raises `ModelFileError` where it is not a model file that this version reads.

    >>> model = nntrain.load_model("model.npz")
    """
    model = read_model(path)
    if model.unfinished:
        done, epochs = model.summary.epochs_trained, model.config.epochs
        log.warning(
            "%s: the checkpoint of an unfinished run, after epoch %d of %d", path, done, epochs
        )
    return model


def read_model(path: str | Path) -> Model:
    """The model in a file, like `load_model`, without a word on checkpoints."""
    try:
        header, arrays = read_archive(path)
        parts = model_parts(header, arrays)
        if header["checksum"] != checksum(header, model_arrays(parts)):
            raise FormatError("its checksum does not match: the content was changed or damaged")
    except FormatError as error:
        raise ModelFileError(f"{path}: is not a valid model file: {error}") from None
    except ConfigError as error:
        first = str(error).split("\n")[0]
        raise ModelFileError(f"{path}: is not a valid model file: config: {first}") from None
    return Model(**vars(parts))
