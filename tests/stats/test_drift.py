"""The population stability index: its value, how rarely it is a false alarm, how soon it is one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nntrain.stats.drift import FALSE_ALARMS, MUCH, chi_squared_quantile, measure_drift
from nntrain.stats.histogram import choose_number_bins


def test_the_index_is_the_sum_over_the_bins() -> None:
    drift = measure_drift([10, 30, 0, 60], [50, 20, 0, 30], 1)
    p = [(n + 0.5) / 101.5 for n in (10, 30, 60)]
    q = [(n + 0.5) / 101.5 for n in (50, 20, 30)]
    expected = sum((b - a) * math.log(b / a) for a, b in zip(p, q, strict=True))
    assert drift.index == pytest.approx(expected)
    assert drift.limit == pytest.approx(chi_squared_quantile(0.999, 2) * 2 / 100)


def test_the_limit_is_that_of_much_for_many_rows_and_of_chance_for_few() -> None:
    many = measure_drift([10_000] * 10, [10_000] * 10, 5)
    assert many.limit == MUCH
    few = measure_drift([10_000] * 10, [2] * 10, 5)
    chance = chi_squared_quantile(1 - FALSE_ALARMS / 5, 9)
    assert few.limit == pytest.approx(chance * (1 / 100_000 + 1 / 20))
    assert few.limit > 1


def test_rows_in_a_single_bin_do_not_drift() -> None:
    drift = measure_drift([0, 8, 0], [0, 3, 0], 1)
    assert (drift.index, drift.limit, drift.is_large) == (0.0, MUCH, False)


@pytest.mark.parametrize(
    ("probability", "degrees", "quantile"),
    [
        (0.95, 1, 3.841), (0.999, 1, 10.828), (0.999, 10, 29.588), (0.999, 50, 86.661),
        (0.9999, 1, 15.137), (0.9999, 10, 35.564), (0.99999, 10, 41.296),
    ],
)  # fmt: skip
def test_the_quantiles_are_those_of_tables_or_a_little_higher(
    probability: float, degrees: int, quantile: float
) -> None:
    assert chi_squared_quantile(probability, degrees) == pytest.approx(
        quantile, rel=0.08 if degrees == 1 else 0.02
    )


@pytest.mark.parametrize("n_training", [100, 20_000])
@pytest.mark.parametrize("n_rows", [1, 20, 100, 1000, 10_000])
@pytest.mark.parametrize("shape", ["even", "flag", "rare", "many"])
def test_a_false_alarm_is_rare_however_many_rows_there_are(
    shape: str, n_rows: int, n_training: int
) -> None:
    rng = np.random.default_rng(n_rows + n_training)
    shares = np.array(
        {
            "even": [1.0] * 10,
            "flag": [9.0, 1.0],
            "rare": [999.0, 1.0],
            "many": [1 / k for k in range(1, 52)],
        }[shape]
    )
    training = rng.multinomial(n_training, shares / shares.sum(), 2000)
    others = rng.multinomial(n_rows, shares / shares.sum(), 2000)
    alarms = sum(measure_drift(*pair, 1).is_large for pair in zip(training, others, strict=True))
    # Of 2,000 tables 2 are expected; 9 or more would come about once in 4,000 such tests.
    assert alarms <= 8


@pytest.mark.parametrize(
    ("n_rows", "moved_by", "found"),
    [(20, 2.5, 0.9), (50, 1.2, 0.9), (200, 0.7, 0.9), (10_000, 0.55, 1.0), (10_000, 0.4, 0.0)],
)
def test_a_mean_that_moves_is_found_the_sooner_the_more_rows_there_are(
    n_rows: int, moved_by: float, found: float
) -> None:
    rng = np.random.default_rng(1)
    training = rng.normal(size=5000)
    bins = choose_number_bins(training)
    counts = bins.count(training)
    alarms = [
        measure_drift(counts, bins.count(rng.normal(moved_by, size=n_rows)), 8).is_large
        for _ in range(100)
    ]
    assert (np.mean(alarms) <= 0.02) if found == 0.0 else (np.mean(alarms) >= found)
