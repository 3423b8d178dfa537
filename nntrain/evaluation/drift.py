"""Compare the distribution of each column of a table with that of the training rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from nntrain.arrays import Vector
from nntrain.data.preprocessing.columns import CategoricalColumn, Feature, NumericColumn
from nntrain.data.preprocessing.unusual_cells import UnusualCells
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.table import Chunk
from nntrain.model.model import Model
from nntrain.stats.drift import Drift, measure_drift
from nntrain.stats.histogram import CategoryBins, Histogram, NumberBins


class DriftMeter:
    """Counts the rows of a table by the bins of a model's histograms, chunk by chunk.

    There are neither drifts nor warnings before the first row, or if the model has no histograms.
    """

    def __init__(self, model: Model) -> None:
        self.preprocessing, self.histograms = model.preprocessing, model.histograms
        self.counts = [np.zeros(each.bins.n_bins, np.intp) for each in self.histograms]
        self.n_rows = 0

    def add(self, chunk: Chunk, cells: CellFormat) -> None:
        """Count the rows of a chunk whose cells are all what their columns hold.

        `cells` is how the chunk's cells are written.
        """
        bad = np.zeros(chunk.n_rows, dtype=bool)
        values = self.preprocessing.values_of(chunk, cells, UnusualCells(), bad)
        values = np.asfortranarray(values[~bad])
        self.n_rows += len(values)
        for i, histogram in enumerate(self.histograms):
            self.counts[i] += histogram.bins.count(values[:, i])

    def drifts(self) -> list[Drift]:
        """The drift of each feature, if it is known."""
        if not self.n_rows:
            return []
        n_columns = len(self.histograms)
        return [
            measure_drift(histogram.counts, counts, n_columns)
            for histogram, counts in zip(self.histograms, self.counts, strict=True)
        ]

    def warnings(self) -> list[str]:
        """A line for each feature that drifts, with what there is more of than in training."""
        features = self.preprocessing.features
        return [
            f"{features[i].name!r}: the distribution differs from training's (population "
            f"stability index {drift.index:.2f}, limit {drift.limit:.2f}): "
            f"{describe_increase(features[i], self.histograms[i], self.counts[i].tolist())}"
            for i, drift in enumerate(self.drifts())
            if drift.is_large
        ]


def describe_increase(feature: Feature, histogram: Histogram, counts: Sequence[int]) -> str:
    """Which values have grown most in share, with both shares: `62 % of cells are above 3, …`.

    Of numbers, it is a range of bins side by side; of categories, a single one.
    """
    before = np.array(histogram.counts) / sum(histogram.counts)
    now = np.array(counts) / np.sum(counts)
    ranges = _number_ranges if isinstance(histogram.bins, NumberBins) else _single_bins
    first, end = max(ranges(len(now)), key=lambda each: float(np.sum((now - before)[slice(*each)])))
    what = _values_of(feature, histogram.bins, first, end)
    return f"{_percent(now[first:end])} of cells {what}, {_percent(before[first:end])} in training"


def _number_ranges(n_bins: int) -> list[tuple[int, int]]:
    """Every first and end of bins side by side; the last one, of missing cells, is apart."""
    return [*combinations(range(n_bins), 2), (n_bins - 1, n_bins)]


def _single_bins(n_bins: int) -> list[tuple[int, int]]:
    return [(i, i + 1) for i in range(n_bins)]


def _values_of(feature: Feature, bins: NumberBins | CategoryBins, first: int, end: int) -> str:
    """What cells in the bins from `first` to before `end` are."""
    if isinstance(bins, CategoryBins):
        return _category_of(feature, bins, first)
    assert isinstance(feature, NumericColumn)
    n_numbers = len(bins.edges) + 1
    if first == n_numbers:
        return "are missing"
    low = feature.shown(bins.edges[first - 1]) if first > 0 else ""
    high = feature.shown(bins.edges[end - 1]) if end < n_numbers else ""
    if low and high:
        return f"are from {low} to {high}"
    if low or high:
        return f"are above {low}" if low else f"are below {high}"
    return "are not missing"


def _category_of(feature: Feature, bins: CategoryBins, i: int) -> str:
    assert isinstance(feature, CategoricalColumn)
    if i < len(bins.kept) and bins.kept[i] == len(feature.categories):
        return "are of rare categories"
    if i < len(bins.kept):
        return f"are {feature.categories[bins.kept[i]]!r}"
    if len(bins.kept) == len(feature.categories) + bool(feature.rare):
        return "are of categories not seen in training"
    return f"are of other categories than the {len(bins.kept)} most frequent"


def _percent(shares: Vector) -> str:
    percent = 100.0 * float(np.sum(shares))
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.2g} %"
