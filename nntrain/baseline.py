"""What a model must beat: the training mean, and a ridge regression on the same inputs.

Both are fitted once, on the training rows, and kept in the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

PENALTY = 1.0
MAX_INPUTS = 2048
BLOCK_ROWS = 1 << 14


@dataclass(frozen=True)
class Baseline:
    """`means` (n_targets,) in the targets' units, and the ridge regression on the network's inputs.

    `weights` (n_targets, n_inputs) and `intercepts` (n_targets,) give standardized targets; both
    are None where there are too many inputs for one, or too large ones.
    """

    means: Matrix
    weights: Matrix | None
    intercepts: Matrix | None

    def ridge(self, x: NDArray[Any]) -> Matrix | None:
        """The ridge regression's standardized targets (n_rows, n_targets)."""
        if self.weights is None or self.intercepts is None:
            return None
        return x @ self.weights.T + self.intercepts


def fit_baseline(
    x: NDArray[Any], y: NDArray[Any], sample_weights: Matrix | None, means: Matrix
) -> Baseline:
    """Fit both; x is (n_rows, n_inputs), y (n_rows, n_targets) standardized, weights of mean 1.

    The ridge regression (Hoerl, Kennard 1970) minimises the squared error plus `PENALTY` times the
    squared weights of the inputs scaled to deviation 1; the intercept is not penalized.
    """
    n_inputs = x.shape[1]
    if n_inputs > MAX_INPUTS:
        return Baseline(means, None, None)
    moments = np.zeros((n_inputs + 1, n_inputs + 1 + y.shape[1]))
    for start in range(0, len(x), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        ones = np.ones((len(x[rows]), 1))
        left = np.hstack([ones, x[rows].astype(np.float64)])
        right = np.hstack([left, y[rows].astype(np.float64)])
        if sample_weights is not None:
            left = left * sample_weights[rows, None]
        with np.errstate(over="ignore", invalid="ignore"):
            moments += left.T @ right
    if not np.isfinite(moments).all():
        return Baseline(means, None, None)
    count = moments[0, 0]
    centre = moments[0, 1:] / count
    centred = moments[1:, 1:] - count * np.outer(centre[:n_inputs], centre)
    gram, products = centred[:, :n_inputs], centred[:, n_inputs:]
    variances = np.maximum(np.diag(gram) / count, 0.0)
    penalty = PENALTY * np.where(variances > 1e-12, variances, 1.0)
    weights = np.linalg.solve(gram + np.diag(penalty), products).T
    intercepts = centre[n_inputs:] - weights @ centre[:n_inputs]
    return Baseline(means, weights, intercepts)
