"""Partial dependence: equal to the slow, obvious form, and right where the answer is known."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest

import nntrain
from nntrain.data.readers.open import open_table
from nntrain.evaluation.dependence import (
    CategoricalEffect,
    NumericEffect,
    measure_effect,
    partial_dependence,
)
from nntrain.report.measure import measure_report

N_ROWS = 300


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    a, b, c = rng.normal(size=(3, N_ROWS))
    text = rng.choice(["u", "v", "w"], N_ROWS, p=[0.2, 0.5, 0.3])
    gaps = np.where(rng.random(N_ROWS) < 0.3, np.nan, rng.normal(size=N_ROWS))
    y = 3 * a - 2 * b + np.where(text == "u", 1.5, 0) + np.where(np.isnan(gaps), 2.0, 0)
    return pd.DataFrame(
        {"a": a, "text": text, "b": b, "gaps": gaps, "few": np.round(c), "y": y, "z": 9 * c + a**2}
    )


def config(**values: Any) -> nntrain.Config:
    return nntrain.Config(target=("y", "z"), epochs=3, **values)


def encoded(model: nntrain.Model, table: pd.DataFrame) -> np.ndarray:
    with open_table(table, model.preprocessing.read_options()) as source:
        return np.concatenate([part.x for part in model.labelled(source)])


CONFIGS = {
    "one network": config(hidden_layers=(6,)),
    "bins, several networks, clamped, float32": config(
        hidden_layers=(6,), ensemble=3, numeric_encoding="piecewise_linear", bins=5,
        clamp_predictions=True, dtype="float32",
    ),
    "not standardized": config(hidden_layers=(6,), standardize=False, alpha=0.001),
}  # fmt: skip


@pytest.mark.parametrize("name", CONFIGS)
def test_it_is_the_mean_of_predictions_with_the_column_set(name: str) -> None:
    table = frame()
    model = nntrain.fit(table, CONFIGS[name])
    x = encoded(model, table)
    before = x.copy()
    points: dict[str, list[Any]] = {
        "a": [-2.0, 0.1, 7.0], "gaps": [-1.0, np.nan, 0.5], "few": [0.0, 1.0],
        "text": ["u", "v", "w"],
    }  # fmt: skip
    for i, feature in enumerate(model.preprocessing.features):
        if feature.name not in points:
            continue
        values = points[feature.name]
        positions = values if feature.name != "text" else [0.0, 1.0, 2.0]
        found = partial_dependence(model, i, np.array(positions), x, None)
        expected = [model.predict(table.assign(**{feature.name: v})).mean() for v in values]
        assert np.allclose(found, np.array(expected), rtol=1e-5, atol=1e-6)
    assert np.array_equal(x, before)


def test_rows_count_by_their_weight_and_all_alike_where_none_has_one() -> None:
    table = frame()
    model = nntrain.fit(table, CONFIGS["one network"])
    x, weights = encoded(model, table), np.arange(N_ROWS, dtype=np.float64)
    points = np.array([-1.0, 1.0])
    found = partial_dependence(model, 0, points, x, weights)
    for k, point in enumerate(points):
        predicted = model.predict(table.assign(a=point)).to_numpy()
        assert np.allclose(found[k], weights @ predicted / weights.sum())
    plain = partial_dependence(model, 0, points, x, None)
    assert np.array_equal(partial_dependence(model, 0, points, x, 0 * weights), plain)
    assert not np.allclose(found, plain)


def test_of_a_linear_model_it_is_its_line() -> None:
    """The slope is the weight; categories differ by theirs, whatever the other columns are."""
    table = frame()
    linear = nntrain.Config(
        target=("y",), hidden_layers=(), epochs=300, optimizer="adam", alpha=0.05,
        alpha_schedule="cosine", ignore=("z",),
    )  # fmt: skip
    found = measure_report(nntrain.fit(table, linear), table)
    assert found.targets["y"].metrics.rmse < 1e-3
    effects = {effect.column: effect for effect in found.effects["y"]}
    for column, slope in (("a", 3.0), ("b", -2.0), ("few", 0.0)):
        effect = effects[column]
        assert isinstance(effect, NumericEffect)
        line = slope * (effect.points - effect.points[0]) + effect.means[0, 0]
        assert np.allclose(effect.means[:, 0], line, atol=0.01)
        mean = table[column].mean()
        assert np.interp(mean, effect.points, effect.means[:, 0]) == pytest.approx(
            table["y"].mean(), abs=0.01
        )
    text = effects["text"]
    assert isinstance(text, CategoricalEffect)
    heights = dict(zip(text.categories, text.means[:, 0], strict=True))
    assert heights["u"] - heights["v"] == pytest.approx(1.5, abs=0.01)
    assert heights["w"] - heights["v"] == pytest.approx(0.0, abs=0.01)


def test_points_are_where_data_is() -> None:
    table = frame()
    model = nntrain.fit(table, CONFIGS["one network"])
    names = [feature.name for feature in model.preprocessing.features]
    x = encoded(model, table)
    a = table["a"].to_numpy()
    effect = measure_effect(model, names.index("a"), a, x, None)
    assert isinstance(effect, NumericEffect)
    low, high = np.quantile(a, [0.01, 0.99]).tolist()
    assert np.allclose(effect.points, np.linspace(low, high, 32))
    assert set(effect.deciles) < set(a)
    assert np.allclose(effect.deciles, np.quantile(a, np.arange(1, 10) / 10, method="inverted_cdf"))
    few = table["few"].to_numpy()
    effect = measure_effect(model, names.index("few"), few, x, None)
    assert isinstance(effect, NumericEffect)
    low, high = np.quantile(few, [0.01, 0.99]).tolist()
    assert effect.points.tolist() == sorted({v for v in few.tolist() if low <= v <= high})
    gaps = table["gaps"].to_numpy()
    effect = measure_effect(model, names.index("gaps"), gaps, x, None)
    assert isinstance(effect, NumericEffect)
    assert np.allclose(effect.points[[0, -1]], np.nanquantile(gaps, [0.01, 0.99]))
    nowhere = measure_effect(model, names.index("gaps"), np.full(3, np.nan), x, None)
    assert isinstance(nowhere, NumericEffect)
    assert len(nowhere.points) == 1
    assert len(nowhere.deciles) == 0
    codes = np.array([1.0, 2.0, 2.0, -1.0])
    effect = measure_effect(model, names.index("text"), codes, x, None)
    assert isinstance(effect, CategoricalEffect)
    assert effect.categories == ("w", "v", "u")
    assert effect.counts == (2, 1, 0)


def test_a_report_averages_over_rows_that_the_seed_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nntrain.report.measure.MOST_AVERAGED", 100)
    table = frame()
    model = nntrain.fit(table, CONFIGS["one network"])
    found = measure_report(model, table)
    assert (found.rows, found.averaged) == (N_ROWS, 100)
    again = measure_report(model, table)
    other = measure_report(
        dataclasses.replace(model, config=dataclasses.replace(model.config, seed=1)), table
    )
    for first, second, third in zip(
        found.effects["z"], again.effects["z"], other.effects["z"], strict=True
    ):
        assert first.column == second.column
        assert np.array_equal(first.means, second.means)
        assert not np.array_equal(first.means, third.means) or first.column != third.column
