"""How parameters follow a gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class GradientDescent:
    """Plain gradient descent: θ := θ - α (1/m) ∂ℓ/∂θ, the article's update."""

    def __init__(self, alpha: float) -> None:
        self.alpha = alpha
        self._rows = 0
        self._step = np.array(alpha)

    def update(self, parameters: Array, gradient: Array, n_rows: int) -> None:
        """Move the parameters (n_parameters,) in place.

        `gradient` is the sum over the m = n_rows rows of a batch, and is used up.
        """
        if n_rows != self._rows:
            # An array of no dimension is multiplied by faster than a number.
            self._rows, self._step = n_rows, np.array(self.alpha / n_rows, parameters.dtype)
        np.multiply(gradient, self._step, gradient)
        np.subtract(parameters, gradient, parameters)
