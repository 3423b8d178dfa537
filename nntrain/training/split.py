"""Split rows into those for training, validation and calibration, at random but seeded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nntrain.arrays import Mask, RowNumbers
from nntrain.config.keys import Config
from nntrain.engine.random_streams import CALIBRATION_SPLIT, VALIDATION_SPLIT, random_stream


@dataclass(frozen=True)
class Split:
    """Rows by what they are for, each in ascending order; only `training` rows are learned from."""

    training: RowNumbers
    validation: RowNumbers
    calibration: RowNumbers

    @property
    def parts(self) -> tuple[RowNumbers, RowNumbers, RowNumbers]:
        """The training, validation and calibration rows."""
        return self.training, self.validation, self.calibration


def split_rows(rows: RowNumbers, config: Config) -> Split:
    """Split rows at random, by the config's fractions and seed.

    An ensemble gets no validation rows here, because each network holds out its own from the
    training rows: see `hold_outs`.
    """
    is_calibration = np.zeros(len(rows), dtype=bool)
    if config.calibration_fraction > 0:
        order = random_stream(config.seed, CALIBRATION_SPLIT).permutation(len(rows))
        is_calibration[order[: _count(len(rows), config.calibration_fraction)]] = True
    calibration, rest = rows[is_calibration], rows[~is_calibration]
    if config.validation_fraction == 0 or config.ensemble > 1:
        return Split(rest, rest[:0], calibration)
    held_out = _held_out(len(rest), config, 0)
    return Split(rest[~held_out], rest[held_out], calibration)


def hold_outs(n_rows: int, config: Config) -> list[Mask]:
    """For each network of an ensemble, the rows (n_rows,) it holds out to validate.

    The networks hold out as few rows in common as possible.
    """
    return [_held_out(n_rows, config, member) for member in range(config.ensemble)]


def _held_out(n_rows: int, config: Config, member: int) -> Mask:
    """The rows (n_rows,) that one network of an ensemble holds out.

    All networks take their rows from one random order, each where the network before it ended,
    starting over at its end.
    """
    n_held_out = _count(n_rows, config.validation_fraction)
    order = random_stream(config.seed, VALIDATION_SPLIT).permutation(n_rows)
    held_out = np.zeros(n_rows, dtype=bool)
    held_out[order[(np.arange(n_held_out) + member * n_held_out) % n_rows]] = True
    return held_out


def _count(n_rows: int, fraction: float) -> int:
    """The number of rows that a fraction of `n_rows` is, at least one."""
    return min(max(int(n_rows * fraction + 0.5), 1), n_rows)
