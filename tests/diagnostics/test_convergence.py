"""The rules about the course of a training, on losses that are made up."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from support.diagnosis import fitted, multiplied

import nntrain
from nntrain.diagnostics.convergence import (
    Trend,
    find_early_end,
    find_oscillation,
    find_overfitting,
    loss_trends,
)
from nntrain.engine.progress import EpochResult
from nntrain.training.history import LossHistory


@pytest.mark.parametrize(
    ("means", "noise", "falls", "falls_steadily"),
    [
        ([3.0, 2.0, 1.9], 0.0, True, True),
        ([3.0, 2.0, 1.95], 0.0, False, False),
        ([3.0, 2.0, 2.1], 0.0, False, False),
        ([3.0, 2.0, 1.9], 0.2, True, False),
        ([1.9, 2.0, 1.8], 0.0, True, False),
        ([np.nan, np.nan, np.nan], np.nan, False, False),
    ],
)
def test_a_loss_falls_by_a_fraction_and_steadily_beyond_noise(
    means: list[float], noise: float, falls: bool, falls_steadily: bool
) -> None:
    trend = Trend(np.array([5.0, *means]), noise)
    assert (trend.falls, trend.falls_steadily) == (falls, falls_steadily)


def test_the_last_change_is_relative() -> None:
    assert Trend(np.array([4.0, 5.0]), 0.0).last_change == 0.25


def history_of(loss: np.ndarray, validation_loss: np.ndarray) -> LossHistory:
    history = LossHistory()
    pairs = zip(loss.tolist(), validation_loss.tolist(), strict=True)
    for epoch, (training, validation) in enumerate(pairs, start=1):
        history.add([EpochResult(epoch, epoch, training, validation, 1.0, "", 0)])
    return history


def test_trends_are_those_of_tenths_and_allow_for_noise() -> None:
    rng = np.random.default_rng(3)
    loss = 5.0 + 0.1 * rng.normal(size=400)
    training, validation = loss_trends(history_of(loss, 2 * loss))
    assert training.means == pytest.approx(loss.reshape(10, 40).mean(axis=1))
    assert validation.means == pytest.approx(2 * training.means)
    assert training.noise == pytest.approx(3 * 0.1 * (2 / 40) ** 0.5, rel=0.1)
    assert validation.noise == pytest.approx(2 * training.noise)


@pytest.fixture(scope="module")
def model() -> nntrain.Model:
    """A model of rows with validation, which explains part of its target."""
    source = "target: y\nepochs: 20\nvalidation_fraction: 0.25\ntarget_transform: log\n"
    return fitted(multiplied(), source)[0]


def changed(model: nntrain.Model, stopped_by: str = "epochs", **keys: Any) -> nntrain.Model:
    """The model of a run of 100 epochs, with another reason to stop and other keys."""
    summary = dataclasses.replace(model.summary, epochs_trained=100, stopped_by=stopped_by)
    config = dataclasses.replace(model.config, **({"epochs": 100} | keys))
    return dataclasses.replace(model, config=config, summary=summary)


EPOCHS = np.arange(100)
FALLING = np.exp(-EPOCHS / 100)
FLAT = 1.0 + 0.01 * np.sin(EPOCHS)
ALTERNATING = 1.0 + 0.2 * (-1.0) ** EPOCHS


def test_a_loss_that_falls_to_the_end_asks_for_more_epochs(model: nntrain.Model) -> None:
    found = find_early_end(changed(model), history_of(FALLING, FALLING), 1.0)
    assert found is not None
    assert found.text == (
        "training ended while the validation loss was still falling, by 10% in the last 10 epochs"
    )
    assert found.remedy == "--set epochs=200"
    by_tau = find_early_end(changed(model, "tau", tau=1e-3), history_of(FALLING, FALLING), 1.0)
    assert by_tau is not None
    assert by_tau.remedy == "--set tau=0.0001"


@pytest.mark.parametrize(
    ("loss", "validation_loss", "keys"),
    [
        (FALLING, FLAT, {}),
        (FLAT, FALLING, {}),
        (FALLING, FALLING, {"alpha_schedule": "cosine"}),
        (FALLING, FALLING, {"stopped_by": "patience", "patience": 50}),
        (FALLING[:2], FALLING[:2], {}),
    ],
)
def test_a_run_that_more_epochs_would_not_help_did_not_end_early(
    model: nntrain.Model, loss: np.ndarray, validation_loss: np.ndarray, keys: dict[str, Any]
) -> None:
    assert find_early_end(changed(model, **keys), history_of(loss, validation_loss), 1.0) is None


def test_a_loss_that_goes_up_and_down_oscillates(model: nntrain.Model) -> None:
    found = find_oscillation(changed(model), history_of(ALTERNATING, ALTERNATING))
    assert found is not None
    assert found.remedy == "--set alpha_schedule=cosine"
    scheduled = changed(model, alpha_schedule="linear")
    assert find_oscillation(scheduled, history_of(ALTERNATING, ALTERNATING)) is None
    assert find_oscillation(changed(model), history_of(FLAT, FLAT)) is None
    short = history_of(ALTERNATING[:15], ALTERNATING[:15])
    assert find_oscillation(changed(model), short) is None


def test_a_validation_loss_that_rises_while_the_loss_falls_is_overfitting(
    model: nntrain.Model,
) -> None:
    rising = 1.0 + np.abs(EPOCHS - 40) / 100
    found = find_overfitting(changed(model), history_of(FALLING, rising))
    assert found is not None
    assert found.remedy == "--set keep=best"
    assert find_overfitting(changed(model, keep="best"), history_of(FALLING, rising)) is None
    assert find_overfitting(changed(model), history_of(rising, rising)) is None
    assert find_overfitting(changed(model), history_of(FALLING, FLAT)) is None
