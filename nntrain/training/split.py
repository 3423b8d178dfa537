"""Which rows are for training, validation and calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import RowNumbers
from nntrain.config.keys import Config
from nntrain.engine.random_streams import CALIBRATION_SPLIT, VALIDATION_SPLIT, random_stream


@dataclass(frozen=True)
class Split:
    """What each of some rows is for, in ascending order; all that is learned is from `training`."""

    training: RowNumbers
    validation: RowNumbers
    calibration: RowNumbers

    @property
    def parts(self) -> tuple[RowNumbers, RowNumbers, RowNumbers]:
        """All three."""
        return self.training, self.validation, self.calibration


def split_rows(rows: RowNumbers, config: Config) -> Split:
    """What each of some rows is for, by chance; seeded.

    The networks of an ensemble have all training rows, of which each holds out its own:
    `hold_outs`.
    """
    calibrating = np.zeros(len(rows), dtype=bool)
    if config.calibration_fraction > 0:
        order = random_stream(config.seed, CALIBRATION_SPLIT).permutation(len(rows))
        calibrating[order[: _part(len(rows), config.calibration_fraction)]] = True
    calibration, rest = rows[calibrating], rows[~calibrating]
    if config.validation_fraction == 0 or config.ensemble > 1:
        return Split(rest, rest[:0], calibration)
    held_out = _held_out(len(rest), config, 0)
    return Split(rest[~held_out], rest[held_out], calibration)


def hold_outs(n_rows: int, config: Config) -> list[NDArray[np.bool_]]:
    """For each network of an ensemble, which rows it holds out; as few as can be in common."""
    return [_held_out(n_rows, config, member) for member in range(config.ensemble)]


def _held_out(n_rows: int, config: Config, member: int) -> NDArray[np.bool_]:
    """Of one order of the rows, some from where those of the member before end, in a circle."""
    n_held_out = _part(n_rows, config.validation_fraction)
    order = random_stream(config.seed, VALIDATION_SPLIT).permutation(n_rows)
    held_out = np.zeros(n_rows, dtype=bool)
    held_out[order[(np.arange(n_held_out) + member * n_held_out) % n_rows]] = True
    return held_out


def _part(n_rows: int, fraction: float) -> int:
    """A fraction of some rows, one at least."""
    return min(max(int(n_rows * fraction + 0.5), 1), n_rows)
