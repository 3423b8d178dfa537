"""Going on where another run stands: whether it trained on the same, in the same way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from nntrain._version import __version__
from nntrain.config.keys import Config
from nntrain.data.preprocessing.encode import Encoded
from nntrain.engine.hyperparameters import Hyperparameters
from nntrain.engine.network import Network
from nntrain.engine.progress import Progress, stop_reason
from nntrain.engine.training import Training
from nntrain.errors import UsageError
from nntrain.model.model import Model
from nntrain.training.fingerprint import fingerprint

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
        yield "the data: the rows to train on, or those held out, are not the same"


def restore(
    trainings: Sequence[Training], progress: Sequence[Progress], networks: Sequence[Network]
) -> None:
    """Let trainings go on where others stood, whose networks these are.

    Raises `UsageError` where a training never comes to stand there.
    """
    stands = list(zip(trainings, progress, networks, strict=True))
    if not all(_comes_by(training, of) for training, of, _ in stands):
        raise UsageError("the checkpoint stands at a place that this run does not come by")
    for training, of, network in stands:
        training.network.parameters.vector[:] = network.parameters.vector
        training.progress = _settled(training.hyperparameters, of)


def _comes_by(training: Training, progress: Progress) -> bool:
    """Whether a training comes to stand there; false only of a checkpoint that was forged."""
    hyperparameters, rows_done = training.hyperparameters, progress.rows_done
    epoch = progress.last.epoch if progress.last else 0
    iterations = progress.last.iterations if progress.last else 0
    return (
        (progress.last is None or 1 <= epoch <= hyperparameters.epochs)
        and iterations == epoch * training.iterations_per_epoch
        and rows_done < training.n_rows
        and rows_done % hyperparameters.batch_rows == 0
        and (progress.best is None or 1 <= progress.best.epoch <= epoch)
    )


def _settled(hyperparameters: Hyperparameters, progress: Progress) -> Progress:
    """A progress whose last epoch ends training where it does by this procedure."""
    last = progress.last
    if last is None:
        return progress
    return replace(
        progress, last=replace(last, stopped_by=stop_reason(hyperparameters, last, progress.best))
    )


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
            "the model to start from is of another architecture or other columns; make the config "
            "agree:\n" + "\n".join(found)
        )


def check_unseen(calibration: Encoded | None, start: Model) -> None:
    """Raise `UsageError` where a model may have learned from what are to be calibration rows."""
    if calibration is None:
        return
    kept = start.intervals.fingerprint if start.intervals else None
    if kept != fingerprint(calibration):
        raise UsageError(
            "the model to start from may have learned from the rows that calibration_fraction "
            "holds out, and intervals would promise too much; start from one that held out the "
            "same rows (of the same table, with the same seed and calibration_fraction), or set "
            "calibration_fraction: 0"
        )
