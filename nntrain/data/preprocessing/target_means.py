"""Categories as the smoothed mean of the target, so that no row sees its own target.

A category of n rows whose targets average m gets λ m + (1 - λ) p with λ = n / (n + k), where p is
the mean of all rows and k = σ² / τ² the variance within categories over that between them
(Micci-Barreca 2001, its empirical Bayes estimate). Training rows get means that were computed
without their own fold, as scikit-learn's TargetEncoder computes them: a category without any
meaning then tells the network nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from nntrain.arrays import Matrix, Vector

FOLDS = 5

Codes = NDArray[np.intp]


def smoothed_means(codes: Codes, y: Matrix, n_categories: int) -> Matrix:
    """The smoothed mean (n_categories + 1, n_targets) of each category; last, that of all rows.

    `codes` (n_rows,) are the categories of rows, `y` (n_rows, n_targets) their targets. A code of
    `n_categories` is of none of the categories.
    """
    counts = np.bincount(codes, minlength=n_categories + 1)[:n_categories]
    means = np.empty((n_categories + 1, y.shape[1]))
    for j, targets in enumerate(y.T):
        means[:, j] = _smoothed(counts, codes, targets, n_categories)
    return means


def _smoothed(counts: Codes, codes: Codes, y: Vector, n_categories: int) -> Vector:
    prior = float(y.mean())
    centred = y - prior
    sums = np.bincount(codes, centred, n_categories + 1)[:n_categories]
    means = sums / np.maximum(counts, 1)
    result = np.full(n_categories + 1, prior)
    rows = counts + _rows_of_prior(counts, codes, centred, means)
    # Where all rows of a category are alike, those of the prior are 0, and so may be both.
    result[:n_categories] += means * np.divide(
        counts, rows, out=np.zeros(n_categories), where=counts > 0
    )
    return result


def _rows_of_prior(counts: Codes, codes: Codes, centred: Vector, means: Vector) -> float:
    """k: how many rows the mean of all rows counts for, beside those of a category.

    By the variances of a random effects model: the mean square within categories, and between them
    less what the first makes of it (one-way analysis of variance).
    """
    known = codes < len(counts)
    n, n_seen = int(known.sum()), int(np.count_nonzero(counts))
    if n_seen < 2 or n <= n_seen:
        return float("inf") if n_seen < 2 else 1.0
    rows, row_means = centred[known], means[codes[known]]
    within = float(np.sum((rows - row_means) ** 2)) / (n - n_seen)
    middle = float(rows.mean())
    between_square = float(np.sum((row_means - middle) ** 2)) / (n_seen - 1)
    rows_each = (n - float(np.sum(counts.astype(np.float64) ** 2)) / n) / (n_seen - 1)
    between = (between_square - within) / rows_each
    return within / between if between > 0 else float("inf")


def cross_fitted_means(codes: Codes, y: Matrix, n_categories: int, rng: Generator) -> Matrix:
    """For each row (n_rows, n_targets), the smoothed mean of its category without its own fold."""
    folds = rng.permutation(len(codes)) % FOLDS
    means = np.empty(y.shape)
    for fold in range(FOLDS):
        out = folds == fold
        if out.all():
            means[out] = y.mean(axis=0)
        elif out.any():
            means[out] = smoothed_means(codes[~out], y[~out], n_categories)[codes[out]]
    return means
