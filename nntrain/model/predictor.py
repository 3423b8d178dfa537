"""The arithmetic of a prediction: encoded rows in, predictions in the targets' units out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from nntrain.arrays import Array, Matrix, Vector
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.engine.network import Network
from nntrain.errors import DataError, UsageError
from nntrain.stats.baseline import Baseline
from nntrain.stats.conformal import NO_INTERVALS, Intervals, check_level
from nntrain.stats.cross_conformal import CrossIntervals
from nntrain.stats.metrics import Measured
from nntrain.threads import available_cores

Stack: TypeAlias = Matrix
"""Predictions (n_networks, n_rows, n_targets) of each network of an ensemble."""


@dataclass(frozen=True)
class Predictor:
    """Networks, and the preprocessing that turns their outputs into the targets' units.

    It predicts the mean of the networks' predictions. With `clamp`, they are moved into the range
    of the training targets.
    """

    preprocessing: Preprocessing
    networks: tuple[Network, ...]
    baseline: Baseline
    intervals: Intervals | CrossIntervals | None = None
    clamp: bool = False

    def encode(self, values: Matrix) -> Array:
        """Inputs (n_rows, n_inputs) in the networks' precision, for `values` (n_rows, n_features).

        `Preprocessing.values_of` gives the values of a table's rows.
        """
        network = self.networks[0]
        x = np.empty((len(values), network.layer_sizes[0]), network.dtype)
        self.preprocessing.encode(values, x)
        return x

    def predict_each(self, x: Array, threads: int = 1) -> Stack:
        """The prediction of each network (n_networks, n_rows, n_targets) for encoded rows x.

        A row that is too far from the training rows gets a prediction that is not finite.
        """
        outputs = np.stack([network.predict(x, threads) for network in self.networks])
        predictions = self.preprocessing.decode(outputs)
        if self.clamp:
            self.preprocessing.clamp(predictions)
        return predictions

    def predict_mean(self, x: Array) -> Matrix:
        """The predictions (n_rows, n_targets) of encoded rows x, on all cores."""
        return mean_prediction(self.predict_each(x, available_cores()))

    def check_level(self, level: float) -> None:
        """Raise `UsageError` where there are no prediction intervals of a level."""
        check_level(level)
        if self.intervals is None:
            raise UsageError(NO_INTERVALS)
        self.intervals.check(level)

    def bounds(self, level: float, x: Array, predictions: Stack) -> Matrix:
        """The bounds of prediction intervals (n_rows, 2 n_targets): each target's lower and upper.

        x are encoded rows, `predictions` those of each network. How likely a row's true value lies
        within is said in `nntrain.stats.conformal` and `cross_conformal`; bounds are never clamped.
        `check_level` comes before.
        """
        assert self.intervals is not None
        lower, upper = self.intervals.bounds(level, x, predictions, self.preprocessing)
        return np.stack([lower, upper], axis=2).reshape(len(x), 2 * lower.shape[1])

    def measure(
        self, x: Array, y_true: Matrix, weights: Vector | None, interval: float | None = None
    ) -> Measured:
        """True values (n_rows, n_targets) of encoded rows x, with the model's and the baseline's
        predictions.

        With `interval`, the level of prediction intervals, also their bounds. Raises `DataError`
        where a prediction is not finite.
        """
        predictions = self.predict_each(x, available_cores())
        measured = self.compare_with_baseline(x, y_true, mean_prediction(predictions), weights)
        if interval is None:
            return measured
        return replace(measured, bounds=self.bounds(interval, x, predictions))

    def compare_with_baseline(
        self, x: Array, y_true: Matrix, y_pred: Matrix, weights: Vector | None
    ) -> Measured:
        """True values and predictions of encoded rows x, with the baseline's predictions.

        Raises `DataError` where a prediction is not finite.
        """
        if not np.isfinite(y_pred).all():
            raise DataError(
                "a prediction is not a finite number: a number of some row is too far from the "
                "training rows"
            )
        ridge = self.baseline.ridge
        ridge_predictions = None if ridge is None else self.within_training_range(ridge.predict(x))
        return Measured(y_true, y_pred, self.baseline.means, ridge_predictions, weights)

    def within_training_range(self, y: Array) -> Matrix:
        """A ridge regression's predictions (n_rows, n_targets) in the targets' units, by outputs y.

        They are moved into the range of the training targets, so that no row far from those of
        training, where a straight line may end anywhere, makes the comparison easy.
        """
        predictions = self.preprocessing.decode(y)
        self.preprocessing.clamp(predictions)
        return predictions


def mean_prediction(predictions: Stack) -> Matrix:
    """The mean (n_rows, n_targets) of the networks' predictions (n_networks, n_rows, n_targets)."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean: Matrix = np.mean(predictions, axis=0)
    return mean


def prediction_spread(predictions: Stack) -> Matrix:
    """The standard deviation (n_rows, n_targets) of the networks' predictions."""
    largest = np.max(np.abs(predictions), axis=0)
    scale = np.where(largest > 0, largest, 1.0)  # so that no square overflows
    spread: Matrix = np.std(predictions / scale, axis=0) * scale
    return spread
