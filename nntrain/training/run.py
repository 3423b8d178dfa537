"""From a table and a config to a model: what `nntrain fit` and `nntrain.fit` do."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Array
from nntrain.config.keys import Config
from nntrain.data.readers.table import TableLike
from nntrain.engine.batches import Samples
from nntrain.engine.ensemble import epochs_done, is_over, train_together
from nntrain.engine.network import Network
from nntrain.engine.progress import EpochResult
from nntrain.engine.training import Training
from nntrain.errors import DivergedError, UsageError
from nntrain.model.model import Model
from nntrain.model.summary import Summary, Unfinished
from nntrain.stats.baseline import PENALTY, fit_baseline
from nntrain.stats.conformal import Intervals, absolute_errors, calibrate, expect_errors
from nntrain.stats.metrics import Measured
from nntrain.stats.ridge import held_out_ridge
from nntrain.threads import available_cores
from nntrain.training.fingerprint import fingerprint
from nntrain.training.history import LossHistory
from nntrain.training.members import make_trainings, rows_held_out, samples_of
from nntrain.training.prepare import Prepared, prepare
from nntrain.training.resume import check_same_architecture, check_unseen, differences, restore

log = logging.getLogger(__name__)

LARGE_INPUT = 30.0
"""An input this far from 0 may by itself be why training diverges."""


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

    `trainings` has one for each network of an ensemble.

    >>> run = TrainingRun.on("data.csv", config)
    >>> for results in run.epochs():
    ...     print([(result.epoch, result.loss) for result in results])
    >>> run.model().save("model.npz")
    """

    def __init__(self, config: Config, prepared: Prepared, start: Model | None = None) -> None:
        """A run on prepared rows, from the weights of a model of its architecture, if any."""
        self.config = config
        self.preprocessing = prepared.preprocessing
        validation = prepared.validation
        self.samples = samples_of(prepared.training, config.dtype)
        self.validation = samples_of(validation, config.dtype) if validation else None
        self.calibration = prepared.calibration
        self.y_true = prepared.training.y_true
        self.validation_y_true = validation.y_true if validation else self.y_true
        x, y = self.samples.x, self.samples.y
        self.baseline = fit_baseline(x, y, self.sample_weights, prepared.means)
        if start:
            check_unseen(self.calibration, start)
        self.held_out = rows_held_out(config, len(self.samples))
        self.trainings = make_trainings(config, self.samples, self.validation, self.held_out, start)
        self.started_from = start.checksum if start else None
        self.smallest_update = math.inf
        self.history = LossHistory()
        network, n_held_out = self.trainings[0].network, self.n_validation_rows
        log.info("rows: %d to train on, %d to validate", len(self.samples), n_held_out)
        log.info("%r, %d weights and biases", network, network.parameters.vector.size)
        log.info("engine: %s", self.trainings[0].hyperparameters.engine)

    @classmethod
    def on(
        cls,
        table: TableLike,
        config: Config,
        validation: TableLike | None = None,
        start: Model | None = None,
    ) -> TrainingRun:
        """A run on a table, some of its rows held out, or another table to validate by.

        It goes on from the weights and with the preprocessing of `start`, where there is one.
        Raises `DataError` for what is wrong with a table, `UsageError` for a model of another
        architecture, or one that may have learned from the calibration rows.
        """
        if start is None:
            return cls(config, prepare(table, config, validation))
        check_same_architecture(config, start.config)
        return cls(config, prepare(table, config, validation, start.preprocessing), start)

    @property
    def sample_weights(self) -> NDArray[np.float64] | None:
        """The weights (n_rows,) of the training rows, of mean 1; None without."""
        return _flat(self.samples.weights)

    @property
    def n_validation_rows(self) -> int:
        """How many rows are held out, of an ensemble by any network."""
        if self.held_out is not None:
            return int(np.count_nonzero(np.any(self.held_out, axis=0)))
        return len(self.validation) if self.validation else 0

    @property
    def epochs_done(self) -> int:
        """The whole epochs behind it."""
        return epochs_done(self.trainings)

    @property
    def part_of_next(self) -> float:
        """How far into the next epoch it is, as a part of it."""
        done = [t.progress.rows_done / t.n_rows for t in self.trainings if not is_over(t)]
        return float(np.mean(done)) if done else 0.0

    @property
    def is_over(self) -> bool:
        """Whether no epoch is left to train."""
        return all(is_over(training) for training in self.trainings)

    def epochs(self, is_to_stop: Callable[[], bool] = lambda: False) -> Iterator[list[EpochResult]]:
        """Train from where the run stands, an epoch of each network for each item taken.

        Ends early, within an epoch if that is a long one, when `is_to_stop` turns true. Raises
        `DivergedError`.
        """
        threads = self.config.threads or available_cores()
        try:
            for results in train_together(self.trainings, threads, is_to_stop):
                updates = [result.largest_update for result in results]
                self.smallest_update = min(self.smallest_update, *updates)
                self.history.add(results)
                yield results
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

    def model(self, reason: str = "") -> Model:
        """The model as it is after the last epoch taken; `reason` says why, where no epoch does."""
        model = self._unmeasured(tuple(self._kept(training) for training in self.trainings))
        training = self._measured(model, self.samples, self.y_true)
        held_out = self._measured_held_out(model)
        x, measured = held_out or (self.samples.x, training)
        summary = replace(
            model.summary,
            stopped_by=reason or self._longest_stopped_by,
            training=training.metrics(self.config.target),
            validation=measured.metrics(self.config.target) if held_out else {},
            fingerprint=self.fingerprint,
            versions=self.versions,
        )
        return replace(model, summary=summary, intervals=self._intervals(model, x, measured))

    def _intervals(self, model: Model, x: Array, measured: Measured) -> Intervals | None:
        """What intervals take, with the errors to expect learned from rows x, held out if any."""
        calibration = self.calibration
        if calibration is None:
            return None
        of_calibration = model.measured(calibration.x, calibration.y_true, None)
        of_rows, of_calibrating = (
            absolute_errors(of.y_true, of.y_pred, self.preprocessing)
            for of in (measured, of_calibration)
        )
        expected = expect_errors(x, of_rows)
        return calibrate(expected, calibration.x, of_calibrating, fingerprint(calibration))

    def _kept(self, training: Training) -> Network:
        """The network that a training comes to: its last or its best."""
        best = training.best
        if self.config.keep == "last" or best is None:
            return training.network
        of = training.network
        network = Network(of.layer_sizes, of.activation, str(of.dtype))
        network.parameters.vector[:] = best.parameters
        return network

    def checkpoint(self) -> Model:
        """The unfinished model, with all that the rest of the run depends on; not measured."""
        progress = tuple(training.progress for training in self.trainings)
        unfinished = Unfinished(progress, self.smallest_update, self.fingerprint)
        networks = tuple(training.network for training in self.trainings)
        return replace(self._unmeasured(networks), unfinished=unfinished)

    @property
    def versions(self) -> dict[str, str]:
        """The packages that do the arithmetic, with their versions."""
        versions = {"numpy": np.__version__}
        if self.trainings[0].hyperparameters.engine == "compiled":
            from importlib import metadata  # noqa: PLC0415  (slow to load)

            versions["numba"] = metadata.version("numba")
        return versions

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the rows that are trained on, and of those held out."""
        return fingerprint(self.samples, self.validation, self.calibration)

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
        restore(self.trainings, unfinished.progress, checkpoint.networks)
        self.smallest_update = unfinished.smallest_update

    def _unmeasured(self, networks: tuple[Network, ...]) -> Model:
        """The model of some networks, its summary without metrics."""
        lasts = [training.last for training in self.trainings if training.last]
        bests = [training.best for training in self.trainings]
        losses = [last.validation_loss for last in lasts if last.validation_loss is not None]
        summary = Summary(
            epochs_trained=max((last.epoch for last in lasts), default=0),
            iterations=sum(last.iterations for last in lasts),
            stopped_by="",
            engine=self.trainings[0].hyperparameters.engine,
            started_from=self.started_from,
            rows=len(self.samples),
            validation_rows=self.n_validation_rows,
            loss=_mean([last.loss for last in lasts]),
            validation_loss=_mean(losses),
            training={},
            validation={},
            kept_epochs=tuple(best.epoch for best in bests if best)
            if self.config.keep == "best"
            else (),
        )
        return Model(self.config, self.preprocessing, networks, self.baseline, summary)

    @property
    def longest(self) -> EpochResult | None:
        """The last epoch of the network that trained longest."""
        lasts = [training.last for training in self.trainings if training.last]
        return max(lasts, key=lambda last: last.epoch, default=None)

    @property
    def _longest_stopped_by(self) -> str:
        """Why the network that trained longest ended."""
        return self.longest.stopped_by if self.longest else "epochs"

    def measured(self, x: Array, y_true: Array, weights: Array | None) -> Measured:
        """Encoded rows and their true values, with the predictions as they are now."""
        networks = tuple(self._kept(training) for training in self.trainings)
        return self._unmeasured(networks).measured(x, y_true, weights)

    @staticmethod
    def _measured(model: Model, samples: Samples, y_true: Array) -> Measured:
        return model.measured(samples.x, y_true, _flat(samples.weights))

    def _measured_held_out(self, model: Model) -> tuple[Array, Measured] | None:
        """The rows that were held out, if any, and what comes of them.

        Those of an ensemble are predicted by the networks that held them out, and by ridge
        regressions that did so too.
        """
        if self.validation:
            measured = self._measured(model, self.validation, self.validation_y_true)
            return self.validation.x, measured
        if self.held_out is None:
            return None
        y_true = self.y_true
        sums, counts = np.zeros_like(y_true), np.zeros((len(y_true), 1))
        for network, rows in zip(model.networks, self.held_out, strict=True):
            alone = replace(model, networks=(network,))
            sums[rows] += alone.predict_each(self.samples.x[rows], available_cores())[0]
            counts[rows] += 1.0
        any_of = counts[:, 0] > 0
        part = self.samples.of(any_of)
        measured = model.beside_baseline(
            part.x, y_true[any_of], sums[any_of] / counts[any_of], _flat(part.weights)
        )
        x, y = self.samples.x, self.samples.y
        ridge = held_out_ridge(x, y, self.sample_weights, self.held_out, PENALTY)
        decoded = None if ridge is None else self.preprocessing.decode(ridge)
        return part.x, replace(measured, ridge=decoded)


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _flat(weights: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    return None if weights is None else weights[:, 0].astype(np.float64)
