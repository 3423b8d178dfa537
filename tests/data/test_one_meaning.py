"""One table in every format, cut in any way: the same columns, models, predictions and cells.

To add a reader, add its writer to `WRITERS`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from support.blocks import read_in_blocks

import nntrain
from nntrain.data.preprocessing.columns import CategoricalColumn, NumericColumn
from nntrain.data.readers import csv_table, frames
from nntrain.data.readers.cells import category
from nntrain.data.readers.table import TableLike
from nntrain.data.readers.values import cell_text
from nntrain.model.write_predictions import OutputOptions, write_predictions

Columns = dict[str, list[Any]]
ODD_TEXTS = ["", "NA", "a,b", 'say "x"', "007", " padded ", "é", "line\nbreak", "TRUE", "1e5x", "#"]

TYPES: dict[str, pa.DataType] = {
    "integer": pa.int64(),
    "large": pa.int64(),
    "double": pa.float64(),
    "single": pa.float32(),
    "exact": pa.decimal128(12, 2),
    "truth": pa.bool_(),
    "text": pa.string(),
    "day": pa.date32(),
    "moment": pa.timestamp("us"),
    "time": pa.time64("us"),
    "duration": pa.duration("us"),
    "code": pa.int32(),
    "price": pa.string(),
    "share": pa.string(),
    "weight": pa.string(),
    "sold": pa.string(),
    "seen": pa.string(),
    "y": pa.float64(),
}
"""A column of each kind; `code` is read as a category.

