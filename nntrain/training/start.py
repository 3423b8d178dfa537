"""Check that a run can start from the weights and the preprocessing of another model."""

from __future__ import annotations

from nntrain.config.keys import Config
from nntrain.data.preprocessing.encode import Encoded
from nntrain.errors import UsageError
from nntrain.model.model import Model
from nntrain.stats.conformal import Intervals
from nntrain.training.fingerprint import fingerprint

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


def check_same_architecture(config: Config, start_config: Config) -> None:
    """Raise `UsageError` where the weights of a model with another config do not fit this one."""
    now, before = config.as_dict(), start_config.as_dict()
    differences = [
        f"{name}: {before[name]!r} in the model, {now[name]!r} in the config"
        for name in ARCHITECTURE
        if now[name] != before[name]
    ]
    if differences:
        raise UsageError(
            "the model to start from is of another architecture or other columns; make the config "
            "agree:\n" + "\n".join(differences)
        )


def check_calibration_unseen(calibration: Encoded | None, start: Model) -> None:
    """Raise `UsageError` where the model may have been trained on the calibration rows."""
    if calibration is None:
        return
    kept = start.intervals.fingerprint if isinstance(start.intervals, Intervals) else None
    if kept != fingerprint(calibration):
        raise UsageError(
            "the model to start from may have learned from the rows that calibration_fraction "
            "holds out, and intervals would promise too much; start from one that held out the "
            "same rows (of the same table, with the same seed and calibration_fraction), or set "
            "calibration_fraction: 0"
        )
