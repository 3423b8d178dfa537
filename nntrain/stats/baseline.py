"""What a model is held against: the training means, and a ridge regression on the same inputs.

Both are learned once, from the training rows, and kept in the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Matrix
from nntrain.stats.ridge import Ridge, solve_ridge, sum_rows

PENALTY = 1.0


@dataclass(frozen=True)
class Baseline:
    """`means` (n_targets,) in the targets' units; `inputs` (n_inputs,) the means of the inputs.

    `ridge` gives standardized targets; None where there are too many inputs for one, or too large
    ones. `inputs` is None in the file of an older version.
    """

    means: Matrix
    inputs: Matrix | None
    ridge: Ridge | None


def fit_baseline(
    x: NDArray[Any], y: NDArray[Any], sample_weights: Matrix | None, means: Matrix
) -> Baseline:
    """Learn all; x is (n_rows, n_inputs), y (n_rows, n_targets) standardized, weights of mean 1."""
    sums = sum_rows(x, y, sample_weights)
    inputs = sums.sums[: x.shape[1]] / sums.count
    return Baseline(
        means, inputs if np.isfinite(inputs).all() else None, solve_ridge(sums, PENALTY)
    )
