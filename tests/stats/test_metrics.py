"""The metrics of predictions, each compared with its plain formula."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nntrain.errors import DataError
from nntrain.stats.metrics import IntervalMetrics, Measured, Metrics, joined

RNG = np.random.default_rng(0)
Y_TRUE = RNG.normal(3.0, 2.0, (40, 2))
Y_PRED = Y_TRUE + RNG.normal(0.0, 0.5, (40, 2))
RIDGE = Y_TRUE + RNG.normal(0.0, 1.0, (40, 2))
MEANS = np.array([2.5, 3.5])
WEIGHTS = RNG.integers(0, 3, 40).astype(float)
MEASURED = Measured(Y_TRUE, Y_PRED, MEANS, RIDGE)


def metrics_of(measured: Measured) -> Metrics:
    """The metrics of the first of two targets."""
    return measured.metrics(["a", "b"])["a"]


def test_without_weights_each_metric_is_its_formula() -> None:
    metrics = metrics_of(MEASURED)
    errors = Y_PRED[:, 0] - Y_TRUE[:, 0]
    squared_distance = np.sum((Y_TRUE[:, 0] - Y_TRUE[:, 0].mean()) ** 2)
    assert metrics.rows == 40
    assert metrics.rmse == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-13)
    assert metrics.mae == pytest.approx(np.mean(np.abs(errors)), rel=1e-13)
    assert metrics.r2 == pytest.approx(1 - np.sum(errors**2) / squared_distance, rel=1e-12)
    assert metrics.largest_error == np.max(np.abs(errors))
    assert metrics.mean_rmse == pytest.approx(np.sqrt(np.mean((Y_TRUE[:, 0] - 2.5) ** 2)))
    assert metrics.ridge_rmse == pytest.approx(np.sqrt(np.mean((RIDGE - Y_TRUE)[:, 0] ** 2)))


def test_a_row_of_weight_2_counts_as_two_rows_and_one_of_weight_0_not_at_all() -> None:
    repeated = np.repeat(np.arange(40), WEIGHTS.astype(int))
    weighted = metrics_of(replace(MEASURED, weights=WEIGHTS))
    expected = metrics_of(MEASURED.take(repeated))
    assert weighted.rows == 40
    for name, value in replace(weighted, rows=expected.rows).as_dict().items():
        assert value == pytest.approx(expected.as_dict()[name], rel=1e-12)


def test_weights_that_are_all_0_count_each_row_once() -> None:
    measured = replace(MEASURED, weights=np.zeros(40))
    assert measured.counted_weights is None
    assert measured.metrics(["a", "b"]) == MEASURED.metrics(["a", "b"])


def test_r2_is_none_where_all_true_values_are_the_same() -> None:
    metrics = metrics_of(replace(MEASURED, y_true=np.ones((40, 2))))
    assert metrics.r2 is None
    assert metrics.rmse > 0


def test_r2_is_none_where_true_values_differ_by_rounding_alone() -> None:
    y_true = np.where(np.arange(80).reshape(40, 2) % 4 > 1, 0.3, 0.1 + 0.2)
    assert metrics_of(replace(MEASURED, y_true=y_true)).r2 is None


def test_r2_is_none_where_an_error_is_out_of_all_proportion() -> None:
    y_true = np.array([[0.0], [1e-200]])
    measured = Measured(y_true, y_true + 1.0, np.zeros(1), None)
    assert measured.metrics(["a"])["a"].r2 is None


def test_without_a_ridge_regression_or_with_one_that_overflows_there_is_no_ridge_rmse() -> None:
    assert metrics_of(replace(MEASURED, ridge=None)).ridge_rmse is None
    assert metrics_of(replace(MEASURED, ridge=np.full((40, 2), np.inf))).ridge_rmse is None


def test_coverage_and_width_count_rows_of_positive_weight_once() -> None:
    bounds = np.tile([0.0, 1.0], (4, 1))
    y_true = np.array([[0.0], [0.5], [2.0], [9.0]])
    weights = np.array([5.0, 1.0, 1.0, 0.0])
    measured = Measured(y_true, y_true, np.zeros(1), None, weights, bounds)
    metrics = measured.metrics(["a"])["a"]
    assert isinstance(metrics, IntervalMetrics)
    assert metrics.coverage == pytest.approx(2 / 3)
    assert metrics.mean_width == 1.0


def test_bounds_of_a_second_target_stand_in_columns_three_and_four() -> None:
    bounds = np.hstack([Y_TRUE[:, :1] - 1, Y_TRUE[:, :1] + 1, Y_TRUE[:, 1:] + 1, Y_TRUE[:, 1:] + 3])
    a, b = replace(MEASURED, bounds=bounds).metrics(["a", "b"]).values()
    assert isinstance(a, IntervalMetrics)
    assert isinstance(b, IntervalMetrics)
    assert (a.coverage, b.coverage) == (1.0, 0.0)
    assert [a.mean_width, b.mean_width] == pytest.approx([2.0, 2.0])


def test_squares_that_no_double_holds_are_no_overflow() -> None:
    y_true = np.array([[1e200], [-1e200]])
    metrics = Measured(y_true, y_true * 2, np.zeros(1), None).metrics(["a"])["a"]
    assert metrics.rmse == pytest.approx(1e200)
    assert metrics.r2 == pytest.approx(0.0, abs=1e-12)


def test_an_error_that_no_double_holds_names_the_column() -> None:
    y_true = np.array([[1.7e308], [0.0]])
    with pytest.raises(DataError) as caught:
        Measured(y_true, -y_true, np.zeros(1), None).metrics(["a"])
    assert str(caught.value) == (
        "column 'a': an error is too large for a double; its numbers are too far from those of "
        "training, or from each other"
    )


@pytest.mark.parametrize("is_full", [True, False])
def test_parts_that_are_joined_measure_as_the_whole(is_full: bool) -> None:
    whole = MEASURED
    if is_full:
        whole = replace(whole, weights=WEIGHTS, bounds=np.hstack([Y_TRUE - 1, Y_TRUE + 1]))
    parts = [whole.take(np.arange(0, 7)), whole.take(np.arange(7, 40))]
    assert joined(parts).metrics(["a", "b"]) == whole.metrics(["a", "b"])
