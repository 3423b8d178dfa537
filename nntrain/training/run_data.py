"""The rows of a training run: to train on, to validate by and to calibrate with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nntrain.arrays import Array, Matrix, Vector
from nntrain.config.keys import Config
from nntrain.data.preprocessing.encode import Encoded
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.engine.batches import Samples
from nntrain.model.model import Model
from nntrain.stats.baseline import Baseline, fit_baseline
from nntrain.stats.histogram import Histogram
from nntrain.stats.row_sketch import RowSketch, sketch_rows
from nntrain.training.fingerprint import fingerprint
from nntrain.training.members import HeldOut, make_samples, rows_held_out
from nntrain.training.prepare import Prepared


@dataclass(frozen=True)
class RunData:
    """The encoded rows of a run, and the baseline that was fitted to its training rows.

    `samples` are the training rows, `y_true` (n_rows, n_targets) their true values in the targets'
    units, which the network's precision may not hold. Validation rows are either rows of their
    own, `validation` with `validation_y_true`, or training rows that each network of an ensemble
    holds out, `held_out`, a mask (n_rows,) for each network. `calibration` rows are unweighted. By
    the `row_sketch`, the rows that some network learns from are known again. `histograms` are those
    of `Prepared`.
    """

    preprocessing: Preprocessing
    samples: Samples
    y_true: Matrix
    validation: Samples | None
    validation_y_true: Matrix | None
    held_out: HeldOut | None
    calibration: Encoded | None
    baseline: Baseline
    row_sketch: RowSketch | None
    histograms: tuple[Histogram, ...] = ()

    @property
    def sample_weights(self) -> Vector | None:
        """The weights (n_rows,) of the training rows, with a mean of 1; None without a weight."""
        return weight_vector(self.samples)

    @property
    def n_validation_rows(self) -> int:
        """The number of rows that some network is validated by."""
        if self.held_out is not None:
            return int(np.count_nonzero(np.any(self.held_out, axis=0)))
        return len(self.validation) if self.validation else 0

    @cached_property
    def fingerprint(self) -> str:
        """A digest of all rows: any change of a number gives another."""
        return fingerprint(self.samples, self.validation, self.calibration)

    def largest_input(self) -> tuple[str, float]:
        """The name of the input with the largest absolute value in training, and that value."""
        x = self.samples.x
        sizes: Array = np.maximum(x.max(axis=0), -x.min(axis=0))
        largest = int(np.argmax(sizes))
        return self.preprocessing.input_names[largest], float(sizes[largest])


def make_run_data(config: Config, prepared: Prepared, start: Model | None = None) -> RunData:
    """The data of a run on prepared rows; `start` is the model to start from.

    Raises `DataError` where all rows would be held out.
    """
    training, validation = prepared.training, prepared.validation
    samples = make_samples(training, config.dtype)
    held_out = rows_held_out(config, len(samples))
    return RunData(
        preprocessing=prepared.preprocessing,
        samples=samples,
        y_true=training.y_true,
        validation=make_samples(validation, config.dtype) if validation else None,
        validation_y_true=validation.y_true if validation else None,
        held_out=held_out,
        calibration=prepared.calibration,
        baseline=fit_baseline(
            samples.x,
            samples.y,
            weight_vector(samples),
            prepared.means,
            prepared.preprocessing.plain_inputs,
        ),
        row_sketch=_sketch(training, held_out, start) if config.row_sketch else None,
        histograms=prepared.histograms,
    )


def _sketch(training: Encoded, held_out: HeldOut | None, start: Model | None) -> RowSketch | None:
    """The sketch of all rows that networks learn from, and that those of `start` learned from.

    None where it is not known which rows the start model learned from.
    """
    learned_from = slice(None) if held_out is None else ~np.all(held_out, axis=0)
    sketch = sketch_rows(training.row_hashes[learned_from])
    if start is None:
        return sketch
    return sketch.united(start.row_sketch) if start.row_sketch else None


def weight_vector(samples: Samples) -> Vector | None:
    """The weights of samples as a vector (n_rows,) in double precision; None without weights."""
    return None if samples.weights is None else samples.weights[:, 0].astype(np.float64)
