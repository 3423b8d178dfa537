"""The numbers of a trace are the textbook's, and those that training computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from support import textbook

import nntrain
from nntrain.config.choices import ACTIVATIONS
from nntrain.engine.network import Parameters
from nntrain.errors import DataError, UsageError
from nntrain.training.trace import Trace


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(2, 30))
    return pd.DataFrame({"a": a, "b": b, "y": a * b, "z": a - b, "w": rng.random(30) + 0.1})


def config(**keys: Any) -> nntrain.Config:
    defaults: dict[str, Any] = {"target": ("y", "z"), "ignore": ("w",), "hidden_layers": (4, 3)}
    return nntrain.Config(**(defaults | keys))


def textbook_layers(parameters: Parameters) -> list[textbook.Layer]:
    pairs = zip(parameters.weights, parameters.biases, strict=True)
    return [textbook.Layer(w.tolist(), b.tolist()) for w, b in pairs]


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("rows", [(1, 1), (5, 9)])
@pytest.mark.parametrize("weight", [None, "w"])
def test_every_number_is_the_textbooks(
    activation: str, rows: tuple[int, int], weight: str | None
) -> None:
    keys = {} if weight is None else {"weight": "w", "ignore": ()}
    tracing = Trace(frame(), config(activation=activation, alpha=0.3, **keys), *rows)
    layers = textbook_layers(tracing.network.parameters)
    x, y_true = tracing.samples.x.tolist(), tracing.samples.y.tolist()
    weights = None if weight is None else tracing.samples.weights[:, 0].tolist()  # type: ignore[index]
    m = len(x)
    seen = 0
    for iteration in tracing.iterations(3):
        seen += 1
        assert iteration.number == seen
        for k in range(m):
            z, y = textbook.forward(layers, activation, x[k])
            for i, layer in enumerate(iteration.layers):
                np.testing.assert_allclose(layer.y_before[k], y[i], rtol=1e-10, atol=1e-13)
                np.testing.assert_allclose(layer.z[k], z[i], rtol=1e-10, atol=1e-13)
                np.testing.assert_allclose(layer.y[k], y[i + 1], rtol=1e-10, atol=1e-13)
        loss, gradient = textbook.gradient_of(layers, activation, x, y_true, weights)
        assert iteration.loss == pytest.approx(loss, rel=1e-12)
        for i, (layer, slope) in enumerate(zip(iteration.layers, gradient, strict=True)):
            np.testing.assert_allclose(layer.loss_by_w, slope.w, rtol=1e-9, atol=1e-13)
            np.testing.assert_allclose(layer.loss_by_b, slope.b, rtol=1e-9, atol=1e-13)
            np.testing.assert_allclose(layer.loss_by_z.sum(axis=0), slope.b, rtol=1e-9, atol=1e-13)
            np.testing.assert_allclose(layer.w, layers[i].w, rtol=1e-11, atol=1e-14)
            if i + 1 < len(iteration.layers):
                by_y = iteration.layers[i + 1].loss_by_z @ np.array(layers[i + 1].w)
                np.testing.assert_allclose(layer.loss_by_y, by_y, rtol=1e-10, atol=1e-13)
        textbook.update(layers, gradient, 0.3, m)
        for layer, after in zip(iteration.layers, layers, strict=True):
            np.testing.assert_allclose(layer.new_w, after.w, rtol=1e-11, atol=1e-14)
            np.testing.assert_allclose(layer.new_b, after.b, rtol=1e-11, atol=1e-14)
        after_loss, _ = textbook.gradient_of(layers, activation, x, y_true, weights)
        assert iteration.loss_after == pytest.approx(after_loss, rel=1e-10)
    assert seen == 3


def test_a_trace_of_a_batch_is_what_an_epoch_does() -> None:
    tracing = Trace(frame(), config(optimizer="adam", batch_mode="batch", epochs=3), 1, 30)
    last = list(tracing.iterations(3))[-1]
    model = nntrain.fit(
        frame(), config(optimizer="adam", batch_mode="batch", epochs=3, engine="numpy")
    )
    for layer, w in zip(last.layers, model.networks[0].parameters.weights, strict=True):
        np.testing.assert_allclose(layer.new_w, w, rtol=1e-12)


def test_a_trace_starts_from_a_model() -> None:
    model = nntrain.fit(frame(), config(epochs=5))
    tracing = Trace(frame(), config(), 2, 2, model)
    first = next(tracing.iterations(1))
    for layer, w in zip(first.layers, model.networks[0].parameters.weights, strict=True):
        np.testing.assert_array_equal(layer.w, w)


def test_what_cannot_be_traced_is_explained() -> None:
    with pytest.raises(UsageError, match="a trace is of one network; --set ensemble=1"):
        Trace(frame(), config(ensemble=3))
    with pytest.raises(DataError, match="there are 30 rows to train on, and no row 31"):
        Trace(frame(), config(), 31, 31)
