"""Categories that are rare, new or in an order, as inputs of the network."""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import nntrain
from nntrain.data.preprocessing.columns import CategoricalColumn, Feature, NumericColumn
from nntrain.data.preprocessing.unusual_cells import UnusualCells
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.frames import frame_table
from nntrain.data.readers.table import ColumnTypes
from nntrain.errors import DataError
from nntrain.training.run import TrainingRun

CONFIG = nntrain.Config(target=("y",), epochs=1, dtype="float64", engine="numpy", seed=1)
SIZES = ("small", "medium", "large", "huge")


@pytest.fixture
def notes(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> pytest.LogCaptureFixture:
    """What is logged, in `messages`."""
    monkeypatch.setattr(logging.getLogger("nntrain"), "propagate", True)
    caplog.set_level(logging.WARNING, "nntrain")
    return caplog


def table(cells: list[Any]) -> pd.DataFrame:
    return pd.DataFrame({"c": cells, "y": [float(i % 7) for i in range(len(cells))]})


def feature_of(model: nntrain.Model) -> Feature:
    (feature,) = model.preprocessing.features
    return feature


def inputs(model: nntrain.Model, cells: list[Any]) -> list[list[float]]:
    """The inputs of rows with these cells, as predict makes them."""
    preprocessing = model.preprocessing
    source = frame_table(table(cells), CellFormat(preprocessing.missing_values))
    types = ColumnTypes(texts=("c",))
    (chunk,) = source.chunks(lambda: types)
    values = preprocessing.values_of(chunk, source.cells, UnusualCells())
    x = np.empty((len(cells), len(preprocessing.input_names)))
    preprocessing.encode(values, x)
    return x.tolist()


# Rare and new categories

CELLS = ["a"] * 4 + ["b"] * 3 + ["c"] * 2 + ["d"]


def test_rare_categories_share_an_input_with_those_that_training_had_not_seen() -> None:
    model = nntrain.fit(table(CELLS), replace(CONFIG, min_count=3))
    assert feature_of(model) == CategoricalColumn("c", ("a", "b"), ("c", "d"))
    assert model.preprocessing.input_names == ("c=a", "c=b", "c is rare")
    assert inputs(model, ["b", "c", "d", "new", "a"]) == [
        [0.0, 1.0, 0.0],
        [0.0, 0.0, 1.0],
        [0.0, 0.0, 1.0],
        [0.0, 0.0, 1.0],
        [1.0, 0.0, 0.0],
    ]


def test_without_rare_categories_one_that_training_had_not_seen_has_no_input() -> None:
    model = nntrain.fit(table(CELLS), CONFIG)
    assert feature_of(model) == CategoricalColumn("c", ("a", "b", "c", "d"))
    assert inputs(model, ["d", "new"]) == [[0.0, 0.0, 0.0, 1.0], [0.0] * 4]


def test_only_categories_that_training_had_not_seen_are_said_and_no_rare_ones(
    notes: pytest.LogCaptureFixture,
) -> None:
    model = nntrain.fit(table(CELLS), replace(CONFIG, min_count=3))
    notes.clear()
    model.predict(table(["c", "d", "new", "newer"]))
    assert notes.messages == ["cells of a category not seen in training: 2 in 'c'"]


def test_a_column_of_rare_categories_alone_is_left_out(notes: pytest.LogCaptureFixture) -> None:
    frame = table(CELLS).assign(x=np.arange(10.0) ** 2)
    model = nntrain.fit(frame, replace(CONFIG, min_count=5))
    assert [feature.name for feature in model.preprocessing.features] == ["x"]
    assert notes.messages == [
        "read as categories: 'c' (4)",
        "left out the column 'c': each of its categories is rare",
    ]


def test_with_target_means_rare_and_new_categories_have_those_of_all_rows(
    notes: pytest.LogCaptureFixture,
) -> None:
    cells = [f"c{i % 6}" for i in range(60)] + ["rare", "rarer"]
    model = nntrain.fit(table(cells), replace(CONFIG, min_count=2, max_categories=5))
    feature = feature_of(model)
    assert isinstance(feature, CategoricalColumn)
    assert feature.rare == ("rare", "rarer")
    assert notes.messages == [
        "read as categories: 'c' (8)",
        "'c' has 8 categories, more than max_categories (5): its inputs are the mean of the target by "
        "category, and the rows of the category",
    ]
    assert model.preprocessing.input_names == ("c: mean of y", "c: rows")
    rare, rarer, new, one = inputs(model, ["rare", "rarer", "new", "c0"])
    assert rare == rarer == new == list(feature.encodings[-1])
    assert new[0] == pytest.approx(0.0, abs=1e-12)  # The mean of all rows, standardized.
    assert one == list(feature.encodings[feature.categories.index("c0")])


def test_the_rows_of_a_category_are_an_input_as_their_standardized_logarithm() -> None:
    cells = [name for i, name in enumerate("abcdef") for _ in range(i + 1)]
    feature = feature_of(nntrain.fit(table(cells), replace(CONFIG, max_categories=5)))
    assert isinstance(feature, CategoricalColumn)
    logarithms = [math.log1p("abcdef".index(cell) + 1) for cell in cells]
    mean, deviation = np.mean(logarithms), np.std(logarithms)
    expected = [(math.log1p(n) - mean) / deviation for n in (1, 2, 3, 4, 5, 6, 0)]
    assert [rows for _, rows in feature.encodings] == pytest.approx(expected)


# Ordered categories


def ordered(levels: tuple[str, ...] = SIZES, **options: Any) -> nntrain.Config:
    return replace(CONFIG, ordered={"c": levels}, standardize=False, **options)


def test_the_inputs_of_an_order_are_the_place_in_it_and_a_threshold_between_neighbours() -> None:
    model = nntrain.fit(table([*SIZES, "small"]), ordered())
    assert model.preprocessing.input_names == (
        "c",
        "c from small to medium",
        "c from medium to large",
        "c from large to huge",
    )
    assert inputs(model, list(SIZES)) == [
        [0.0, -1.0, -1.0, -1.0],
        [1.0, 1.0, -1.0, -1.0],
        [2.0, 1.0, 1.0, -1.0],
        [3.0, 1.0, 1.0, 1.0],
    ]


def test_two_ordered_categories_are_one_input() -> None:
    model = nntrain.fit(table(["no", "yes", "no"]), ordered(("no", "yes")))
    assert inputs(model, ["yes", "no"]) == [[1.0], [0.0]]


def test_the_place_is_standardized_as_numbers_are() -> None:
    cells = ["small", "medium", "medium", "huge"]
    model = nntrain.fit(table(cells), replace(ordered(), standardize=True))
    places = np.array([0.0, 1.0, 1.0, 3.0])
    expected = (places - places.mean()) / places.std()
    assert [row[0] for row in inputs(model, cells)] == pytest.approx(expected.tolist())


def test_a_missing_cell_is_the_mean_place_with_a_mark() -> None:
    model = nntrain.fit(table(["small", "", "large", "huge", "NA"]), ordered())
    feature = feature_of(model)
    assert isinstance(feature, NumericColumn)
    assert feature.mean == pytest.approx(5 / 3)
    *place, is_missing = inputs(model, [""])[0]
    assert place == pytest.approx([5 / 3, 1.0, 1 / 3, -1.0])
    assert is_missing == 1.0
    assert inputs(model, ["huge"]) == [[3.0, 1.0, 1.0, 1.0, 0.0]]


def test_numbers_can_be_ordered_categories() -> None:
    model = nntrain.fit(table([1, 5, 20, 5]), ordered(("1", "5", "20")))
    assert [row[0] for row in inputs(model, [20, "5", 1.0])] == [2.0, 1.0, 0.0]


def test_a_category_without_a_place_is_an_error_at_fit(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("c,y\nsmall,1\nlarge,2\nmedum,3\n")
    with pytest.raises(DataError) as caught:
        nntrain.fit(path, ordered())
    assert str(caught.value) == (
        f"{path}, line 4, column 'c': 'medum' has no place in the order small, medium, large, huge; "
        f"add it under ordered, or correct the cell"
    )
    model = nntrain.fit(path, ordered(("small", "medum", "medium", "large")))
    assert feature_of(model).input_names[0] == "c"


def test_a_category_without_a_place_is_missing_at_predict_and_said(
    notes: pytest.LogCaptureFixture,
) -> None:
    model = nntrain.fit(table(["small", "", "large", "huge"]), ordered())
    notes.clear()
    found = model.predict(table(["tiny", "", "small"])).to_numpy()
    assert notes.messages == [
        "missing cells taken as the training mean: 1 in 'c'",
        "cells of a category not seen in training: 1 in 'c'",
    ]
    assert found[0].tolist() == found[1].tolist()
    assert found[2].tolist() != found[1].tolist()
    assert inputs(model, ["tiny"]) == inputs(model, [""])


def test_training_encodes_an_order_as_predict_does() -> None:
    cells = [*SIZES, "", "small", "huge"]
    run = TrainingRun.from_table(table(cells), replace(ordered(), epochs=0))
    assert run.samples.x.tolist() == inputs(run.model(), cells)
