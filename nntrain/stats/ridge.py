"""A ridge regression (Hoerl, Kennard 1970) on the network's inputs, fitted in blocks of rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Mask, Matrix
from nntrain.engine.row_blocks import apply_in_blocks, padded_size

MAX_INPUTS = 2048
"""With more inputs than this, no ridge regression is fitted."""
BLOCK_ROWS = 1 << 12
"""How many rows are summed together in `sum_rows`."""
PREDICTED_ROWS = 1 << 7
"""How many rows are predicted together."""
EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Ridge:
    """A fitted ridge regression: `weights` (n_outputs, n_inputs), `intercepts` (n_outputs,)."""

    weights: Matrix
    intercepts: Matrix

    def predict(self, x: NDArray[Any]) -> Matrix:
        """The outputs (n_rows, n_outputs) for inputs x (n_rows, n_inputs).

        A row's outputs are the same to the last bit whichever other rows are predicted with it.
        """
        n_outputs, n_inputs = self.weights.shape
        weights = np.zeros((padded_size(n_outputs), n_inputs))
        weights[:n_outputs] = self.weights

        def predict_block(block: Matrix) -> Matrix:
            outputs: Matrix = block.dot(weights.T)[:, :n_outputs] + self.intercepts
            return outputs

        return apply_in_blocks(x, PREDICTED_ROWS, n_outputs, [predict_block])


@dataclass(frozen=True)
class Sums:
    """Weighted sums over rows: all that a ridge regression needs to know.

    `count` is the sum of the weights; `sums` (n_inputs + n_outputs,) those of inputs, then outputs;
    `products` (n_inputs, n_inputs + n_outputs) those of each input times each input and output,
    None where there are more than `MAX_INPUTS` inputs.
    """

    count: float
    sums: Matrix
    products: Matrix | None


def sum_rows(x: NDArray[Any], y: NDArray[Any], sample_weights: Matrix | None) -> Sums:
    """The sums over rows of inputs x (n_rows, n_inputs) and outputs y (n_rows, n_outputs)."""
    n_inputs, both = x.shape[1], x.shape[1] + y.shape[1]
    products = np.zeros((n_inputs, both)) if n_inputs <= MAX_INPUTS else None
    sums, count = np.zeros(both), 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(x), BLOCK_ROWS):
            rows = slice(start, start + BLOCK_ROWS)
            parts = (x[rows].astype(np.float64, copy=False), y[rows].astype(np.float64, copy=False))
            weights = np.ones(len(parts[0])) if sample_weights is None else sample_weights[rows]
            sums += np.hstack([weights @ part for part in parts])
            count += float(weights.sum())
            if products is not None:
                left = parts[0] if sample_weights is None else parts[0] * weights[:, None]
                products += np.hstack([left.T @ part for part in parts])
    return Sums(count, sums, products)


@np.errstate(over="ignore", invalid="ignore")
def add_sums(parts: Iterable[Sums]) -> Sums:
    """The sums over all rows, from the sums over parts of them."""
    parts = list(parts)
    products = [part.products for part in parts if part.products is not None]
    return Sums(
        math.fsum(part.count for part in parts),
        np.sum([part.sums for part in parts], axis=0),
        np.sum(products, axis=0) if len(products) == len(parts) else None,
    )


@np.errstate(over="ignore", invalid="ignore")
def solve_ridge(sums: Sums, penalty: float) -> Ridge | None:
    """The regression that minimises the squared error plus `penalty` times the squared weights.

    The penalty is for weights of inputs scaled to deviation 1; intercepts are not penalized. An
    input that is constant but for rounding gets the weight 0. None where there are too many inputs,
    a sum or a product overflows, or all rows have weight 0.
    """
    if sums.products is None or sums.count <= 0:
        return None
    if not (np.isfinite(sums.products).all() and np.isfinite(sums.sums).all()):
        return None
    n_inputs = len(sums.products)
    centre: NDArray[Any] = sums.sums / sums.count
    centred: NDArray[Any] = sums.products - sums.count * np.outer(centre[:n_inputs], centre)
    gram, right = centred[:, :n_inputs], centred[:, n_inputs:]
    variances = np.maximum(np.diag(gram) / sums.count, 0.0)
    constant = variances <= _rounding_of_variances(sums.count, centre[:n_inputs])
    gram[constant] = gram[:, constant] = right[constant] = 0.0
    penalties = penalty * np.where(constant, 1.0, variances)
    penalized = gram + np.diag(penalties)
    if not np.isfinite(penalized).all():
        return None
    weights: NDArray[Any] = np.linalg.solve(penalized, right).T
    intercepts = centre[n_inputs:] - weights @ centre[:n_inputs]
    is_finite = np.isfinite(weights).all() and np.isfinite(intercepts).all()
    return Ridge(weights, intercepts) if is_finite else None


def _rounding_of_variances(count: float, means: Matrix) -> Matrix:
    """How large rounding alone may make the variances (n_inputs,) of constant inputs.

    A mean square less a squared mean is wrong by up to m ε mean², where m is the most additions
    that a number goes through in `sum_rows` (Chan, Golub, LeVeque 1983, one-pass algorithm).
    """
    additions = min(count, BLOCK_ROWS) + count / BLOCK_ROWS
    rounding: Matrix = np.maximum(1e-12, additions * EPSILON * np.square(means))
    return rounding


def fit_ridge(
    x: NDArray[Any], y: NDArray[Any], sample_weights: Matrix | None, penalty: float
) -> Ridge | None:
    """The ridge regression (`solve_ridge`) of outputs y (n_rows, n_outputs) on inputs x.

    x is (n_rows, n_inputs), sample weights are (n_rows,).
    """
    return solve_ridge(sum_rows(x, y, sample_weights), penalty)


def held_out_ridge(
    x: NDArray[Any],
    y: NDArray[Any],
    sample_weights: Matrix | None,
    held_out: Sequence[Mask],
    penalty: float,
) -> Matrix | None:
    """Predictions for every row that is held out, by ridge regressions that are not fitted to it.

    Each mask (n_rows,) of `held_out` marks the rows that one regression is not fitted to. A row
    gets the mean of the predictions of all regressions that hold it out. None where a regression
    cannot be fitted.
    """
    # Rows held out by the same regressions are summed once.
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
        rest = [part for part, i in zip(parts, first.tolist(), strict=True) if not out[i]]
        ridge = solve_ridge(add_sums(rest), penalty)
        if ridge is None:
            return None
        sums[out] += ridge.predict(x[out])
        counts[out] += 1.0
    rows = counts[:, 0] > 0
    outputs: Matrix = sums[rows] / counts[rows]
    return outputs
