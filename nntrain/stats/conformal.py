"""Prediction intervals that hold what they promise: split conformal prediction.

Vovk, Gammerman, Shafer 2005; Lei and others 2018. Rows that no part of training has seen are
predicted, and the score of each row is its absolute error divided by the error expected for such a
row. Among n scores and the score of one new row, each is equally likely to be the k-th smallest; so
an interval as wide as the ⌈(n + 1) level⌉-th smallest score covers the new row's true value with a
probability of at least `level`, whatever the table, the model and the expected error.

Errors are those of the values that the network learns: of logarithms, for a log target.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Mask, Matrix
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.errors import DataError, UsageError
from nntrain.stats.ridge import Ridge, fit_ridge
from nntrain.text import counted

OFFSET = 0.5
"""Chosen by measurements (tests/benchmarks): `expect_errors` explains it."""
NO_INTERVALS = (
    "an interval needs rows that the model has not learned from, and it has none; fit an ensemble "
    "that holds out rows, with --set ensemble=8 --set validation_fraction=0.1, or keep calibration "
    "rows, with --set calibration_fraction=0.2"
)
LARGEST = float(np.finfo(np.float64).max)
EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class ExpectedError:
    """The error to expect of a prediction, given the row's inputs, up to a constant factor.

    The `ridge` regression predicts the logarithm of the error, clipped to the range of its values
    for the rows that it was fitted to, `lowest` to `highest` (n_targets,). Without a regression the
    expected error is 1 for all rows.
    """

    ridge: Ridge | None
    lowest: Matrix
    highest: Matrix

    def predict(self, x: NDArray[Any]) -> Matrix:
        """The expected error (n_rows, n_targets) of encoded rows x (n_rows, n_inputs)."""
        if self.ridge is None:
            return np.ones((len(x), len(self.lowest)))
        logs = self.ridge.predict(x)
        # NaN: a row so far away that terms of both signs overflow.
        logs = np.where(np.isnan(logs), self.highest, logs)
        return np.exp(np.clip(logs, self.lowest, self.highest))


def expect_errors(x: NDArray[Any], errors: Matrix, plain: Mask) -> ExpectedError:
    """Fit the expected error to the absolute `errors` (n_rows, n_targets) of encoded rows x.

    The ridge regression on the `plain` inputs (n_inputs,) learns log(error + `OFFSET` · median
    error), so that tiny errors have little influence.
    """
    n_targets = errors.shape[1]
    medians = np.median(errors, axis=0)
    offsets = OFFSET * np.where(medians > 0, medians, errors.max(axis=0))
    ridge = None
    if len(x) and (offsets > 0).all() and np.isfinite(errors).all():
        ridge = fit_ridge(x, np.log(errors + offsets), None, plain)
    if ridge is None:
        return ExpectedError(None, np.zeros(n_targets), np.zeros(n_targets))
    logs = ridge.predict(x)
    return ExpectedError(ridge, logs.min(axis=0), logs.max(axis=0))


@dataclass(frozen=True)
class Intervals:
    """Prediction intervals of any level, from the calibration rows' scores.

    `scores` (n_rows, n_targets) are sorted, each column ascending; `fingerprint` is that of the
    encoded calibration rows.
    """

    expected_error: ExpectedError
    scores: Matrix
    fingerprint: str
    method: ClassVar[str] = "split conformal"

    @np.errstate(over="ignore")
    def bounds(
        self, level: float, x: NDArray[Any], predictions: Matrix, preprocessing: Preprocessing
    ) -> tuple[Matrix, Matrix]:
        """The lower and upper bounds (n_rows, n_targets) for encoded rows x, in the targets' units.

        `predictions` (n_networks, n_rows, n_targets) are those of each network. Bounds are clamped
        to the range of a double only. Raises `UsageError` as `quantile` does.
        """
        centre = learned_scale(np.mean(predictions, axis=0), preprocessing)
        half = self.quantile(level) * self.expected_error.predict(x)
        # A true value whose score is the quantile itself must not fall outside by rounding.
        half += 4.0 * EPSILON * (np.abs(centre) + half + preprocessing.logs)
        return untransformed_bounds(centre - half, centre + half, preprocessing)

    def has(self, level: float) -> bool:
        """Whether there are enough calibration rows for intervals of this level."""
        return rows_needed(level) <= len(self.scores)

    def check(self, level: float) -> None:
        """Raise `UsageError` for a level that needs more calibration rows."""
        self.quantile(level)

    def guarantee(self, level: float) -> float | None:
        """The coverage that is guaranteed: the level."""
        return level

    def quantile(self, level: float) -> Matrix:
        """The ⌈(n + 1) level⌉-th smallest score of each target (n_targets,).

        Raises `UsageError` for a level that needs more calibration rows.
        """
        n = len(self.scores)
        if not self.has(level):
            needed = rows_needed(level)
            raise UsageError(
                f"an interval of level {level} takes {counted(needed, 'calibration row')} or more, "
                f"and the model has {n:,}; ask for a lower level, or fit it with more rows or a "
                f"larger calibration_fraction"
            )
        scores: Matrix = self.scores[rank_of(level, n) - 1]
        return scores


def calibrate(
    expected_error: ExpectedError,
    x: NDArray[Any],
    errors: Matrix,
    fingerprint: str,
) -> Intervals:
    """Intervals from the absolute `errors` (n_rows, n_targets) of encoded calibration rows x.

    Raises `DataError` for an error too large for a double.
    """
    with np.errstate(over="ignore"):
        scores = np.sort(np.ascontiguousarray(errors / expected_error.predict(x)), axis=0)
    if not np.isfinite(scores).all():
        raise DataError(
            "a calibration row's error is too large for a double; its numbers are too far from "
            "those of training"
        )
    return Intervals(expected_error, scores, fingerprint)


def absolute_errors(y_true: Matrix, y_pred: Matrix, preprocessing: Preprocessing) -> Matrix:
    """The absolute errors (n_rows, n_targets) of predictions, on the scale that the network learns.

    Both arguments are in the targets' units.
    """
    with np.errstate(over="ignore"):
        errors: Matrix = np.abs(
            preprocessing.transform(y_true) - learned_scale(y_pred, preprocessing)
        )
    return errors


def rows_needed(level: float) -> int:
    """The fewest rows for this level: the least n with ⌈(n + 1) level⌉ ≤ n."""
    exact = Fraction(str(level))
    return math.ceil(exact / (1 - exact))


def rank_of(level: float, n_rows: int) -> int:
    """Which of the scores of `n_rows` rows, counted from the smallest, is taken for this level."""
    return math.ceil((n_rows + 1) * Fraction(str(level)))


def check_level(level: float) -> None:
    """Raise `UsageError` for a level that is not above 0 and below 1."""
    if not isinstance(level, (int, float)) or not 0 < level < 1:
        is_percent = isinstance(level, (int, float)) and 1 < level < 100
        percent = f"; write {level / 100:g} for {level:g} %" if is_percent else ""
        raise UsageError(
            f"an interval's level is a number above 0 and below 1, such as 0.9, found "
            f"{level!r}{percent}"
        )


def untransformed_bounds(
    lower: Matrix, upper: Matrix, preprocessing: Preprocessing
) -> tuple[Matrix, Matrix]:
    """Bounds on the scale that the network learns, in the targets' units and finite."""
    bounds = (preprocessing.untransform(bound) for bound in (lower, upper))
    finite_lower, finite_upper = (np.clip(bound, -LARGEST, LARGEST) for bound in bounds)
    return finite_lower, finite_upper


def learned_scale(y_pred: Matrix, preprocessing: Preprocessing) -> Matrix:
    """Predictions on the scale that the network learns; those that underflowed have a logarithm."""
    tiny = np.where(preprocessing.logs, np.finfo(np.float64).tiny, -np.inf)
    return preprocessing.transform(np.maximum(y_pred, tiny))
