"""Categories as smoothed target means: the numbers of the slow form, and no leak of the target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nntrain
from nntrain.arrays import Matrix, Vector
from nntrain.data.preprocessing.columns import CategoricalColumn
from nntrain.data.preprocessing.target_means import Codes, cross_fitted_means, smoothed_means
from nntrain.training.run import TrainingRun

TARGETS = st.integers(-50, 50).map(lambda n: n / 4)


def slow_means(codes: Sequence[int], y: Sequence[float], n_categories: int) -> list[float]:
    """Micci-Barreca's blend of each category's mean with that of all rows, in exact fractions."""
    exact = [Fraction(value) for value in y]
    prior = sum(exact) / len(exact)
    groups = {
        c: [value for code, value in zip(codes, exact, strict=True) if code == c]
        for c in range(n_categories)
    }
    k = rows_of_prior([group for group in groups.values() if group])
    result = []
    for group in groups.values():
        if not group or k == math.inf:
            result.append(prior)
            continue
        part = len(group) / (len(group) + Fraction(k))
        result.append(part * sum(group) / len(group) + (1 - part) * prior)
    return [float(value) for value in (*result, prior)]


def rows_of_prior(groups: list[list[Fraction]]) -> Fraction | float:
    """The variance within groups over that between them, by the one-way analysis of variance."""
    n = sum(map(len, groups))
    if len(groups) < 2:
        return math.inf
    if n == len(groups):
        return Fraction(1)
    means = [sum(group) / len(group) for group in groups]
    middle = sum(sum(group) for group in groups) / n
    within = sum(
        (value - mean) ** 2 for group, mean in zip(groups, means, strict=True) for value in group
    ) / (n - len(groups))
    between = sum(
        len(group) * (mean - middle) ** 2 for group, mean in zip(groups, means, strict=True)
    ) / (len(groups) - 1)
    rows_each = (n - Fraction(sum(len(group) ** 2 for group in groups), n)) / (len(groups) - 1)
    variance = (between - within) / rows_each
    return within / variance if variance > 0 else math.inf


@given(st.lists(st.tuples(st.integers(0, 4), TARGETS), min_size=1, max_size=40))
def test_the_means_are_those_of_the_slow_form(rows: list[tuple[int, float]]) -> None:
    """A category may have no row, and code 4 is of none of the four."""
    codes, y = [code for code, _ in rows], [value for _, value in rows]
    groups = [[Fraction(v) for c, v in rows if c == code] for code in range(4)]
    k = rows_of_prior([group for group in groups if group])
    found = smoothed_means(np.array(codes), np.array(y)[:, None], 4)[:, 0]
    if 0 < k < 1e9:  # In floating point a variance of 0 may be a little more or less.
        assert found == pytest.approx(slow_means(codes, y, 4), abs=1e-9)
    assert np.isfinite(found).all()


def test_each_target_has_means_of_its_own() -> None:
    codes = np.array([0, 0, 1, 1, 1, 0])
    y = np.array([[1.0, 5.0], [2.0, 9.0], [7.0, 4.0], [8.0, 2.0], [9.0, 6.0], [1.5, 7.5]])
    found = smoothed_means(codes, y, 2)
    for j in range(2):
        assert found[:, j].tolist() == smoothed_means(codes, y[:, j : j + 1], 2)[:, 0].tolist()


def test_where_all_rows_of_each_category_are_alike_their_mean_counts_alone() -> None:
    """And a category without rows has the mean of all rows, though nothing is said against any."""
    codes, y = np.array([0, 0, 1, 1, 2, 2]), np.array([1.0, 1, 2, 2, 6, 6])[:, None]
    assert smoothed_means(codes, y, 4)[:, 0].tolist() == [1.0, 2.0, 6.0, 3.0, 3.0]


def test_categories_that_differ_no_more_than_rows_do_have_the_mean_of_all_rows() -> None:
    codes, y = np.array([0, 0, 1, 1]), np.array([1.0, 3.0, 1.0, 3.0])[:, None]
    assert smoothed_means(codes, y, 2)[:, 0].tolist() == [2.0, 2.0, 2.0]


def test_no_rows_own_target_changes_its_own_mean() -> None:
    rng = np.random.default_rng(5)
    codes, y = rng.integers(0, 12, 100), rng.normal(size=(100, 1))
    before = cross_fitted_means(codes, y, 12, np.random.default_rng(1))
    for row in range(100):
        changed = y.copy()
        changed[row] += 1000.0
        after = cross_fitted_means(codes, changed, 12, np.random.default_rng(1))
        assert after[row] == before[row]
        assert (after != before).any()


@given(st.integers(1, 12))
def test_few_rows_have_means_too(n_rows: int) -> None:
    y = np.arange(n_rows, dtype=float)[:, None]
    codes = np.arange(n_rows) % 3
    means = cross_fitted_means(codes, y, 3, np.random.default_rng(0))
    assert np.isfinite(means).all()


N_ROWS, N_CATEGORIES = 2000, 400


def noise() -> tuple[Codes, Matrix]:
    """Categories and a target that have nothing to do with each other."""
    rng = np.random.default_rng(8)
    return rng.integers(0, N_CATEGORIES, N_ROWS), rng.normal(size=(N_ROWS, 1))


def r2_of_line(x: Vector, y: Vector) -> float:
    """The R² of the line that fits y best, on the same rows."""
    inputs = np.column_stack([np.ones(len(x)), x])
    line = np.linalg.lstsq(inputs, y, rcond=None)[0]
    return float(1 - np.sum((y - inputs @ line) ** 2) / np.sum((y - y.mean()) ** 2))


def test_categories_without_a_meaning_tell_nothing_of_the_rows_that_are_learned_from() -> None:
    """The means of whole categories would: they make a fifth of the noise seem explained."""
    codes, y = noise()
    means = cross_fitted_means(codes, y, N_CATEGORIES, np.random.default_rng(2))
    assert r2_of_line(means[:, 0], y[:, 0]) < 0.005
    naive = np.bincount(codes, y[:, 0]) / np.maximum(np.bincount(codes), 1)
    assert r2_of_line(naive[codes], y[:, 0]) > 0.15


def test_categories_with_a_meaning_tell_it() -> None:
    codes, y = noise()
    effect = np.random.default_rng(3).normal(size=N_CATEGORIES)
    y = y + effect[codes][:, None]
    means = cross_fitted_means(codes, y, N_CATEGORIES, np.random.default_rng(2))
    assert r2_of_line(means[:, 0], y[:, 0]) > 0.3


def test_a_network_trains_on_inputs_that_no_rows_own_target_changes() -> None:
    rng = np.random.default_rng(4)
    codes = rng.integers(0, 30, 200)
    table = pd.DataFrame({"c": [f"c{code}" for code in codes], "y": rng.normal(size=200) + codes})
    config = nntrain.Config(
        target=("y",), epochs=0, max_categories=20, standardize=False, seed=1, dtype="float64"
    )
    run = TrainingRun.from_table(table, config)
    for row in (0, 57, 199):
        changed = table.assign(y=table["y"] + 1000.0 * (table.index == row))
        again = TrainingRun.from_table(changed, config)
        assert again.samples.x[row].tolist() == run.samples.x[row].tolist()
        before, after = (encodings(each.model()) for each in (run, again))
        name = f"c{codes[row]}"
        assert after[name] > before[name] + 1.0  # Predict has the mean of all rows.


def encodings(model: nntrain.Model) -> dict[str, float]:
    """By each category the mean that predict takes for it."""
    (feature,) = model.preprocessing.features
    assert isinstance(feature, CategoricalColumn)
    means = [mean for mean, _ in feature.encodings]
    return dict(zip(feature.categories, means, strict=False))
