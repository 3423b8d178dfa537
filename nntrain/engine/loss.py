"""The loss ℓ = ½ Σ_k Σ_j (y_pred - y_true)², equation (5): value and gradient from one residual."""

from __future__ import annotations

import numpy as np

from nntrain.arrays import Array


def half_squared_error(
    y_pred: Array, y_true: Array, delta: Array, weights: Array | None = None
) -> float:
    """The loss summed over rows k and targets j; fills `delta` with its gradient ∂ℓ/∂y_pred.

    All three are C-contiguous arrays (n_rows, n_targets). With sample `weights` of (n_rows, 1),
    each row's loss and gradient are multiplied by its weight.
    """
    np.subtract(y_pred, y_true, delta)
    residual = delta.ravel()
    if weights is None:
        return 0.5 * float(residual.dot(residual))
    residual = residual.copy()
    np.multiply(delta, weights, delta)
    return 0.5 * float(residual.dot(delta.ravel()))
