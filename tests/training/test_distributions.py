"""Histograms of the training rows: counted by blocks, whatever the sample that chose the bins."""

from __future__ import annotations

import numpy as np
import pytest

from nntrain.data.preprocessing.columns import CategoricalColumn, NumericColumn
from nntrain.training import distributions
from nntrain.training.distributions import learn_histograms

FEATURES = (
    NumericColumn("hour", 0.0, 0.0, 1.0, 0.0, 23.0, 0.0),
    CategoricalColumn("day", tuple("abcdefg")),
)


def test_all_rows_are_counted_though_a_sample_chooses_the_bins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(distributions, "MOST_SAMPLED", 100)
    monkeypatch.setattr(distributions, "BLOCK_ROWS", 64)
    values = np.column_stack([np.arange(2400.0) % 24, np.arange(2400.0) % 7])
    rows = np.flatnonzero(np.arange(2400) % 5)
    first, second = learn_histograms(FEATURES, rows, values.__getitem__)
    assert (first, second) == learn_histograms(FEATURES, rows, values.__getitem__)
    assert first.counts == tuple(first.bins.count(values[rows, 0]))
    assert second.counts == tuple(second.bins.count(values[rows, 1]))
    # A sample of every 24th row would hold a single hour.
    assert first.bins.n_bins > 8
