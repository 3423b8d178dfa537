"""Prediction intervals from the rows that networks of an ensemble held out: CV+.

Barber, Candès, Ramdas, Tibshirani 2021 ("Predictive inference with the jackknife+"); Vovk 2015. The
score of a row is its absolute error by the networks that held it out, divided by the error expected
for such a row. For a new row, each score stands for two values: the prediction of the networks that
held out the score's row, less or plus the score times the error expected of the new row. Of the n
lower values the bound is the ⌈(n + 1) level⌉-th largest, of the n upper values the ⌈(n + 1)
level⌉-th smallest. A bound is moved to the prediction of all networks if it does not reach it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Mask, Matrix, RowNumbers
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.engine.row_blocks import blocks
from nntrain.errors import UsageError
from nntrain.stats.conformal import (
    EPSILON,
    LARGEST,
    ExpectedError,
    learned_scale,
    rank_of,
    rows_needed,
    untransformed_bounds,
)
from nntrain.stats.hold_outs import alike
from nntrain.text import counted

MOST_SCORES = 1000
"""Of more rows held out, this many evenly chosen ones give scores: by them, the coverage at level
0.9 is off by 0.01 (one standard error), and bounds take less time than the predictions of networks.
"""
VALUES_AT_ONCE = 1 << 18
"""Values that bounds are sought among at once, so that they fit the processor's cache."""


@dataclass(frozen=True)
class HeldOutRows:
    """Some `rows`, as their number, that the same `networks`, as their positions, held out."""

    networks: tuple[int, ...]
    rows: int


@dataclass(frozen=True)
class CrossIntervals:
    """Prediction intervals of any level, from the scores of rows that networks held out.

    `scores` (n_rows, n_targets) stand group by group, in the order of `groups`; within a group each
    column ascends.
    """

    expected_error: ExpectedError
    scores: Matrix
    groups: tuple[HeldOutRows, ...]
    method: ClassVar[str] = "CV+"

    @property
    def starts(self) -> list[int]:
        """Where the scores of each group start."""
        return [0, *np.cumsum([group.rows for group in self.groups]).tolist()][:-1]

    def bounds(
        self, level: float, x: NDArray[Any], predictions: Matrix, preprocessing: Preprocessing
    ) -> tuple[Matrix, Matrix]:
        """The lower and upper bounds (n_rows, n_targets) for encoded rows x, in the targets' units.

        `predictions` (n_networks, n_rows, n_targets) are those of each network. Bounds are clamped
        to the range of a double only. Raises `UsageError` for a level that needs more rows.
        """
        self.check(level)
        with np.errstate(over="ignore", invalid="ignore"):
            prediction = learned_scale(np.mean(predictions, axis=0), preprocessing)
            centres = np.stack(
                [
                    learned_scale(np.mean(predictions[list(group.networks)], axis=0), preprocessing)
                    for group in self.groups
                ]
            )
            expected = self.expected_error.predict(x)
            lower = np.minimum(-self._ends(level, -centres, expected), prediction)
            upper = np.maximum(self._ends(level, centres, expected), prediction)
            # A true value that is a bound itself must not fall outside by rounding.
            margin = 4.0 * EPSILON * (np.abs(lower) + np.abs(upper) + preprocessing.logs)
            return untransformed_bounds(lower - margin, upper + margin, preprocessing)

    def _ends(self, level: float, centres: Matrix, expected: Matrix) -> Matrix:
        """The ⌈(n + 1) level⌉-th smallest upper value (n_rows, n_targets) of each row.

        `centres` (n_groups, n_rows, n_targets) are the predictions of each group's networks.
        """
        k = rank_of(level, len(self.scores)) - 1
        sizes = [group.rows for group in self.groups]
        ends = np.empty(expected.shape)
        for rows in blocks(len(expected), max(1, VALUES_AT_ONCE // len(self.scores))):
            for j in range(expected.shape[1]):
                values = np.repeat(centres[:, rows, j].T, sizes, axis=1)
                values += self.scores[:, j] * expected[rows, j, None]
                values.partition(k, axis=1)
                ends[rows, j] = values[:, k]
        return ends

    def has(self, level: float) -> bool:
        """Whether enough rows were held out for intervals of this level."""
        return rows_needed(level) <= len(self.scores)

    def check(self, level: float) -> None:
        """Raise `UsageError` for a level that needs more rows that networks held out."""
        if not self.has(level):
            needed, n = counted(rows_needed(level), "row"), len(self.scores)
            more = "keep" if n == MOST_SCORES else "fit it with more rows, or keep"
            raise UsageError(
                f"an interval of level {level} takes {needed} or more that networks held out, and "
                f"the model has scores of {n:,}; ask for a lower level, or {more} calibration rows "
                f"(calibration_fraction)"
            )

    def guarantee(self, level: float) -> float | None:
        """The coverage that is guaranteed: None, for held-out rows may have chosen epochs."""
        del level
        return None


def calibrate_by_hold_outs(
    expected_error: ExpectedError, x: NDArray[Any], errors: Matrix, held_out: Sequence[Mask]
) -> CrossIntervals:
    """Intervals from the absolute `errors` (n_rows, n_targets) of encoded rows x.

    Each mask (n_rows,) of `held_out` marks the rows that one network held out; each row is held out
    by some network, and its error is that of their mean prediction.
    """
    chosen = evenly_chosen(len(x))
    with np.errstate(all="ignore"):
        scores = errors[chosen] / expected_error.predict(x[chosen])
    scores = np.nan_to_num(scores, nan=0.0, posinf=LARGEST)
    groups, sorted_scores = [], []
    for networks, rows in _groups(np.array(held_out)[:, chosen]):
        groups.append(HeldOutRows(networks, len(rows)))
        sorted_scores.append(np.sort(scores[rows], axis=0))
    return CrossIntervals(expected_error, np.concatenate(sorted_scores), tuple(groups))


def evenly_chosen(n_rows: int) -> RowNumbers:
    """The numbers of `MOST_SCORES` rows, evenly far apart; of all rows if they are not more."""
    n_chosen = min(n_rows, MOST_SCORES)
    return np.arange(n_chosen) * n_rows // n_chosen


def _groups(held_out: Mask) -> Iterator[tuple[tuple[int, ...], RowNumbers]]:
    """Each set of networks that held out the same rows, and the numbers of these rows."""
    first, which = alike(held_out)
    for k, row in enumerate(first.tolist()):
        yield tuple(np.flatnonzero(held_out[:, row]).tolist()), np.flatnonzero(which == k)
