"""How often a column has which values, as counts of rows in a few bins.

A histogram is made of feature values: numbers, NaN where a cell is missing, or the positions of
categories, -1 for one that training had not seen. It counts rows, not sample weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Vector

BINS = 10
"""The least number of values that are binned; each bin has about a tenth of the rows."""
MOST_CATEGORIES = 50
"""The most categories that are counted apart, so that a model's file stays small."""


@dataclass(frozen=True)
class NumberBins:
    """The bins of a column of numbers: below the first edge, between edges, above; and missing.

    An edge belongs to the bin above it.
    """

    edges: tuple[float, ...]

    @property
    def n_bins(self) -> int:
        """The number of bins."""
        return len(self.edges) + 2

    def count(self, values: Vector) -> NDArray[np.intp]:
        """The number of values (n_rows,) in each bin (n_bins,)."""
        # A pass for each edge takes an eighth of the time of `searchsorted`.
        below = [np.count_nonzero(values < edge) for edge in self.edges]
        missing = np.count_nonzero(np.isnan(values))
        return np.append(np.diff([0, *below, len(values) - missing]), missing)


@dataclass(frozen=True)
class CategoryBins:
    """The bins of a column of categories: one for each position in `kept`, one for all others."""

    kept: tuple[int, ...]

    @property
    def n_bins(self) -> int:
        """The number of bins."""
        return len(self.kept) + 1

    def count(self, values: Vector) -> NDArray[np.intp]:
        """The number of values (n_rows,) in each bin (n_bins,)."""
        bin_of_position = np.full(max(self.kept) + 2, self.n_bins - 1)
        bin_of_position[list(self.kept)] = np.arange(len(self.kept))
        # Position -1, and those above all that are kept, lead to the last entry: the others.
        positions = np.minimum(values.astype(np.intp), len(bin_of_position) - 1)
        return np.bincount(bin_of_position[positions], minlength=self.n_bins)


@dataclass(frozen=True)
class Histogram:
    """The number of training rows in each bin of a column."""

    bins: NumberBins | CategoryBins
    counts: tuple[int, ...]


def choose_number_bins(values: Vector) -> NumberBins:
    """Bins for numbers (n_rows,), NaN for missing ones: each with about as many, or a single value.

    A value that is more frequent than a bin has a bin of its own. No value lies on an edge, so
    that rounding moves none to another bin.
    """
    distinct, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    if len(distinct) <= BINS:
        above = np.arange(1, len(distinct))
    else:
        ranks = np.linspace(0, counts.sum() - 1, BINS + 1)
        quantiles = np.searchsorted(np.cumsum(counts), ranks, side="right")
        frequent = quantiles[1:][np.diff(quantiles) == 0]
        above = np.unique(np.concatenate([quantiles[1:-1], frequent, frequent + 1]))
        above = above[(above > 0) & (above < len(distinct))]
    return NumberBins(tuple(_between(distinct[i - 1], distinct[i]) for i in above.tolist()))


def choose_category_bins(values: Vector) -> CategoryBins:
    """Bins for positions (n_rows,), -1 for none: of the most frequent, the first where equal."""
    counts = np.bincount(values[values >= 0].astype(np.intp), minlength=1)
    order = np.argsort(-counts, kind="stable")[:MOST_CATEGORIES]
    return CategoryBins(tuple(sorted(order.tolist())))


def _between(low: float, high: float) -> float:
    """The shortest number near the middle of two others; the upper one if none is between them."""
    middle = low / 2 + high / 2
    shortest = (float(f"{middle:.{digits}g}") for digits in range(1, 18))
    return next((number for number in shortest if low < number < high), float(high))


def are_rising(edges: Sequence[float]) -> bool:
    """Whether edges can be those of `NumberBins`."""
    return all(low < high for low, high in pairwise(edges))
