"""Check that a checkpoint belongs to this run, and restore the run from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from nntrain._version import __version__
from nntrain.engine.hyperparameters import Hyperparameters
from nntrain.engine.network import Network
from nntrain.engine.progress import Progress
from nntrain.engine.stopping import stop_reason
from nntrain.engine.training import Training
from nntrain.errors import UsageError
from nntrain.model.model import Model
from nntrain.model.summary import Unfinished

MAY_CHANGE = ("epochs", "tau")
"""Config keys that a resumed run may change, within limits of their own."""


def check_same_run(run: Model, checkpoint: Model) -> Unfinished:
    """The state of the run in a checkpoint, after a check that it is the same run.

    `run` is the checkpoint of the run that is to be resumed, as it would be written now. Raises
    `UsageError` for a finished model, and with all differences for another run.
    """
    if checkpoint.unfinished is None:
        raise UsageError("that model is of a finished run; there is nothing to resume")
    if differences := list(_differences(run, checkpoint, checkpoint.unfinished)):
        raise UsageError(
            "the checkpoint is of another run; start anew without --resume, or undo the "
            "difference:\n" + "\n".join(differences)
        )
    return checkpoint.unfinished


def _differences(run: Model, checkpoint: Model, unfinished: Unfinished) -> Iterator[str]:
    """Everything that could make the resumed run end elsewhere, a line each."""
    assert run.unfinished is not None
    yield from _config_differences(run, checkpoint, unfinished)
    before, now = checkpoint.summary, run.summary
    if before.engine != now.engine:
        yield (
            f"engine: {before.engine} made the checkpoint, {now.engine} would go on; "
            f"set engine: {before.engine}"
        )
    if checkpoint.nntrain_version != __version__:
        yield f"nntrain: {checkpoint.nntrain_version} made the checkpoint, this is {__version__}"
    if now.started_from != before.started_from:
        yield "--from: the run did not start from the same model"
    if run.unfinished.fingerprint != unfinished.fingerprint:
        yield "the data: the rows to train on, or those held out, are not the same"


def _config_differences(run: Model, checkpoint: Model, unfinished: Unfinished) -> Iterator[str]:
    before, now = checkpoint.config.as_dict(), run.config.as_dict()
    for name, value in before.items():
        if now[name] != value and name not in MAY_CHANGE:
            yield f"{name}: {value!r} in the checkpoint, {now[name]!r} now"
    more_epochs = run.config.epochs - checkpoint.config.epochs
    if more_epochs < 0 or (more_epochs and run.config.alpha_schedule != "constant"):
        reason = "may only grow" if more_epochs < 0 else "decides how α falls"
        yield f"epochs: {before['epochs']} in the checkpoint, {now['epochs']} now; it {reason}"
    if run.config.tau > unfinished.smallest_update:
        yield f"tau: {now['tau']:g} would have stopped the run before this checkpoint"


def restore(
    trainings: Sequence[Training], progress: Sequence[Progress], networks: Sequence[Network]
) -> None:
    """Set trainings, in place, to the progress and the weights of a checkpoint.

    Raises `UsageError` for a progress that training cannot reach.
    """
    saved = list(zip(trainings, progress, networks, strict=True))
    if not all(_can_reach(training, its_progress) for training, its_progress, _ in saved):
        raise UsageError("the checkpoint holds a state that this run never reaches")
    for training, its_progress, network in saved:
        training.network.parameters.vector[:] = network.parameters.vector
        training.progress = _with_stop_reason(training.hyperparameters, its_progress)


def _can_reach(training: Training, progress: Progress) -> bool:
    """Whether training passes through this progress; only a forged checkpoint says otherwise."""
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


def _with_stop_reason(hyperparameters: Hyperparameters, progress: Progress) -> Progress:
    """The progress with the reason to stop that these hyperparameters give, or none.

    A resumed run may have more epochs or another tau than the one that wrote the checkpoint.
    """
    last = progress.last
    if last is None:
        return progress
    reason = stop_reason(hyperparameters, last, progress.best)
    return replace(progress, last=replace(last, stopped_by=reason))
