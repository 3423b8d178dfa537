"""The checkpoint file of a run, beside its model: when it is written, read and removed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from nntrain.files.disk import sync_folder
from nntrain.files.paths import companion, explained, is_regular, target_of
from nntrain.files.replacement import move
from nntrain.files.temporary import clear_leftovers
from nntrain.model.model import read_model
from nntrain.training.run import TrainingRun

log = logging.getLogger(__name__)


class Checkpointer:
    """Keeps the checkpoint of a run in a file beside its model.

    `path` is that file; None where the model is no regular file, such as a pipe or `/dev/null`,
    and the run has no checkpoint. `is_ours`: the file is of this run.
    """

    def __init__(
        self, run: TrainingRun, model_path: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.run, self.model_path = run, model_path
        self._name = f"{model_path}.checkpoint"
        self.path = Path(self._name) if is_regular(model_path) else None
        self.is_ours = False
        self._clock = clock
        self._saved_at = clock()

    def begin(self, *, resume: bool) -> None:
        """Resume the run from its checkpoint, if asked to and if there is one.

        Otherwise the checkpoint of an earlier run is put aside: from now on nothing resumes it by
        mistake. Raises `ModelFileError` for a damaged checkpoint, `UsageError` for that of another
        run; the file stays as it is.
        """
        exists = self.path is not None and self.path.exists()
        if self.path is not None:
            with explained(self.path):
                clear_leftovers(target_of(self.path))
        if resume and exists:
            assert self.path is not None
            self.run.resume(read_model(self.path))
            self.is_ours = True
            log.warning("%s: goes on after epoch %d", self.path, self.run.epochs_done)
        elif resume:
            log.warning(
                "%s: there is no checkpoint yet; the run starts from the beginning", self._name
            )
        elif exists:
            self._put_aside()

    def _put_aside(self) -> None:
        assert self.path is not None
        older = self._older(self.path)
        with explained(self.path):
            move(target_of(self.path), older)
            # Before anything of this run is on the disk: a power cut must not bring it back.
            sync_folder(older.parent)
        log.warning(
            "%s: belongs to an earlier run, which --resume would have continued; until this run "
            "has a checkpoint of its own it is %s",
            self.path,
            older.name,
        )

    def is_due(self) -> bool:
        """Whether `checkpoint_seconds` have passed since the last checkpoint."""
        return self._clock() - self._saved_at >= self.run.config.checkpoint_seconds

    def save(self) -> None:
        """Write the checkpoint, whole or not at all. Raises `OutputError`."""
        if self.path is not None:
            self.run.checkpoint().save(self.path)
            self.is_ours = True
            self._drop_older()
        self._saved_at = self._clock()

    def remove(self) -> None:
        """Remove the checkpoint, which a finished run does not need any more."""
        if self.path is not None:
            with explained(self.path):
                self.path.unlink(missing_ok=True)
            self._drop_older()

    def put_back(self) -> None:
        """Put back the checkpoint of an earlier run, where this run has failed without its own."""
        if self.path is not None and not self.is_ours:
            older = self._older(self.path)
            with explained(self.path):
                if older.exists():
                    move(older, target_of(self.path))

    def _older(self, path: Path) -> Path:
        """Where the checkpoint of an earlier run waits until this run has its own."""
        return companion(target_of(path), "older")

    def _drop_older(self) -> None:
        assert self.path is not None
        with explained(self.path):
            self._older(self.path).unlink(missing_ok=True)
