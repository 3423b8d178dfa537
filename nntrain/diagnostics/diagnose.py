"""What is amiss with a training run, its course, its errors and its rows: what `fit` tells."""

from __future__ import annotations

import math

from nntrain.diagnostics.convergence import of_training
from nntrain.diagnostics.finding import Finding
from nntrain.diagnostics.leakage import of_rows
from nntrain.diagnostics.row_sample import Sample
from nntrain.model.model import Model
from nntrain.training.run import TrainingRun


def diagnose(run: TrainingRun, model: Model) -> list[Finding]:
    """What is amiss with a run, and with its rows, by the model that it came to.

    >>> for finding in nntrain.diagnose(run, run.model()):
    ...     print(finding)
    """
    sample = Sample()
    sample.add(run.samples.x, run.data.y_true, run.data.sample_weights)
    last = run.results.last_result
    update = last.largest_update if last else math.inf
    return [
        *of_training(model, run.history, update),
        *of_rows(run.config, run.preprocessing, sample),
    ]
