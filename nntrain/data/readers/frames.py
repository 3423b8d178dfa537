"""DataFrames as tables. This is the only module that imports pandas when it is imported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nntrain.arrays import Column, Vector
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.names import NO_NAMES, KnownNames
from nntrain.data.readers.table import Chunk, ColumnTypes, Place, column_of_values
from nntrain.data.readers.values import (
    cell_text,
    json_cell,
    object_column,
    shortest_decimals,
    text_or_json,
)

FRAME_ROWS = 1 << 16


class FrameTable:
    """DataFrames that come one by one, as a table; see `Table`. Rows are named by position, from 0.

    `frames()` gives the DataFrames from the first one on, each time it is called.
    """

    is_complete = True

    def __init__(
        self,
        frames: Callable[[], Iterable[pd.DataFrame]],
        name: str,
        columns: Sequence[str],
        cells: CellFormat,
        nested: Mapping[str, str] | None = None,
        saved_index: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.columns = list(columns)
        self.cells = cells
        self.saved_index = saved_index
        self.progress = 0.0
        self._frames = frames
        self._nested = nested

    @cached_property
    def nested(self) -> Mapping[str, str]:
        """See `Table.nested`; known from the first value of each column, if not from a schema."""
        if self._nested is not None:
            return self._nested
        found = {}
        for frame in self._frames():
            for i, name in enumerate(self.columns):
                if frame.dtypes.iloc[i].kind == "O":
                    row = frame.iloc[:, i].first_valid_index()
                    values = [] if row is None else _values(frame.iloc[:, i].dropna().iloc[:1])
                    if values and cell_text(values[0]) is None:
                        found[name] = f"row {row!r}"
            break
        return found

    def chunks(self, types: Callable[[], ColumnTypes]) -> Iterator[Chunk]:
        """See `Table.chunks`."""
        start = 0
        for frame in self._frames():
            wanted, place = types(), partial(self._place, start)
            columns: dict[str, Column] = {}
            for name in wanted.names:
                series = frame.iloc[:, self.columns.index(name)]
                is_wanted_as_number = name in wanted.numbers
                columns[name] = self._column(series, name, place, as_numbers=is_wanted_as_number)
            yield Chunk(
                len(frame),
                columns,
                place,
                partial(_each, frame, text_or_json),
                partial(_each, frame, json_cell),
            )
            start += len(frame)

    def _place(self, start: int, row: int) -> Place:
        return Place(self.name, "row", start + row)

    def _column(
        self, series: pd.Series[Any], name: str, place: Callable[[int], Place], *, as_numbers: bool
    ) -> Column:
        cells = self.cells.of_column(name)
        if as_numbers and series.dtype.kind in "iuf" and cells.notation is None:
            numbers = _numbers(series)
            cells.blank_missing_numbers(numbers)
            return numbers
        values = _values(series)
        return column_of_values(values, place, f"column {name!r}", cells if as_numbers else None)


def frame_table(
    frame: pd.DataFrame,
    cells: CellFormat,
    known: KnownNames = NO_NAMES,
    name: str = "the DataFrame",
) -> FrameTable:
    """A DataFrame as a table; `name` is what messages call it."""

    def frames() -> Iterator[pd.DataFrame]:
        for start in range(0, len(frame), FRAME_ROWS):
            yield frame.iloc[start : start + FRAME_ROWS]

    columns = known.spelled([str(column) for column in frame.columns], name)
    return FrameTable(frames, name, columns, cells)


def _numbers(series: pd.Series[Any]) -> Vector:
    """The numbers (n_rows,) of a column of integers or floating-point numbers, NaN if missing."""
    if _is_narrow(series):
        return shortest_decimals(_narrow(series))
    return series.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)


def _values(series: pd.Series[Any]) -> list[Any]:
    """The values of a column, None where one is absent; narrow numbers keep their precision."""
    values = list(_narrow(series)) if _is_narrow(series) else list(series)
    is_absent = series.isna().tolist()
    return [
        None if absent or (isinstance(value, (float, np.floating)) and np.isnan(value)) else value
        for value, absent in zip(values, is_absent, strict=True)
    ]


def _is_narrow(series: pd.Series[Any]) -> bool:
    """Whether a column holds floating-point numbers of less than double precision."""
    return series.dtype.kind == "f" and _dtype(series).itemsize < 8


def _dtype(series: pd.Series[Any]) -> Any:
    """A column's type; that of the values, if the column is sparse."""
    return getattr(series.dtype, "subtype", series.dtype)


def _narrow(series: pd.Series[Any]) -> NDArray[np.floating[Any]]:
    dtype = np.dtype(f"f{_dtype(series).itemsize}")
    values: Any = series.to_numpy(dtype=dtype, na_value=np.nan)
    return np.asarray(values)


def _each(
    frame: pd.DataFrame, convert: Callable[[Any], str], positions: Sequence[int]
) -> list[Column]:
    """Columns of a DataFrame, every value converted to a text."""
    return [object_column(map(convert, _values(frame.iloc[:, i]))) for i in positions]
