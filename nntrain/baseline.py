"""What a model must beat: the training mean, and a ridge regression on the same inputs.

Both are fitted once, on the training rows, and kept in the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

PENALTY = 1.0
MAX_INPUTS = 2048
BLOCK_ROWS = 1 << 12


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
        with np.errstate(over="ignore", invalid="ignore"):
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
    both = n_inputs + y.shape[1]
    products, sums, count = np.zeros((n_inputs, both)), np.zeros(both), 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(x), BLOCK_ROWS):
            rows = slice(start, start + BLOCK_ROWS)
            parts = (x[rows].astype(np.float64, copy=False), y[rows].astype(np.float64, copy=False))
            of_rows = np.ones(len(parts[0])) if sample_weights is None else sample_weights[rows]
            left = parts[0] if sample_weights is None else parts[0] * of_rows[:, None]
            products += np.hstack([left.T @ part for part in parts])
            sums += np.hstack([of_rows @ part for part in parts])
            count += float(of_rows.sum())
    if not np.isfinite(products).all() or not np.isfinite(sums).all():
        return Baseline(means, None, None)
    centre: NDArray[Any] = sums / count
    centred: NDArray[Any] = products - count * np.outer(centre[:n_inputs], centre)
    gram, right = centred[:, :n_inputs], centred[:, n_inputs:]
    variances = np.maximum(np.diag(gram) / count, 0.0)
    penalty = PENALTY * np.where(variances > 1e-12, variances, 1.0)
    weights: NDArray[Any] = np.linalg.solve(gram + np.diag(penalty), right).T
    intercepts: NDArray[Any] = centre[n_inputs:] - weights @ centre[:n_inputs]
    return Baseline(means, weights, intercepts)


def held_out_ridge(
    x: NDArray[Any],
    y: NDArray[Any],
    sample_weights: Matrix | None,
    held_out: Sequence[NDArray[np.bool_]],
) -> tuple[NDArray[np.intp], Matrix | None]:
    """The rows that are held out at all, and their targets by ridge regressions without them.

    There is one for each of `held_out`, which marks the rows (n_rows,) that it is not fitted to; a
    row has the mean of those. None as `Baseline.ridge` is.
    """
    sums, counts = np.zeros(y.shape), np.zeros((len(y), 1))
    for out in held_out:
        weights = None if sample_weights is None else sample_weights[~out]
        ridge = fit_baseline(x[~out], y[~out], weights, np.zeros(y.shape[1])).ridge(x[out])
        if ridge is not None:
            sums[out] += ridge
            counts[out] += 1.0
    rows = np.flatnonzero(np.any(held_out, axis=0))
    return rows, sums[rows] / counts[rows] if counts[rows].all() else None
