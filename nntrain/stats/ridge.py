"""A ridge regression (Hoerl, Kennard 1970) on plain inputs, whose penalty the rows choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Mask, Matrix, Vector
from nntrain.engine.row_blocks import apply_in_blocks, padded_size
from nntrain.stats.hold_outs import alike
from nntrain.stats.penalty import EPSILON, spectrum_of
from nntrain.stats.row_sums import BLOCK_ROWS, Sums, add_sums, sum_rows

PREDICTED_ROWS = 1 << 7
"""How many rows are predicted together."""


@dataclass(frozen=True)
class Ridge:
    """A fitted ridge regression: `weights` (n_outputs, n_inputs), `intercepts` (n_outputs,).

    Inputs that are not plain have the weight 0. `penalties` (n_outputs,) are those of each output's
    squared weights, for inputs scaled to deviation 1; None in the file of an older version.
    """

    weights: Matrix
    intercepts: Vector
    penalties: Vector | None = None

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


@np.errstate(over="ignore", invalid="ignore")
def solve_ridge(sums: Sums) -> Ridge | None:
    """The regression that minimises the squared error plus the chosen penalty times the weights².

    The penalty is for weights of inputs scaled to deviation 1; intercepts are not penalized, and
    each output has a penalty of its own. An input that is constant but for rounding gets the weight
    0. None where there are too many inputs, a sum or a product overflows, or all rows have weight
    0.
    """
    if sums.products is None or sums.count <= 0 or not sums.is_finite:
        return None
    means, centre = sums.inputs[sums.plain] / sums.count, sums.outputs / sums.count
    covariances = sums.products / sums.count - np.outer(means, np.concatenate([means, centre]))
    variances = np.maximum(np.diag(covariances), 0.0)
    constant = variances <= _rounding_of_variances(sums.count, means)
    scale = np.where(constant, 0.0, 1.0 / np.sqrt(np.where(constant, 1.0, variances)))
    scaled = scale[:, None] * covariances
    correlations = scaled[:, : len(means)] * scale
    of_outputs = np.maximum(sums.squared_outputs / sums.count - np.square(centre), 0.0)
    if not (np.isfinite(scaled).all() and np.isfinite(correlations).all()):
        return None
    spectrum = spectrum_of(correlations, scaled[:, len(means) :], of_outputs)
    penalties = spectrum.choose_penalties(sums.n_rows)
    weights = np.zeros((len(centre), len(sums.plain)))
    weights[:, sums.plain] = (scale[:, None] * spectrum.weights(penalties)).T
    intercepts = centre - weights[:, sums.plain] @ means
    is_finite = np.isfinite(weights).all() and np.isfinite(intercepts).all()
    return Ridge(weights, intercepts, penalties * sums.count) if is_finite else None


def _rounding_of_variances(count: float, means: Vector) -> Vector:
    """How large rounding alone may make the variances (n_inputs,) of constant inputs.

    A mean square less a squared mean is wrong by up to m ε mean², where m is the most additions
    that a number goes through in `sum_rows` (Chan, Golub, LeVeque 1983, one-pass algorithm).
    """
    additions = min(count, BLOCK_ROWS) + count / BLOCK_ROWS
    rounding: Vector = np.maximum(1e-12, additions * EPSILON * np.square(means))
    return rounding


def fit_ridge(
    x: NDArray[Any], y: NDArray[Any], sample_weights: Vector | None, plain: Mask
) -> Ridge | None:
    """The ridge regression (`solve_ridge`) of outputs y (n_rows, n_outputs) on `plain` inputs of x.

    x is (n_rows, n_inputs), sample weights are (n_rows,), `plain` is (n_inputs,).
    """
    return solve_ridge(sum_rows(x, y, sample_weights, plain))


def held_out_ridge(
    x: NDArray[Any],
    y: NDArray[Any],
    sample_weights: Vector | None,
    plain: Mask,
    held_out: Sequence[Mask],
) -> Matrix | None:
    """Predictions for every row that is held out, by ridge regressions that are not fitted to it.

    Each mask (n_rows,) of `held_out` marks the rows that one regression is not fitted to. A row
    gets the mean of the predictions of all regressions that hold it out. None where a regression
    cannot be fitted.
    """
    # Rows held out by the same regressions are summed once.
    first, which = alike(held_out)
    parts = []
    for k in range(len(first)):
        rows = which == k
        weights = None if sample_weights is None else sample_weights[rows]
        parts.append(sum_rows(x[rows], y[rows], weights, plain))
    sums, counts = np.zeros(y.shape), np.zeros((len(y), 1))
    for out in held_out:
        rest = [part for part, i in zip(parts, first.tolist(), strict=True) if not out[i]]
        ridge = solve_ridge(add_sums(rest))
        if ridge is None:
            return None
        sums[out] += ridge.predict(x[out])
        counts[out] += 1.0
    rows = counts[:, 0] > 0
    outputs: Matrix = sums[rows] / counts[rows]
    return outputs
