"""From a table and a config to a model: what `nntrain fit` and `nntrain.fit` do."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.baseline import fit_baseline
from nntrain.config import Config
from nntrain.data.cells import CellFormat
from nntrain.data.columns import Roles, TypedTable, read_typed
from nntrain.data.encoding import Encoded, Labels, encode_parts, read_labelled, report_unseen
from nntrain.data.learning import learn_preprocessing
from nntrain.data.opening import Reading, open_table
from nntrain.data.preprocessing import Preprocessing
from nntrain.data.table import Table, TableLike
from nntrain.engine.batches import Samples, rows_per_iteration
from nntrain.engine.network import Network
from nntrain.engine.randomness import INITIAL_WEIGHTS, VALIDATION_SPLIT, stream
from nntrain.engine.selection import check_installed, select_engine
from nntrain.engine.training import EpochResult, Procedure, train
from nntrain.errors import DataError, UsageError, counted
from nntrain.metrics import Measured, Metrics
from nntrain.model import Model, Summary, measured
from nntrain.threads import available_cores

log = logging.getLogger(__name__)

Rows = NDArray[np.intp]
Matrix = NDArray[Any]


def fit(table: TableLike, config: Config, validation: TableLike | None = None) -> Model:
    """Train a model on a table: a path, `-`, a DataFrame, or DataFrames to be read in a row.

    `validation` is another table as the validation rows. Raises `DataError` for what is wrong with
    a table, `DivergedError` when training diverges.

    >>> model = nntrain.fit("data.csv", nntrain.Config(target=("price",)))
    >>> model.predict("new.csv")
    """
    run = TrainingRun.on(table, config, validation)
    for _ in run.epochs():
        pass
    return run.model()


class TrainingRun:
    """A training from the table to the model, an epoch at a time.

    >>> run = TrainingRun.on("data.csv", config)
    >>> for result in run.epochs():
    ...     print(result.epoch, result.loss)
    >>> run.model().save("model.npz")
    """

    def __init__(
        self,
        table: TypedTable,
        config: Config,
        rows: Rows,
        validation: Rows | TableLike,
        *,
        use_up: bool = False,
    ) -> None:
        """A run on some rows of a table; `validation` is other rows of it, or another table.

        `use_up`: the table is not needed any more, and may be emptied.
        """
        self.config = config
        if not len(rows):
            raise DataError(_no_rows(table, config))
        self.preprocessing = learn_preprocessing(
            table, rows, standardize=config.standardize, missing_values=config.missing_values
        )
        own, held_out = isinstance(validation, np.ndarray), np.empty(0, np.intp)
        if isinstance(validation, np.ndarray):
            held_out = validation
            report_unseen(self.preprocessing, table, held_out)
        true_values, weights_as_written = table.true_values(rows), table.weights(rows)
        self._weight_scale = _weight_scale(weights_as_written, table.name, config)
        means = np.average(true_values, axis=0, weights=weights_as_written)
        training, validating = encode_parts(
            self.preprocessing, table, [rows, held_out], config.dtype, use_up=use_up
        )
        if not own:
            validating = read_validation(validation, config, self.preprocessing)
        self.samples = self._samples(training)
        self.validation = self._samples(validating) if len(validating.x) else None
        weights = _flat(self.samples.weights)
        self.baseline = fit_baseline(self.samples.x, self.samples.y, weights, means)
        sizes = (self.samples.x.shape[1], *config.hidden_layers, len(config.target))
        self.network = Network(sizes, config.activation, config.dtype)
        n_validation = len(self.validation) if self.validation else 0
        log.info("rows: %d to train on, %d to validate", len(self.samples), n_validation)
        log.info("%r, %d weights and biases", self.network, self.network.parameters.vector.size)
        self.network.initialize(stream(config.seed, INITIAL_WEIGHTS))
        self.procedure = self._procedure()
        log.info("engine: %s", self.procedure.engine)
        self.last: EpochResult | None = None

    @classmethod
    def on(
        cls, table: TableLike, config: Config, validation: TableLike | None = None
    ) -> TrainingRun:
        """A run on a table, with `validation_fraction` of its rows or another table held out.

        Raises `DataError` for what is wrong with a table.
        """
        if validation is not None and config.validation_fraction > 0:
            raise UsageError(
                "validation rows are asked for twice: drop --validation, or set "
                "validation_fraction to 0"
            )
        typed = read_training_table(table, config)
        rows, held_out = split_rows(np.arange(len(typed)), config)
        return cls(typed, config, rows, held_out if validation is None else validation, use_up=True)

    def _samples(self, encoded: Encoded) -> Samples:
        if encoded.weights is None:
            return Samples(encoded.x, encoded.y)
        weights = (encoded.weights * self._weight_scale).astype(self.config.dtype)
        return Samples(encoded.x, encoded.y, weights[:, None])

    def epochs(self) -> Iterator[EpochResult]:
        """Train, an epoch for each item taken. Raises `DivergedError`."""
        for result in train(self.network, self.samples, self.procedure, self.validation):
            self.last = result
            yield result

    def _procedure(self) -> Procedure:
        config, n_rows = self.config, len(self.samples)
        batch_rows = rows_per_iteration(config.batch_mode, config.batch_size, n_rows)
        n_iterations = config.epochs * -(-n_rows // batch_rows)
        return Procedure(
            alpha=config.alpha,
            epochs=config.epochs,
            batch_rows=batch_rows,
            tau=config.tau,
            shuffle=config.shuffle,
            seed=config.seed,
            threads=config.threads or available_cores(),
            engine=select_engine(config.engine, self.network, batch_rows, n_iterations),
        )

    def model(self) -> Model:
        """The model as it is after the last epoch taken."""
        last = self.last
        summary = Summary(
            epochs_trained=last.epoch if last else 0,
            iterations=last.iterations if last else 0,
            stopped_by=last.stopped_by if last else "epochs",
            engine=self.procedure.engine,
            rows=len(self.samples),
            validation_rows=len(self.validation) if self.validation else 0,
            loss=last.loss if last else None,
            validation_loss=last.validation_loss if last else None,
            training=self._metrics(self.samples),
            validation=self._metrics(self.validation) if self.validation else {},
        )
        return Model(self.config, self.preprocessing, self.network, self.baseline, summary)

    def measured(self, x: Matrix, y_true: Matrix, weights: Matrix | None) -> Measured:
        """Encoded rows and their true values, with the predictions as they are now."""
        return measured(self.preprocessing, self.network, self.baseline, x, y_true, weights)

    def _metrics(self, samples: Samples) -> dict[str, Metrics]:
        y_true = self.preprocessing.decode(samples.y)
        return self.measured(samples.x, y_true, _flat(samples.weights)).metrics(self.config.target)


def split_rows(rows: Rows, config: Config) -> tuple[Rows, Rows]:
    """The training and the validation rows of some rows, each in their order; seeded."""
    if config.validation_fraction == 0:
        return rows, rows[:0]
    n_validation = int(len(rows) * config.validation_fraction + 0.5)
    n_validation = min(max(n_validation, 1), len(rows))
    held_out = np.zeros(len(rows), dtype=bool)
    order = stream(config.seed, VALIDATION_SPLIT).permutation(len(rows))
    held_out[order[:n_validation]] = True
    return rows[~held_out], rows[held_out]


def read_training_table(table: TableLike, config: Config, group: str | None = None) -> TypedTable:
    """The table to train on, its columns typed; `group` is a column to read along, as text.

    Raises `DataError` for what is wrong with it, `MissingExtraError` for an engine that is not
    installed.
    """
    check_installed(config.engine)
    cells = CellFormat(config.missing_values, config.decimal)
    with open_table(table, Reading(cells, config.delimiter, twice=True)) as source:
        return type_table(source, config, group)


def type_table(source: Table, config: Config, group: str | None = None) -> TypedTable:
    """`read_training_table` for a table that is open, and can be read twice."""
    roles = Roles(
        config.target,
        config.features,
        config.ignore,
        config.categorical,
        config.max_categories,
        config.weight,
        group,
        skip_missing_targets=config.missing_target == "skip",
    )
    return read_typed(source, roles, CellFormat(config.missing_values, config.decimal))


def read_validation(table: TableLike, config: Config, preprocessing: Preprocessing) -> Encoded:
    """Another table as validation rows, read as the training table was."""
    cells = CellFormat(config.missing_values, config.decimal)
    labels = Labels(config.weight, config.missing_target == "skip")
    with open_table(table, Reading(cells, config.delimiter)) as source:
        parts = list(read_labelled(preprocessing, source, cells, config.dtype, labels))
        if not sum(len(part.x) for part in parts):
            raise DataError(f"{source.name}: has no rows to validate on")
    with np.errstate(over="ignore"):
        y = preprocessing.encode_targets(np.concatenate([part.y_true for part in parts]))
        y = y.astype(config.dtype)
    if not np.isfinite(y).all():
        raise DataError("a target of the validation rows is too far from those of training")
    weights = [part.weights for part in parts if part.weights is not None]
    x = np.concatenate([part.x for part in parts])
    return Encoded(x, y, np.concatenate(weights) if weights else None)


def _weight_scale(weights: NDArray[np.float64] | None, table_name: str, config: Config) -> float:
    """What makes the training rows' weights average 1."""
    if weights is None:
        return 1.0
    if not weights.any():
        raise DataError(f"{table_name}, column {config.weight!r}: every training row weighs 0")
    return 1.0 / float(np.mean(weights))


def _no_rows(table: TypedTable, config: Config) -> str:
    if not len(table):
        return f"{table.name}: has no rows to train on"
    return (
        f"{table.name}: has no rows left to train on: validation_fraction "
        f"{config.validation_fraction:g} holds out all of its {counted(len(table), 'row')}; "
        f"lower it"
    )


def _flat(weights: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    return None if weights is None else weights[:, 0].astype(np.float64)
