"""The checkpoint of a run, beside its model: when it is written, read and removed."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from nntrain.files import clear_leftover, is_regular
from nntrain.model.model import read_model
from nntrain.training.run import TrainingRun

log = logging.getLogger(__name__)


class Checkpointer:
    """Keeps the checkpoint of a run beside its model; `path` is None where none can stand."""

    def __init__(self, run: TrainingRun, model_path: str, seconds: float) -> None:
        self.run = run
        self._name = f"{model_path}.checkpoint"
        self.path = Path(self._name) if is_regular(model_path) else None
        self._seconds = seconds
        self._saved = time.monotonic()

    def begin(self, *, resume: bool) -> None:
        """Let the run go on from its checkpoint, if it is to and there is one.

        Raises `ModelFileError` for a damaged checkpoint, `UsageError` for that of another run; it
        stays where it is.
        """
        there_is_one = self.path is not None and self.path.exists()
        if self.path is not None:
            clear_leftover(self.path)
        if resume and there_is_one:
            assert self.path is not None
            self.run.resume(read_model(self.path))
            log.warning("%s: goes on after epoch %d", self.path, self.run.epochs_done)
        elif resume:
            log.warning("%s: there is no checkpoint to resume; starts the run", self._name)
        elif there_is_one:
            log.warning("%s: is of an earlier run, which --resume would go on with", self.path)

    def is_due(self) -> bool:
        """Whether the last checkpoint is long enough ago."""
        return time.monotonic() - self._saved >= self._seconds

    def save(self) -> None:
        """Write the checkpoint, whole or not at all. Raises `OutputError`."""
        if self.path is not None:
            self.run.checkpoint().save(self.path)
        self._saved = time.monotonic()

    def remove(self) -> None:
        """Remove the checkpoint, which the model has taken the place of."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)
