"""The files of a training run: its model, its checkpoint and its log, however the run ends."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from types import TracebackType
from typing import IO

from nntrain.errors import NntrainError, OutputError, UsageError
from nntrain.model.model import Model, read_model
from nntrain.training.checkpoint import Checkpointer
from nntrain.training.log_file import LogFile
from nntrain.training.loss_log import LossLog, line_of
from nntrain.training.loss_log_reader import read_log

log = logging.getLogger(__name__)


class RunFiles:
    """Writes the files of a run; at the end of a `with` block, what a failed run replaced is back.

    A run has failed unless `finish` or `leave` was called. `log` is the `LossLog`, `checkpointer`
    keeps the checkpoint.
    """

    def __init__(self, checkpointer: Checkpointer, log_target: str | Path | IO[str] | None) -> None:
        self.checkpointer = checkpointer
        self._log_file, stream = None, None
        if isinstance(log_target, (str, Path)):
            self._log_file = LogFile(log_target)
        else:
            stream = log_target
        self._stream = stream
        self.log = LossLog("no log yet", None, 0.0)
        self._has_failed = True

    def begin(self, *, resume: bool) -> None:
        """Resume the run if asked to, and open its log.

        What earlier runs left is first put in order. Raises `OutputError`, `ModelFileError`, and
        `UsageError` for what cannot be resumed.
        """
        checkpointer, log_file = self.checkpointer, self._log_file
        if log_file and log_file.has_older:
            exists = checkpointer.path is not None and checkpointer.path.exists()
            is_finished = not exists and _is_log_of(log_file.path, checkpointer.model_path)
            log_file.recover(is_finished=is_finished, is_resumable=exists)
        checkpointer.begin(resume=resume)
        networks = checkpointer.run.config.ensemble
        if log_file is None:
            self.log = LossLog("standard output", self._stream, networks=networks)
        else:
            self.log = self._open_log(log_file, networks)

    def _open_log(self, log_file: LogFile, networks: int) -> LossLog:
        """A new log, or the one of the epochs that are done, which is continued."""
        run = self.checkpointer.run
        if not run.epochs_done or log_file.is_special:
            return LossLog(log_file.path, log_file.open_new(), networks=networks)
        progress = [training.progress.last for training in run.trainings]
        last = [line_of(result) for result in progress if result]
        opened = log_file.open_after(run.epochs_done, networks, last)
        if opened is None:
            raise UsageError(
                f"{log_file.path}: does not hold the epochs up to {run.epochs_done:,} of the run "
                f"that is to be resumed; name its log with --log, - or /dev/null for one that "
                f"begins with the next epoch, or start anew without --resume"
            )
        file, seconds = opened
        return LossLog(log_file.path, file, seconds, networks=networks)

    def save_checkpoint(self) -> None:
        """Write the checkpoint. Raises `OutputError`."""
        # A resumed run continues the log, which must hold every epoch that the checkpoint has.
        self.log.sync()
        self.checkpointer.save()

    def finish(self, model: Model, *, keep_checkpoint: bool) -> None:
        """Write the model, and remove the checkpoint and what was kept for a run that fails.

        Where the model cannot be written, a checkpoint holds the run if it can be written. Raises
        `OutputError`.
        """
        self.log.sync()
        self.log.close()
        try:
            model.save(self.checkpointer.model_path)
        except OutputError:
            with contextlib.suppress(OutputError):
                self.checkpointer.save()
                log.warning(
                    "%s holds the run; the same command with --resume writes the model",
                    self.checkpointer.path,
                )
            raise
        self._has_failed = False
        if self._log_file:
            self._log_file.succeed()
        if not keep_checkpoint:
            self.checkpointer.remove()

    def leave(self) -> None:
        """Leave everything as it is, for a run that can be resumed."""
        self._has_failed = False

    def __enter__(self) -> RunFiles:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.log.close()
        finally:
            if self._has_failed:
                self._put_back()

    def _put_back(self) -> None:
        # The log first: it lacks nothing where the checkpoint does not come back.
        if self._log_file:
            self._log_file.fail(is_resumable=self.checkpointer.is_ours)
        self.checkpointer.put_back()


def _is_log_of(log_path: str, model_path: str) -> bool:
    """Whether a log ends as the run of a model did."""
    try:
        logged, summary = read_log(log_path), read_model(model_path).summary
    except NntrainError:
        return False
    ends = int(logged.epochs[-1]), logged.last_loss
    return ends == (summary.epochs_trained, summary.loss)
