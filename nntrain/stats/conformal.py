"""Prediction intervals that hold what they promise: split conformal prediction.

Vovk, Gammerman, Shafer 2005; Lei and others 2018. Rows that no part of training has seen are
predicted, and the score of each is how far off that was, by the error to be expected of such a row.
Of n scores and one new row's, none is more likely to be the k-th smallest than another; so an
interval as wide as the ⌈(n + 1) level⌉-th smallest score covers the new row's true value with a
probability of at least `level`, whatever the table, the model and the expected error.

Errors are taken where the network learns: of the logarithm, where it learns that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Matrix
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.errors import DataError, UsageError
from nntrain.stats.ridge import Ridge, fit_ridge
from nntrain.text import counted

OFFSET, PENALTY = 0.5, 100.0
"""How far small errors are told apart, and inputs trusted; as measured (tests/benchmarks)."""
NO_CALIBRATION_ROWS = (
    "an interval takes calibration rows, and the model has none; fit it with --set "
    "calibration_fraction=0.2"
)
LARGEST = float(np.finfo(np.float64).max)
EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class ExpectedError:
    """How far off a prediction is likely to be, for a row's inputs, up to a factor.

    The `ridge` regression gives its logarithm, kept within what it gave on the rows that it was
    fitted on, from `lowest` to `highest` (n_targets,). Without one all rows are alike.
    """

    ridge: Ridge | None
    lowest: Matrix
    highest: Matrix

    def predict(self, x: NDArray[Any]) -> Matrix:
        """The expected error (n_rows, n_targets) of encoded rows x (n_rows, n_inputs)."""
        if self.ridge is None:
            return np.ones((len(x), len(self.lowest)))
        logs = self.ridge.predict(x)
        # Of a row so far away that terms of both signs overflow nothing is known.
        logs = np.where(np.isnan(logs), self.highest, logs)
        return np.exp(np.clip(logs, self.lowest, self.highest))


def expect_errors(x: NDArray[Any], errors: Matrix) -> ExpectedError:
    """What rows x (n_rows, n_inputs) with these absolute `errors` (n_rows, n_targets) teach.

    The ridge regression learns log(error + `OFFSET` · median error), so that no tiny error counts
    for much.
    """
    n_targets = errors.shape[1]
    medians = np.median(errors, axis=0)
    offsets = OFFSET * np.where(medians > 0, medians, errors.max(axis=0))
    ridge = None
    if len(x) and (offsets > 0).all() and np.isfinite(errors).all():
        ridge = fit_ridge(x, np.log(errors + offsets), None, PENALTY)
    if ridge is None:
        return ExpectedError(None, np.zeros(n_targets), np.zeros(n_targets))
    logs = ridge.predict(x)
    return ExpectedError(ridge, logs.min(axis=0), logs.max(axis=0))


@dataclass(frozen=True)
class Intervals:
    """What an interval of any level takes: `scores` (n_rows, n_targets), each column ascending.

    `fingerprint` is that of the encoded calibration rows.
    """

    expected_error: ExpectedError
    scores: Matrix
    fingerprint: str

    def bounds(
        self, level: float, x: NDArray[Any], y_pred: Matrix, preprocessing: Preprocessing
    ) -> tuple[Matrix, Matrix]:
        """The lower and upper bounds (n_rows, n_targets) around predictions of encoded rows x.

        In the targets' units; never clamped. Raises `UsageError` as `quantile` does.
        """
        centre = _where_learned(y_pred, preprocessing)
        half = self.quantile(level) * self.expected_error.predict(x)
        # Rounding must not put a true value outside whose score is the quantile itself.
        half += 4.0 * EPSILON * (np.abs(centre) + half + preprocessing.logs)
        bounds = (preprocessing.untransform(bound) for bound in (centre - half, centre + half))
        lower, upper = (np.clip(bound, -LARGEST, LARGEST) for bound in bounds)
        return lower, upper

    def has(self, level: float) -> bool:
        """Whether there are enough calibration rows for a level."""
        return calibration_rows_needed(level) <= len(self.scores)

    def quantile(self, level: float) -> Matrix:
        """For each target (n_targets,) the ⌈(n + 1) level⌉-th smallest score.

        Raises `UsageError` for a level that takes more calibration rows.
        """
        n = len(self.scores)
        if not self.has(level):
            needed = calibration_rows_needed(level)
            raise UsageError(
                f"an interval of level {level} takes {counted(needed, 'calibration row')} or more, "
                f"and the model has {n:,}; ask for a lower level, or fit it with more rows or a "
                f"larger calibration_fraction"
            )
        rank = math.ceil((n + 1) * Fraction(str(level)))
        scores: Matrix = self.scores[rank - 1]
        return scores


def calibrate(
    expected_error: ExpectedError,
    x: NDArray[Any],
    errors: Matrix,
    fingerprint: str,
) -> Intervals:
    """Intervals by the absolute `errors` (n_rows, n_targets) of encoded calibration rows x."""
    with np.errstate(over="ignore"):
        scores = np.sort(np.ascontiguousarray(errors / expected_error.predict(x)), axis=0)
    if not np.isfinite(scores).all():
        raise DataError(
            "a calibration row's error is too large for a double; its numbers are too far from "
            "those of training"
        )
    return Intervals(expected_error, scores, fingerprint)


def absolute_errors(y_true: Matrix, y_pred: Matrix, preprocessing: Preprocessing) -> Matrix:
    """How far predictions (n_rows, n_targets) are off, where the network learns."""
    with np.errstate(over="ignore"):
        errors: Matrix = np.abs(
            preprocessing.transform(y_true) - _where_learned(y_pred, preprocessing)
        )
    return errors


def calibration_rows_needed(level: float) -> int:
    """The calibration rows that an interval takes: n with ⌈(n + 1) level⌉ ≤ n."""
    exact = Fraction(str(level))
    return math.ceil(exact / (1 - exact))


def check_level(level: float) -> None:
    """Raise `UsageError` for a level that is no part of 1."""
    if not isinstance(level, (int, float)) or not 0 < level < 1:
        is_percent = isinstance(level, (int, float)) and 1 < level < 100
        percent = f"; write {level / 100:g} for {level:g} %" if is_percent else ""
        raise UsageError(
            f"an interval's level is a number above 0 and below 1, such as 0.9, found "
            f"{level!r}{percent}"
        )


def _where_learned(y_pred: Matrix, preprocessing: Preprocessing) -> Matrix:
    """Predictions as the network learns targets; one that underflowed has a logarithm too."""
    tiny = np.where(preprocessing.logs, np.finfo(np.float64).tiny, -np.inf)
    return preprocessing.transform(np.maximum(y_pred, tiny))
