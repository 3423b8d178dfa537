"""Contributions by their definition, and where the answer is known."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from support.command import ROOT
from support.contributions import CONFIG, explained, frame, parts_of

import nntrain
from nntrain.data.preprocessing.columns import NumericColumn
from nntrain.errors import DataError, UsageError
from nntrain.stats.shapley import (
    ORDERS,
    ShapleyValues,
    all_orders,
    random_orders,
    shapley_values,
)

Matrix = NDArray[np.float64]


def by_definition(model: nntrain.Model, x: Matrix, means: Matrix) -> Matrix:
    """Shapley values of one row's columns: the mean over all orders, each walked step by step."""
    ends = np.cumsum([len(feature.input_names) for feature in model.preprocessing.features])
    inputs = [range(end - len(f.input_names), end) for f, end in zip(
        model.preprocessing.features, ends.tolist(), strict=True
    )]  # fmt: skip
    contributions = np.zeros(len(inputs))
    orders = list(itertools.permutations(range(len(inputs))))
    for order in orders:
        row = means.copy()
        before = model.predict_each(row[None, :]).mean()
        for column in order:
            for i in inputs[column]:
                row[i] = x[i]
            after = model.predict_each(row[None, :]).mean()
            contributions[column] += (after - before) / len(orders)
            before = after
    return contributions


