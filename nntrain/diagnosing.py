"""What is amiss with a training run, its course, its errors and its rows: what `fit` tells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.baseline import PENALTY
from nntrain.diagnosis import Finding, of_training, worse_than_ridge
from nntrain.fitting import TrainingRun
from nntrain.metrics import Measured, Metrics
from nntrain.model import Model
from nntrain.ridge import fit_ridge
from nntrain.suspects import Sample, of_rows

Matrix = NDArray[np.float64]


def diagnose(run: TrainingRun, model: Model) -> list[Finding]:
    """What is amiss with a run, and with its rows, by the model that it came to.

    >>> for finding in nntrain.diagnose(run, run.model()):
    ...     print(finding)
    """
    sample = Sample()
    sample.add(run.samples.x, run.y_true, run.sample_weights)
    validation = _beside_its_ridge(run, model.summary.validation)
    update = run.longest.largest_update if run.longest else math.inf
    return [
        *of_training(model, run.course, validation, update),
        *of_rows(run.config, run.preprocessing, sample),
    ]


def _beside_its_ridge(run: TrainingRun, validation: dict[str, Metrics]) -> dict[str, Metrics]:
    """The validation metrics, beside ridge regressions that have not seen those rows.

    The baseline of an ensemble has: where it looks better, it is fitted again without them.
    """
    if run.held_out is None or not worse_than_ridge(validation, "validation"):
        return validation
    rows, ridge = held_out_ridge(run.samples.x, run.samples.y, run.sample_weights, run.held_out)
    if ridge is None:
        return {}
    weights = None if run.sample_weights is None else run.sample_weights[rows]
    y_pred = run.preprocessing.decode(ridge)
    errors = Measured(run.y_true[rows], y_pred, run.baseline.means, None, weights)
    return {
        name: replace(validation[name], ridge_rmse=of.rmse)
        for name, of in errors.metrics(run.config.target).items()
    }


def held_out_ridge(
    x: NDArray[Any],
    y: NDArray[Any],
    sample_weights: Matrix | None,
    held_out: Sequence[NDArray[np.bool_]],
) -> tuple[NDArray[np.intp], Matrix | None]:
    """The rows that are held out at all, and their targets by ridge regressions without them.

    There is one for each of `held_out`, which marks the rows (n_rows,) that it is not fitted to; a
    row has the mean of those. None where one of them cannot be fitted.
    """
    sums, counts = np.zeros(y.shape), np.zeros((len(y), 1))
    for out in held_out:
        weights = None if sample_weights is None else sample_weights[~out]
        ridge = fit_ridge(x[~out], y[~out], weights, PENALTY)
        if ridge is not None:
            sums[out] += ridge.predict(x[out])
            counts[out] += 1.0
    rows = np.flatnonzero(np.any(held_out, axis=0))
    return rows, sums[rows] / counts[rows] if counts[rows].all() else None
