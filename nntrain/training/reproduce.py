"""Whether a model comes out again when its run is repeated: what `nntrain reproduce` finds out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from nntrain._version import __version__
from nntrain.data.readers.table import TableLike
from nntrain.engine.progress import EpochResult
from nntrain.errors import UsageError
from nntrain.model.model import Model
from nntrain.training.run import TrainingRun


class Reproduction:
    """The run that made a model, once more; `epochs` trains, `difference` compares.

    Raises `UsageError` for a model that data alone cannot make, `DataError` for a table that cannot
    be trained on, `MissingExtraError` for an engine that is not installed.
    """

    def __init__(self, model: Model, table: TableLike, validation: TableLike | None = None) -> None:
        summary, config = model.summary, model.config
        if model.unfinished:
            raise UsageError("the model is of an unfinished run; finish it first: fit --resume")
        if summary.started_from:
            raise UsageError(
                "the model was made with --from, by weights that it does not hold; the data alone "
                "cannot make it again"
            )
        had_table = summary.validation_rows > 0 and config.validation_fraction == 0
        if had_table and validation is None:
            raise UsageError("the model was validated by another table; name it with --validation")
        self.model = model
        config = replace(config, engine=summary.engine)
        self.run = TrainingRun.from_table(table, config, validation)

    @property
    def has_other_data(self) -> bool:
        """Whether it trains on, or is validated by, other rows than the model was."""
        return self.run.data.fingerprint != self.model.summary.fingerprint

    def epochs(self) -> Iterator[list[EpochResult]]:
        """Train to the epoch where the model's run stopped. Raises `DivergedError`."""
        last = self.model.summary.epochs_trained
        if self.run.epochs_done < last:
            for results in self.run.epochs():
                yield results
                if self.run.epochs_done == last:
                    return

    def difference(self) -> str:
        """The first difference between the model and what came out; empty where there is none."""
        summary = self.model.summary
        if summary.fingerprint is None:
            return "data: the model keeps no fingerprint of it; an older nntrain made it"
        if self.has_other_data:
            return "data: these are not the rows that the model was trained on and validated by"
        weight = self._first_weight()
        if not weight:
            return ""
        now = {"nntrain": __version__, **self.run.results.versions}
        then = {"nntrain": self.model.nntrain_version, **summary.versions}
        for name, version in then.items():
            if now.get(name) != version:
                return f"{name}: {version} made the model, this is {now.get(name)}; {weight}"
        if self.run.epochs_done != summary.epochs_trained:
            return f"epochs: {summary.epochs_trained} in the model, {self.run.epochs_done} now"
        return weight

    def _first_weight(self) -> str:
        """The first weight or bias that is not the same, with both its values."""
        found = self.run.model("").networks
        for j, (then, now) in enumerate(zip(self.model.networks, found, strict=True), start=1):
            which = f" of network {j}" if len(found) > 1 else ""
            for letter in ("weights", "biases"):
                pairs = zip(
                    getattr(then.parameters, letter), getattr(now.parameters, letter), strict=True
                )
                for i, (before, after) in enumerate(pairs, start=1):
                    places = np.argwhere(before != after)
                    if len(places):
                        at = tuple(places[0].tolist())
                        return (
                            f"{letter[0]}{i}{list(at)}{which}: {before[at]!s} in the model, "
                            f"{after[at]!s} now"
                        )
        return ""
