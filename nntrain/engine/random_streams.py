"""Random streams, one for each purpose, member and epoch: none shares bits or needs replaying."""

from __future__ import annotations

import numpy as np

INITIAL_WEIGHTS = 1
ROW_ORDER = 2
VALIDATION_SPLIT = 3
CALIBRATION_SPLIT = 4
FOLDS = 5
EXPLANATION = 6
CONTRIBUTIONS = 7
CATEGORY_FOLDS = 8


def random_stream(seed: int, purpose: int, member: int = 0, epoch: int = 0) -> np.random.Generator:
    """The random stream for one purpose; members and epochs count from 1; 0 for none."""
    return np.random.default_rng([seed, purpose, member, epoch])
