"""The whole diagnosis: of a run, of a model's errors, and of the rows themselves."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from nntrain.config.keys import Config
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.diagnostics.baseline import ridge_beats_predictions, ridge_beats_training
from nntrain.diagnostics.convergence import find_early_end, find_oscillation, find_overfitting
from nntrain.diagnostics.finding import Finding
from nntrain.diagnostics.leakage import find_leaks
from nntrain.diagnostics.row_sample import RowSample
from nntrain.diagnostics.skew import find_skewed_targets
from nntrain.model.model import Model
from nntrain.stats.metrics import Metrics
from nntrain.training.history import LossHistory
from nntrain.training.run import TrainingRun


def diagnose(run: TrainingRun, model: Model) -> list[Finding]:
    """The problems of a training run that ended with `model`, and of the rows it trained on.

    >>> for finding in nntrain.diagnose(run, run.model()):
    ...     print(finding)
    """
    sample = RowSample()
    sample.add(run.samples.x, run.data.y_true, run.data.sample_weights)
    last = run.results.last_result
    largest_update = last.largest_update if last else math.inf
    return [
        *diagnose_training(model, run.history, largest_update),
        *diagnose_rows(run.config, run.preprocessing, sample),
    ]


def diagnose_training(model: Model, history: LossHistory, largest_update: float) -> list[Finding]:
    """The problems that the losses and the errors of a run show, if it came to its end.

    `largest_update` is the largest change of a weight or bias in the last epoch.
    """
    if history.n_epochs == 0 or model.summary.stopped_by == "time":
        return []
    early_end = find_early_end(model, history, largest_update)
    # A run that ended too early is first to be run to its end.
    oscillation = None if early_end else find_oscillation(model, history)
    overfitting = None if early_end else find_overfitting(model, history)
    worse = ridge_beats_training(model, oscillation.remedy if oscillation else None)
    return [finding for finding in (worse, early_end, overfitting, oscillation) if finding]


def diagnose_errors(model: Model, metrics: Mapping[str, Metrics]) -> list[Finding]:
    """The problems that a model's errors on labelled rows show; `metrics` is by target."""
    worse = ridge_beats_predictions(model, metrics)
    return [worse] if worse else []


@np.errstate(all="ignore")
def diagnose_rows(config: Config, preprocessing: Preprocessing, sample: RowSample) -> list[Finding]:
    """The problems that a sample of labelled rows shows: leaks and skewed targets."""
    return [
        *find_leaks(config, preprocessing, sample),
        *find_skewed_targets(config, preprocessing, sample),
    ]
