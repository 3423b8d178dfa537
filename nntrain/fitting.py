"""From a table and a config to a model: what `nntrain fit` and `nntrain.fit` do."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from nntrain.config import Config
from nntrain.data.cells import CellFormat
from nntrain.data.columns import Roles, TypedTable, read_typed
from nntrain.data.preprocessing import (
    Preprocessing,
    encode_rows,
    learn_preprocessing,
    read_samples,
)
from nntrain.data.table import TableLike, open_table
from nntrain.engine.batches import rows_per_iteration
from nntrain.engine.network import Network
from nntrain.engine.randomness import INITIAL_WEIGHTS, VALIDATION_SPLIT, stream
from nntrain.engine.training import EpochResult, Procedure, Samples, train
from nntrain.errors import DataError, UsageError
from nntrain.metrics import Metrics, measure
from nntrain.model import Model, Summary

Rows = NDArray[np.intp]


def fit(table: TableLike, config: Config, validation: TableLike | None = None) -> Model:
    """Train a model on a table: a path, `-`, a DataFrame, or DataFrames to be read in a row.

    `validation` is another table as the validation rows. Raises `DataError` for what is wrong with
    a table, `DivergedError` when training diverges.

    >>> model = nntrain.fit("data.csv", nntrain.Config(target="price"))
    >>> model.predict("new.csv")
    """
    run = TrainingRun(table, config, validation)
    for _ in run.epochs():
        pass
    return run.model()


class TrainingRun:
    """A training from the table to the model, an epoch at a time.

    >>> run = TrainingRun("data.csv", config)
    >>> for result in run.epochs():
    ...     print(result.epoch, result.loss)
    >>> run.model().save("model.npz")
    """

    def __init__(
        self, table: TableLike, config: Config, validation: TableLike | None = None
    ) -> None:
        if validation is not None and config.validation_fraction > 0:
            raise UsageError(
                "validation rows are asked for twice: drop --validation, or set "
                "validation_fraction to 0"
            )
        self.config = config
        typed = _read(table, config)
        rows, held_out = split_rows(len(typed.values), config)
        if not len(rows):
            raise DataError(f"{typed.name}: has no rows to train on")
        self.preprocessing = learn_preprocessing(
            typed, rows, standardize=config.standardize, missing_values=config.missing_values
        )
        self.samples = self._encode(typed, rows)
        self.validation: Samples | None = None
        if validation is not None:
            self.validation = _read_validation(validation, config, self.preprocessing)
        elif len(held_out):
            self.validation = self._encode(typed, held_out)
        sizes = (self.samples.x.shape[1], *config.hidden_layers, len(config.target))
        self.network = Network(sizes, config.activation, config.dtype)
        self.network.initialize(stream(config.seed, INITIAL_WEIGHTS))
        self.last: EpochResult | None = None

    def _encode(self, typed: TypedTable, rows: Rows) -> Samples:
        return Samples(*encode_rows(self.preprocessing, typed, rows, self.config.dtype))

    def epochs(self) -> Iterator[EpochResult]:
        """Train, an epoch for each item taken. Raises `DivergedError`."""
        config = self.config
        procedure = Procedure(
            alpha=config.alpha,
            epochs=config.epochs,
            batch_rows=rows_per_iteration(config.batch_mode, config.batch_size, len(self.samples)),
            tau=config.tau,
            shuffle=config.shuffle,
            seed=config.seed,
        )
        for result in train(self.network, self.samples, procedure, self.validation):
            self.last = result
            yield result

    def model(self) -> Model:
        """The model as it is after the last epoch taken."""
        last = self.last
        summary = Summary(
            epochs_trained=last.epoch if last else 0,
            iterations=last.iterations if last else 0,
            stopped_by=last.stopped_by if last else "epochs",
            rows=len(self.samples),
            validation_rows=len(self.validation) if self.validation else 0,
            loss=last.loss if last else None,
            validation_loss=last.validation_loss if last else None,
            training=self._metrics(self.samples),
            validation=self._metrics(self.validation) if self.validation else {},
        )
        return Model(self.config, self.preprocessing, self.network, summary)

    def _metrics(self, samples: Samples) -> dict[str, Metrics]:
        y_pred = self.preprocessing.decode(self.network.predict(samples.x))
        y_true = self.preprocessing.decode(samples.y)
        means = np.mean(self.preprocessing.decode(self.samples.y), axis=0)
        return {
            target.name: measure(y_pred[:, j], y_true[:, j], float(means[j]))
            for j, target in enumerate(self.preprocessing.targets)
        }


def split_rows(n_rows: int, config: Config) -> tuple[Rows, Rows]:
    """The training and the validation rows, each in file order; the split is seeded."""
    n_validation = int(n_rows * config.validation_fraction + 0.5)
    if config.validation_fraction > 0:
        n_validation = min(max(n_validation, 1), n_rows)
    held_out = np.zeros(n_rows, dtype=bool)
    held_out[stream(config.seed, VALIDATION_SPLIT).permutation(n_rows)[:n_validation]] = True
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def _cells(config: Config) -> CellFormat:
    return CellFormat(config.missing_values, config.decimal)


def _read(table: TableLike, config: Config) -> TypedTable:
    roles = Roles(
        config.target, config.features, config.ignore, config.categorical, config.max_categories
    )
    with open_table(table, _cells(config), config.delimiter, twice=True) as source:
        return read_typed(source, roles, _cells(config))


def _read_validation(table: TableLike, config: Config, preprocessing: Preprocessing) -> Samples:
    with open_table(table, _cells(config), config.delimiter) as source:
        x, y = read_samples(preprocessing, source, _cells(config), config.dtype)
        if not len(x):
            raise DataError(f"{source.name}: has no rows to validate on")
        return Samples(x, y)
