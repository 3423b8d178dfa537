"""The checkpoint file of a run, beside its model: when it is written, read and removed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from nntrain.files import clear_leftover, is_regular
from nntrain.model.model import read_model
from nntrain.training.run import TrainingRun

log = logging.getLogger(__name__)


class Checkpointer:
    """Keeps the checkpoint of a run in a file beside its model.

    `path` is that file; None where the model is no regular file, such as a pipe or `/dev/null`,
    and the run has no checkpoint.
    """

    def __init__(
        self, run: TrainingRun, model_path: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.run, self.model_path = run, model_path
        self._name = f"{model_path}.checkpoint"
        self.path = Path(self._name) if is_regular(model_path) else None
        self._clock = clock
        self._saved_at = clock()

    def begin(self, *, resume: bool) -> None:
        """Resume the run from its checkpoint, if asked to and if there is one.

        Raises `ModelFileError` for a damaged checkpoint, `UsageError` for that of another run; the
        file stays as it is.
        """
        exists = self.path is not None and self.path.exists()
        if self.path is not None:
            clear_leftover(self.path)
        if resume and exists:
            assert self.path is not None
            self.run.resume(read_model(self.path))
            log.warning("%s: goes on after epoch %d", self.path, self.run.epochs_done)
        elif resume:
            log.warning(
                "%s: there is no checkpoint yet; the run starts from the beginning", self._name
            )
        elif exists:
            log.warning(
                "%s: belongs to an earlier run, which --resume would have continued", self.path
            )

    def is_due(self) -> bool:
        """Whether `checkpoint_seconds` have passed since the last checkpoint."""
        return self._clock() - self._saved_at >= self.run.config.checkpoint_seconds

    def save(self) -> None:
        """Write the checkpoint, whole or not at all. Raises `OutputError`."""
        if self.path is not None:
            self.run.checkpoint().save(self.path)
        self._saved_at = self._clock()

    def remove(self) -> None:
        """Remove the checkpoint, which a finished run does not need any more."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)
