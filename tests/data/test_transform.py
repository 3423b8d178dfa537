"""From columns to inputs and back: what is learned, from which rows, and replayed how.

Huge and tiny numbers give an error or sound inputs, never a warning or a NaN.
"""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import nntrain
from nntrain.config.keys import Config
from nntrain.data.preprocessing import transform as module
from nntrain.data.preprocessing.columns import CategoricalColumn, NumericColumn
from nntrain.data.preprocessing.encode import encode_rows
from nntrain.data.preprocessing.fit import PreprocessingOptions, learn_preprocessing
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.data.preprocessing.typed_table import TypedTable
from nntrain.data.readers.table import ColumnTypes
from nntrain.errors import DataError

NAN = float("nan")
Cells = Sequence[float] | Sequence[str]
Matrix = NDArray[np.float64]
T = TypeVar("T")

finite = st.floats(allow_nan=False, allow_infinity=False)


@pytest.fixture
def notes(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> pytest.LogCaptureFixture:
    """What is logged, in `messages`."""
    monkeypatch.setattr(logging.getLogger("nntrain"), "propagate", True)
    caplog.set_level(logging.WARNING, "nntrain")
    return caplog


def table_of(features: Mapping[str, Cells], targets: Mapping[str, Sequence[float]]) -> TypedTable:
    """A table called t; a column of texts is categorical."""
    columns: list[Sequence[float]] = []
    categories: dict[int, list[str]] = {}
    for i, cells in enumerate(features.values()):
        if isinstance(cells[0], str):
            texts = list(dict.fromkeys(map(str, cells)))
            categories[i] = texts
            columns.append([texts.index(str(cell)) for cell in cells])
        else:
            columns.append([float(cell) for cell in cells])
    arrays = [np.array(column, dtype=np.float64) for column in (*columns, *targets.values())]
    return TypedTable("t", tuple(features), tuple(targets), arrays, categories)


def learn(
    features: Mapping[str, Cells],
    target: Sequence[float] | None = None,
    rows: Sequence[int] | None = None,
    *,
    standardize: bool = True,
) -> tuple[Preprocessing, Matrix]:
    """What is learned from some rows of a table, and the inputs of all its rows."""
    n_rows = len(next(iter(features.values())))
    table = table_of(features, {"y": target if target is not None else range(n_rows)})
    learned = learn_preprocessing(
        table,
        np.arange(n_rows) if rows is None else np.array(rows),
        PreprocessingOptions(standardize=standardize, missing_values=("",)),
    )
    return learned, np.asarray(encode_rows(learned, table, np.arange(n_rows), "float64").x)


def attempt(action: Callable[[], T]) -> T | str:
    """What an action gives, or the message of its error."""
    try:
        return action()
    except nntrain.NntrainError as error:
        return str(error)


def numeric(learned: Preprocessing, i: int = 0) -> NumericColumn:
    feature = learned.features[i]
    assert isinstance(feature, NumericColumn)
    return feature


# Numbers


def test_a_number_is_scaled_by_the_mean_and_the_deviation_over_n() -> None:
    learned, x = learn({"a": [1.0, 2.0, 3.0, 6.0]})
    feature = numeric(learned)
    assert (feature.mean, feature.shift) == (3.0, 3.0)
    assert feature.scale == pytest.approx(math.sqrt((4 + 1 + 0 + 9) / 4), rel=1e-15)
    assert x[:, 0].tolist() == [(value - 3.0) / feature.scale for value in (1, 2, 3, 6)]
    assert learned.input_names == ("a",)


def test_statistics_are_of_the_training_rows_only() -> None:
    column = [1.0, 100.0, 3.0, NAN, 5.0]
    learned, x = learn({"a": column}, rows=[0, 2, 4])
    feature = numeric(learned)
    assert feature.mean == 3.0
    assert feature.scale == pytest.approx(math.sqrt(8 / 3), rel=1e-15)
    assert not feature.has_missing
    assert x[:, 0] == pytest.approx(
        [-2 / feature.scale, 97 / feature.scale, 0, 0, 2 / feature.scale]
    )


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_standardized_training_rows_have_mean_0_and_deviation_1(values: list[float]) -> None:
    assume(max(values) - min(values) > 1e-6 and not set(values) <= {0.0, 1.0})
    _, x = learn({"a": values})
    tolerance = 1e-9 * max(1.0, max(map(abs, values)) / (max(values) - min(values)))
    assert abs(float(np.mean(x))) < tolerance
    assert abs(float(np.std(x)) - 1.0) < tolerance


@pytest.mark.parametrize(
    "column", [[0.0, 1.0, 1.0], [1.0, 0.0, NAN], [-0.0, 1.0, 0.0], [0.0, 1.0, NAN]]
)
def test_zeros_and_ones_stay_as_they_are(column: list[float]) -> None:
    learned, x = learn({"a": column})
    present = ~np.isnan(column)
    assert (numeric(learned).shift, numeric(learned).scale) == (0.0, 1.0)
    assert x[present, 0].tolist() == np.array(column)[present].tolist()
    assert numeric(learned).mean == np.mean(np.array(column)[present])
    assert np.all(x[~present, 0] == numeric(learned).mean)


@pytest.mark.parametrize("column", [[0.0, 1.0, 0.5], [0.0, 2.0], [-1.0, 1.0], [1.0, 2.0]])
def test_other_pairs_than_zeros_and_ones_are_scaled(column: list[float]) -> None:
    _, x = learn({"a": column})
    assert float(np.mean(x)) == pytest.approx(0.0, abs=1e-15)
    assert float(np.std(x)) == pytest.approx(1.0)


def test_zeros_and_ones_in_training_leave_other_numbers_unscaled_later() -> None:
    _, x = learn({"a": [0.0, 1.0, 7.0]}, rows=[0, 1])
    assert x[:, 0].tolist() == [0.0, 1.0, 7.0]


# Missing cells


def test_a_missing_cell_is_the_mean_and_a_flag() -> None:
    learned, x = learn({"a": [1.0, NAN, 3.0, NAN]})
    assert learned.input_names == ("a", "a is missing")
    assert numeric(learned).mean == 2.0
    assert x.tolist() == [[-1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]


def test_a_cell_missing_outside_the_training_rows_only_is_the_mean_without_a_flag() -> None:
    learned, x = learn({"a": [1.0, NAN, 3.0]}, rows=[0, 2])
    assert learned.input_names == ("a",)
    assert x.tolist() == [[-1.0], [0.0], [1.0]]


def test_missing_cells_of_the_training_rows_are_counted(notes: pytest.LogCaptureFixture) -> None:
    many = [float(i) for i in range(3000)]
    many[:1234] = [NAN] * 1234
    numbers = [float(i) for i in range(3000)]
    columns = {"a": many, "b": [1.0, NAN, *many[2:2999], NAN], "c": numbers}
    learn(columns, rows=range(2999))
    assert notes.messages == [
        "missing cells taken as the training mean: 1,234 in 'a', 1,233 in 'b'"
    ]


def test_without_missing_cells_nothing_is_said(notes: pytest.LogCaptureFixture) -> None:
    learn({"a": [1.0, 2.0], "b": ["x", "y"]})
    assert notes.messages == []


# Columns from which nothing can be learned


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ([5.0, 5.0, 5.0], "it is constant"),
        (["x", "x", "x"], "it is constant"),
        (["", "", ""], "it is constant"),
        ([NAN, NAN, NAN], "it has no value"),
    ],
)
def test_a_column_that_tells_nothing_is_dropped_with_a_note(
    notes: pytest.LogCaptureFixture, column: Cells, reason: str
) -> None:
    learned, x = learn({"a": [1.0, 2.0, 3.0], "b": column})
    assert [feature.name for feature in learned.features] == ["a"]
    assert x.shape == (3, 1)
    assert notes.messages == [f"left out the column 'b': {reason}"]


