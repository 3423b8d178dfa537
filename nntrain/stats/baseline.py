"""Two simple predictors to compare a network with: the training mean, and a ridge regression.

Both are fitted once, to the training rows, and kept in the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Matrix
from nntrain.stats.ridge import Ridge, solve_ridge, sum_rows

PENALTY = 1.0
"""The penalty of the ridge regression (`ridge.solve_ridge`)."""


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


def fit_baseline(
    x: NDArray[Any], y: NDArray[Any], sample_weights: Matrix | None, means: Matrix
) -> Baseline:
    """The baseline for inputs x (n_rows, n_inputs) and standardized targets y (n_rows, n_targets).

    Sample weights (n_rows,) have mean 1. `means` are those of the targets.
    """
    sums = sum_rows(x, y, sample_weights)
    inputs = sums.sums[: x.shape[1]] / sums.count
    return Baseline(
        means, inputs if np.isfinite(inputs).all() else None, solve_ridge(sums, PENALTY)
    )
