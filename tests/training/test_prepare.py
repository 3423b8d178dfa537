"""Rows prepared for training: weights, what is noted, and the options that a config stands for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import nntrain
from nntrain.data.notes import MissingCells, Note, UnseenCategories, UselessColumn
from nntrain.data.preprocessing.encode import Encoded
from nntrain.data.preprocessing.fit import PreprocessingOptions
from nntrain.data.preprocessing.roles import ColumnRoles
from nntrain.data.preprocessing.target_values import TargetOptions
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.dialect import Dialect
from nntrain.data.readers.open import ReadOptions
from nntrain.training.options import column_roles, preprocessing_options, read_options
from nntrain.training.prepare import prepare_rows, read_training_table
from nntrain.training.sample_weights import scaled_weights, weighted_means, without_weights


def encoded(*weights: float) -> Encoded:
    column = np.arange(float(len(weights)))[:, None]
    return Encoded(column, column, column, np.array(weights), np.arange(len(weights), dtype="u8"))


def test_weights_are_scaled_by_what_makes_those_of_training_average_one() -> None:
    training, validation = scaled_weights(encoded(1.0, 3.0), encoded(4.0, 0.0))
    assert training.weights is not None
    assert training.weights.tolist() == [0.5, 1.5]
    assert validation is not None
    assert validation.weights is not None
    assert validation.weights.tolist() == [2.0, 0.0]


@pytest.mark.parametrize("unit", [2.0**-1060, 2.0**-30, 2.0**1000])
def test_no_unit_of_weights_changes_a_bit(unit: float) -> None:
    weights = [3.0, 0.25, 1.5]
    expected = scaled_weights(encoded(*weights), encoded(7.0, 0.5))
    found = scaled_weights(encoded(*(w * unit for w in weights)), encoded(7.0 * unit, 0.5 * unit))
    for before, now in zip(expected, found, strict=True):
        assert before is not None
        assert now is not None
        assert before.weights is not None
        assert now.weights is not None
        assert now.weights.tobytes() == before.weights.tobytes()


@pytest.mark.parametrize(("own", "others"), [(1e308, 1e-320), (1e-320, 1e308)])
def test_validation_weights_of_quite_another_unit_stay_finite(own: float, others: float) -> None:
    training, validation = scaled_weights(encoded(own, own), encoded(others, others / 2))
    assert training.weights is not None
    assert training.weights.tolist() == pytest.approx([1.0, 1.0], rel=1e-15)
    assert validation is not None
    assert validation.weights is not None
    assert validation.weights[0] == 2 * validation.weights[1]
    assert 1e-31 < validation.weights[1] < 1e31


def test_weighted_means_are_those_of_numpy_and_overflow_nowhere() -> None:
    values, weights = np.random.default_rng(0).normal(size=(50, 2)), np.arange(50.0)
    expected = np.average(values, axis=0, weights=weights)
    assert weighted_means(values, weights).tolist() == expected.tolist()
    assert weighted_means(values, None).tolist() == values.mean(axis=0).tolist()
    large = weighted_means(values * 2.0**1020, weights * 2.0**1010)
    assert large.tolist() == (expected * 2.0**1020).tolist()


def test_calibration_rows_count_once_each() -> None:
    kept = without_weights(encoded(1.0, 2.0, 5.0))
    assert kept.x.tolist() == [[0.0], [1.0], [2.0]]
    assert kept.weights is None


def test_what_preparing_leaves_out_or_replaces_is_noted() -> None:
    n = 20
    frame = pd.DataFrame({
        "same": 1.0,
        "size": [np.nan, *range(1, n)],
        "name": [f"n{i}" for i in range(n)],
        "y": range(n),
    })  # fmt: skip
    config = nntrain.Config(target=("y",), validation_fraction=0.25)
    notes: list[Note] = []
    prepare_rows(read_training_table(frame, config), config, np.arange(n), notes.append)
    useless, *others = notes
    assert useless == UselessColumn("same", "it is constant")
    assert others[-1] == UnseenCategories({"name": 5})
    assert others[:-1] in ([], [MissingCells({"size": 1})])


def test_a_config_stands_for_the_options_of_each_step() -> None:
    config = nntrain.Config(
        target=("y",),
        ignore=("id",),
        weight="w",
        missing_values=("NA",),
        missing_target="skip",
        target_transform="log",
        delimiter=";",
        decimal=",",
        bins=4,
    )
    cells = CellFormat(("NA",), ",")
    assert read_options(config, twice=True) == ReadOptions(
        cells, Dialect(";", ","), ("y", "id", "w"), twice=True
    )
    targets = TargetOptions("w", skip_missing=True, need_logarithm=True)
    roles = ColumnRoles(("y",), ignore=("id",), group="g", target_options=targets)
    assert column_roles(config, "g") == roles
    assert preprocessing_options(config) == PreprocessingOptions(True, ("NA",), 0, "log")