@pytest.mark.parametrize("column", [[5.0, 5.0, 6.0], ["x", "x", "y"], [NAN, NAN, 1.0]])
def test_only_the_training_rows_tell_whether_a_column_is_constant(column: Cells) -> None:
    learned, _ = learn({"a": [1.0, 2.0, 3.0], "b": column}, rows=[0, 1])
    assert [feature.name for feature in learned.features] == ["a"]


def test_a_constant_column_with_missing_cells_keeps_only_its_flag() -> None:
    learned, x = learn({"a": [5.0, NAN, 5.0, 7.0]}, rows=[0, 1, 2])
    assert learned.input_names == ("a is missing",)
    assert numeric(learned).is_constant
    assert x.tolist() == [[0.0], [1.0], [0.0], [0.0]]


@pytest.mark.parametrize(
    ("columns", "rows", "told"),
    [
        (
            {"a": [1.0, 1.0, 2.0], "b": ["x", "x", "y"]},
            [0, 1],
            "nothing can be learned from 'a', 'b' in 2 training rows",
        ),
        ({"a": [NAN, NAN, 2.0]}, [1], "nothing can be learned from 'a' in 1 training row"),
    ],
)
def test_a_table_in_which_no_column_tells_anything_is_an_error(
    columns: Mapping[str, Cells], rows: list[int], told: str
) -> None:
    with pytest.raises(DataError) as caught:
        learn(columns, rows=rows)
    assert str(caught.value) == f"t: no column is left to learn from: {told}"


