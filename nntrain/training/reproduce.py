"""Repeat the run that made a model, and compare: what `nntrain reproduce` does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from nntrain._version import __version__
from nntrain.config.keys import Config
from nntrain.data.readers.table import TableLike
from nntrain.engine.network import Network
from nntrain.engine.progress import EpochResult
from nntrain.errors import UsageError
from nntrain.model.model import Model
from nntrain.training.arithmetic import list_differences
from nntrain.training.run import TrainingRun


class Reproduction:
    """The run that made a model, repeated: `epochs` trains, `difference` compares.

    Raises `UsageError` for a model that a table alone cannot make again, `DataError` for a table
    that cannot be trained on, `MissingExtraError` for an engine that is not installed.
    """

    def __init__(self, model: Model, table: TableLike, validation: TableLike | None = None) -> None:
        _check_reproducible(model, has_validation=validation is not None)
        self.model = model
        self.run = TrainingRun.from_table(table, _config_of_run(model), validation)

    @property
    def has_other_data(self) -> bool:
        """Whether the rows to train on or to validate by are not those of the model."""
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
        """The first difference between the model and the repeated run; empty if they are equal.

        With all that computes otherwise than when the model was made.
        """
        summary = self.model.summary
        if summary.fingerprint is None:
            return "data: the model keeps no fingerprint of it; an older nntrain made it"
        others = self._other_arithmetic()
        if self.has_other_data:
            rows = "data: these are not the rows that the model was trained on and validated by"
            # The last bits of encoded rows are those of means, which are sums.
            reason = f", or they are encoded otherwise: {'; '.join(others)}" if others else ""
            return rows + reason
        weight = self._first_other_weight()
        if not weight:
            return ""
        if others:
            return "; ".join([*others, weight])
        if self.run.epochs_done != summary.epochs_trained:
            return f"epochs: {summary.epochs_trained} in the model, {self.run.epochs_done} now"
        return weight

    def _other_arithmetic(self) -> list[str]:
        """What computes otherwise now than when the model was made."""
        now = {"nntrain": __version__, **self.run.results.versions}
        before = {"nntrain": self.model.nntrain_version, **self.model.summary.versions}
        return list(list_differences(before, now, "the model"))

    def _first_other_weight(self) -> str:
        """The first weight or bias that is not the same, with both values; empty for none."""
        networks = self.run.model().networks
        pairs = zip(self.model.networks, networks, strict=True)
        for number, (before, now) in enumerate(pairs, start=1):
            network = f" of network {number}" if len(networks) > 1 else ""
            if difference := _first_difference(before, now, network):
                return difference
        return ""


def _check_reproducible(model: Model, *, has_validation: bool) -> None:
    summary = model.summary
    if model.unfinished:
        raise UsageError("the model is of an unfinished run; finish it first: fit --resume")
    if summary.started_from:
        raise UsageError(
            "the model was made with --from, by weights that it does not hold; the data alone "
            "cannot make it again"
        )
    had_table = summary.validation_rows > 0 and model.config.validation_fraction == 0
    if had_table and not has_validation:
        raise UsageError("the model was validated by another table; name it with --validation")


def _config_of_run(model: Model) -> Config:
    """The model's config with the engine that trained it: `auto` may choose another today."""
    return replace(model.config, engine=model.summary.engine)


def _first_difference(before: Network, now: Network, network: str) -> str:
    """The first weight or bias in which two networks differ, such as `w1[0, 2]`."""
    for kind, letter in (("weights", "w"), ("biases", "b")):
        layers = zip(getattr(before.parameters, kind), getattr(now.parameters, kind), strict=True)
        for i, (old, new) in enumerate(layers, start=1):
            places = np.argwhere(old != new)
            if len(places):
                place = tuple(places[0].tolist())
                return (
                    f"{letter}{i}{list(place)}{network}: {old[place]!s} in the model, "
                    f"{new[place]!s} now"
                )
    return ""
