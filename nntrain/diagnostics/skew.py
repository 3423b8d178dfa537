"""Whether the target is skewed, so that a network may learn its logarithm better."""

from __future__ import annotations

import math

import numpy as np

from nntrain.arrays import Array, Mask
from nntrain.config.keys import Config
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.diagnostics.finding import Finding
from nntrain.diagnostics.row_sample import LEAST_ROWS, MOST_ROWS, RowSample
from nntrain.stats.ridge import fit_ridge
from nntrain.text import format_number

SKEWED = 2.0
"""The skewness of an exponential distribution."""
MOST_ERROR_LEFT = 0.85
"""Networks gained by the logarithm where it left at most this fraction of the error of a ridge
regression."""


def find_skewed_targets(
    config: Config, preprocessing: Preprocessing, sample: RowSample
) -> list[Finding]:
    """The finding that a ridge regression predicts skewed targets better by their logarithm, if so.

    Nothing where any target is not positive or would be predicted worse, for all are transformed
    alike.
    """
    if config.target_transform != "none":
        return []
    if any(target.minimum <= 0 for target in preprocessing.targets):
        return []
    x, y_true, weights = sample.rows(MOST_ROWS)
    if len(x) < LEAST_ROWS or not (y_true > 0).all():
        return []
    skewness = [(_skewness(y, weights), _skewness(np.log(y), weights)) for y in y_true.T]
    is_skewed = [plain > SKEWED and abs(log) < plain / 2 for plain, log in skewness]
    if not any(is_skewed):
        return []
    errors = [_ridge_errors(x, y, weights, preprocessing.plain_inputs) for y in y_true.T]
    if any(log > plain for plain, log in errors):
        return []
    texts = [
        _skew_text(target.name, skewness[j], errors[j])
        for j, target in enumerate(preprocessing.targets)
        if is_skewed[j] and errors[j][1] < MOST_ERROR_LEFT * errors[j][0]
    ]
    return [Finding("; ".join(texts), "--set target_transform=log")] if texts else []


def _skew_text(target: str, skewness: tuple[float, float], errors: tuple[float, float]) -> str:
    """The sentence about one target; the pairs are of the target itself and of its logarithm."""
    return (
        f"{target} is skewed (skewness {skewness[0]:.1f}, of its logarithm {skewness[1]:.1f}), and "
        f"a linear (ridge) regression predicts it better from its logarithm: RMSE "
        f"{format_number(errors[1])} instead of {format_number(errors[0])}"
    )


def _skewness(values: Array, weights: Array) -> float:
    scaled = values / np.max(np.abs(values))  # so that no power overflows
    centred = scaled - np.average(scaled, weights=weights)
    deviation = np.average(centred**2, weights=weights) ** 0.5
    return float(np.average((centred / deviation) ** 3, weights=weights))


def _ridge_errors(x: Array, y: Array, weights: Array, plain: Mask) -> tuple[float, float]:
    """The RMSE of two ridge regressions, one fitted to y (n_rows,) and one to its logarithm.

    Fitted to the `plain` inputs of every other row and measured on the rest, in y's unit. Infinite
    where no regression can be fitted.
    """
    fitted, others = slice(0, None, 2), slice(1, None, 2)
    largest = float(np.max(y))
    scaled = y / largest  # so that no square overflows
    both = np.column_stack([scaled, np.log(scaled)])
    shift, scale = both.mean(axis=0), both.std(axis=0)
    z = (both - shift) / scale
    ridge = fit_ridge(x[fitted], z[fitted], weights[fitted], plain)
    if ridge is None:
        return math.inf, math.inf
    y_pred = ridge.predict(x[others]) * scale + shift
    y_pred[:, 1] = np.exp(y_pred[:, 1])
    squares = (y_pred - scaled[others, None]) ** 2
    plain, by_log = largest * np.sqrt(np.average(squares, axis=0, weights=weights[others]))
    return float(plain), float(by_log)
