"""Columns that are constant but for rounding: what they are, and what becomes of them."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

import nntrain
from nntrain.config.keys import Config
from nntrain.data.notes import Note
from nntrain.data.preprocessing.columns import NumericColumn
from nntrain.data.preprocessing.fit import PreprocessingOptions, learn_preprocessing
from nntrain.data.preprocessing.spread import distinct_but_for_rounding, is_rounding, measure_spread
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.data.preprocessing.typed_table import TypedTable
from nntrain.errors import DataError

EPSILON = np.finfo(np.float64).eps
NAN = math.nan
PAIRS = [(14.62, math.nextafter(14.62, 20)), (0.3, 0.1 + 0.2), (-1e15, math.nextafter(-1e15, 0))]
"""Two numbers that differ by rounding."""


def by_variance(deviation: float, mean: float, n: int) -> bool:
    """The bound as scikit-learn has it, on the variance."""
    variance = deviation**2
    return bool(variance <= n * EPSILON * variance + (n * mean * EPSILON) ** 2)


def alternating(pair: tuple[float, float], n: int = 60) -> NDArray[np.float64]:
    return np.where(np.arange(n) % 3 > 0, *pair)


def learned(
    column: NDArray[np.float64],
    notes: list[Note],
    y: NDArray[np.float64] | None = None,
    bins: int = 0,
) -> Preprocessing:
    """What is learned of a table with this column and one of numbers."""
    numbers = np.arange(float(len(column)))
    table = TypedTable("t", ("a", "b"), ("y",), [column, numbers, numbers if y is None else y], {})
    options = PreprocessingOptions(standardize=True, missing_values=("",), bins=bins)
    return learn_preprocessing(table, np.arange(len(column)), options, notes.append)


@given(
    st.floats(1e-100, 1e100),
    st.floats(-1e100, 1e100),
    st.integers(1, 10**9),
)
@example(0.5 * EPSILON, 1.0, 2)
@example(2.0 * EPSILON, 1.0, 2)
@example(2.001 * EPSILON, 1.0, 2)
def test_the_bound_is_that_of_scikit_learn(deviation: float, mean: float, n: int) -> None:
    edge = n * EPSILON * abs(mean)
    for value in (deviation, edge * 0.999999, edge * 1.00001):
        assert is_rounding(value, mean, n) == by_variance(value, mean, n) or value < 1e-150


def test_numbers_that_could_be_told_apart_are_not_constant() -> None:
    assert not measure_spread(np.array([14.62, 14.62 * (1 + 1e-14)])).is_constant
    assert not measure_spread(np.array([0.0, 5e-324])).is_constant
    assert not measure_spread(np.array([1.7e308, -1.7e308])).is_constant
    assert measure_spread(np.array([1.7e308])).is_constant
    assert measure_spread(np.zeros(3)).is_constant


@pytest.mark.parametrize("pair", PAIRS)
def test_a_column_constant_but_for_rounding_is_left_out_with_a_note(
    pair: tuple[float, float],
) -> None:
    notes: list[Note] = []
    found = learned(alternating(pair), notes)
    assert found.input_names == ("b",)
    assert list(map(str, notes)) == ["left out the column 'a': it is constant"]


@pytest.mark.parametrize("bins", [0, 8])
@pytest.mark.parametrize("pair", PAIRS)
def test_with_missing_cells_only_its_flag_is_learned(pair: tuple[float, float], bins: int) -> None:
    column = alternating(pair)
    column[::5] = NAN
    found = learned(column, [], bins=bins)
    feature = found.features[0]
    assert isinstance(feature, NumericColumn)
    assert feature.input_names == ("a is missing",)
    assert feature.is_constant
    assert (feature.minimum, feature.mean, feature.edges) == (min(pair), min(pair), ())
    out = np.empty((3, len(found.input_names)))
    found.encode(np.array([[pair[0], 1.0], [pair[1], 1.0], [NAN, 1.0]]), out)
    assert out[:, 0].tolist() == [0.0, 0.0, 1.0]


@pytest.mark.parametrize("transform", ["none", "log"])
@pytest.mark.parametrize("pair", PAIRS[:2])
def test_a_target_constant_but_for_rounding_is_the_error_of_a_constant_one(
    pair: tuple[float, float], transform: str
) -> None:
    y = alternating(pair)
    frame = pd.DataFrame({"b": np.arange(60.0), "y": y})
    with pytest.raises(DataError) as caught:
        nntrain.fit(frame, Config(target=("y",), epochs=1, target_transform=transform))
    assert str(caught.value) == (
        f"the DataFrame, column 'y': the target is {y[0]:g} in every training row; there is nothing to "
        f"learn: choose another target or more rows"
    )


def test_edges_of_bins_that_differ_by_rounding_are_one() -> None:
    low, high = PAIRS[0]
    column = np.concatenate([np.repeat([low, high], 30), np.linspace(20, 30, 60)])
    feature = learned(column, [], bins=8).features[0]
    assert isinstance(feature, NumericColumn)
    assert feature.edges[0] == low
    assert (np.diff(feature.edges) > 0.1).all()


def test_rising_numbers_lose_only_those_that_differ_by_rounding() -> None:
    (a, b), (c, d) = PAIRS[:2]
    assert distinct_but_for_rounding([0.0, 1e-300, c, d, a, b, 15.0]) == [0.0, 1e-300, c, a, 15.0]
    assert distinct_but_for_rounding([-1.7e308, 1.7e308]) == [-1.7e308, 1.7e308]
    assert distinct_but_for_rounding([]) == []


def test_a_model_without_the_column_predicts_the_same() -> None:
    """The noise of the last bit reached neither the network nor the ridge regression."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"x": rng.normal(size=60), "a": alternating(PAIRS[0])})
    frame["y"] = frame["x"] + (frame["a"] > 14.62)
    config = Config(target=("y",), epochs=3, validation_fraction=0.2)
    models = [
        nntrain.fit(table, dataclasses.replace(config, standardize=standardize))
        for table in (frame, frame.drop(columns="a"))
        for standardize in (True, False)
    ]
    for one, other in zip(models[:2], models[2:], strict=True):
        assert one.summary.validation == other.summary.validation
        assert np.array_equal(one.predict(frame), other.predict(frame))
