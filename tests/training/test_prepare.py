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
from nntrain.errors import DataError
from nntrain.training.options import column_roles, preprocessing_options, read_options
from nntrain.training.prepare import prepare_rows, read_training_table
from nntrain.training.sample_weights import scaled_weights, with_positive_weight


def encoded(*weights: float) -> Encoded:
    column = np.arange(float(len(weights)))[:, None]
    return Encoded(column, column, column, np.array(weights))


def test_weights_are_scaled_by_what_makes_those_of_training_average_one() -> None:
    training, validation = scaled_weights(encoded(1.0, 3.0), encoded(4.0, 0.0))
    assert training.weights is not None
    assert training.weights.tolist() == [0.5, 1.5]
    assert validation is not None
    assert validation.weights is not None
    assert validation.weights.tolist() == [2.0, 0.0]


def test_calibration_rows_of_positive_weight_count_once_each() -> None:
    kept = with_positive_weight(encoded(0.0, 2.0, 5.0), "t.csv")
    assert kept.x.tolist() == [[1.0], [2.0]]
    assert kept.weights is None
    with pytest.raises(DataError) as caught:
        with_positive_weight(encoded(0.0, 0.0), "t.csv")
    assert str(caught.value) == (
        "t.csv: every calibration row weighs 0; raise calibration_fraction, or choose another seed"
    )


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
