"""The one door from a table to encoded rows: with and without targets, weights and bad rows."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.blocks import read_in_blocks

from nntrain.data.preprocessing.columns import CategoricalColumn, NumericColumn, TargetColumn
from nntrain.data.preprocessing.encode_chunks import EncodedRows, encode_chunks
from nntrain.data.preprocessing.encode_features import UNSEEN
from nntrain.data.preprocessing.target_values import TargetOptions
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.data.readers.open import open_table
from nntrain.errors import DataError

SIZE = NumericColumn("size", 2.0, 2.0, 4.0, 0.0, 8.0, 0.25)
COLOR = CategoricalColumn("color", ("blue", "red"))
PREPROCESSING = Preprocessing((SIZE, COLOR), (TargetColumn("y", 0.0, 1.0, 0.0, 9.0),), ("", "NA"))
TABLE = "w,y,color,size\n1,5,red,6\n2,,blue,NA\n0,7,green,0\n"


@pytest.fixture(autouse=True)
def notes(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> pytest.LogCaptureFixture:
    monkeypatch.setattr(logging.getLogger("nntrain"), "propagate", True)
    caplog.set_level(logging.WARNING, "nntrain")
    return caplog


@pytest.fixture(params=[1, 1 << 20])
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """Where the table is to be written; it is read in small blocks or at once."""
    read_in_blocks(monkeypatch, request.param)
    return tmp_path / "t.csv"


def encoded(path: Path, text: str, *options: Any, **more: Any) -> list[EncodedRows]:
    path.write_text(text, encoding="utf-8")
    tolerate = more.get("tolerate_bad_rows", False)
    with open_table(path, PREPROCESSING.read_options(tolerate_bad_rows=tolerate)) as table:
        return list(encode_chunks(PREPROCESSING, table, "float64", *options, **more))


def joined(parts: list[EncodedRows], name: str) -> list[Any]:
    return [row for part in parts for row in getattr(part, name).tolist()]


def test_rows_are_encoded_without_targets(path: Path, notes: pytest.LogCaptureFixture) -> None:
    parts = encoded(path, TABLE)
    nan = float("nan")
    assert joined(parts, "x") == [[1.0, 0, 0, 1], [0.0, 1, 1, 0], [-0.5, 0, 0, 0]]
    values = joined(parts, "values")
    assert np.array_equal(values, [[6.0, 1], [nan, 0], [0.0, UNSEEN]], equal_nan=True)
    assert [part.y_true.shape[1] for part in parts] == [0] * len(parts)
    assert all(part.kept.all() and part.weights is None and part.bad is None for part in parts)
    assert notes.messages == [
        "missing cells taken as the training mean: 1 in 'size'",
        "cells of a category not seen in training: 1 in 'color'",
    ]


def test_rows_without_a_target_are_left_out_if_they_may_be(
    path: Path, notes: pytest.LogCaptureFixture
) -> None:
    parts = encoded(path, TABLE, TargetOptions(skip_missing=True))
    assert joined(parts, "y_true") == [[5.0], [7.0]]
    assert joined(parts, "x") == [[1.0, 0, 0, 1], [-0.5, 0, 0, 0]]
    assert joined(parts, "kept") == [True, False, True]
    assert notes.messages[-1] == f"{path}: left out 1 row without a target"


ODD = "w,y,color,size\n0,,new,inf\n0,a,new,b\n2,5,red,6\n0,6,red,c\n3,7,blue,8\n"
"""A table whose rows of weight 0 hold nothing that could be used."""


def test_nothing_in_a_row_of_weight_0_is_looked_at(
    path: Path, notes: pytest.LogCaptureFixture
) -> None:
    parts = encoded(path, ODD, TargetOptions(weight="w"))
    assert joined(parts, "y_true") == [[5.0], [7.0]]
    assert joined(parts, "weights") == [2.0, 3.0]
    assert joined(parts, "values") == [[6.0, 1], [8.0, 0]]
    assert joined(parts, "kept") == [False, False, True, False, True]
    assert notes.messages == [f"{path}: left out 3 rows of weight 0"]
    text = "w,y,color,size\n0,1,red,2\n3,7,blue,x\n"
    with pytest.raises(DataError) as caught:
        encoded(path, text, TargetOptions(weight="w"))
    assert str(caught.value).startswith(f"{path}, line 3, column 'size': expects a number")


def test_where_every_row_weighs_0_that_is_an_error_or_each_counts_once(
    path: Path, notes: pytest.LogCaptureFixture
) -> None:
    text = TABLE.replace("1,5,", "0,5,").replace("2,,", "0,,")
    assert text.count("\n0,") == 3
    with pytest.raises(DataError) as caught:
        encoded(path, text, TargetOptions(weight="w"))
    assert str(caught.value) == f"{path}, column 'w': every row weighs 0"
    notes.clear()
    options = TargetOptions(weight="w", skip_missing=True, zeros_count_once=True)
    parts = encoded(path, text, options)
    assert all(part.weights is None for part in parts)
    assert joined(parts, "y_true") == [[5.0], [7.0]]
    assert notes.messages[-2:] == [
        f"{path}: left out 1 row without a target",
        f"{path}: every row weighs 0; each row counts once",
    ]


@pytest.mark.parametrize(
    ("suggest", "remedy"),
    [
        (True, ", remove the row, or leave out every row without a target: --set "
         "missing_target=skip"),
        (False, " or remove the row"),
    ],
)  # fmt: skip
def test_a_missing_target_is_an_error_otherwise(path: Path, remedy: str, *, suggest: bool) -> None:
    with pytest.raises(DataError) as caught:
        encoded(path, TABLE, TargetOptions(suggest_config_fix=suggest))
    assert str(caught.value) == (
        f"{path}, line 3, column 'y': the target is missing; fill it in{remedy}"
    )


def test_bad_rows_are_marked_where_they_are_tolerated(path: Path) -> None:
    text = "w,y,color,size\n1,5,red,large\n2,5\n3,6,blue,8\n4,7,red,inf\n"
    parts = encoded(path, text, tolerate_bad_rows=True)
    assert joined(parts, "bad") == [True, True, False, True]
    assert joined(parts, "x")[2] == [1.5, 0, 1, 0]
    with pytest.raises(DataError) as caught:
        encoded(path, text.replace("2,5\n", ""))
    assert str(caught.value) == (
        f"{path}, line 2, column 'size': expects a number, found 'large'; correct the cell, or "
        f"leave it empty if it is missing"
    )


def test_an_input_that_the_dtype_cannot_hold_is_an_error_beside_targets(path: Path) -> None:
    path.write_text("y,color,size\n1,red,1e300\n", encoding="utf-8")
    with open_table(path, PREPROCESSING.read_options()) as table:
        (part,) = (p for p in encode_chunks(PREPROCESSING, table, "float32") if len(p.x))
        assert np.isinf(part.x[0, 0])
        with pytest.raises(DataError) as caught:
            list(encode_chunks(PREPROCESSING, table, "float32", TargetOptions()))
    assert str(caught.value) == (
        f"{path}, column 'size': a number is too large for float32; set standardize: true or "
        f"dtype: float64, or rescale the column"
    )