# Categories


def test_categories_are_sorted_and_each_is_an_input() -> None:
    learned, x = learn({"c": ["pear", "Apple", "fig", "pear", ""]})
    assert learned.features == (CategoricalColumn("c", ("", "Apple", "fig", "pear")),)
    assert learned.input_names == ("c=", "c=Apple", "c=fig", "c=pear")
    assert x.tolist() == [
        [0.0, 0.0, 0.0, 1.0],
        [0.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 1.0, 0.0],
        [0.0, 0.0, 0.0, 1.0],
        [1.0, 0.0, 0.0, 0.0],
    ]


def test_categories_are_only_those_of_the_training_rows_and_others_are_all_zeros() -> None:
    learned, x = learn({"c": ["z", "b", "a", "z"]}, rows=[1, 0])
    assert learned.features == (CategoricalColumn("c", ("b", "z")),)
    assert x.tolist() == [[0.0, 1.0], [1.0, 0.0], [0.0, 0.0], [0.0, 1.0]]


def test_inputs_stand_in_the_order_of_the_features() -> None:
    learned, x = learn({"n": [0.0, 1.0, NAN], "c": ["x", "y", "x"], "m": [1.0, 0.0, 1.0]})
    assert learned.input_names == ("n", "n is missing", "c=x", "c=y", "m")
    assert x.tolist() == [
        [0.0, 0.0, 1.0, 0.0, 1.0],
        [1.0, 0.0, 0.0, 1.0, 0.0],
        [0.5, 1.0, 1.0, 0.0, 1.0],
    ]
    assert learned.column_types(["y"]) == ColumnTypes(("n", "m", "y"), ("c",))


