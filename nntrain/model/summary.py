"""How training went, how far an unfinished run has come, and why training stops."""

from __future__ import annotations

from dataclasses import dataclass, field

from nntrain.engine.progress import Progress
from nntrain.stats.metrics import Metrics


@dataclass(frozen=True)
class Summary:
    """How training went. `training` and `validation` hold the metrics of each target by name.

    `loss` and `validation_loss` are those of the last epoch, None without one. `started_from` is
    the checksum of the model whose weights training started from, if any. `kept_epochs` are the
    epochs whose weights the networks have, where the validation loss chose them. `fingerprint`
    identifies the training and validation rows; `versions` say what does the arithmetic
    (`nntrain.training.arithmetic`): packages, kernels, processor features, variables that are set.

    For an ensemble, `epochs_trained` and `stopped_by` are those of the network that trained
    longest, `iterations` is the sum over the networks, and the losses are their means. A row that
    some networks held out is validated by those networks.
    """

    epochs_trained: int
    iterations: int
    stopped_by: str
    engine: str
    started_from: str | None
    rows: int
    validation_rows: int
    loss: float | None
    validation_loss: float | None
    training: dict[str, Metrics]
    validation: dict[str, Metrics]
    kept_epochs: tuple[int, ...] = ()
    fingerprint: str | None = None
    versions: dict[str, str] = field(default_factory=dict)

    def parts(self) -> dict[str, dict[str, Metrics]]:
        """The metrics by kind of rows: validation rows first, if any, then training rows."""
        validation = {"validation": self.validation} if self.validation else {}
        return {**validation, "training": self.training}


@dataclass(frozen=True)
class Unfinished:
    """What a checkpoint adds to a model: how far the run has come, and what its rest depends on.

    `progress` has an item for each network. `smallest_update` is the smallest of the epochs'
    largest updates so far; `fingerprint` identifies the training rows.
    """

    progress: tuple[Progress, ...]
    smallest_update: float
    fingerprint: str


STOPPED_BY = {
    # What `Summary.stopped_by` means, for a person; `tau` and `patience` are to be filled in.
    "epochs": "all epochs are done",
    "time": "the time limit was reached",
    "tau": "the last epoch moved no weight or bias by τ = {tau:g} or more",
    "patience": "no lower validation loss for {patience}",
}


def epochs_listed(summary: Summary) -> str:
    """The epochs whose weights a model has, for a person: `epochs 12, 31`."""
    epochs = summary.kept_epochs
    word = "epoch" if len(epochs) == 1 else "epochs"
    return f"{word} {', '.join(f'{epoch:,}' for epoch in epochs)}"
