"""The mean of a metric over folds, and its standard error."""

from __future__ import annotations

import pytest

from nntrain.stats.estimate import METRICS, Estimate, estimate_mean, mean_metrics
from nntrain.stats.metrics import Metrics


def test_the_standard_error_is_that_of_the_mean() -> None:
    estimate = estimate_mean([1.0, 2.0, 6.0])
    assert estimate.mean == 3.0
    assert estimate.standard_error == pytest.approx(7**0.5 / 3**0.5)
    assert estimate_mean([4.0]) == Estimate(4.0, 0.0)


def test_huge_values_have_a_finite_standard_error() -> None:
    estimate = estimate_mean([1e300, 2e300, 6e300])
    assert estimate.mean == pytest.approx(3e300)
    assert estimate.standard_error == pytest.approx(1e300 * 7**0.5 / 3**0.5)


def test_a_metric_that_some_fold_lacks_has_no_mean() -> None:
    folds = [Metrics(5, rmse, 1.0, r2, 2.0, 3.0, None) for rmse, r2 in ((1.0, 0.5), (3.0, None))]
    estimates = mean_metrics(folds)
    assert set(estimates) == set(METRICS[:-2]) - {"r2", "ridge_rmse"}
    assert estimates["rmse"].mean == 2.0
    assert estimates["rmse"].standard_error == pytest.approx(1.0)
