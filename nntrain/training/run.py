"""From a table and a config to a model: what `nntrain fit` and `nntrain.fit` do."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from nntrain.config.keys import Config
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.data.readers.table import TableLike
from nntrain.engine.batches import Samples
from nntrain.engine.ensemble import epochs_done, is_over, train_together
from nntrain.engine.progress import EpochResult
from nntrain.errors import DivergedError, UsageError
from nntrain.model.model import Model
from nntrain.model.summary import Unfinished
from nntrain.text import counted
from nntrain.threads import available_cores
from nntrain.training.arithmetic import list_differences
from nntrain.training.history import LossHistory
from nntrain.training.members import make_trainings
from nntrain.training.memory_use import check_networks_fit
from nntrain.training.prepare import Prepared, prepare
from nntrain.training.results import RunResults
from nntrain.training.resume import check_same_run, restore
from nntrain.training.run_data import make_run_data
from nntrain.training.start import check_calibration_unseen, check_same_architecture

log = logging.getLogger(__name__)

LARGE_INPUT = 30.0
"""An input this far from 0 may by itself be why training diverges."""


def fit(
    table: TableLike,
    config: Config,
    validation: TableLike | None = None,
    start: Model | None = None,
) -> Model:
    """Train a model on a table: a path, `-`, a DataFrame, or an iterable of DataFrames.

    `validation` is another table, whose rows validate the training. `start` is a model whose
    weights and preprocessing to start from. Raises `DataError` for what is wrong with
    a table, `DivergedError` when training diverges.

    >>> model = nntrain.fit("data.csv", nntrain.Config(target=("price",)))
    >>> predictions = model.predict("new.csv")
    """
    run = TrainingRun.from_table(table, config, validation, start)
    for _ in run.epochs():
        pass
    return run.model()


class TrainingRun:
    """A training run that the caller moves forward, an epoch at a time.

    `data` are its rows, `trainings` holds the training of each network (several for an ensemble),
    `results` tells what the run has come to, and `history` the course of its losses.

    >>> run = TrainingRun.from_table("data.csv", config)
    >>> for results in run.epochs():
    ...     losses = [result.loss for result in results]
    >>> run.model().save("model.npz")
    """

    def __init__(self, config: Config, prepared: Prepared, start: Model | None = None) -> None:
        """A run on prepared rows; `start` is a model of the same architecture to start from."""
        self.config = config
        x = prepared.training.x
        check_networks_fit(config, x.shape[1], len(x))
        self.data = data = make_run_data(config, prepared, start)
        if start:
            check_calibration_unseen(data.calibration, start)
        self.trainings = make_trainings(config, data.samples, data.validation, data.held_out, start)
        started_from = start.checksum if start else None
        self.results = RunResults(config, data, self.trainings, started_from)
        self.history = LossHistory()
        self._smallest_update = math.inf
        network = self.trainings[0].network
        log.info("rows: %d to train on, %d to validate", len(data.samples), data.n_validation_rows)
        sizes = "-".join(map(str, network.layer_sizes))
        n_weights = counted(network.parameters.vector.size, "weight")
        log.info("network: %s, %s, %s: %s", sizes, network.activation, network.dtype, n_weights)
        log.info("engine: %s", self.results.engine)

    @classmethod
    def from_table(
        cls,
        table: TableLike,
        config: Config,
        validation: TableLike | None = None,
        start: Model | None = None,
    ) -> TrainingRun:
        """A run on a table; the arguments are those of `nntrain.fit`.

        Raises `DataError` for what is wrong with a table, `UsageError` for a start model of another
        architecture, or one that may have learned from the calibration rows.
        """
        if start is None:
            return cls(config, prepare(table, config, validation))
        check_same_architecture(config, start.config)
        return cls(config, prepare(table, config, validation, start.preprocessing), start)

    on = from_table
    """The first name of `from_table`, kept for programs that use it."""

    @property
    def preprocessing(self) -> Preprocessing:
        """How the columns of the table become the inputs and outputs of the network."""
        return self.data.preprocessing

    @property
    def samples(self) -> Samples:
        """The training rows as the network learns from them."""
        return self.data.samples

    @property
    def epochs_done(self) -> int:
        """The number of whole epochs that are done."""
        return epochs_done(self.trainings)

    @property
    def next_epoch_fraction(self) -> float:
        """How much of the next epoch is done, from 0 to 1."""
        unfinished = [training for training in self.trainings if not is_over(training)]
        fractions = [training.progress.rows_done / training.n_rows for training in unfinished]
        return float(np.mean(fractions)) if fractions else 0.0

    @property
    def is_finished(self) -> bool:
        """Whether no epoch is left to train."""
        return all(is_over(training) for training in self.trainings)

    def epochs(
        self, should_stop: Callable[[], bool] = lambda: False
    ) -> Iterator[list[EpochResult]]:
        """Train on, and yield the results of each epoch: one for each network that still trains.

        Ends early when `should_stop` returns True, even within an epoch if that is a long one.
        Raises `DivergedError`.
        """
        threads = self.config.threads or available_cores()
        try:
            for results in train_together(self.trainings, threads, should_stop):
                updates = [result.largest_update for result in results]
                self._smallest_update = min(self._smallest_update, *updates)
                self.history.add(results)
                yield results
        except DivergedError as error:
            raise DivergedError(f"{error}{self._large_input_hint()}") from None

    def _large_input_hint(self) -> str:
        """The end of the message about divergence, where an input is large enough to cause it."""
        name, size = self.data.largest_input()
        if size < LARGE_INPUT:
            return ""
        remedy = "" if self.config.standardize else " and --set standardize=true"
        return f"{remedy}; the largest input is {size:.4g}, of {name!r}"

    def model(self, stopped_by: str = "") -> Model:
        """The model after the last whole epoch, with its errors.

        `stopped_by` says why training ended, where no rule of the config ended it; see
        `nntrain.model.summary.STOPPED_BY`.
        """
        return self.results.model(stopped_by)

    def checkpoint(self) -> Model:
        """The unfinished model, without its errors, and with all that `resume` needs."""
        progress = tuple(training.progress for training in self.trainings)
        unfinished = Unfinished(progress, self._smallest_update, self.data.fingerprint)
        networks = tuple(training.network for training in self.trainings)
        return replace(self.results.unmeasured_model(networks), unfinished=unfinished)

    def resume(self, checkpoint: Model) -> None:
        """Continue an interrupted run from its checkpoint; it then ends as it would have ended.

        This run must have been made from the same table and config, though `epochs` may be larger
        and `tau` another. Raises `UsageError` with the differences otherwise. Logs what computes
        otherwise now, which may change last bits.
        """
        others = self._other_arithmetic(checkpoint)
        try:
            unfinished = check_same_run(self.checkpoint(), checkpoint)
        except UsageError as error:
            if checkpoint.unfinished is None:
                raise
            raise UsageError("\n".join([str(error), *others])) from None
        for other in others:
            log.warning("%s; the last bits of the model may be others for it", other)
        restore(self.trainings, unfinished.progress, checkpoint.networks)
        self._smallest_update = unfinished.smallest_update

    def _other_arithmetic(self, checkpoint: Model) -> list[str]:
        """What computes otherwise now than it did for a checkpoint of the same engine."""
        before = checkpoint.summary
        if before.engine != self.results.engine:
            return []
        return list(list_differences(before.versions, self.results.versions, "the checkpoint"))
