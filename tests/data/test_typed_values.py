"""Values of typed formats: the text, the number and the category that each stands for."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from support.command import Run

import nntrain
from nntrain.data.preprocessing.columns import CategoricalColumn, NumericColumn
from nntrain.data.readers import parquet_batches
from nntrain.data.readers.cells import category
from nntrain.data.readers.values import NumberText, cell_text, json_cell, shortest_decimals
from nntrain.errors import DataError, OutOfMemoryError

CONFIG = nntrain.Config(target=("y",), epochs=1, hidden_layers=(2,), engine="numpy")


@pytest.mark.parametrize(
    ("value", "text", "in_json"),
    [
        (None, "", "null"),
        (True, "true", "true"),
        (np.bool_(0), "false", "false"),
        (2**70, "1180591620717411303424", "1180591620717411303424"),
        (np.int64(-5), "-5", "-5"),
        (1.0, "1.0", "1.0"),
        (1e22, "1e+22", "1e+22"),
        (np.float32(0.1), "0.1", "0.1"),
        (np.float32(16777216), "16777216.0", "16777216.0"),
        (np.float16(0.1), "0.1", "0.1"),
        (float("inf"), "inf", '"inf"'),
        (float("nan"), "nan", "null"),
        (decimal.Decimal("12.50"), "12.50", "12.50"),
        (decimal.Decimal("0E-4"), "0.0000", "0.0000"),
        (NumberText("1E5"), "1E5", "1E5"),
        ("007", "007", '"007"'),
        ("5", "5", '"5"'),
        (b"ab", "ab", '"ab"'),
        (dt.date(2024, 5, 1), "2024-05-01", '"2024-05-01"'),
        (dt.datetime(2024, 5, 1, 10, 30, 0, 500_000), "2024-05-01 10:30:00.5", '"2024-05-01 10:30:00.5"'),
        (pd.Timestamp("2024-05-01", tz="Europe/Berlin"), "2024-05-01 00:00:00+02:00",
         '"2024-05-01 00:00:00+02:00"'),
        (dt.time(10, 30), "10:30:00", '"10:30:00"'),
        (dt.timedelta(1, 7, 5), "1 days 00:00:07.000005", '"1 days 00:00:07.000005"'),
        (pd.Timedelta(1, "ns"), "0 days 00:00:00.000000001", '"0 days 00:00:00.000000001"'),
        (pd.Period("2024-05"), "2024-05", '"2024-05"'),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001",
         '"00000000-0000-0000-0000-000000000001"'),
        ([1, None, "a"], None, '[1, null, "a"]'),
        ({"a": [True, NumberText("2.50")]}, None, '{"a": [true, 2.50]}'),
        (1j, None, '"1j"'),
        (b"\xff", None, '"b\'\\\\xff\'"'),
    ],
)  # fmt: skip
def test_a_value_has_one_text_and_one_json(value: Any, text: str | None, in_json: str) -> None:
    assert cell_text(value) == text
    assert json_cell(value) == in_json


@pytest.mark.parametrize(
    ("spellings", "one"),
    [
        (["true", "True", "TRUE"], "true"),
        (["10115", "10115.0"], "10115"),
        (["0", "-0.0", "0.0"], "0"),
        (["2024-05-01", "2024-05-01 00:00:00", "2024-05-01T00:00:00.000"], "2024-05-01"),
        (["2024-05-01T10:30:00Z", "2024-05-01 10:30:00.0+0000"], "2024-05-01 10:30:00+00:00"),
        (["10:30:00.500", "10:30:00.500000"], "10:30:00.5"),
        (["1 days", "1 days 00:00:00"], "1 days 00:00:00"),
        (["007"], "007"),
        (["1.50"], "1.50"),
        (["1e5"], "1e5"),
        (["tRUE"], "tRUE"),
        (["v1.0"], "v1.0"),
        ([""], ""),
    ],
)
def test_a_category_has_one_spelling(spellings: list[str], one: str) -> None:
    assert {category(text) for text in spellings} == {one}


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=50))
def test_the_shortest_decimal_is_that_of_the_slow_way(values: list[float]) -> None:
    singles = np.array(values, dtype=np.float32)
    assert shortest_decimals(singles).tolist() == [float(str(value)) for value in singles]


def test_the_shortest_decimals_of_every_half_and_power_of_two() -> None:
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)]
    assert shortest_decimals(halves).tolist() == [float(str(value)) for value in halves]
    powers = np.ldexp(np.float32(1), np.arange(-149, 128)).astype(np.float32)
    assert shortest_decimals(powers).tolist() == [float(str(value)) for value in powers]
    special = np.array([0, -0.0, np.inf, -np.inf, np.nan], dtype=np.float32)
    assert list(map(repr, shortest_decimals(special))) == list(map(repr, special.astype(float)))


def categories(table: Any) -> dict[str, tuple[str, ...]]:
    model = nntrain.fit(table, CONFIG)
    return {
        feature.name: feature.categories
        for feature in model.preprocessing.features
        if isinstance(feature, CategoricalColumn)
    }


def saved(path: Path, **columns: pa.Array) -> Path:
    parquet.write_table(pa.table(columns), path)
    return path


FAR = [253_402_300_800, 0, -62_135_596_801]
ZONED = pa.array([0, 3600, 0], pa.timestamp("s", "Europe/Berlin"))


def test_moments_that_python_cannot_hold_have_a_text(tmp_path: Path) -> None:
    path = saved(
        tmp_path / "t.parquet",
        seconds=pa.array(FAR, pa.timestamp("s")),
        days=pa.array([10_000_000, 0, -800_000], pa.date32()),
        exact=pa.array([1, 2, 1], pa.time64("ns")),
        long=pa.array([2**60, 0, -1], pa.duration("s")),
        zoned=ZONED,
        nowhere=pa.array([0, 3600, 0], pa.timestamp("s", "Nowhere/Land")),
        y=pa.array([1.0, 2.0, 4.0]),
    )
    found = categories(path)
    assert found["seconds"] == ("0000-12-31 23:59:59", "10000-01-01", "1970-01-01")
    assert found["long"][0] == "-1 days 23:59:59"
    assert len(found["days"]) == 3
    moments = {
        feature.name: (feature.minimum, feature.maximum)
        for feature in nntrain.fit(path, CONFIG).preprocessing.features
        if isinstance(feature, NumericColumn)
    }
    assert moments == {"exact": (1e-9, 2e-9), "zoned": (0.0, 3600.0), "nowhere": (0.0, 3600.0)}


def test_a_decimal_comma_is_no_matter_of_typed_numbers(run: Run, folder: Path) -> None:
    exact = pa.array([decimal.Decimal(text) for text in ("1.5", "2.5", "3.5")])
    saved(folder / "t.parquet", x=exact, s=pa.array(["1,5", "2,5", "4"]), y=pa.array([1.0, 2, 4]))
    (folder / "t.jsonl").write_text(
        '{"x": 1.5, "s": "1,5", "y": 1}\n{"x": 2.5, "s": "2,5", "y": 2}\n{"x": 3.5, "s": 4, "y": 4}\n'
    )
    (folder / "t.csv").write_text("x;s;y\n1,5;1,5;1\n2,5;2,5;2\n3,5;4;4\n")
    (folder / "c.yaml").write_text('target: y\nepochs: 1\ndecimal: ","\n')
    for name in ("t.csv", "t.parquet", "t.jsonl"):
        assert run("fit", name, "-c", "c.yaml", "-m", f"{name}.npz", "-q").code == 0
        assert Path(f"{name}.npz").read_bytes() == Path("t.csv.npz").read_bytes()
    appended = run("predict", "t.csv", "--decimal", ",", "--append", "--format", "jsonl", "-q",
                   "-m", "t.csv.npz").out  # fmt: skip
    assert appended.startswith('{"x": "1,5", "s": "1,5", "y": 1, ')


def test_a_sparse_column_keeps_its_precision() -> None:
    frame = pd.DataFrame(
        {"x": pd.arrays.SparseArray(np.array([0.1, 0.2, 0.3], np.float32)), "y": [1.0, 2, 4]}
    )
    (feature,) = nntrain.fit(frame, CONFIG).preprocessing.features
    assert vars(feature)["minimum"] == 0.1


@pytest.mark.parametrize("value", [1j, [1], {"a": 1}, object()])
def test_what_is_no_number_or_text_in_a_dataframe_is_an_error(value: Any) -> None:
    frame = pd.DataFrame({"x": pd.Series([1, value, 3], dtype=object), "y": [1.0, 2, 4]})
    with pytest.raises(DataError) as caught:
        nntrain.fit(frame, CONFIG)
    assert str(caught.value) == (
        "the DataFrame, row 1 (counting from 0), column 'x': holds an array, an object or another "
        "value that is neither a number nor a text; give its parts columns of their own, or put the "
        "column under ignore"
    )


def test_several_dataframes_have_the_same_columns_and_keep_their_types() -> None:
    whole = pd.DataFrame({"k": [10115, 10116, 10115], "y": [1.0, 2, 4]})
    gap = pd.DataFrame({"y": [5.0, 6], "k": [10116, None]})
    config = nntrain.Config(target=("y",), epochs=1, categorical=("k",))
    (feature,) = nntrain.fit([whole, gap], config).preprocessing.features
    assert vars(feature)["categories"] == ("", "10115", "10116")
    with pytest.raises(DataError) as caught:
        nntrain.fit([whole, gap.rename(columns={"k": "K"})], config)
    assert str(caught.value) == (
        "DataFrame 2: has other columns than DataFrame 1: it lacks 'k'; tables read as one must have "
        "the same columns"
    )


def test_pandas_notes_that_are_damaged_do_not_matter(tmp_path: Path) -> None:
    table = pa.table({"x": [1.0, 2, 3], "y": [1.0, 2, 4]})
    for notes in (b"{not json", b"\xff", b'{"index_columns": 5}', b"[" * 10_000):
        parquet.write_table(
            table.replace_schema_metadata({b"pandas": notes}), tmp_path / "t.parquet"
        )
        assert len(nntrain.fit(tmp_path / "t.parquet", CONFIG).preprocessing.features) == 1


def test_a_saved_index_is_left_out_and_never_the_target(run: Run, folder: Path) -> None:
    frame = pd.DataFrame({"x": [1.0, 5, 2, 4], "y": [1.0, 2, 4, 3]}, index=[7, 3, 9, 1])
    frame.to_parquet("unnamed.parquet")
    frame.rename_axis("key").to_parquet("named.parquet")
    frame.to_csv("t.csv")
    pd.read_csv("t.csv").to_csv("again.csv", index=False)
    (folder / "c.yaml").write_text("target: y\nepochs: 1\n")
    models = []
    for name in ("unnamed.parquet", "named.parquet", "t.csv", "again.csv"):
        done = run("fit", name, "-c", "c.yaml", "-m", "m.npz", "-l", "l.csv")
        assert (done.code, done.err.count("left out")) == (0, 1)
        models.append((folder / "m.npz").read_bytes())
        assert "\ntarget: y " in run("init", name).out.replace('"y"', "y")
    assert models == models[:1] * 4


# Bounded memory


def test_a_text_that_is_repeated_takes_its_memory_once(tmp_path: Path) -> None:
    n_rows = 40_000
    text = pa.DictionaryArray.from_arrays(pa.array(np.zeros(n_rows, "i4")), ["x" * 50_000])
    numbers = pa.array(np.arange(n_rows, dtype=float))
    path = saved(tmp_path / "t.parquet", x=numbers, y=numbers, text=text)
    assert path.stat().st_size < 2**20  # 2 GB as a CSV
    model = nntrain.fit(path, nntrain.Config(target=("y",), ignore=("text",), epochs=0))
    assert len(model.predict(path)) == n_rows


def test_a_row_longer_than_16_mib_is_an_error(tmp_path: Path) -> None:
    path = saved(
        tmp_path / "t.parquet",
        x=pa.array([1.0, 2, 3]),
        text=pa.array(["a", "x" * (2**24 + 1), "b"]),
        y=pa.array([1.0, 2, 4]),
    )
    with pytest.raises(DataError, match=r"row 1 \(counting from 0\): is longer than 16 MiB$"):
        nntrain.fit(path, CONFIG)


def test_a_row_group_beyond_half_of_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(
        tmp_path / "t.parquet", x=pa.array(np.arange(1000.0)), y=pa.array(np.arange(1000.0))
    )
    monkeypatch.setattr(parquet_batches, "memory_limit", lambda: 10_000)
    with pytest.raises(OutOfMemoryError, match=r"a column of row group 1 takes 0\.0 GB"):
        nntrain.fit(path, CONFIG)
