"""What a training run comes to: the networks to keep, their errors, the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nntrain.arrays import Array, Matrix, Vector
from nntrain.config.keys import Config
from nntrain.engine.batches import Samples
from nntrain.engine.network import Network
from nntrain.engine.progress import EpochResult
from nntrain.engine.training import Training
from nntrain.model.model import Model
from nntrain.model.summary import Summary
from nntrain.stats.conformal import Intervals, absolute_errors, calibrate, expect_errors
from nntrain.stats.cross_conformal import CrossIntervals, calibrate_by_hold_outs
from nntrain.stats.metrics import Measured
from nntrain.stats.ridge import held_out_ridge
from nntrain.threads import available_cores
from nntrain.training.arithmetic import describe_arithmetic
from nntrain.training.fingerprint import fingerprint
from nntrain.training.run_data import RunData, weight_vector


@dataclass(frozen=True)
class RunResults:
    """The results of a run after its last whole epoch.

    Everything is computed when it is asked for, from the trainings as they then are.
    `started_from` is the checksum of the model that training started from, if any.
    """

    config: Config
    data: RunData
    trainings: Sequence[Training]
    started_from: str | None

    @property
    def last_result(self) -> EpochResult | None:
        """The last result of the network that trained longest; None before the first epoch."""
        return max(self._last_results, key=lambda result: result.epoch, default=None)

    @property
    def _last_results(self) -> list[EpochResult]:
        return [training.last for training in self.trainings if training.last]

    @property
    def engine(self) -> str:
        """The engine that trains: `numpy` or `compiled`."""
        return self.trainings[0].hyperparameters.engine

    @property
    def versions(self) -> dict[str, str]:
        """What does the arithmetic: packages with their versions, and all that chooses kernels."""
        return describe_arithmetic(self.engine)

    def model(self, stopped_by: str = "") -> Model:
        """The model, with its errors and, where rows were kept for them, its intervals.

        `stopped_by` is the reason for the end of training, where it is not that of the last epoch.
        """
        config, data = self.config, self.data
        model = self._unmeasured_with_kept_networks()
        training = _measure(model, data.samples, data.y_true)
        held_out = self._measure_held_out(model)
        x, measured = held_out or (data.samples.x, training)
        last = self.last_result
        summary = replace(
            model.summary,
            stopped_by=stopped_by or (last.stopped_by if last else "epochs"),
            training=training.metrics(config.target),
            validation=measured.metrics(config.target) if held_out else {},
            fingerprint=data.fingerprint,
        )
        return replace(model, summary=summary, intervals=self._intervals(model, x, measured))

    def measure(self, x: Array, y_true: Matrix, weights: Vector | None) -> Measured:
        """The predictions for encoded rows x (n_rows, n_inputs) beside their true values."""
        return self._unmeasured_with_kept_networks().measured(x, y_true, weights)

    def unmeasured_model(self, networks: tuple[Network, ...]) -> Model:
        """A model of these networks, with neither errors nor intervals."""
        data, last_results = self.data, self._last_results
        bests = [training.best for training in self.trainings]
        keeps_best = self.config.keep == "best"
        validation_losses = [
            result.validation_loss for result in last_results if result.validation_loss is not None
        ]
        summary = Summary(
            epochs_trained=max((result.epoch for result in last_results), default=0),
            iterations=sum(result.iterations for result in last_results),
            stopped_by="",
            engine=self.engine,
            started_from=self.started_from,
            rows=len(data.samples),
            validation_rows=data.n_validation_rows,
            loss=_mean([result.loss for result in last_results]),
            validation_loss=_mean(validation_losses),
            training={},
            validation={},
            kept_epochs=tuple(best.epoch for best in bests if best) if keeps_best else (),
            versions=self.versions,
        )
        return Model(
            self.config,
            data.preprocessing,
            networks,
            data.baseline,
            summary,
            row_sketch=data.row_sketch,
            histograms=data.histograms,
        )

    def _unmeasured_with_kept_networks(self) -> Model:
        networks = tuple(_kept_network(training, self.config.keep) for training in self.trainings)
        return self.unmeasured_model(networks)

    def _measure_held_out(self, model: Model) -> tuple[Array, Measured] | None:
        """The inputs of the validation rows with their predictions; None without such rows."""
        data = self.data
        if data.validation and data.validation_y_true is not None:
            return data.validation.x, _measure(model, data.validation, data.validation_y_true)
        if data.held_out is None:
            return None
        return self._measure_by_networks_that_held_out(model, data.held_out)

    def _measure_by_networks_that_held_out(
        self, model: Model, held_out: Sequence[Array]
    ) -> tuple[Array, Measured]:
        """Each row's mean prediction over the networks that were not trained on it.

        Beside it stands the mean prediction of ridge regressions that held out the same rows.
        """
        data, samples = self.data, self.data.samples
        sums, counts = np.zeros_like(data.y_true), np.zeros((len(samples), 1))
        for network, rows in zip(model.networks, held_out, strict=True):
            alone = replace(model, networks=(network,))
            sums[rows] += alone.predict_each(samples.x[rows], available_cores())[0]
            counts[rows] += 1.0
        rows = counts[:, 0] > 0
        part = samples.take(rows)
        y_pred = sums[rows] / counts[rows]
        measured = model.beside_baseline(part.x, data.y_true[rows], y_pred, weight_vector(part))
        plain = data.preprocessing.plain_inputs
        ridge = held_out_ridge(samples.x, samples.y, data.sample_weights, plain, held_out)
        decoded = None if ridge is None else model.predictor.within_training_range(ridge)
        return part.x, replace(measured, ridge=decoded)

    def _intervals(
        self, model: Model, x: Array, measured: Measured
    ) -> Intervals | CrossIntervals | None:
        """The calibrated intervals; the errors to expect are learned from the measured rows x.

        Without calibration rows the measured rows are those that networks held out, if any. A start
        model may have learned from these, so that there are no intervals then.
        """
        data, preprocessing = self.data, self.data.preprocessing
        calibration, held_out = data.calibration, data.held_out
        if calibration is None and (held_out is None or self.started_from):
            return None
        errors = absolute_errors(measured.y_true, measured.y_pred, preprocessing)
        expected = expect_errors(x, errors, preprocessing.plain_inputs)
        if calibration is None:
            assert held_out is not None
            rows = np.any(held_out, axis=0)
            return calibrate_by_hold_outs(expected, x, errors, [out[rows] for out in held_out])
        kept = model.measured(calibration.x, calibration.y_true, None)
        errors = absolute_errors(kept.y_true, kept.y_pred, preprocessing)
        return calibrate(expected, calibration.x, errors, fingerprint(calibration))


def _kept_network(training: Training, keep: str) -> Network:
    """The network to keep: with the weights of the last epoch, or with keep `best` of the best."""
    last, best = training.network, training.best
    if keep == "last" or best is None:
        return last
    network = Network(last.layer_sizes, last.activation, str(last.dtype))
    network.parameters.vector[:] = best.parameters
    return network


def _measure(model: Model, samples: Samples, y_true: Matrix) -> Measured:
    return model.measured(samples.x, y_true, weight_vector(samples))


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None
