"""How training went, where an unfinished run stands, and why training stops."""

from __future__ import annotations

from dataclasses import dataclass, field

from nntrain.engine.progress import Progress
from nntrain.stats.metrics import Metrics


@dataclass(frozen=True)
class Summary:
    """How training went. `training` and `validation` hold the metrics of each target.

    `loss` and `validation_loss` are the last epoch's, None where there was none; `started_from` is
    the checksum of the model whose weights training started from, if any; `kept_epochs` are those
    whose weights the networks have, where they were chosen by the validation loss. `fingerprint` is
    that of the rows trained on and validated by, `versions` those of the packages that computed.

    Of an ensemble, `epochs_trained` and `stopped_by` are those of the network that trained longest,
    `iterations` the sum over all, the losses their mean. A row that was held out is validated by
    the networks that did so.
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
        """The metrics, those of the validation rows first where there are any."""
        validation = {"validation": self.validation} if self.validation else {}
        return {**validation, "training": self.training}


@dataclass(frozen=True)
class Unfinished:
    """Of a checkpoint: where its run stands, and what the rest of it depends on.

    `progress` has an item for each network. `smallest_update` is the smallest of the epochs'
    largest updates so far, `fingerprint` that of the rows trained on.
    """

    progress: tuple[Progress, ...]
    smallest_update: float
    fingerprint: str


STOPPED_BY = {
    "epochs": "all epochs are done",
    "time": "the time is over",
    "tau": "the last epoch moved no weight or bias by τ = {tau:g} or more",
    "patience": "no lower validation loss for {patience}",
}


def epochs_listed(summary: Summary) -> str:
    """The epochs whose weights a model has."""
    epochs = summary.kept_epochs
    word = "epoch" if len(epochs) == 1 else "epochs"
    return f"{word} {', '.join(f'{epoch:,}' for epoch in epochs)}"
