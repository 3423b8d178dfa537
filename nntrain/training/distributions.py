"""Learn the histogram of each feature from the training rows, by which drift is told later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Matrix, RowNumbers
from nntrain.data.preprocessing.columns import CategoricalColumn, Feature
from nntrain.stats.histogram import (
    CategoryBins,
    Histogram,
    NumberBins,
    choose_category_bins,
    choose_number_bins,
)
from nntrain.threads import available_cores

MOST_SAMPLED = 20_000
"""Bins are chosen by at most so many rows, a tenth of which is known to 0.2 % of all rows; then all
rows are counted."""
BLOCK_ROWS = 1 << 15


def learn_histograms(
    features: Sequence[Feature], rows: RowNumbers, values_of: Callable[[RowNumbers], Matrix]
) -> tuple[Histogram, ...]:
    """The histogram of each feature over the `rows`, at least one, in ascending order.

    `values_of` gives the feature values (n_rows, n_features) of some of them.
    """
    bins = _choose_bins(features, values_of(_sample(rows)))

    def count(start: int) -> list[NDArray[np.intp]]:
        values = values_of(rows[start : start + BLOCK_ROWS])
        return [each.count(values[:, i]) for i, each in enumerate(bins)]

    with ThreadPoolExecutor(available_cores()) as pool:
        blocks = list(pool.map(count, range(0, len(rows), BLOCK_ROWS)))
    return tuple(
        Histogram(each, tuple(np.sum(counts, axis=0).tolist()))
        for each, counts in zip(bins, zip(*blocks, strict=True), strict=True)
    )


def _sample(rows: RowNumbers) -> RowNumbers:
    """The rows to choose bins by: drawn at random, for equal steps may meet a period of the table.

    The draw is the same each time, and independent of the config's seed.
    """
    if len(rows) <= MOST_SAMPLED:
        return rows
    drawn = np.random.default_rng(0).choice(len(rows), MOST_SAMPLED, replace=False)
    return rows[np.sort(drawn)]


def _choose_bins(features: Sequence[Feature], sample: Matrix) -> list[NumberBins | CategoryBins]:
    def choose(i: int) -> NumberBins | CategoryBins:
        is_category = isinstance(features[i], CategoricalColumn)
        return (choose_category_bins if is_category else choose_number_bins)(sample[:, i])

    with ThreadPoolExecutor(available_cores()) as pool:
        return list(pool.map(choose, range(len(features))))