def test_cells_that_training_had_not_seen_are_counted_at_predict(
    notes: pytest.LogCaptureFixture,
) -> None:
    training = pd.DataFrame({"a": [1.0, 2.0, 3.0], "c": ["x", "y", "x"], "d": ["p", "q", "q"]})
    model = nntrain.fit(training.assign(y=[1.0, 2.0, 4.0]), Config(target=("y",), epochs=1))
    assert notes.messages == ["read as categories: 'c' (2), 'd' (2)"]
    notes.clear()
    unseen = pd.DataFrame({"a": [1.0, np.nan], "c": ["z", None], "d": ["q", "Q"]})
    predicted = model.predict(unseen)
    assert notes.messages == [
        "missing cells taken as the training mean: 1 in 'a'",
        "cells of a category not seen in training: 2 in 'c', 1 in 'd'",
    ]
    assert np.isfinite(predicted.to_numpy()).all()


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_inputs_are_those_of_the_obvious_form_row_by_row(data: st.DataObject) -> None:
    n_rows = data.draw(st.integers(3, 12))
    cell = st.one_of(
        st.just(NAN), st.sampled_from([0.0, 1.0]), st.integers(-400, 400).map(lambda n: n / 4)
    )
    numbers = st.lists(cell, min_size=n_rows, max_size=n_rows)
    texts = st.lists(st.sampled_from(["x", "y", "z", ""]), min_size=n_rows, max_size=n_rows)
    columns: dict[str, Any] = {
        "n": data.draw(numbers),
        "c": data.draw(texts),
        "m": data.draw(numbers),
    }
    rows = sorted(data.draw(st.sets(st.integers(0, n_rows - 1), min_size=2)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ENCODE_ROWS", data.draw(st.integers(1, 5)))
        found = attempt(lambda: learn(columns, rows=rows))
    if isinstance(found, str):
        assert "nothing can be learned" in found
        return
    learned, x = found
    for row in range(n_rows):
        expected: list[float] = []
        for feature in learned.features:
            value = columns[feature.name][row]
            expected += obvious_inputs(columns[feature.name], value, rows)
        assert x[row] == pytest.approx(expected, rel=1e-12, abs=1e-12)


def obvious_inputs(column: Sequence[Any], value: Any, rows: Sequence[int]) -> list[float]:
    """The inputs of one cell, from the training rows of its column."""
    training = [column[row] for row in rows]
    if isinstance(value, str):
        return [float(value == category) for category in sorted(set(training))]
    present = [number for number in training if not math.isnan(number)]
    flag = [float(math.isnan(value))] if len(present) < len(training) else []
    if len(set(present)) == 1:
        return flag
    mean = math.fsum(present) / len(present)
    number = mean if math.isnan(value) else value
    if set(present) <= {0.0, 1.0}:
        return [number, *flag]
    deviation = math.sqrt(math.fsum((number - mean) ** 2 for number in present) / len(present))
    return [(number - mean) / deviation, *flag]


def test_inputs_may_be_single_precision() -> None:
    table = table_of({"a": [1.0, 2.0, 4.0]}, {"y": [1.0, 2.0, 3.0]})
    rows = np.arange(3)
    learned = learn_preprocessing(
        table, rows, PreprocessingOptions(standardize=True, missing_values=())
    )
    single, double = (encode_rows(learned, table, rows, dtype) for dtype in ("float32", "float64"))
    assert single.x.dtype == single.y.dtype == np.float32
    assert np.array_equal(single.x, double.x.astype(np.float32))
    assert np.array_equal(single.y, double.y.astype(np.float32))


# Targets


def test_each_target_has_its_own_mean_and_deviation() -> None:
    table = table_of({"a": [1.0, 2.0, 3.0]}, {"y": [1.0, 3.0, 99.0], "z": [10.0, 30.0, 99.0]})
    learned = learn_preprocessing(
        table, np.array([0, 1]), PreprocessingOptions(standardize=True, missing_values=())
    )
    assert [(t.name, t.shift, t.scale) for t in learned.targets] == [("y", 2, 1), ("z", 20, 10)]
    standardized = learned.encode_targets(np.array([[1.0, 10.0], [4.0, 40.0]]))
    assert standardized.tolist() == [[-1.0, -1.0], [2.0, 2.0]]
    assert learned.decode(standardized).tolist() == [[1.0, 10.0], [4.0, 40.0]]


def test_outputs_in_single_precision_are_decoded_in_double_precision() -> None:
    table = table_of({"a": [1.0, 2.0]}, {"y": [1e9, 1e9 + 2]})
    learned = learn_preprocessing(
        table, np.arange(2), PreprocessingOptions(standardize=True, missing_values=())
    )
    decoded = learned.decode(np.array([[0.5]], dtype=np.float32))
    assert decoded.dtype == np.float64
    assert decoded.tolist() == [[1e9 + 1.5]]


@settings(deadline=None, max_examples=200)
@given(st.lists(finite, min_size=2, max_size=10), finite)
def test_decoding_an_encoded_target_gives_it_back(values: list[float], other: float) -> None:
    assume(min(values) < max(values))
    table = table_of({"a": list(range(len(values)))}, {"y": values})
    size = max(map(abs, values))
    learned = attempt(
        lambda: learn_preprocessing(
            table, np.arange(len(values)), PreprocessingOptions(standardize=True, missing_values=())
        )
    )
    if isinstance(learned, str):
        assert size > 1e300
        assert "cannot be standardized" in learned
        return
    y = np.array([[value] for value in values])
    tolerance = 8 * sys.float_info.epsilon * size + 5e-324 * len(values)
    assert np.abs(learned.decode(learned.encode_targets(y)) - y).max() <= tolerance
    if abs(other) <= size < 1e300:
        beside = np.array([[other]])
        assert abs(learned.decode(learned.encode_targets(beside)) - beside).max() <= tolerance


@pytest.mark.parametrize(("value", "shown"), [(5.0, "5"), (0.1, "0.1"), (-1e300, "-1e+300")])
@pytest.mark.parametrize("standardize", [True, False])
def test_a_constant_target_is_an_error(value: float, shown: str, *, standardize: bool) -> None:
    with pytest.raises(DataError) as caught:
        learn({"a": [1.0, 2.0, 3.0]}, [value, value, 7.0], [0, 1], standardize=standardize)
    assert str(caught.value) == (
        f"t, column 'y': the target is {shown} in every training row; there is nothing to learn: "
        f"choose another target or more rows"
    )


# Without standardization


def test_without_standardization_numbers_stay_in_their_units() -> None:
    learned, x = learn(
        {"a": [1.0, NAN, 5.0], "c": ["x", "y", "x"]}, [10.0, 20.0, 60.0], standardize=False
    )
    assert learned.input_names == ("a", "a is missing", "c=x", "c=y")
    assert x.tolist() == [[1.0, 0.0, 1.0, 0.0], [3.0, 1.0, 0.0, 1.0], [5.0, 0.0, 1.0, 0.0]]
    y = np.array([[10.0], [20.0]])
    assert np.array_equal(learned.encode_targets(y), y)
    assert np.array_equal(learned.decode(y), y)


# Huge and tiny numbers


@settings(deadline=None, max_examples=200)
@given(st.lists(finite, min_size=2, max_size=8), st.booleans())
@example([1e308, -1e308], True)
@example([1.6e308, 1.7e308], True)
@example([1e-300, 2e-300], True)
@example([0.0, 5e-324], True)
@example([1.0, 1.0 + 2**-52], True)
@example([1e308, 1e-308], False)
def test_any_numbers_become_sound_inputs_or_an_error(
    values: list[float], standardize: bool
) -> None:
    columns = {"a": values, "b": [float(i) for i in range(len(values))]}
    found = attempt(lambda: learn(columns, standardize=standardize))
    if isinstance(found, str):
        assert max(map(abs, values)) > 1e300
        assert found == (
            f"column 'a': its values, from {min(values):g} to {max(values):g}, cannot be "
            f"standardized in double precision; rescale the column or put it under ignore"
        )
        return
    learned, x = found
    assert np.isfinite(x).all()
    if standardize and min(values) < max(values) and set(values) != {0.0, 1.0}:
        assert np.abs(x[:, 0]).max() <= math.sqrt(len(values)) * 1.5
        assert numeric(learned).scale > 0


FRAME = pd.DataFrame({"x": [1.0, 2.0, 3.0, 5.0], "y": [2.0, 1.0, 4.0, 6.0]})


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e100, 1e154, 1e200, 1e300])
@pytest.mark.parametrize("column", ["x", "y"])
def test_the_unit_of_a_column_changes_nothing_but_the_unit_of_the_predictions(
    tmp_path: Path, scale: float, column: str
) -> None:
    config = Config(target=("y",), epochs=3)
    plain = nntrain.fit(FRAME, config)
    scaled = FRAME.assign(**{column: FRAME[column] * scale})
    nntrain.fit(scaled, config).save(tmp_path / "model.npz")
    model = nntrain.load_model(tmp_path / "model.npz")
    unit = scale if column == "y" else 1.0
    predicted = model.predict(scaled).to_numpy() / unit
    assert predicted == pytest.approx(plain.predict(FRAME).to_numpy(), rel=1e-9)
    figures, plain_figures = model.summary.training["y"], plain.summary.training["y"]
    assert figures.rmse / unit == pytest.approx(plain_figures.rmse)
    assert figures.r2 == pytest.approx(plain_figures.r2)


