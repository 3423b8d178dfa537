"""Going on where another run stands: whether it trained on the same, in the same way."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from nntrain import __version__
from nntrain.config import Config
from nntrain.engine.batches import Samples
from nntrain.errors import UsageError
from nntrain.files import clear_leftover, is_regular
from nntrain.model import Model, Unfinished
from nntrain.model_file import read_model

if TYPE_CHECKING:
    from nntrain.fitting import TrainingRun

log = logging.getLogger(__name__)

MAY_CHANGE = ("epochs", "tau")
"""Config keys with conditions of their own, under which a run may be resumed with another value."""

ARCHITECTURE = (
    "target",
    "features",
    "ignore",
    "categorical",
    "hidden_layers",
    "activation",
    "standardize",
    "dtype",
)
"""Config keys in which a run must agree with the model that it starts from."""


def fingerprint(samples: Samples, validation: Samples | None) -> str:
    """SHA-256 of the arrays as they lie in memory; no second copy is made."""
    digest = hashlib.sha256()
    for part in (samples, validation):
        for array in (part.x, part.y, part.weights) if part else ():
            if array is not None:
                digest.update(f"{array.dtype.str} {array.shape};".encode())
                digest.update(array.data if array.size else b"")
    return digest.hexdigest()


def differences(run: TrainingRun, checkpoint: Model, unfinished: Unfinished) -> list[str]:
    """What keeps a run from going on where a checkpoint stands, a line each."""
    return list(_differences(run, checkpoint, unfinished))


def _differences(run: TrainingRun, checkpoint: Model, unfinished: Unfinished) -> Iterator[str]:
    there, here = checkpoint.config.as_dict(), run.config.as_dict()
    for name, value in there.items():
        if here[name] != value and name not in MAY_CHANGE:
            yield f"{name}: {value!r} in the checkpoint, {here[name]!r} now"
    if run.config.epochs < checkpoint.config.epochs:
        yield f"epochs: {there['epochs']} in the checkpoint, {here['epochs']} now; it may only grow"
    if run.config.tau > unfinished.smallest_update:
        yield f"tau: {here['tau']:g} would have stopped the run before this checkpoint"
    if run.procedure.engine != checkpoint.summary.engine:
        yield (
            f"engine: {checkpoint.summary.engine} made the checkpoint, {run.procedure.engine} "
            f"would go on; set engine: {checkpoint.summary.engine}"
        )
    if checkpoint.nntrain_version != __version__:
        yield f"nntrain: {checkpoint.nntrain_version} made the checkpoint, this is {__version__}"
    if run.started_from != checkpoint.summary.started_from:
        yield "--from: the run did not start from the same model"
    if run.fingerprint != unfinished.fingerprint:
        yield "the data: the rows to train on or to validate by are not the same"


class Checkpointer:
    """Keeps the checkpoint of a run beside its model; `path` is None where none can stand."""

    def __init__(self, run: TrainingRun, model_path: str, seconds: float) -> None:
        self.run = run
        self.path = Path(f"{model_path}.checkpoint") if is_regular(model_path) else None
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
            last = self.run.last
            log.warning("%s: goes on after epoch %d", self.path, last.epoch if last else 0)
        elif resume:
            log.warning("%s: there is no checkpoint to resume; starts the run", self.path)
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


def check_same_architecture(config: Config, of_start: Config) -> None:
    """Raise `UsageError` where a run cannot start from the weights of another config's model."""
    mine, its = config.as_dict(), of_start.as_dict()
    found = [
        f"{name}: {its[name]!r} in the model, {mine[name]!r} in the config"
        for name in ARCHITECTURE
        if mine[name] != its[name]
    ]
    if found:
        raise UsageError(
            "--from: the model is of another architecture or other columns; make the config agree:"
            "\n" + "\n".join(found)
        )