From `price` to `seen` they are texts in every format, and numbers or dates in disguise.
"""

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(-1000, 1000),
    "large": st.integers(2**53 - 5, 2**63 - 1),
    "double": st.floats(-1e6, 1e6).map(lambda x: x + 0.0),
    "single": st.floats(-1000, 1000, width=32).map(lambda x: np.float32(x) + np.float32(0)),
    "exact": st.decimals(-1000, 1000, places=2),
    "truth": st.booleans(),
    "text": st.sampled_from(ODD_TEXTS),
    "day": st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)),
    "moment": st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)),
    "time": st.times(),
    "duration": st.timedeltas(dt.timedelta(-1000), dt.timedelta(1000)),
    "code": st.integers(10_000, 10_005),
    "price": st.integers(-(10**7), 10**7).map(lambda n: f"{'-' * (n < 0)}${abs(n) / 100:,.2f}"),
    "share": st.integers(0, 1000).map(lambda n: f"{n / 10:.1f}%"),
    "weight": st.integers(1, 9999).map(lambda n: f"{n} lb"),
    "sold": st.dates(dt.date(1900, 1, 13), dt.date(2100, 1, 1)).map(
        lambda day: f"{day.day:02}.{day.month:02}.{day.year}"
    ),
    "seen": st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)).map(
        lambda moment: moment.strftime("%b %d, %Y %I:%M %p")
    ),
    "y": st.floats(-10, 10),
}
CONFIG = nntrain.Config(
    target=("y",), categorical=("code",), epochs=1, hidden_layers=(3,), engine="numpy"
)


@st.composite
def columns(draw: st.DrawFn) -> Columns:
    n_rows = draw(st.integers(3, 30))
    table = {
        name: draw(
            st.lists(
                values if name == "y" else st.none() | values, min_size=n_rows, max_size=n_rows
            )
        )
        for name, values in VALUES.items()
    }
    targets: list[Any] = table["y"]
    return table | {"y": [value + i for i, value in enumerate(targets)]}


def as_csv(table: Columns, path: Path) -> TableLike:
    texts = {name: [cell_text(value) for value in values] for name, values in table.items()}
    pd.DataFrame(texts).to_csv(path / "t.csv", index=False)
    return path / "t.csv"


def as_compressed_csv(table: Columns, path: Path) -> TableLike:
    as_csv(table, path)
    (path / "t.dat").write_bytes(gzip.compress((path / "t.csv").read_bytes()))
    return path / "t.dat"


def as_utf_16_with_bars(table: Columns, path: Path) -> TableLike:
    texts = {name: [cell_text(value) for value in values] for name, values in table.items()}
    pd.DataFrame(texts).to_csv(path / "u.csv", index=False, sep="|", encoding="utf-16")
    return path / "u.csv"


def as_json_lines(table: Columns, path: Path) -> TableLike:
    with (path / "t.jsonl").open("w") as file:
        for i, row in enumerate(zip(*table.values(), strict=True)):
            members = (
                f"{json.dumps(name)}: {_json(value)}"
                for name, value in zip(table, row, strict=True)
                if value is not None or i % 3 == 0
            )
            file.write("{" + ", ".join(members) + "}\n")
    return path / "t.jsonl"


def _json(value: Any) -> str:
    is_number = isinstance(value, (int, float, np.floating, decimal.Decimal))
    if is_number and not isinstance(value, bool):
        return str(cell_text(value))
    return json.dumps(value if isinstance(value, (bool, type(None))) else cell_text(value))


def arrow(table: Columns) -> pa.Table:
    return pa.table({name: pa.array(table[name], kind) for name, kind in TYPES.items()})


def as_parquet(table: Columns, path: Path) -> TableLike:
    parquet.write_table(arrow(table), path / "t.parquet", row_group_size=4)
    return path / "t.parquet"


def as_dictionaries(table: Columns, path: Path) -> TableLike:
    written = arrow(table)
    for i, name in enumerate(written.schema.names):
        if name in ("text", "code", "large"):
            written = written.set_column(i, name, written[name].dictionary_encode())
    parquet.write_table(written, path / "d.pq")
    return path / "d.pq"


def as_parts(table: Columns, path: Path) -> TableLike:
    n_rows = len(table["y"])
    paths = []
    for i, rows in enumerate(np.array_split(np.arange(n_rows), 3)):
        (path / f"part{i}").mkdir(exist_ok=True)
        part = {name: [values[row] for row in rows] for name, values in table.items()}
        paths.append(as_parquet(part, path / f"part{i}"))
    return paths  # type: ignore[return-value]


def as_frame(table: Columns, _path: Path) -> TableLike:
    frame: pd.DataFrame = arrow(table).to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def as_nullable_frame(table: Columns, _path: Path) -> TableLike:
    frame: pd.DataFrame = arrow(table).to_pandas()
    kinds: dict[str, Any] = {"integer": "Int64", "large": "Int64", "code": "Int32"}
    for name, kind in kinds.items():
        frame[name] = pd.array(table[name], kind)
    frame["single"] = frame["single"].astype(np.float32)
    return frame


def as_frame_of_objects(table: Columns, _path: Path) -> TableLike:
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in table.items()})


WRITERS: list[Callable[[Columns, Path], TableLike]] = [
    as_csv,
    as_compressed_csv,
    as_utf_16_with_bars,
    as_json_lines,
    as_parquet,
    as_dictionaries,
    as_parts,
    as_frame,
    as_nullable_frame,
    as_frame_of_objects,
]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("formats")


@pytest.mark.heavy
@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(table=columns(), block_bytes=st.sampled_from([20, 300, 10**6]), rows=st.integers(1, 40))
def test_every_format_gives_the_same_model_predictions_and_cells(
    path: Path, table: Columns, block_bytes: int, rows: int
) -> None:
    outcomes = {}
    with pytest.MonkeyPatch.context() as patch:
        read_in_blocks(patch, block_bytes)
        patch.setattr(csv_table, "SMALL_BYTES", rows)
        patch.setattr(frames, "FRAME_ROWS", rows)
        for write in WRITERS:
            outcomes[write.__name__] = outcome(write(table, path))
    expected = outcomes["as_csv"]
    for name, found in outcomes.items():
        assert found == expected, name


def outcome(table: TableLike) -> Any:
    """What a table means: the model's bytes or the error, predictions, and cells as written."""
    try:
        model = nntrain.fit(table, CONFIG)
    except nntrain.NntrainError as error:
        return str(error).split(":")[-1]
    kinds = [(feature.name, feature) for feature in model.preprocessing.features]
    return model.checksum, kinds, model.predict(table).to_numpy().tolist(), appended(model, table)


def appended(model: nntrain.Model, table: TableLike) -> list[list[str]]:
    """The cells that `predict --append` writes; a moment at midnight may be written as a date."""
    written = io.BytesIO()
    write_predictions(
        model, table, lambda: contextlib.nullcontext(written), OutputOptions(keep=None)
    )
    frame = pd.read_csv(io.BytesIO(written.getvalue()), dtype=str, keep_default_na=False)
    return [[category(cell) for cell in row] for row in frame.to_numpy().tolist()]


def seconds(*parts: Any) -> float:
    """The seconds from 1970 to a moment."""
    return (dt.datetime(*parts) - dt.datetime(1970, 1, 1)).total_seconds()


