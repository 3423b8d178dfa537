"""Histograms: bins for any column, and counts as by looking at each row."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nntrain.stats.histogram import (
    MOST_CATEGORIES,
    CategoryBins,
    NumberBins,
    choose_category_bins,
    choose_number_bins,
)

NUMBERS = st.one_of(
    st.floats(-1e300, 1e300), st.integers(-3, 3).map(float), st.just(math.nan), st.just(0.1 + 0.2)
)


def slow_counts(bins: NumberBins, values: list[float]) -> list[int]:
    counts = [0] * bins.n_bins
    for value in values:
        bin_number = sum(edge <= value for edge in bins.edges)
        counts[-1 if math.isnan(value) else bin_number] += 1
    return counts


@settings(deadline=None, max_examples=100)
@given(training=st.lists(NUMBERS, min_size=1, max_size=60), others=st.lists(NUMBERS, max_size=40))
def test_each_number_is_counted_in_the_bin_between_its_edges(
    training: list[float], others: list[float]
) -> None:
    bins = choose_number_bins(np.array(training))
    assert all(low < high for low, high in pairwise(bins.edges))
    for values in (training, others):
        assert bins.count(np.array(values, dtype=float)).tolist() == slow_counts(bins, values)


def test_continuous_numbers_are_cut_into_tenths() -> None:
    values = np.random.default_rng(0).normal(size=10_000)
    counts = choose_number_bins(values).count(values)
    assert len(counts) == 11
    assert counts[:-1] == pytest.approx(1000, abs=1)
    assert counts[-1] == 0


@pytest.mark.parametrize(
    ("values", "edges"),
    [
        ([0, 1, 1, 1], (0.5,)),
        ([7, 7, 7], ()),
        ([math.nan] * 3, ()),
        ([1, 2, 4, math.nan], (1.5, 3.0)),
        ([1.0, 1.0 + 2e-16], (1.0000000000000002,)),
        ([0.0] * 950 + list(range(1, 51)), (0.5,)),
        ([-5.0] * 10 + [3.0] * 950 + list(range(11, 51)), (-1.0, 7.0)),
    ],
    ids=["flag", "constant", "missing", "few values", "neighbours", "zeros", "one frequent"],
)
def test_few_and_frequent_values_have_bins_of_their_own(
    values: list[float], edges: tuple[float, ...]
) -> None:
    assert choose_number_bins(np.array(values, dtype=float)).edges == edges


def test_rounding_moves_no_number_to_another_bin() -> None:
    values = np.random.default_rng(0).integers(0, 30, 1000) / 10
    bins = choose_number_bins(values)
    for direction in (-np.inf, np.inf):
        assert (bins.count(np.nextafter(values, direction)) == bins.count(values)).all()


def test_categories_are_counted_apart_as_far_as_they_are_kept() -> None:
    bins = CategoryBins((1, 3))
    assert bins.count(np.array([1.0, 1, 3, 0, 2, 4, 99, -1])).tolist() == [2, 1, 5]
    assert bins.count(np.array([])).tolist() == [0, 0, 0]


def test_the_most_frequent_categories_are_kept_the_first_of_equal_ones() -> None:
    values = np.concatenate([np.arange(60.0), [7.0, 59.0, 58.0], [-1.0] * 9])
    kept = choose_category_bins(values).kept
    assert kept == (*range(MOST_CATEGORIES - 2), 58, 59)
    assert choose_category_bins(np.array([-1.0])).kept == (0,)
