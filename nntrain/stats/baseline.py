"""Two simple predictors to compare a network with: the training mean, and a ridge regression.

Both are fitted once, to the training rows, and kept in the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Mask, Matrix
from nntrain.stats.ridge import Ridge, solve_ridge
from nntrain.stats.row_sums import sum_rows


@dataclass(frozen=True)
class Baseline:
    """The training means of the targets and the inputs, and a ridge regression.

    `means` (n_targets,) are in the targets' units; `inputs` (n_inputs,) are the means of the
    inputs, None in the file of an older version. `ridge` predicts standardized targets; None where
    there are too many inputs, or their numbers are too large.
    """

    means: Matrix
    inputs: Matrix | None
    ridge: Ridge | None

    def penalties(self, targets: Sequence[str]) -> dict[str, float]:
        """The penalty of the ridge regression for each target; empty where it is not known."""
        if self.ridge is None or self.ridge.penalties is None:
            return {}
        return dict(zip(targets, self.ridge.penalties.tolist(), strict=True))


def fit_baseline(
    x: NDArray[Any], y: NDArray[Any], sample_weights: Matrix | None, means: Matrix, plain: Mask
) -> Baseline:
    """The baseline for inputs x (n_rows, n_inputs) and standardized targets y (n_rows, n_targets).

    Sample weights (n_rows,) have mean 1. `means` are those of the targets, and `plain` (n_inputs,)
    marks the inputs that the ridge regression has.
    """
    sums = sum_rows(x, y, sample_weights, plain)
    inputs = sums.inputs / sums.count
    return Baseline(means, inputs if np.isfinite(inputs).all() else None, solve_ridge(sums))
