"""From a table and a config to a model: what `nntrain fit` and `nntrain.fit` do."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.baseline import fit_baseline
from nntrain.config import Config
from nntrain.data.encoding import Encoded
from nntrain.data.table import TableLike
from nntrain.engine.batches import Samples, rows_per_iteration
from nntrain.engine.network import Network
from nntrain.engine.randomness import INITIAL_WEIGHTS, stream
from nntrain.engine.selection import select_engine
from nntrain.engine.training import EpochResult, Paused, Procedure, Progress, stopped_by, train
from nntrain.errors import DivergedError, UsageError
from nntrain.metrics import Measured, Metrics
from nntrain.model import Model, Summary, Unfinished, measured
from nntrain.model_file import checksum_of
from nntrain.preparing import Prepared, prepare
from nntrain.resuming import check_same_architecture, differences, fingerprint
from nntrain.threads import available_cores

log = logging.getLogger(__name__)

LARGE_INPUT = 30.0
"""An input this far from 0 may by itself be why training diverges."""

Matrix = NDArray[Any]


def fit(
    table: TableLike,
    config: Config,
    validation: TableLike | None = None,
    start: Model | None = None,
) -> Model:
    """Train a model on a table: a path, `-`, a DataFrame, or DataFrames to be read in a row.

    `validation` is another table as the validation rows; `start` a model whose weights and
    preprocessing to start from. Raises `DataError` for what is wrong with
    a table, `DivergedError` when training diverges.

    >>> model = nntrain.fit("data.csv", nntrain.Config(target=("price",)))
    >>> model.predict("new.csv")
    """
    run = TrainingRun.on(table, config, validation, start)
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

    def __init__(self, config: Config, prepared: Prepared, start: Model | None = None) -> None:
        """A run on prepared rows, from the weights of a model of its architecture, if any."""
        self.config = config
        self.preprocessing = prepared.preprocessing
        self.samples = self._samples(prepared.training)
        self.validation = self._samples(prepared.validation) if prepared.validation else None
        weights = _flat(self.samples.weights)
        self.baseline = fit_baseline(self.samples.x, self.samples.y, weights, prepared.means)
        sizes = (self.samples.x.shape[1], *config.hidden_layers, len(config.target))
        self.network = Network(sizes, config.activation, config.dtype)
        n_validation = len(self.validation) if self.validation else 0
        log.info("rows: %d to train on, %d to validate", len(self.samples), n_validation)
        log.info("%r, %d weights and biases", self.network, self.network.parameters.vector.size)
        self.network.initialize(stream(config.seed, INITIAL_WEIGHTS))
        self.started_from: str | None = None
        if start:
            self.network.parameters.vector[:] = start.network.parameters.vector
            self.started_from = checksum_of(start)
        self.procedure = self._procedure()
        log.info("engine: %s", self.procedure.engine)
        self.progress = Progress()
        self.smallest_update = math.inf

    @classmethod
    def on(
        cls,
        table: TableLike,
        config: Config,
        validation: TableLike | None = None,
        start: Model | None = None,
    ) -> TrainingRun:
        """A run on a table, with `validation_fraction` of its rows or another table held out.

        It goes on from the weights and with the preprocessing of `start`, where there is one.
        Raises `DataError` for what is wrong with a table, `UsageError` for a model of another
        architecture.
        """
        if start is None:
            return cls(config, prepare(table, config, validation))
        check_same_architecture(config, start.config)
        return cls(config, prepare(table, config, validation, start.preprocessing), start)

    def _samples(self, encoded: Encoded) -> Samples:
        if encoded.weights is None:
            return Samples(encoded.x, encoded.y)
        return Samples(encoded.x, encoded.y, encoded.weights.astype(self.config.dtype)[:, None])

    @property
    def last(self) -> EpochResult | None:
        """The last whole epoch."""
        return self.progress.last

    @property
    def is_over(self) -> bool:
        """Whether no epoch is left to train."""
        return self.last.stopped_by != "" if self.last else self.config.epochs == 0

    def epochs(self, is_to_stop: Callable[[], bool] = lambda: False) -> Iterator[EpochResult]:
        """Train from where the run stands, an epoch for each item taken. Raises `DivergedError`.

        Ends early, within an epoch if that is a long one, when `is_to_stop` turns true.
        """
        procedure, validation = self.procedure, self.validation
        try:
            for result in train(
                self.network, self.samples, procedure, validation, self.progress, is_to_stop
            ):
                self.progress = Progress(result)
                self.smallest_update = min(self.smallest_update, result.largest_update)
                yield result
        except Paused as paused:
            self.progress = paused.progress
        except DivergedError as error:
            raise DivergedError(f"{error}{self._largest_input()}") from None

    def _largest_input(self) -> str:
        """What to say of the inputs where they alone may be why training diverges."""
        x = self.samples.x
        sizes = np.maximum(x.max(axis=0), -x.min(axis=0))
        largest = int(np.argmax(sizes))
        if sizes[largest] < LARGE_INPUT:
            return ""
        remedy = "" if self.config.standardize else " and --set standardize=true"
        name = self.preprocessing.input_names[largest]
        return f"{remedy}; the largest input is {sizes[largest]:.4g}, of {name!r}"

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

    def model(self, reason: str = "") -> Model:
        """The model as it is after the last epoch taken; `reason` says why, where no epoch does."""
        training = self._metrics(self.samples)
        validation = self._metrics(self.validation) if self.validation else {}
        last = self.last.stopped_by if self.last else "epochs"
        summary = self._summary(reason or last, training, validation)
        return Model(self.config, self.preprocessing, self.network, self.baseline, summary)

    def checkpoint(self) -> Model:
        """The unfinished model, with all that the rest of the run depends on; not measured."""
        unfinished = Unfinished(self.progress, self.smallest_update, self.fingerprint)
        summary = self._summary("", {}, {})
        return Model(
            self.config, self.preprocessing, self.network, self.baseline, summary, unfinished
        )

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the rows that are trained on and validated by."""
        return fingerprint(self.samples, self.validation)

    def resume(self, checkpoint: Model) -> None:
        """Stand where another run stood that was made the same way, to end as it would have ended.

        `epochs` may be more than they were, `tau` other. Raises `UsageError` with the differences.
        """
        unfinished = checkpoint.unfinished
        if unfinished is None:
            raise UsageError("that model is of a finished run; there is nothing to resume")
        if found := differences(self.checkpoint(), checkpoint):
            raise UsageError(
                "the checkpoint is of another run; start anew without --resume, or undo the "
                "difference:\n" + "\n".join(found)
            )
        if not self._fits(unfinished.progress):
            raise UsageError("the checkpoint stands at a place that this run does not come by")
        self.network.parameters.vector[:] = checkpoint.network.parameters.vector
        self.progress = self._settled(unfinished.progress)
        self.smallest_update = unfinished.smallest_update

    def _fits(self, progress: Progress) -> bool:
        """Whether this run comes to stand there; false only of a checkpoint that was forged."""
        batch_rows, rows_done = self.procedure.batch_rows, progress.rows_done
        epoch = progress.last.epoch if progress.last else 0
        iterations = progress.last.iterations if progress.last else 0
        return (
            (progress.last is None or 1 <= epoch <= self.procedure.epochs)
            and iterations == epoch * -(-len(self.samples) // batch_rows)
            and rows_done < len(self.samples)
            and rows_done % batch_rows == 0
        )

    def _settled(self, progress: Progress) -> Progress:
        """A progress whose last epoch ends training where it does by this run's config."""
        last = progress.last
        if last is None:
            return progress
        reason = stopped_by(self.procedure, last.epoch, last.largest_update)
        return replace(progress, last=replace(last, stopped_by=reason))

    def _summary(
        self, reason: str, training: dict[str, Metrics], validation: dict[str, Metrics]
    ) -> Summary:
        last = self.last
        return Summary(
            epochs_trained=last.epoch if last else 0,
            iterations=last.iterations if last else 0,
            stopped_by=reason,
            engine=self.procedure.engine,
            started_from=self.started_from,
            rows=len(self.samples),
            validation_rows=len(self.validation) if self.validation else 0,
            loss=last.loss if last else None,
            validation_loss=last.validation_loss if last else None,
            training=training,
            validation=validation,
        )

    def measured(self, x: Matrix, y_true: Matrix, weights: Matrix | None) -> Measured:
        """Encoded rows and their true values, with the predictions as they are now."""
        return measured(self.preprocessing, self.network, self.baseline, x, y_true, weights)

    def _metrics(self, samples: Samples) -> dict[str, Metrics]:
        y_true = self.preprocessing.decode(samples.y)
        return self.measured(samples.x, y_true, _flat(samples.weights)).metrics(self.config.target)


def _flat(weights: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    return None if weights is None else weights[:, 0].astype(np.float64)
