"""A model: preprocessing and network, with how they were made."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nntrain._version import __version__
from nntrain.config.keys import Config
from nntrain.data.notes import ReplacedCells
from nntrain.data.preprocessing.encode_chunks import EncodedRows, encode_chunks
from nntrain.data.preprocessing.target_values import TargetOptions
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.open import ReadOptions, is_frame, open_table
from nntrain.data.readers.table import Chunk, Table, TableLike
from nntrain.engine.network import Network
from nntrain.errors import DataError, UsageError
from nntrain.model.summary import Summary, Unfinished
from nntrain.stats.baseline import Baseline
from nntrain.stats.conformal import NO_CALIBRATION_ROWS, Intervals, check_level
from nntrain.stats.metrics import Measured
from nntrain.threads import available_cores

if TYPE_CHECKING:
    import pandas as pd


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Predicted:
    """Predictions `values` (n_rows, n_targets) for a chunk of a table, x once encoded.

    They are the mean of `of_each` (n_networks, n_rows, n_targets). `bad` marks rows that cannot be
    predicted, where such rows are borne.
    """

    x: NDArray[Any]
    values: NDArray[np.float64]
    of_each: NDArray[np.float64]
    bad: NDArray[np.bool_] | None
    chunk: Chunk

    @property
    def spread(self) -> NDArray[np.float64]:
        """The standard deviation (n_rows, n_targets) of what the networks predict."""
        largest = np.max(np.abs(self.of_each), axis=0)
        scale = np.where(largest > 0, largest, 1.0)  # so that no square overflows
        spread: NDArray[np.float64] = np.std(self.of_each / scale, axis=0) * scale
        return spread


@dataclass(frozen=True)
class Model:
    """A trained model. `nntrain.fit` makes one, `nntrain.load_model` reads one from its file.

    It predicts the mean of what its `networks` do. `intervals` are there where rows were kept for
    calibration; `unfinished` is set in a checkpoint, which is a model too.

    >>> model = nntrain.load_model("model.npz")
    >>> model.predict("new.csv")
    """

    config: Config
    preprocessing: Preprocessing
    networks: tuple[Network, ...]
    baseline: Baseline
    summary: Summary
    intervals: Intervals | None = None
    unfinished: Unfinished | None = None
    nntrain_version: str = __version__

    def predict(
        self,
        table: TableLike,
        *,
        interval: float | None = None,
        explain: bool = False,
        delimiter: str | None = None,
        decimal: str = ".",
    ) -> pd.DataFrame:
        """Predictions in the target's unit, a row for each row and a column for each target.

        `table` is a path, `-` for standard input, a DataFrame (its index is kept), or DataFrames to
        be read in a row. `nntrain.model.output_columns` says which columns come with `explain`,
        and with the level of an `interval`. Raises `DataError` where a column is missing or a cell
        is no number,
        `UsageError` for a level that the model has no intervals of.

        >>> model.predict(pd.DataFrame({"age": [3.0], "weight": [12.5]}), interval=0.9)
        """
        from nntrain.model.output_columns import added, with_added  # noqa: PLC0415

        options = self.preprocessing.read_options(delimiter, decimal)
        names = [f"predicted_{target.name}" for target in self.preprocessing.targets]
        beside = list(added(self, names, interval=interval, explain=explain))
        names += [name for of in beside for name in of.names]
        with self.predicting(table, options) as (_, parts):
            blocks = [values for part in parts for _, values in with_added(part, beside)]
            values = np.concatenate([np.empty((0, len(names))), *blocks])
        import pandas as pd  # noqa: PLC0415  (slow to load, and not needed by the commands)

        index = table.index if is_frame(table) else None
        return pd.DataFrame(values, columns=names, index=index)

    @contextlib.contextmanager
    def predicting(
        self, table: TableLike, reading: ReadOptions
    ) -> Iterator[tuple[list[str], Iterator[Predicted]]]:
        """A table's columns, and its predictions some rows at a time, as the input arrives.

        Raises `DataError` as `predict` does; where the reading bears bad rows, they are marked
        instead. Logs at the end how many cells were missing or of an unknown category.
        """
        with open_table(table, reading) as source:
            self.preprocessing.check(source)
            yield source.columns, self._predictions(source, reading)

    def _predictions(self, source: Table, reading: ReadOptions) -> Iterator[Predicted]:
        dtype, tolerate = self.networks[0].dtype, reading.tolerate_bad_rows
        for rows in encode_chunks(self.preprocessing, source, dtype, tolerate_bad_rows=tolerate):
            x, bad, chunk = rows.x, rows.bad, rows.chunk
            of_each = self.predict_each(x, available_cores())
            with np.errstate(over="ignore", invalid="ignore"):
                predictions = np.mean(of_each, axis=0)
            too_far = np.logical_not(np.isfinite(predictions).all(axis=1))
            if bad is not None:
                bad = bad | too_far
            elif too_far.any():
                raise DataError(_too_far(chunk, too_far))
            yield Predicted(x, predictions, of_each, bad, chunk)

    def _encoded(self, values: NDArray[np.float64]) -> NDArray[Any]:
        x = np.empty((len(values), self.networks[0].layer_sizes[0]), self.networks[0].dtype)
        self.preprocessing.encode(values, x)
        return x

    def predict_each(self, x: NDArray[Any], threads: int = 1) -> NDArray[np.float64]:
        """What each network predicts (n_networks, n_rows, n_targets) for encoded rows x.

        In the targets' units; a number that is not finite where a row is too far from training's.
        """
        of_each = [network.predict(x, threads) for network in self.networks]
        values = self.preprocessing.decode(
            np.stack(of_each) if len(of_each) > 1 else of_each[0][None]
        )
        if self.config.clamp_predictions:
            self.preprocessing.clamp(values)
        return values

    def check_level(self, level: float) -> None:
        """Raise `UsageError` where the model has no intervals of a level."""
        check_level(level)
        if self.unfinished and self.config.calibration_fraction > 0:
            raise UsageError("an unfinished run has no intervals yet; finish it: fit --resume")
        if self.intervals is None:
            raise UsageError(NO_CALIBRATION_ROWS)
        self.intervals.quantile(level)

    def bounds(
        self, level: float, x: NDArray[Any], y_pred: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The bounds of prediction intervals (n_rows, 2 n_targets): each target's lower and upper.

        x are encoded rows, y_pred (n_rows, n_targets) their predictions. A row's true value lies
        within with a probability of at least `level` (`nntrain.stats.conformal`); bounds are never
        clamped. `check_level` comes before.
        """
        assert self.intervals is not None
        lower, upper = self.intervals.bounds(level, x, y_pred, self.preprocessing)
        return np.stack([lower, upper], axis=2).reshape(len(x), -1)

    def predict_mean(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """The predictions (n_rows, n_targets) of encoded rows x, on all cores."""
        predictions: NDArray[np.float64] = np.mean(self.predict_each(x, available_cores()), axis=0)
        return predictions

    def row_too_far(self, chunk: Chunk, cells: CellFormat) -> str:
        """The message about the first row of a chunk that has no finite prediction, if any."""
        values = self.preprocessing.values_of(chunk, cells, ReplacedCells())
        of_each = self.predict_each(self._encoded(values))
        too_far = np.logical_not(np.isfinite(of_each).all(axis=(0, 2)))
        return _too_far(chunk, too_far) if too_far.any() else ""

    def labelled(self, source: Table) -> Iterator[EncodedRows]:
        """A table's rows with true values, encoded some at a time; weighted if it has the weights.

        Rows without a target are left out where they were in training. Raises `DataError`.
        """
        config = self.config
        weight = config.weight if config.weight in source.columns else None
        if weight != config.weight:
            log.warning(
                "%s: has no column %r, by which training rows were weighted; each row counts once",
                source.name,
                config.weight,
            )
        skips = config.missing_target == "skip"
        targets = TargetOptions(weight, skip_missing=skips, suggest_config_fix=False)
        weighs_nothing = weight is not None
        for part in encode_chunks(self.preprocessing, source, config.dtype, targets):
            weighs_nothing &= part.weights is not None and not part.weights.any()
            yield part
        if weighs_nothing:
            log.warning("%s: every row weighs 0; each row counts once", source.name)

    def measured(
        self, x: NDArray[Any], y_true: NDArray[np.float64], weights: NDArray[np.float64] | None
    ) -> Measured:
        """Encoded rows x (n_rows, n_inputs) and their true values, with the model's predictions.

        Raises `DataError` where a prediction is no finite number.
        """
        return self.beside_baseline(x, y_true, self.predict_mean(x), weights)

    def beside_baseline(
        self,
        x: NDArray[Any],
        y_true: NDArray[np.float64],
        y_pred: NDArray[np.float64],
        weights: NDArray[np.float64] | None,
    ) -> Measured:
        """Predictions of encoded rows and their true values beside what the baseline predicts.

        Raises `DataError` where a prediction is no finite number.
        """
        if not np.isfinite(y_pred).all():
            raise DataError(
                "a prediction is no finite number: the numbers of some row are too far from those "
                "of training"
            )
        ridge = self.baseline.ridge
        of_ridge = None if ridge is None else self.preprocessing.decode(ridge.predict(x))
        return Measured(y_true, y_pred, self.baseline.means, of_ridge, weights)

    def save(self, path: str | Path) -> None:
        """Write the model file, whole or not at all. Raises `OutputError`.

        The same model gives the same bytes. `nntrain.model.archive` describes the format.
        """
        from nntrain.model.archive import save_model  # noqa: PLC0415  (which imports this module)

        save_model(self, path)


def _too_far(chunk: Chunk, rows: NDArray[np.bool_]) -> str:
    place = chunk.place(int(np.flatnonzero(rows)[0]))
    return (
        f"{place}: the prediction is no finite number: a number of this row is too far from those "
        f"of training"
    )
