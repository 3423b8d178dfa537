"""The ridge regression in its slow, obvious form, for the tests of what is measured beside it."""

from __future__ import annotations

import numpy as np

from nntrain.arrays import Matrix, Vector
from nntrain.stats.penalty import CAUTION, PENALTIES


def slow_ridge(x: Matrix, y: Vector, weights: Vector, x_new: Matrix) -> tuple[float, Vector]:
    """The penalty with the lowest score, and the predictions with it for other rows.

    Every penalty is tried in turn, by the matrix that makes predictions of the true values. A
    column of ones, which is not penalized, is the intercept.
    """
    n_rows = weights.sum() ** 2 / np.square(weights).sum()
    means = np.average(x, axis=0, weights=weights)
    scales = np.sqrt(np.average((x - means) ** 2, axis=0, weights=weights))
    inputs, new = (
        np.column_stack([np.ones(len(rows)), (rows - means) / scales]) for rows in (x, x_new)
    )
    weighted = inputs.T * weights
    found = []
    for penalty in PENALTIES * weights.sum():
        penalties = np.diag([0.0, *[penalty] * x.shape[1]])
        solution = np.linalg.solve(weighted @ inputs + penalties, weighted)
        rest = 1 - CAUTION * np.trace(inputs @ solution) / n_rows
        error = weights @ np.square(y - inputs @ (solution @ y))
        found.append((error / rest**2 if rest > 0 else np.inf, penalty, new @ (solution @ y)))
    _, penalty, predictions = min(found, key=lambda each: each[:2])
    return float(penalty), predictions
