"""Ridge regressions: fitted, penalized and held out as in the slow, obvious form."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from support.ridge import slow_ridge

from nntrain.arrays import Mask, Matrix, Vector
from nntrain.config.keys import Config
from nntrain.stats.ridge import Ridge, fit_ridge, held_out_ridge
from nntrain.stats.row_sums import MAX_INPUTS, add_sums, sum_rows
from nntrain.training.split import hold_outs


def all_plain(x: Matrix) -> Mask:
    return np.ones(x.shape[1], dtype=bool)


def fitted(x: Matrix, y: Matrix, weights: Vector | None = None) -> Ridge:
    ridge = fit_ridge(x, y, weights, all_plain(x))
    assert ridge is not None
    return ridge


# The penalty


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("n_rows", "n_inputs"), [(12, 3), (60, 3), (30, 60), (300, 8)])
def test_the_penalty_is_that_of_the_best_of_all_regressions(
    n_rows: int, n_inputs: int, *, weighted: bool
) -> None:
    """Each output has its own: the one of little noise a small one, the one of noise a large one."""
    rng = np.random.default_rng([n_rows, n_inputs])
    of_one_scale = rng.normal(size=(n_rows, n_inputs))
    x = (of_one_scale + 3.0) * 10.0 ** rng.integers(-3, 4, n_inputs)
    line, noise = of_one_scale @ rng.normal(size=n_inputs), rng.normal(size=(2, n_rows))
    y = np.column_stack([line + noise[0], line + 1e-3 * noise[1], noise[1]])
    weights = rng.uniform(0.2, 1.8, n_rows) if weighted else np.ones(n_rows)
    ridge = fitted(x, y, weights if weighted else None)
    assert ridge.penalties is not None
    for j in range(3):
        penalty, predictions = slow_ridge(x, y[:, j], weights, x)
        assert ridge.penalties[j] == pytest.approx(penalty, rel=1e-9)
        np.testing.assert_allclose(ridge.predict(x)[:, j], predictions, rtol=1e-6, atol=1e-6)


def test_a_table_and_its_parts_choose_the_same() -> None:
    rng = np.random.default_rng(1)
    x, y, weights = rng.normal(size=(500, 4)), rng.normal(size=(500, 2)), rng.random(500)
    whole = sum_rows(x, y, weights, all_plain(x))
    parts = add_sums(
        sum_rows(x[rows], y[rows], weights[rows], all_plain(x))
        for rows in (slice(0, 17), slice(17, 300), slice(300, 500))
    )
    assert parts.n_rows == pytest.approx(weights.sum() ** 2 / np.square(weights).sum())
    assert whole.n_rows == pytest.approx(parts.n_rows)
    assert whole.products is not None
    assert parts.products is not None
    np.testing.assert_allclose(whole.products, parts.products)
    np.testing.assert_allclose(whole.squared_outputs, parts.squared_outputs)


def test_one_row_that_outweighs_all_others_is_not_enough_to_learn_from() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(100, 3))
    y = x[:, :1] * 2.0
    weights = np.full(100, 1e-6)
    weights[0] = 1.0
    assert np.abs(fitted(x, y, weights).weights).max() < 1e-3
    assert fitted(x, y).weights[0, 0] == pytest.approx(2.0, rel=1e-3)


Table = tuple[Matrix, Vector]


def noise(rng: np.random.Generator, n_rows: int) -> Table:
    return rng.normal(size=(n_rows, 8)), rng.normal(size=n_rows)


def many_inputs(rng: np.random.Generator, n_rows: int) -> Table:
    x = rng.normal(size=(n_rows, 40))
    return x, x[:, 0] + rng.normal(size=n_rows)


def linear(rng: np.random.Generator, n_rows: int) -> Table:
    x = rng.normal(size=(n_rows, 8))
    return x, x @ np.linspace(0.5, 1.0, 8) + rng.normal(size=n_rows)


def far_rows(rng: np.random.Generator, n_rows: int) -> Table:
    x = rng.standard_t(2, size=(n_rows, 8))
    return x, x[:, 0] + rng.standard_t(3, size=n_rows)


def rare_categories(rng: np.random.Generator, n_rows: int) -> Table:
    of_row = rng.integers(0, 12, n_rows)
    x = (of_row[:, None] == np.arange(12)).astype(np.float64)
    return x, rng.normal(size=12)[of_row] + rng.normal(size=n_rows)


@pytest.mark.parametrize("make", [noise, many_inputs, linear, far_rows, rare_categories])
@pytest.mark.parametrize("n_rows", [10, 15, 20, 35, 50])
def test_on_few_rows_the_regression_is_hardly_worse_than_the_mean(
    make: object, n_rows: int
) -> None:
    """On 500 other rows, of 40 tables each, with predictions in the range of the targets."""
    assert callable(make)
    ratios = []
    for seed in range(40):
        x, y = make(np.random.default_rng([seed, n_rows]), n_rows + 500)
        seen, new = slice(0, n_rows), slice(n_rows, None)
        y_pred = fitted(x[seen], y[seen, None]).predict(x[new])[:, 0]
        y_pred = np.clip(y_pred, y[seen].min(), y[seen].max())
        errors = (np.mean((of - y[new]) ** 2) ** 0.5 for of in (y_pred, y[seen].mean()))
        ratios.append(next(errors) / next(errors))
    assert np.median(ratios) < 1.001
    assert np.quantile(ratios, 0.9) < 1.1
    assert max(ratios) < 1.4
    if make is linear and n_rows >= 35:
        assert max(ratios) < 1.0
        assert np.median(ratios) < 0.7


# Which inputs and rows it is fitted to


def test_inputs_that_are_not_plain_have_the_weight_zero() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(80, 5)), rng.normal(size=(80, 2)) + 1.0
    plain = np.array([True, False, True, True, False])
    ridge = fit_ridge(x, y, None, plain)
    assert ridge is not None
    alone = fitted(x[:, plain], y)
    assert not ridge.weights[:, ~plain].any()
    np.testing.assert_allclose(ridge.weights[:, plain], alone.weights, rtol=1e-9)
    np.testing.assert_allclose(ridge.intercepts, alone.intercepts, rtol=1e-9)


def test_without_any_plain_input_it_predicts_the_mean() -> None:
    y = np.arange(10.0)[:, None]
    ridge = fit_ridge(np.ones((10, 2)), y, None, np.zeros(2, dtype=bool))
    assert ridge is not None
    assert ridge.predict(np.ones((1, 2))).tolist() == [[4.5]]


def one_by_one(
    x: Matrix, y: Matrix, weights: Vector | None, held_out: list[NDArray[np.bool_]]
) -> Matrix:
    """Each row by the mean of regressions that are fitted anew to the rows that are left."""
    found = []
    for row in range(len(x)):
        outputs = []
        for out in held_out:
            if out[row]:
                ridge = fitted(x[~out], y[~out], None if weights is None else weights[~out])
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
    y[:, 0] += 2.0 * x[:, 0]
    weights = rng.random(40) if weighted else None
    config = Config(target=("y",), ensemble=networks, validation_fraction=fraction)
    held_out = hold_outs(40, config)
    found = held_out_ridge(x, y, weights, all_plain(x), held_out)
    assert found is not None
    assert len(found) == np.count_nonzero(np.any(held_out, axis=0))
    np.testing.assert_allclose(found, one_by_one(x, y, weights, held_out), rtol=1e-9)


def test_a_column_that_is_there_in_held_out_rows_alone_is_not_learned() -> None:
    """Not even by what rounding would leave of it, were sums taken from those of all rows."""
    rng = np.random.default_rng(11)
    x, y = rng.normal(size=(50, 2)) * 1e6, rng.normal(size=(50, 1))
    out = np.arange(50) < 5
    x[~out, 1] = 0.0
    found = held_out_ridge(x, y, None, all_plain(x), [out])
    assert found is not None
    without = fitted(x[~out, :1], y[~out])
    np.testing.assert_allclose(found, without.predict(x[out, :1]), rtol=1e-9)


@pytest.mark.parametrize("n_rows", [50, 5000])
@pytest.mark.parametrize("value", [0.3, 1462.1, 1e9 + 0.1])
def test_a_column_constant_but_for_rounding_is_not_learned(value: float, n_rows: int) -> None:
    """Sums of large numbers leave a variance of rounding, which a weight must not be made of."""
    rng = np.random.default_rng(12)
    x, y = rng.normal(size=(n_rows, 2)), rng.normal(size=(n_rows, 1))
    y += x[:, :1]
    out = np.arange(n_rows) < 5
    x[:, 1] = np.where(rng.random(n_rows) < 0.5, value, np.nextafter(value, np.inf))
    x[out, 1] *= 2.0
    found = held_out_ridge(x, y, None, all_plain(x), [out])
    assert found is not None
    without = fitted(x[~out, :1], y[~out])
    np.testing.assert_allclose(found, without.predict(x[out, :1]), rtol=1e-12)


def test_a_column_of_large_numbers_that_vary_little_is_learned() -> None:
    rng = np.random.default_rng(13)
    x = 2000.0 + rng.normal(scale=0.1, size=(500, 1))
    np.testing.assert_allclose(fitted(x, 3.0 * x).weights, [[3.0]], rtol=1e-5)


def test_where_there_is_no_ridge_regression_there_is_none() -> None:
    out = np.array([True, False, False, False])
    y = np.arange(4.0)[:, None]
    wide = np.zeros((4, MAX_INPUTS + 1))
    assert held_out_ridge(wide, y, None, all_plain(wide), [out]) is None
    weights, x = np.array([1.0, 0.0, 0.0, 0.0]), np.ones((4, 2))
    assert held_out_ridge(x, y, weights, all_plain(x), [out]) is None
    assert fit_ridge(x, y * 1e200, None, all_plain(x)) is None


def test_bins_do_not_count_among_too_many_inputs() -> None:
    wide = np.zeros((4, MAX_INPUTS + 1))
    plain = np.arange(MAX_INPUTS + 1) < 3
    assert fit_ridge(wide, np.arange(4.0)[:, None], None, plain) is not None
