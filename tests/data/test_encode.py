"""Whole tables as matrices: in stretches, in several sets of rows, and with the table used up."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from nntrain.data.preprocessing import encode as encoding
from nntrain.data.preprocessing.columns import CategoricalColumn
from nntrain.data.preprocessing.encode import encode_parts, encode_rows
from nntrain.data.preprocessing.fit import PreprocessingOptions, learn_preprocessing
from nntrain.data.preprocessing.memory import LONG, long_array
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.data.preprocessing.typed_table import TypedTable
from nntrain.errors import OutOfMemoryError

N = 2 * LONG + 1000


def big_table() -> TypedTable:
    """Numbers, numbers with missing cells, categories and weights, in long arrays."""
    rng = np.random.default_rng(0)
    columns = [long_array(N) for _ in range(5)]
    columns[0][:] = rng.normal(5, 3, N)
    columns[1][:] = np.where(rng.random(N) < 0.1, np.nan, rng.random(N))
    columns[2][:] = rng.integers(0, 3, N)
    columns[3][:] = rng.normal(size=N)
    columns[4][:] = rng.random(N)
    return TypedTable("t", ("a", "b", "c"), ("y",), columns, {2: ["x", "z", "y"]}, has_weights=True)


def learned(table: TypedTable, rows: NDArray[np.intp]) -> Preprocessing:
    return learn_preprocessing(
        table, rows, PreprocessingOptions(standardize=True, missing_values=())
    )


def row_by_row(preprocessing: Preprocessing, table: TypedTable, row: int) -> list[float]:
    """A row's inputs by the definition of each column."""
    inputs: list[float] = []
    for i, feature in enumerate(preprocessing.features):
        value = float(table.columns[i][row])
        if isinstance(feature, CategoricalColumn):
            text = table.categories[i][int(value)]
            inputs += [float(text == category) for category in feature.categories]
            continue
        is_missing = bool(np.isnan(value))
        inputs.append(((feature.mean if is_missing else value) - feature.shift) / feature.scale)
        inputs += [float(is_missing)] if feature.has_missing else []
    return inputs


def test_the_matrix_is_that_of_each_row_by_itself() -> None:
    table = big_table()
    rows = np.flatnonzero(np.arange(N) % 3 != 1)
    preprocessing = learned(table, rows)
    x = encode_rows(preprocessing, table, rows, "float64").x
    for place in itertools.chain(range(0, len(rows), 9973), (0, len(rows) - 1)):
        assert x[place].tolist() == row_by_row(preprocessing, table, int(rows[place]))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_table_that_is_used_up_gives_the_same(
    dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "FREED_ROWS", 50_000)
    rows = np.flatnonzero(np.arange(N) % 3 != 1)
    others = np.flatnonzero(np.arange(N) % 3 == 1)
    table = big_table()
    preprocessing = learned(table, rows)
    expected = [encode_rows(preprocessing, table, part, dtype) for part in (rows, others)]
    found = encode_parts(preprocessing, table, [rows, others], dtype, use_up=True)
    for of_expected, of_found in zip(expected, found, strict=True):
        for one, other in zip(vars(of_expected).values(), vars(of_found).values(), strict=True):
            np.testing.assert_array_equal(one, other)
    assert not table.columns[0].any()  # its memory has been given back


def test_an_empty_set_of_rows_is_an_empty_matrix() -> None:
    table = big_table()
    preprocessing = learned(table, np.arange(N))
    everything, nothing = encode_parts(
        preprocessing, table, [np.arange(N), np.empty(0, np.intp)], "float64"
    )
    assert everything.x.shape == (N, 6)
    assert nothing.x.shape == (0, 6)


def test_inputs_that_memory_could_not_hold_are_refused_before_they_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = big_table()
    preprocessing = learned(table, np.arange(N))
    wide = CategoricalColumn("zip", tuple(map(str, range(100_000))))
    preprocessing = dataclasses.replace(preprocessing, features=(*preprocessing.features[:2], wide))
    monkeypatch.setattr(encoding, "memory_limit", lambda: 8 * 10**9)
    for dtype, bytes_each, remedy in (
        ("float64", 8, "set dtype: float32"),
        ("float32", 4, "train on fewer rows"),
    ):
        with pytest.raises(OutOfMemoryError) as caught:
            encode_rows(preprocessing, table, np.arange(N), dtype)
        assert str(caught.value) == (
            f"t: {N:,} rows of 100,003 inputs would take {N * 100_003 * bytes_each / 1e9:.1f} GB, "
            f"and this process may take 8.0 GB. The most inputs are those of 'zip' (100,000 "
            f"inputs), 'b' (2 inputs), 'a' (1 input); put what is of no use under ignore, or "
            f"{remedy}"
        )
