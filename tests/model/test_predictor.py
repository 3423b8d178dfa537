"""A predictor against the slow, obvious form: each network forward, decoded by hand."""

from __future__ import annotations

import numpy as np
import pytest
from support.models import FRAME, KINDS, model_of_kind

import nntrain
from nntrain.arrays import Array, Matrix
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.open import ReadOptions
from nntrain.engine.network import Network
from nntrain.errors import DataError, UsageError
from nntrain.model.predictor import mean_prediction, prediction_spread


def encoded(model: nntrain.Model) -> Array:
    reading = ReadOptions(CellFormat(model.preprocessing.missing_values, "."))
    with model.predicting(FRAME, reading) as (_, parts):
        return np.concatenate([part.x for part in parts])


def slow_forward(network: Network, x: Array) -> Matrix:
    """Sigmoid layers and a linear one, in double precision."""
    y = x.astype(np.float64)
    layers = list(zip(network.parameters.weights, network.parameters.biases, strict=True))
    for i, (w, b) in enumerate(layers):
        z = y @ w.T.astype(np.float64) + b
        y = 1 / (1 + np.exp(-z)) if i < len(layers) - 1 else z
    return y


@pytest.mark.parametrize("kind", KINDS)
def test_predictions_are_those_of_the_formulas(kind: str) -> None:
    model = model_of_kind(kind)
    x = encoded(model)
    expected = np.stack([slow_forward(network, x) for network in model.networks])
    for j, target in enumerate(model.preprocessing.targets):
        expected[..., j] = expected[..., j] * target.scale + target.shift
        if target.transform == "log":
            expected[..., j] = np.exp(expected[..., j])
        if model.config.clamp_predictions:
            expected[..., j] = np.clip(expected[..., j], target.minimum, target.maximum)
    found = model.predictor.predict_each(x)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(model.predictor.predict_mean(x), found.mean(axis=0))
    np.testing.assert_array_equal(model.predict(FRAME).to_numpy(), found.mean(axis=0))


def test_predictions_are_measured_with_those_of_the_mean_and_of_the_ridge_regression() -> None:
    model = model_of_kind("linear, two targets")
    x, y_true = encoded(model), FRAME[["y", "z"]].to_numpy()
    weights = FRAME["w"].to_numpy()
    measured = model.predictor.measure(x, y_true, weights)
    ridge = model.baseline.ridge
    assert ridge is not None
    assert measured.ridge is not None
    scale = [target.scale for target in model.preprocessing.targets]
    shift = [target.shift for target in model.preprocessing.targets]
    expected = (x @ ridge.weights.T + ridge.intercepts) * scale + shift
    bounds = [(target.minimum, target.maximum) for target in model.preprocessing.targets]
    expected = np.clip(expected, *np.transpose(bounds))
    np.testing.assert_allclose(measured.ridge, expected, rtol=1e-10)
    np.testing.assert_array_equal(measured.y_pred, model.predictor.predict_mean(x))
    np.testing.assert_array_equal(measured.means, model.baseline.means)
    assert measured.weights is weights


def test_a_prediction_that_is_not_finite_is_not_measured() -> None:
    model = model_of_kind("textbook")
    y_pred = np.full((60, 1), np.inf)
    with pytest.raises(DataError) as caught:
        model.predictor.compare_with_baseline(encoded(model), y_pred, y_pred, None)
    assert str(caught.value) == (
        "a prediction is not a finite number: a number of some row is too far from the training "
        "rows"
    )


def test_bounds_are_lower_then_upper_for_each_target() -> None:
    model = model_of_kind("intervals")
    x = encoded(model)
    y_pred = model.predictor.predict_mean(x)
    bounds = model.predictor.bounds(0.8, x, y_pred)
    assert bounds.shape == (60, 2)
    assert (bounds[:, 0] < y_pred[:, 0]).all()
    assert (y_pred[:, 0] < bounds[:, 1]).all()
    with pytest.raises(UsageError, match="an interval's level is a number above 0"):
        model.predictor.check_level(1.5)
    with pytest.raises(UsageError, match=r"an interval of level 0\.99 takes 99 calibration rows"):
        model.predictor.check_level(0.99)
    with pytest.raises(
        UsageError, match="an interval needs rows that the model has not learned from"
    ):
        model_of_kind("textbook").predictor.check_level(0.8)


def test_the_mean_and_the_spread_of_networks() -> None:
    each = np.array([[[1.0, 0.0]], [[3.0, 0.0]], [[5.0, 0.0]]])
    np.testing.assert_allclose(mean_prediction(each), [[3.0, 0.0]])
    np.testing.assert_allclose(prediction_spread(each), [[(8 / 3) ** 0.5, 0.0]])
    huge = each * 1e307
    np.testing.assert_allclose(prediction_spread(huge), prediction_spread(each) * 1e307)
