"""The history of losses: sums over stretches that say what the single epochs said."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nntrain.engine.progress import EpochResult
from nntrain.training import history as history_module
from nntrain.training.history import Losses, LossHistory, Stretch

losses = st.lists(st.floats(0, 1e6), min_size=1, max_size=60)


def history_of(values: list[float], validation: list[float] | None = None) -> LossHistory:
    history = LossHistory()
    for i, loss in enumerate(values):
        validation_loss = None if validation is None else validation[i]
        history.add([EpochResult(i + 1, i + 1, loss, validation_loss, 1.0, "")])
    return history


def stretch_of(values: list[float]) -> Stretch:
    """The sums over all epochs of one network, worked out at once."""
    y = np.array(values)
    bends = np.abs(y[:-2] - 2 * y[1:-1] + y[2:])
    return Stretch(
        len(y), y.sum(), 2 * y.sum(), len(y) - 1, int((np.diff(y) > 0).sum()), len(bends),
        bends.sum(), 2 * bends.sum(),
    )  # fmt: skip


@settings(deadline=None, max_examples=50)
@given(losses)
def test_sums_are_those_of_all_epochs(values: list[float]) -> None:
    history = history_of(values, [2 * value for value in values])
    total = sum(history._stretches, Stretch())
    expected = stretch_of(values)
    for name in Stretch.__slots__:
        assert getattr(total, name) == pytest.approx(getattr(expected, name), abs=1e-6)


@settings(deadline=None, max_examples=50)
@given(losses)
def test_few_stretches_have_the_sums_of_many(values: list[float]) -> None:
    many = history_of(values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history_module, "MOST_STRETCHES", 4)
        few = history_of(values)
    assert len(few._stretches) <= 4
    assert few.n_epochs == many.n_epochs == len(values)
    sums = [sum(history._stretches, Stretch()) for history in (few, many)]
    for name in Stretch.__slots__:
        left, right = (getattr(stretch, name) for stretch in sums)
        assert left == pytest.approx(right, rel=1e-9, nan_ok=True)


def test_two_stretches_add_up_slot_by_slot() -> None:
    left, right = Stretch(1, 2.0, 3.0, 4, 5, 6, 7.0, 8.0), Stretch(10, 20, 30, 40, 50, 60, 70, 80)
    assert left + right == Stretch(11, 22.0, 33.0, 44, 55, 66, 77.0, 88.0)
    assert left == Stretch(1, 2.0, 3.0, 4, 5, 6, 7.0, 8.0)


def test_a_straight_trend_is_no_noise() -> None:
    history = history_of([100.0 - i for i in range(100)])
    assert history.noise()[0] == pytest.approx(0.0, abs=1e-12)
    assert history.rising_fraction() == 0.0
    assert history.mean_loss() == pytest.approx(np.mean(np.arange(1, 51)))


def test_the_noise_of_independent_numbers_is_their_deviation() -> None:
    rng = np.random.default_rng(0)
    history = history_of((10.0 + rng.normal(0.0, 0.3, 20_000)).tolist())
    assert history.noise()[0] == pytest.approx(0.3, rel=0.03)
    assert math.isnan(history.noise()[1])
    assert history.tenth_standard_error()[0] == history.noise()[0] / 2000**0.5


def test_the_first_epochs_have_no_step_and_no_bend() -> None:
    stretch = Stretch()
    stretch.add_moves([Losses(1.0, 2.0)])
    assert stretch == Stretch()
    stretch.add_moves([Losses(1.0, 2.0), Losses(3.0, 2.0)])
    assert stretch == Stretch(steps=1, rising_steps=1)


def test_tenths_of_a_long_run_are_means_in_order() -> None:
    tenths = history_of([float(i) for i in range(1000)]).tenths()
    assert tenths.shape == (10, 2)
    np.testing.assert_allclose(tenths[:, 0], 49.5 + 100 * np.arange(10))
