"""Metrics of predictions, in the target's own unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np

from nntrain.arrays import Matrix, RowNumbers, Vector
from nntrain.data.preprocessing.spread import is_rounding
from nntrain.data.weights import unit_weights
from nntrain.errors import DataError

LARGEST_RATIO = 1e150
"""Up to this ratio of the error to the deviation, R² is a number."""


@dataclass(frozen=True)
class Metrics:
    """The error of one target over a set of rows, weighted where there are sample weights.

    `rmse` is the root of the mean squared error, `mae` the mean absolute error, `largest_error` the
    largest absolute error among rows with positive weight. `r2` is 1 - (squared error / squared
    distance from the mean of these rows); None where the true values are all the same but for
    rounding, or the error is `LARGEST_RATIO` times their deviation or more. `mean_rmse` and
    `ridge_rmse` are the RMSE, on the same rows, of predicting the training mean and of a ridge
    regression fitted to the training rows; `ridge_rmse` is None where there is no such regression
    or its predictions overflow.
    """

    rows: int
    rmse: float
    mae: float
    r2: float | None
    largest_error: float
    mean_rmse: float
    ridge_rmse: float | None

    def as_dict(self) -> dict[str, float | None]:
        """The metrics by name."""
        return asdict(self)


@dataclass(frozen=True)
class IntervalMetrics(Metrics):
    """Metrics with those of prediction intervals.

    `coverage` is the fraction of rows whose true value lies within its interval, `mean_width` the
    mean width of the intervals; both among rows with positive weight, each counted once.
    """

    coverage: float
    mean_width: float


@dataclass(frozen=True)
class Measured:
    """True values and predictions, and the predictions of the baseline, all in the targets' units.

    `y_true`, `y_pred` and `ridge` (or None) are (n_rows, n_targets); `means`, the training means,
    (n_targets,), or (n_rows, n_targets) if not all rows share them; `weights` (n_rows,) or None.
    `bounds` (n_rows, 2 n_targets), if any, are the lower and the upper bound of each target in
    turn.
    """

    y_true: Matrix
    y_pred: Matrix
    means: Matrix
    ridge: Matrix | None
    weights: Matrix | None = None
    bounds: Matrix | None = None

    @cached_property
    def counted_weights(self) -> Vector | None:
        """The weights in their own unit; None also where all are 0: then each row counts once."""
        if self.weights is None or not self.weights.any():
            return None
        return unit_weights(self.weights)

    def metrics(self, targets: Sequence[str]) -> dict[str, Metrics]:
        """The metrics of each target, for one row or more; unweighted where all weights are 0.

        Raises `DataError` for an error too large for a double.
        """
        with np.errstate(over="ignore"):
            return {name: self._target_metrics(j, name) for j, name in enumerate(targets)}

    def take(self, rows: RowNumbers) -> Measured:
        """The part for the rows with these numbers."""
        return Measured(
            self.y_true[rows],
            self.y_pred[rows],
            self.means if self.means.ndim == 1 else self.means[rows],
            None if self.ridge is None else self.ridge[rows],
            None if self.weights is None else self.weights[rows],
            None if self.bounds is None else self.bounds[rows],
        )

    def _target_metrics(self, j: int, name: str) -> Metrics:
        y_true, errors = self.y_true[:, j], np.abs(self.y_pred[:, j] - self.y_true[:, j])
        weights = self.counted_weights
        is_counted = np.ones(len(y_true), dtype=bool) if weights is None else weights > 0
        own_mean = self._mean(y_true)
        from_own_mean, from_mean = y_true - own_mean, self.means[..., j] - y_true
        if not np.isfinite(errors + np.abs(from_own_mean) + np.abs(from_mean)).all():
            raise DataError(
                f"column {name!r}: an error is too large for a double; its numbers are too far "
                f"from those of training, or from each other"
            )
        rmse, deviation = self._rms(errors), self._rms(from_own_mean)
        from_ridge = None if self.ridge is None else self.ridge[:, j] - y_true
        if from_ridge is not None and not np.isfinite(from_ridge).all():
            from_ridge = None
        is_constant = is_rounding(deviation, own_mean, len(y_true))
        relative = math.inf if is_constant else rmse / deviation
        metrics = Metrics(
            rows=len(y_true),
            rmse=rmse,
            mae=self._mean(errors),
            r2=1.0 - relative * relative if relative < LARGEST_RATIO else None,
            largest_error=float(np.max(errors[is_counted])),
            mean_rmse=self._rms(from_mean),
            ridge_rmse=None if from_ridge is None else self._rms(from_ridge),
        )
        if self.bounds is None:
            return metrics
        lower, upper = self.bounds[:, 2 * j], self.bounds[:, 2 * j + 1]
        return IntervalMetrics(
            **vars(metrics),
            coverage=float(np.mean(((lower <= y_true) & (y_true <= upper))[is_counted])),
            mean_width=float(np.mean((upper - lower)[is_counted])),
        )

    def _rms(self, values: Matrix) -> float:
        """The root of the mean square; intermediate results neither overflow nor underflow."""
        largest = float(np.max(np.abs(values)))
        return largest * self._mean(np.square(values / largest)) ** 0.5 if largest > 0 else 0.0

    def _mean(self, values: Matrix) -> float:
        largest = float(np.max(np.abs(values)))
        if largest == 0:
            return 0.0
        return largest * float(np.average(values / largest, weights=self.counted_weights))


def joined(parts: Sequence[Measured]) -> Measured:
    """The parts of a table as one, in order; all have a ridge, weights and bounds, or none has."""
    ridge = [part.ridge for part in parts if part.ridge is not None]
    weights = [part.weights for part in parts if part.weights is not None]
    bounds = [part.bounds for part in parts if part.bounds is not None]
    return Measured(
        np.concatenate([part.y_true for part in parts]),
        np.concatenate([part.y_pred for part in parts]),
        parts[0].means,
        np.concatenate(ridge) if ridge else None,
        np.concatenate(weights) if weights else None,
        np.concatenate(bounds) if bounds else None,
    )
