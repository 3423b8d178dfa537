"""Ridge regressions without the rows that they predict, held equal to the slow, obvious form."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from nntrain.config.keys import Config
from nntrain.stats.ridge import MAX_INPUTS, fit_ridge, held_out_ridge
from nntrain.training.split import hold_outs

Matrix = NDArray[np.float64]


def one_by_one(
    x: Matrix, y: Matrix, weights: Matrix | None, held_out: list[NDArray[np.bool_]]
) -> Matrix:
    """Each row by the mean of regressions that are fitted anew to the rows that are left."""
    found = []
    for row in range(len(x)):
        outputs = []
        for out in held_out:
            if out[row]:
                ridge = fit_ridge(x[~out], y[~out], None if weights is None else weights[~out], 1.0)
                assert ridge is not None
                outputs.append(ridge.predict(x[row : row + 1])[0])
        if outputs:
            found.append(np.mean(outputs, axis=0))
    return np.array(found)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("networks", "fraction"), [(2, 0.3), (4, 0.25), (5, 0.5), (20, 0.1)])
def test_held_out_ridge_is_that_of_the_other_rows(
    networks: int, fraction: float, weighted: bool
) -> None:
    rng = np.random.default_rng(10)
    x, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 2))
    weights = rng.random(40) if weighted else None
    config = Config(target=("y",), ensemble=networks, validation_fraction=fraction)
    held_out = hold_outs(40, config)
    found = held_out_ridge(x, y, weights, held_out, 1.0)
    assert found is not None
    assert len(found) == np.count_nonzero(np.any(held_out, axis=0))
    np.testing.assert_allclose(found, one_by_one(x, y, weights, held_out), rtol=1e-9)


def test_a_column_that_is_there_in_held_out_rows_alone_is_not_learned() -> None:
    """Not even by what rounding would leave of it, were sums taken from those of all rows."""
    rng = np.random.default_rng(11)
    x, y = rng.normal(size=(50, 2)) * 1e6, rng.normal(size=(50, 1))
    out = np.arange(50) < 5
    x[~out, 1] = 0.0
    found = held_out_ridge(x, y, None, [out], 1.0)
    without = fit_ridge(x[~out, :1], y[~out], None, 1.0)
    assert found is not None
    assert without is not None
    np.testing.assert_allclose(found, without.predict(x[out, :1]), rtol=1e-9)


@pytest.mark.parametrize("n_rows", [50, 5000])
@pytest.mark.parametrize("value", [0.3, 1462.1, 1e9 + 0.1])
def test_a_column_constant_but_for_rounding_is_not_learned(value: float, n_rows: int) -> None:
    """Sums of large numbers leave a variance of rounding, which a weight must not be made of."""
    rng = np.random.default_rng(12)
    x, y = rng.normal(size=(n_rows, 2)), rng.normal(size=(n_rows, 1))
    out = np.arange(n_rows) < 5
    x[:, 1] = np.where(rng.random(n_rows) < 0.5, value, np.nextafter(value, np.inf))
    x[out, 1] *= 2.0
    found = held_out_ridge(x, y, None, [out], 1.0)
    without = fit_ridge(x[~out, :1], y[~out], None, 1.0)
    assert found is not None
    assert without is not None
    np.testing.assert_allclose(found, without.predict(x[out, :1]), rtol=1e-12)


def test_a_column_of_large_numbers_that_vary_little_is_learned() -> None:
    rng = np.random.default_rng(13)
    x = 2000.0 + rng.normal(scale=0.1, size=(500, 1))
    ridge = fit_ridge(x, 3.0 * x, None, 1e-9)
    assert ridge is not None
    np.testing.assert_allclose(ridge.weights, [[3.0]], rtol=1e-5)


def test_where_there_is_no_ridge_regression_there_is_none() -> None:
    out = np.array([True, False, False, False])
    y = np.arange(4.0)[:, None]
    assert held_out_ridge(np.zeros((4, MAX_INPUTS + 1)), y, None, [out], 1.0) is None
    weights = np.array([1.0, 0.0, 0.0, 0.0])
    assert held_out_ridge(np.ones((4, 2)), y, weights, [out], 1.0) is None
