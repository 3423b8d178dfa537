"""Going on where another run stands: whether it trained on the same, in the same way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from nntrain import __version__
from nntrain.config import Config
from nntrain.engine.batches import Samples
from nntrain.errors import UsageError
from nntrain.model import Model

MAY_CHANGE = ("epochs", "tau")
"""Config keys with conditions of their own, under which a run may be resumed with another value."""

ARCHITECTURE = (
    "target",
    "features",
    "ignore",
    "categorical",
    "hidden_layers",
    "activation",
    "ensemble",
    "standardize",
    "numeric_encoding",
    "bins",
    "target_transform",
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


def differences(mine: Model, checkpoint: Model) -> list[str]:
    """What keeps a run, of which `mine` is a checkpoint, from going on where another stands."""
    return list(_differences(mine, checkpoint))


def _differences(mine: Model, checkpoint: Model) -> Iterator[str]:
    assert mine.unfinished is not None
    assert checkpoint.unfinished is not None
    there, here = checkpoint.config.as_dict(), mine.config.as_dict()
    for name, value in there.items():
        if here[name] != value and name not in MAY_CHANGE:
            yield f"{name}: {value!r} in the checkpoint, {here[name]!r} now"
    more_epochs = mine.config.epochs - checkpoint.config.epochs
    if more_epochs < 0 or (more_epochs and mine.config.alpha_schedule != "constant"):
        may = "may only grow" if more_epochs < 0 else "decides how α falls"
        yield f"epochs: {there['epochs']} in the checkpoint, {here['epochs']} now; it {may}"
    if mine.config.tau > checkpoint.unfinished.smallest_update:
        yield f"tau: {here['tau']:g} would have stopped the run before this checkpoint"
    engines = checkpoint.summary.engine, mine.summary.engine
    if engines[0] != engines[1]:
        yield (
            f"engine: {engines[0]} made the checkpoint, {engines[1]} would go on; "
            f"set engine: {engines[0]}"
        )
    if checkpoint.nntrain_version != __version__:
        yield f"nntrain: {checkpoint.nntrain_version} made the checkpoint, this is {__version__}"
    if mine.summary.started_from != checkpoint.summary.started_from:
        yield "--from: the run did not start from the same model"
    if mine.unfinished.fingerprint != checkpoint.unfinished.fingerprint:
        yield "the data: the rows to train on or to validate by are not the same"


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