def test_kinds_and_categories_are_as_expected(path: Path) -> None:
    table: Columns = {
        "integer": [1, None, 3],
        "large": [2**60 + 1, None, 2**60 + 3],
        "double": [0.5, None, 1e22],
        "single": [np.float32(0.1), None, np.float32(3)],
        "exact": [decimal.Decimal("12.50"), None, decimal.Decimal("0.10")],
        "truth": [True, None, False],
        "text": ["TRUE", "", "007"],
        "day": [dt.date(2024, 5, 1), None, dt.date(2024, 5, 2)],
        "moment": [dt.datetime(2024, 5, 1), None, dt.datetime(2024, 5, 1, 10, 30, 0, 500_000)],
        "time": [dt.time(10, 30), None, dt.time(0, 0, 0, 500_000)],
        "duration": [dt.timedelta(1), None, dt.timedelta(0, 3600, 5)],
        "code": [10115, None, 10117],
        "price": ["$1,234.50", None, "-$7.00"],
        "share": ["34.4%", None, "0.5%"],
        "weight": ["2620 lb", None, "900 lb"],
        "sold": ["31.12.2023", None, "01.02.2024"],
        "seen": ["Dec 31, 2023 02:30 PM", None, "Jan 01, 2024 12:00 AM"],
        "y": [1.0, 2.0, 4.0],
    }
    for write in WRITERS:
        model = nntrain.fit(write(table, path), CONFIG)
        found = {
            feature.name: feature.categories
            if isinstance(feature, CategoricalColumn)
            else (feature.minimum, feature.maximum, feature.has_missing)
            for feature in model.preprocessing.features
        }
        assert found == {
            "integer": (1.0, 3.0, True),
            "large": (float(2**60 + 1), float(2**60 + 1), True),
            "double": (0.5, 1e22, True),
            "single": (0.1, 3.0, True),
            "exact": (0.1, 12.5, True),
            "truth": ("", "false", "true"),
            "text": ("", "007", "true"),
            "day": (seconds(2024, 5, 1), seconds(2024, 5, 2), True),
            "moment": (seconds(2024, 5, 1), seconds(2024, 5, 1, 10, 30, 0, 500_000), True),
            "time": (0.5, 10.5 * 3600, True),
            "duration": ("", "0 days 01:00:00.000005", "1 days 00:00:00"),
            "code": ("", "10115", "10117"),
            "price": (-7.0, 1234.5, True),
            "share": (0.5, 34.4, True),
            "weight": (900.0, 2620.0, True),
            "sold": (seconds(2023, 12, 31), seconds(2024, 2, 1), True),
            "seen": (seconds(2023, 12, 31, 14, 30), seconds(2024, 1, 1), True),
        }, write.__name__


def test_typed_numbers_have_a_decimal_point_whatever_texts_stand_beside_them(path: Path) -> None:
    """A CSV does not tell whether its 1.234 beside decimal commas is 1234; other formats do."""
    frame = pd.DataFrame(
        {"a": ["1,5", "2,25", "7,5"], "b": [1.234, 2.345, 3.456], "y": [1.5, 2.5, 4.5]}
    )
    frame.to_parquet(path / "g.parquet")
    frame.to_json(path / "g.jsonl", orient="records", lines=True)
    for table in (frame, path / "g.parquet", path / "g.jsonl"):
        model = nntrain.fit(table, CONFIG_OF_ALL)
        assert ranges(model) == {"a": (1.5, 7.5), "b": (1.234, 3.456)}
    frame.to_csv(path / "g.csv", index=False, sep=";")
    texts = frame.assign(b=frame["b"].astype(str), y=frame["y"])
    for table in (path / "g.csv", texts):
        model = nntrain.fit(table, CONFIG_OF_ALL)
        assert ranges(model) == {"a": (1.5, 7.5), "b": (1234.0, 3456.0)}
        assert model.predict(table).to_numpy().tolist() == predicted(model, frame)


CONFIG_OF_ALL = nntrain.Config(target=("y",), epochs=1, engine="numpy")


def ranges(model: nntrain.Model) -> dict[str, tuple[float, float]]:
    features = model.preprocessing.features
    return {f.name: (f.minimum, f.maximum) for f in features if isinstance(f, NumericColumn)}


def predicted(model: nntrain.Model, frame: pd.DataFrame) -> list[list[float]]:
    """The predictions for typed numbers that are what the texts stand for."""
    whole: list[list[float]] = model.predict(frame.assign(b=frame["b"] * 1000)).to_numpy().tolist()
    return whole