@pytest.mark.parametrize(
    "keys",
    [{}, {"ensemble": 2}, {"numeric_encoding": "piecewise_linear"}, {"clamp_predictions": True}],
)
def test_contributions_of_a_few_columns_are_those_of_the_definition(keys: Any) -> None:
    table = frame(3)
    run = nntrain.TrainingRun.from_table(table, replace(CONFIG, **keys))
    for _ in run.epochs():
        pass
    model = run.model()
    means = run.samples.x.mean(axis=0)
    contributions = explained(model, table.iloc[:4])
    names = ["contribution_x0", "contribution_x1", "contribution_x2", "contribution_text"]
    assert contributions.columns.tolist() == ["predicted_y", "predicted_y_baseline", *names]
    baseline = model.predict_each(means[None, :]).mean()
    np.testing.assert_allclose(contributions["predicted_y_baseline"], baseline, rtol=1e-12)
    for k in range(4):
        expected = by_definition(model, run.samples.x[k], means)
        np.testing.assert_allclose(contributions[names].iloc[k], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("n_numbers", [4, 12])
def test_contributions_of_a_linear_model_are_its_weights_by_the_way_from_the_mean(
    n_numbers: int,
) -> None:
    table = frame(n_numbers).assign(
        y=lambda of: (
            2 * of["x0"]
            - 3 * of["x1"].fillna(of["x1"].mean())
            + 1.5 * of["x1"].isna()
            + of["x2"] / 4
            + 5.0 * (of["text"] == "v")
        )
    )
    config = nntrain.Config(
        target=("y",), hidden_layers=(), epochs=60, optimizer="adam", alpha=0.05,
        alpha_schedule="cosine",
    )  # fmt: skip
    model = nntrain.fit(table, config)
    assert model.summary.training["y"].rmse < 1e-3
    contributions = explained(model, table)
    gaps, is_v = table["x1"].isna(), table["text"] == "v"
    x1 = table["x1"].fillna(table["x1"].mean())
    expected = {
        "x0": 2 * (table["x0"] - table["x0"].mean()),
        "x1": -3 * (x1 - x1.mean()) + 1.5 * (gaps - gaps.mean()),
        "x2": (table["x2"] - table["x2"].mean()) / 4,
        "x3": 0 * table["x3"],
        "text": 5 * (is_v - is_v.mean()),
    }
    for name, values in expected.items():
        np.testing.assert_allclose(contributions[f"contribution_{name}"], values, atol=0.02)
    np.testing.assert_allclose(contributions["predicted_y_baseline"], table["y"].mean(), atol=0.01)


@pytest.mark.parametrize("n_numbers", [2, 9, 10, 12])
@pytest.mark.parametrize("keys", [{}, {"target_transform": "log"}, {"dtype": "float32"}])
def test_contributions_add_up_to_the_prediction_minus_the_baseline(
    n_numbers: int, keys: Any
) -> None:
    table = frame(n_numbers).assign(y=lambda of: np.exp(of["y"] / of["y"].std()))
    model = nntrain.fit(table, replace(CONFIG, **keys))
    contributions = explained(model, table.assign(text="never seen"))
    columns = contributions.filter(like="contribution_")
    assert columns.shape[1] == n_numbers + 1
    np.testing.assert_allclose(
        contributions["predicted_y_baseline"] + columns.sum(axis=1),
        contributions["predicted_y"],
        rtol=1e-10,
        atol=1e-5 * table["y"].std() if keys.get("dtype") else 0.0,
    )


def test_every_order_leads_from_the_baseline_to_the_prediction() -> None:
    """The shares of all columns leave the whole set once, and take the empty set away once."""
    for sets, shares in (all_orders(5), random_orders(20, seed=4)):
        total = shares.sum(axis=0)
        whole, empty = sets.all(axis=1), ~sets.any(axis=1)
        assert whole.sum() == empty.sum() == 1
        np.testing.assert_allclose(total[whole], 1)
        np.testing.assert_allclose(total[empty], -1)
        np.testing.assert_allclose(total[~whole & ~empty], 0, atol=1e-12)
        assert len(np.unique(sets, axis=0)) == len(sets)
    assert len(random_orders(20, seed=4)[0]) <= ORDERS * 19 + 2


def test_some_orders_come_near_to_all_and_are_seeded() -> None:
    table = frame(10)
    model = nntrain.fit(table, replace(CONFIG, epochs=100))
    sampled = explainer(model)
    sets, shares = all_orders(11)
    exact = replace(sampled, sets=sets, shares=shares)
    x = np.concatenate([part.x for part in parts_of(model, table)])
    contributions, expected = sampled.contributions(x), exact.contributions(x)
    assert contributions.shape == (300, 1, 11)
    assert np.abs(contributions - expected).mean() < 0.02 * np.abs(expected).mean()
    assert explainer(model).contributions(x).tobytes() == contributions.tobytes()
    assert explainer(model, seed=1).contributions(x).tobytes() != contributions.tobytes()


def explainer(model: nntrain.Model, seed: int = 0) -> ShapleyValues:
    means = model.baseline.inputs
    assert means is not None
    sizes = [len(feature.input_names) for feature in model.preprocessing.features]
    return shapley_values(model.predictor.predict_mean, means, sizes, seed)


def test_any_function_can_be_explained() -> None:
    """x0 + x1 x2 with the columns (x0,) and (x1, x2), from the means 0, 1 and 2."""

    def predict(x: Matrix) -> Matrix:
        return np.stack([x[:, 0] + x[:, 1] * x[:, 2], -x[:, 0]], axis=1)

    shapley = shapley_values(predict, np.array([0.0, 1.0, 2.0]), [1, 2], seed=0)
    np.testing.assert_allclose(shapley.baseline, [2.0, 0.0])
    contributions = shapley.contributions(np.array([[3.0, 4.0, 5.0], [0.0, 1.0, 2.0]]))
    np.testing.assert_allclose(
        contributions, [[[3.0, 18.0], [-3.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]]
    )


def test_a_row_has_the_same_contributions_alone_and_in_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = frame(4)
    model = nntrain.fit(table, CONFIG)
    whole = explained(model, table)
    alone = pd.concat([explained(model, table.iloc[k : k + 1]) for k in range(5)])
    np.testing.assert_allclose(alone, whole.iloc[:5], rtol=1e-9, atol=1e-12)
    monkeypatch.setattr("nntrain.stats.shapley.BLOCK_VALUES", 1000)
    monkeypatch.setattr("nntrain.model.output_columns.PREDICTIONS_AT_ONCE", 100)
    np.testing.assert_allclose(explained(model, table), whole, rtol=1e-9, atol=1e-12)


def test_columns_of_several_targets_have_their_names_and_baselines_are_weighted() -> None:
    table = frame(3).assign(z=lambda of: of["x2"] * 2, w=1.0)
    table.loc[:99, "w"] = 5.0
    model = nntrain.fit(table, replace(CONFIG, target=("y", "z"), weight="w"))
    contributions = explained(model, table)
    columns = ["x0", "x1", "x2", "text"]
    assert contributions.columns.tolist() == [
        "predicted_y", "predicted_z", "predicted_y_baseline", "predicted_z_baseline",
        *(f"contribution_{target}_{column}" for target in "yz" for column in columns),
    ]  # fmt: skip
    for target in "yz":
        total = contributions.filter(like=f"contribution_{target}_").sum(axis=1)
        np.testing.assert_allclose(
            contributions[f"predicted_{target}_baseline"] + total,
            contributions[f"predicted_{target}"],
            rtol=1e-9,
        )
    assert model.baseline.inputs is not None
    x0 = np.average(table["x0"], weights=table["w"])
    feature = model.preprocessing.features[0]
    assert isinstance(feature, NumericColumn)
    assert model.baseline.inputs[0] == pytest.approx((x0 - feature.shift) / feature.scale)


def test_a_model_of_an_older_version_is_refused() -> None:
    model = nntrain.load_model(ROOT / "tests/model/golden/model-format-1.npz")
    assert model.baseline.inputs is None
    with pytest.raises(UsageError) as caught:
        model.predict(pd.DataFrame({"a": [1.0]}), explain=True)
    assert str(caught.value) == (
        "an older nntrain made the model, without the means of its inputs, which explanations "
        "start from; fit it again"
    )


def test_a_row_without_finite_contributions_is_named() -> None:
    table = frame(2).assign(y=lambda of: np.exp(of["x0"]))
    config = replace(CONFIG, target_transform="log", hidden_layers=(), ignore=("text",))
    model = nntrain.fit(table, config)
    far = pd.DataFrame({"x0": [0.0, 1e3, 0.0], "x1": [0.0, -1e9, 0.0]})
    weights = model.networks[0].parameters.weights[0]
    weights[0, :2] = 1.0, 0.1
    assert np.isfinite(model.predict(far)["predicted_y"]).all()
    model.predict(far.iloc[[0, 2]], explain=True)
    with pytest.raises(DataError) as caught:
        model.predict(far, explain=True)
    assert str(caught.value) == (
        "the DataFrame, row 1 (counting from 0): a contribution is not a finite number: a number "
        "of this row is too far from the training rows"
    )
