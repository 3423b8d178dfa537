"""A skewed target, which a network may learn better by its logarithm."""

from __future__ import annotations

import math

import numpy as np

from nntrain.arrays import Array
from nntrain.config.keys import Config
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.diagnostics.finding import Finding
from nntrain.diagnostics.row_sample import LEAST_ROWS, MOST_ROWS, Sample
from nntrain.stats.baseline import PENALTY
from nntrain.stats.ridge import fit_ridge
from nntrain.text import format_number

SKEWED = 2.0

"""The skewness of an exponential distribution."""

HELPS = 0.85

"""What a log must leave of the error of a ridge regression for networks to gain by it."""


def skewed(config: Config, preprocessing: Preprocessing, sample: Sample) -> list[Finding]:
    """Targets that a ridge regression predicts better by their logarithm."""
    if config.target_transform != "none" or any(of.minimum <= 0 for of in preprocessing.targets):
        return []
    x, y_true, weights = sample.rows(MOST_ROWS)
    if len(x) < LEAST_ROWS or not (y_true > 0).all():
        return []
    skewnesses = [(_skewness(y, weights), _skewness(np.log(y), weights)) for y in y_true.T]
    skewed = [of > SKEWED and abs(of_log) < of / 2 for of, of_log in skewnesses]
    if not any(skewed):
        return []
    errors = [_ridge_errors(x, y, weights) for y in y_true.T]
    if any(by_log > plain for plain, by_log in errors):
        return []
    texts = [
        f"{target.name} is skewed ({skewness:.1f}, its log {of_log:.1f}), and a ridge regression "
        f"errs less by its log: RMSE {format_number(by_log)}, not {format_number(plain)}"
        for target, is_skewed, (skewness, of_log), (plain, by_log) in zip(
            preprocessing.targets, skewed, skewnesses, errors, strict=True
        )
        if is_skewed and by_log < HELPS * plain
    ]
    return [Finding("; ".join(texts), "--set target_transform=log")] if texts else []


def _skewness(values: Array, weights: Array) -> float:
    scaled = values / np.max(np.abs(values))  # so that no power overflows
    centred = scaled - np.average(scaled, weights=weights)
    deviation = np.average(centred**2, weights=weights) ** 0.5
    return float(np.average((centred / deviation) ** 3, weights=weights))


def _ridge_errors(x: Array, y: Array, weights: Array) -> tuple[float, float]:
    """The RMSE of ridge regressions on half of the rows on the others: of y, and of its log.

    Infinite where there is no ridge regression.
    """
    fitted, others = slice(0, None, 2), slice(1, None, 2)
    largest = float(np.max(y))
    scaled = y / largest  # so that no square overflows
    both = np.column_stack([scaled, np.log(scaled)])
    shift, scale = both.mean(axis=0), both.std(axis=0)
    z = (both - shift) / scale
    ridge = fit_ridge(x[fitted], z[fitted], weights[fitted], PENALTY)
    if ridge is None:
        return math.inf, math.inf
    y_pred = ridge.predict(x[others]) * scale + shift
    y_pred[:, 1] = np.exp(y_pred[:, 1])
    squares = (y_pred - scaled[others, None]) ** 2
    plain, by_log = largest * np.sqrt(np.average(squares, axis=0, weights=weights[others]))
    return float(plain), float(by_log)
