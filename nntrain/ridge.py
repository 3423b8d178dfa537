"""A ridge regression (Hoerl, Kennard 1970) on the network's inputs, fitted in blocks of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

MAX_INPUTS = 2048
BLOCK_ROWS = 1 << 12


@dataclass(frozen=True)
class Ridge:
    """`weights` (n_outputs, n_inputs) and `intercepts` (n_outputs,)."""

    weights: Matrix
    intercepts: Matrix

    def predict(self, x: NDArray[Any]) -> Matrix:
        """Its outputs (n_rows, n_outputs) for inputs x (n_rows, n_inputs)."""
        with np.errstate(over="ignore", invalid="ignore"):
            outputs: Matrix = x @ self.weights.T + self.intercepts
        return outputs


@dataclass(frozen=True)
class Sums:
    """Weighted sums over rows, of inputs followed by outputs; `products` are inputs by both.

    `products` is None where there are too many inputs.
    """

    count: float
    sums: Matrix
    products: Matrix | None


def sum_rows(x: NDArray[Any], y: NDArray[Any], sample_weights: Matrix | None) -> Sums:
    """The sums of inputs x (n_rows, n_inputs) and outputs y (n_rows, n_outputs)."""
    n_inputs, both = x.shape[1], x.shape[1] + y.shape[1]
    products = np.zeros((n_inputs, both)) if n_inputs <= MAX_INPUTS else None
    sums, count = np.zeros(both), 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(x), BLOCK_ROWS):
            rows = slice(start, start + BLOCK_ROWS)
            parts = (x[rows].astype(np.float64, copy=False), y[rows].astype(np.float64, copy=False))
            of_rows = np.ones(len(parts[0])) if sample_weights is None else sample_weights[rows]
            sums += np.hstack([of_rows @ part for part in parts])
            count += float(of_rows.sum())
            if products is not None:
                left = parts[0] if sample_weights is None else parts[0] * of_rows[:, None]
                products += np.hstack([left.T @ part for part in parts])
    return Sums(count, sums, products)


def solve_ridge(of: Sums, penalty: float) -> Ridge | None:
    """What minimises the squared error plus `penalty` times the squared weights.

    Those are the weights of the inputs scaled to deviation 1; the intercept is not penalized. None
    where there are too many inputs, or too large ones.
    """
    if of.products is None or not np.isfinite(of.products).all() or not np.isfinite(of.sums).all():
        return None
    n_inputs = len(of.products)
    centre: NDArray[Any] = of.sums / of.count
    centred: NDArray[Any] = of.products - of.count * np.outer(centre[:n_inputs], centre)
    gram, right = centred[:, :n_inputs], centred[:, n_inputs:]
    variances = np.maximum(np.diag(gram) / of.count, 0.0)
    penalties = penalty * np.where(variances > 1e-12, variances, 1.0)
    weights: NDArray[Any] = np.linalg.solve(gram + np.diag(penalties), right).T
    return Ridge(weights, centre[n_inputs:] - weights @ centre[:n_inputs])


def fit_ridge(
    x: NDArray[Any], y: NDArray[Any], sample_weights: Matrix | None, penalty: float
) -> Ridge | None:
    """`solve_ridge` for inputs x (n_rows, n_inputs), outputs y (n_rows, n_outputs)."""
    return solve_ridge(sum_rows(x, y, sample_weights), penalty)