@pytest.mark.parametrize("scale", [1e-320, 3e307, 1e308])
@pytest.mark.parametrize("column", ["x", "y"])
def test_numbers_at_the_edge_of_double_precision_give_a_model_or_an_error(
    scale: float, column: str
) -> None:
    with np.errstate(over="ignore"):
        values = np.minimum(FRAME[column] * scale, sys.float_info.max)
    frame = FRAME.assign(**{column: values})
    model = attempt(lambda: nntrain.fit(frame, Config(target=("y",), epochs=3)))
    if isinstance(model, str):
        assert model.startswith(f"column {column!r}: its values, from ")
    else:
        assert np.isfinite(model.predict(frame).to_numpy()).all()


@pytest.mark.parametrize(
    ("value", "scale", "dtype", "activation"),
    [
        (1e308, 1.0, "float64", "sigmoid"),
        (1e308, 1.0, "float64", "relu"),
        (1e308, 1e-300, "float64", "sigmoid"),
        (-1e308, 1e-300, "float64", "relu"),
        (1e39, 1.0, "float32", "sigmoid"),
        (-1e39, 1.0, "float32", "relu"),
        (1e-308, 1e-300, "float32", "tanh"),
    ],
)
def test_a_number_far_from_those_of_training_gives_a_prediction_or_an_error(
    value: float, scale: float, dtype: str, activation: str
) -> None:
    config = Config(target=("y",), epochs=1, dtype=dtype, activation=activation)
    model = nntrain.fit(FRAME.assign(x=FRAME["x"] * scale), config)
    predicted = attempt(lambda: model.predict(pd.DataFrame({"x": [value]})))
    if isinstance(predicted, str):
        assert "row 0" in predicted
    else:
        assert np.isfinite(predicted.to_numpy()).all()


@pytest.mark.parametrize("column", ["x", "y"])
def test_numbers_too_large_for_single_precision_give_a_model_or_an_error(column: str) -> None:
    frame = FRAME.assign(**{column: FRAME[column] * 1e39})
    config = Config(target=("y",), epochs=1, dtype="float32", standardize=False)
    model = attempt(lambda: nntrain.fit(frame, config))
    if isinstance(model, str):
        assert column in model
    else:
        assert np.isfinite(model.predict(frame).to_numpy()).all()
