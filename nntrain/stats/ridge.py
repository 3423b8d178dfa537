"""A ridge regression (Hoerl, Kennard 1970) on the network's inputs, fitted in blocks of rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Matrix
from nntrain.engine.row_blocks import apply_in_blocks, padded_size

MAX_INPUTS = 2048
BLOCK_ROWS = 1 << 12
PREDICTED_ROWS = 1 << 7
"""The rows of a block whose outputs are computed together."""


@dataclass(frozen=True)
class Ridge:
    """`weights` (n_outputs, n_inputs) and `intercepts` (n_outputs,)."""

    weights: Matrix
    intercepts: Matrix

    def predict(self, x: NDArray[Any]) -> Matrix:
        """Its outputs (n_rows, n_outputs) for inputs x (n_rows, n_inputs).

        A row's outputs are the same to the last bit whichever rows stand beside it.
        """
        n_outputs, n_inputs = self.weights.shape
        weights = np.zeros((padded_size(n_outputs), n_inputs))
        weights[:n_outputs] = self.weights

        def predicted(block: Matrix) -> Matrix:
            outputs: Matrix = block.dot(weights.T)[:, :n_outputs] + self.intercepts
            return outputs

        return apply_in_blocks(x, PREDICTED_ROWS, n_outputs, [predicted])


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


def add_sums(parts: Iterable[Sums]) -> Sums:
    """The sums of all parts of some rows."""
    count, sums, products = zip(*((of.count, of.sums, of.products) for of in parts), strict=True)
    known = [of for of in products if of is not None]
    whole = np.sum(known, axis=0) if len(known) == len(products) else None
    return Sums(math.fsum(count), np.sum(sums, axis=0), whole)


def solve_ridge(of: Sums, penalty: float) -> Ridge | None:
    """What minimises the squared error plus `penalty` times the squared weights.

    Those are the weights of the inputs scaled to deviation 1; the intercept is not penalized. None
    where there are too many inputs, or too large ones, or rows without weight.
    """
    if of.products is None or of.count <= 0:
        return None
    if not (np.isfinite(of.products).all() and np.isfinite(of.sums).all()):
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


def held_out_ridge(
    x: NDArray[Any],
    y: NDArray[Any],
    sample_weights: Matrix | None,
    held_out: Sequence[NDArray[np.bool_]],
    penalty: float,
) -> Matrix | None:
    """The outputs of rows that are held out at all, by ridge regressions without them.

    There is one for each of `held_out`, which marks the rows (n_rows,) that it is not fitted to; a
    row has the mean of those. Rows that the same ones hold out are summed once for all. None where
    a regression cannot be fitted.
    """
    packed = np.ascontiguousarray(np.packbits(held_out, axis=0).T)
    _, first, which = np.unique(
        packed.view(f"V{packed.shape[1]}")[:, 0], return_index=True, return_inverse=True
    )
    parts = []
    for k in range(len(first)):
        rows = which == k
        weights = None if sample_weights is None else sample_weights[rows]
        parts.append(sum_rows(x[rows], y[rows], weights))
    sums, counts = np.zeros(y.shape), np.zeros((len(y), 1))
    for out in held_out:
        rest = [of for of, i in zip(parts, first.tolist(), strict=True) if not out[i]]
        ridge = solve_ridge(add_sums(rest), penalty)
        if ridge is None:
            return None
        sums[out] += ridge.predict(x[out])
        counts[out] += 1.0
    rows = counts[:, 0] > 0
    outputs: Matrix = sums[rows] / counts[rows]
    return outputs
