"""A training run with its files: the model, the checkpoint beside it and the loss log."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from nntrain.config.keys import Config
from nntrain.data.readers.table import TableLike
from nntrain.engine.progress import EpochResult
from nntrain.files import locked, try_output
from nntrain.model.archive import check_replaceable
from nntrain.model.model import Model
from nntrain.training.checkpoint import Checkpointer
from nntrain.training.log_file import check_is_log
from nntrain.training.run import TrainingRun
from nntrain.training.run_files import RunFiles


@dataclass(frozen=True)
class SessionOptions:
    """How a session trains and when it ends.

    `validation` and `start` are those of `nntrain.fit`. `resume` continues from the checkpoint, if
    there is one. Training ends with the first epoch that ends `max_seconds` after the session
    began, and soon after `should_stop` returns True. `clock` tells the time in seconds.
    """

    validation: TableLike | None = None
    start: Model | None = None
    resume: bool = False
    max_seconds: float | None = None
    should_stop: Callable[[], bool] = lambda: False
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True)
class Outcome:
    """How a session ended, and what it left.

    `finished`: all is done, the model is written and the checkpoint removed. `time`: the time was
    over, the model is written and the checkpoint stays. `interrupted`: only the checkpoint is left;
    `model` is None. `checkpoint` is the file that stays, None where there is none.
    """

    ended: Literal["finished", "time", "interrupted"]
    model: Model | None
    checkpoint: Path | None


@contextlib.contextmanager
def fit_session(
    table: TableLike,
    config: Config,
    model_path: str | Path,
    log: str | Path | IO[str] | None = None,
    options: SessionOptions | None = None,
) -> Iterator[FitSession]:
    """A session that is ready to train; no other process can write the model until its block ends.

    `log` is where to write the loss log: a file's path, or an open text stream, which is closed
    when training ends. Raises `OutputError` for a file that cannot be written, before any work is
    done, and `UsageError` for one that exists and is something else; `DataError` and
    `UsageError` as `TrainingRun.from_table` and `TrainingRun.resume` do. Where the run fails, an
    older log and an older checkpoint are back as they were.

    >>> with fit_session("data.csv", config, "model.npz", "loss.csv") as session:
    ...     for results in session.epochs():
    ...         losses = [result.loss for result in results]
    ...     outcome = session.finish()
    """
    options = options or SessionOptions()
    began = options.clock()
    with locked(model_path), _checked_log(log):
        try_output(model_path)
        check_replaceable(model_path)
        run = TrainingRun.from_table(table, config, options.validation, options.start)
        checkpointer = Checkpointer(run, os.fspath(model_path), options.clock)
        with RunFiles(checkpointer, log) as files:
            files.begin(resume=options.resume)
            yield FitSession(run, files, options, began)


@contextlib.contextmanager
def _checked_log(log: str | Path | IO[str] | None) -> Iterator[None]:
    """Keep other processes from writing a log's file, after a check that this run may write it."""
    if not isinstance(log, (str, Path)):
        yield
        return
    with locked(log, "--log"):
        try_output(log)
        check_is_log(log)
        yield


class FitSession:
    """A run that logs its losses and saves its checkpoints while it trains; see `fit_session`.

    `run` is the `TrainingRun`.
    """

    def __init__(
        self, run: TrainingRun, files: RunFiles, options: SessionOptions, began: float
    ) -> None:
        self.run = run
        self._files = files
        self._should_stop, self._clock = options.should_stop, options.clock
        self._deadline = None if options.max_seconds is None else began + options.max_seconds
        self._is_time_over = False
        self._is_saved = False

    def epochs(self) -> Iterator[list[EpochResult]]:
        """Train, and yield the results of each epoch after they are logged.

        Saves the checkpoint as often as the config says, and where training ends early. Raises
        `DivergedError`, `OutputError`.
        """
        began = self._clock()
        for results in self.run.epochs(self._should_stop):
            self._is_saved = False
            self._files.log.add(results, self._clock() - began)
            yield results
            self._is_time_over = self._deadline is not None and self._clock() >= self._deadline
            if self._is_time_over or self._should_stop():
                break
            if not self.run.is_finished and self._files.checkpointer.is_due():
                self._save_checkpoint()
        if not self.run.is_finished or self._should_stop():
            self._save_checkpoint()

    def finish(self) -> Outcome:
        """Write the model, or leave the checkpoint of a run that was interrupted.

        A run is interrupted where `should_stop` returns True, or where the caller took no further
        epochs. Raises `OutputError`, `DataError`.
        """
        path = self._files.checkpointer.path
        is_finished = self.run.is_finished
        if self._should_stop() or not (is_finished or self._is_time_over):
            if not self._is_saved:
                self._save_checkpoint()
            self._files.leave()
            return Outcome("interrupted", None, path)
        model = self.run.model("" if is_finished else "time")
        self._files.finish(model, keep_checkpoint=not is_finished)
        if not is_finished:
            return Outcome("time", model, path)
        return Outcome("finished", model, None)

    def _save_checkpoint(self) -> None:
        self._files.save_checkpoint()
        self._is_saved = True
