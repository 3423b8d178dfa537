"""Drift between a table and the training rows: counted by chunks, and told in a sentence."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

import nntrain
from nntrain.data.preprocessing.columns import CategoricalColumn, NumericColumn
from nntrain.evaluation.check_predict import check_with_model
from nntrain.evaluation.drift import describe_increase
from nntrain.stats.drift import measure_drift
from nntrain.stats.histogram import CategoryBins, Histogram, NumberBins

NUMBER = NumericColumn("x", 0.0, 0.0, 1.0, 0.0, 9.0, 0.1)
TEXT = CategoricalColumn("t", ("a", "b", "c"))
CONFIG = nntrain.Config(target=("y",), epochs=1, categorical=("t",))


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ([10, 20, 70, 0], "are above 5, 25 % in training"),
        ([70, 20, 10, 0], "are below 2, 25 % in training"),
        ([10, 70, 10, 10], "are from 2 to 5, 25 % in training"),
        ([15, 10, 5, 70], "are missing, 25 % in training"),
        ([23, 23, 24, 0], "are not missing, 75 % in training"),
    ],
)
def test_the_numbers_that_grew_most_in_share_are_named(counts: list[int], text: str) -> None:
    histogram = Histogram(NumberBins((2.0, 5.0)), (25, 25, 25, 25))
    share = "100" if "not" in text else "70"
    assert describe_increase(NUMBER, histogram, counts) == f"{share} % of cells {text}"


@pytest.mark.parametrize(
    ("kept", "counts", "text"),
    [
        ((0, 1, 2), [2, 3, 5, 0], "50 % of cells are 'c', 0.5 % in training"),
        ((0, 1, 2), [2, 3, 0, 5], "50 % of cells are of categories not seen in training, 0 % in "
         "training"),
        ((0, 2), [2, 3, 5], "50 % of cells are of other categories than the 2 most frequent, 0.5 % "
         "in training"),
    ],
)  # fmt: skip
def test_the_category_that_grew_most_in_share_is_named(
    kept: tuple[int, ...], counts: list[int], text: str
) -> None:
    training = (100, 99, 1, 0) if len(kept) == 3 else (100, 99, 1)
    assert describe_increase(TEXT, Histogram(CategoryBins(kept), training), counts) == text


def frame(n: int, moved_by: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(n)
    x = rng.normal(moved_by, size=n)
    x[: n // 10] = math.nan
    t = rng.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1])
    return pd.DataFrame({"x": x, "t": t, "y": rng.normal(size=n)})


def test_the_drift_of_a_table_is_that_of_its_rows_counted_one_by_one() -> None:
    training, others = frame(300), frame(200, moved_by=2.0)
    others["t"] = others["t"].replace("c", "new")
    model = nntrain.fit(training, CONFIG)
    number, category = model.histograms
    assert isinstance(number.bins, NumberBins)
    edges = number.bins.edges

    def counts(table: pd.DataFrame) -> tuple[list[int], list[int]]:
        bins = [0] * (len(edges) + 2)
        for x in table["x"]:
            bins[-1 if math.isnan(x) else sum(edge <= x for edge in edges)] += 1
        names = table["t"].tolist()
        known = [names.count(name) for name in "abc"]
        return bins, [*known, len(names) - sum(known)]

    assert [list(number.counts), list(category.counts)] == list(counts(training))
    checked = check_with_model(others, model)
    for column, before, now in zip(checked.columns, counts(training), counts(others), strict=True):
        drift = measure_drift(before, now, 2)
        assert (column.drift, column.drift_limit) == (drift.index, drift.limit)
    assert [warning.split(":")[0] for warning in checked.warnings if "index" in warning] == [
        "'x'",
        "'t'",
    ]


def test_only_training_rows_are_counted_each_once_whatever_it_weighs() -> None:
    table = frame(300).assign(w=np.arange(300) % 3)
    config = dataclasses.replace(CONFIG, weight="w", validation_fraction=0.25)
    for histogram in nntrain.fit(table, config).histograms:
        assert sum(histogram.counts) == 150


def test_a_model_that_starts_from_another_counts_its_own_training_rows() -> None:
    model = nntrain.fit(frame(300), CONFIG)
    run = nntrain.TrainingRun.from_table(frame(200, moved_by=2.0), CONFIG, start=model)
    assert [sum(each.counts) for each in run.model().histograms] == [200, 200]


def test_a_model_without_histograms_and_a_table_without_rows_have_no_drift() -> None:
    model = nntrain.fit(frame(300), CONFIG)
    older = dataclasses.replace(model, histograms=())
    far = frame(200, moved_by=5.0)
    for checked in (check_with_model(far, older), check_with_model(far[:0], model)):
        assert [column.drift for column in checked.columns] == [None, None]
        assert not any("index" in warning for warning in checked.warnings)
