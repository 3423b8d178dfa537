"""The comparison with the ridge regression, and what is tried where it predicts better."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest
from support.diagnosis import fitted, metrics, multiplied

import nntrain
from nntrain.diagnostics.baseline import (
    can_memorise,
    ridge_beats_predictions,
    ridge_beats_training,
    ridge_optimism,
    worse_than_ridge,
)
from nntrain.stats.metrics import Metrics


@pytest.mark.parametrize(
    ("figures", "is_worse"),
    [
        ({}, True),
        ({"ridge_rmse": None}, False),
        ({"ridge_rmse": 1.97}, False),
        ({"ridge_rmse": 1.95}, True),
        ({"rows": 100, "ridge_rmse": 1.85}, False),
        ({"rows": 100, "ridge_rmse": 1.8}, True),
        ({"rows": 10}, False),
        ({"mean_rmse": 300.0}, False),
    ],
)
def test_worse_than_the_ridge_is_worse_by_more_than_chance(
    figures: dict[str, Any], is_worse: bool
) -> None:
    measured = metrics(**figures)
    assert worse_than_ridge(measured) == (measured if is_worse else {})


def test_an_optimistic_ridge_regression_must_be_better_by_more() -> None:
    assert worse_than_ridge(metrics(), 1.9) == metrics()
    assert worse_than_ridge(metrics(), 2.1) == {}
    assert worse_than_ridge(metrics(), math.inf) == {}


@pytest.fixture(scope="module")
def model() -> nntrain.Model:
    """A model of three inputs, whose metrics and config the tests replace."""
    return fitted(multiplied(), "target: y\nepochs: 1\n")[0]


def changed(
    model: nntrain.Model, training: dict[str, Metrics], stopped_by: str = "epochs", **keys: Any
) -> nntrain.Model:
    """The model with other training metrics, another reason to stop, and other keys."""
    summary = dataclasses.replace(model.summary, training=training, stopped_by=stopped_by)
    config = dataclasses.replace(model.config, **({"epochs": 200} | keys))
    return dataclasses.replace(model, config=config, summary=summary)


def test_the_ridge_regression_is_optimistic_by_its_number_of_inputs(model: nntrain.Model) -> None:
    few = dataclasses.replace(model.summary, rows=7)
    assert ridge_optimism(model) == pytest.approx((800 / 796) ** 0.5)
    assert ridge_optimism(dataclasses.replace(model, summary=few)) == math.inf


def test_a_network_of_many_weights_can_memorise_its_rows(model: nntrain.Model) -> None:
    n_weights = model.networks[0].parameters.vector.size
    for rows, is_large in ((2 * n_weights, False), (2 * n_weights - 1, True)):
        summary = dataclasses.replace(model.summary, rows=rows)
        assert can_memorise(dataclasses.replace(model, summary=summary)) == is_large


@pytest.mark.parametrize(
    ("keys", "remedy"),
    [
        ({"weight_decay": 0.1, "standardize": False}, "--set weight_decay=0"),
        ({"standardize": False}, "--set standardize=true --set alpha=0.1"),
        (
            {"standardize": False, "optimizer": "adam", "alpha": 0.01},
            "--set standardize=true --set alpha=0.01",
        ),
        ({"stopped_by": "tau"}, "--set tau=0"),
        ({"stopped_by": "patience", "patience": 3}, "--set patience=20"),
        ({"stopped_by": "patience", "patience": 30}, "--set optimizer=adam --set alpha=0.01"),
        ({"epochs": 30}, "--set epochs=200"),
        ({}, "--set optimizer=adam --set alpha=0.01"),
        ({"optimizer": "adam", "alpha": 0.1}, "--set alpha=0.01"),
        ({"optimizer": "adam", "alpha": 0.01}, "--set epochs=400"),
        ({"epochs": 0}, "--set epochs=200"),
        ({"stopped_by": "time"}, "--resume"),
    ],
)
def test_the_first_remedy_that_applies_to_underfitting_is_named(
    model: nntrain.Model, keys: dict[str, Any], remedy: str
) -> None:
    found = ridge_beats_training(changed(model, metrics(), **keys), None)
    assert found is not None
    assert found.remedy == remedy


def test_a_remedy_that_another_finding_names_is_kept(model: nntrain.Model) -> None:
    found = ridge_beats_training(changed(model, metrics()), "--set alpha_schedule=cosine")
    assert found is not None
    assert found.remedy == "--set alpha_schedule=cosine"
    good = changed(model, metrics(ridge_rmse=3.0))
    assert ridge_beats_training(good, "--set alpha_schedule=cosine") is None


def test_every_target_that_is_predicted_worse_is_named(model: nntrain.Model) -> None:
    both = {"y": metrics()["y"], "good": metrics(ridge_rmse=3.0)["y"], "z": metrics(rmse=2.5)["y"]}
    found = ridge_beats_predictions(changed(model, both), both)
    assert found is not None
    assert found.text == (
        "predictions are worse than those of a linear (ridge) regression on the same columns: RMSE "
        "on these rows 2 for y, the regression's 1; 2.5 for z, the regression's 1"
    )


def test_a_network_that_learned_its_rows_is_to_keep_its_best_epoch_or_be_linear(
    model: nntrain.Model,
) -> None:
    """Good on the training rows, worse than the ridge regression on others."""
    learned = changed(model, metrics(ridge_rmse=3.0))
    found = ridge_beats_predictions(learned, metrics())
    assert found is not None
    assert found.remedy == "--set validation_fraction=0.1 --set keep=best"
    small = dataclasses.replace(learned, summary=dataclasses.replace(learned.summary, rows=20))
    found = ridge_beats_predictions(small, metrics())
    assert found is not None
    assert found.remedy == "--set hidden_layers=[]"
