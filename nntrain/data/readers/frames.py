"""DataFrames as tables. This is the only module that imports pandas when it is imported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import numpy as np
import pandas as pd

from nntrain.arrays import Column
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.table import Chunk, ColumnTypes, Place, with_numbers

FRAME_ROWS = 1 << 16


class FrameTable:
    """DataFrames that come one by one, as a table; see `Table`. Rows are named by position, from 0.

    `frames()` gives the DataFrames from the first one on, each time it is called.
    """

    def __init__(
        self,
        frames: Callable[[], Iterable[pd.DataFrame]],
        name: str,
        columns: list[str],
        cells: CellFormat,
    ) -> None:
        self.name = name
        self.columns = columns
        self.cells = cells
        self.progress = 0.0
        self._frames = frames

    def chunks(self, types: Callable[[], ColumnTypes]) -> Iterator[Chunk]:
        """See `Table.chunks`."""
        start = 0
        for frame in self._frames():
            part, wanted = frame.reset_index(drop=True), types()
            columns = {name: self._column(part, name, as_numbers=True) for name in wanted.numbers}
            columns |= {name: self._column(part, name, as_numbers=False) for name in wanted.texts}
            place = partial(self._place, start)
            yield Chunk(len(part), columns, place, partial(_frame_as_written, part))
            start += len(part)

    def _place(self, start: int, row: int) -> Place:
        return Place(self.name, "row", start + row)

    def _column(self, part: pd.DataFrame, name: str, *, as_numbers: bool) -> Column:
        position = self.columns.index(name)
        series = part.iloc[:, position]
        is_number = pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series)
        if as_numbers and is_number:
            values = series.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
            self.cells.blank_missing_numbers(values)
            return values
        (texts,) = _frame_as_written(part, [position])
        return with_numbers({name: texts}, [name], self.cells)[name] if as_numbers else texts


def frame_table(frame: pd.DataFrame, cells: CellFormat) -> FrameTable:
    """A DataFrame as a table."""

    def frames() -> Iterator[pd.DataFrame]:
        for start in range(0, len(frame), FRAME_ROWS):
            yield frame.iloc[start : start + FRAME_ROWS]

    return FrameTable(frames, "the DataFrame", [str(name) for name in frame.columns], cells)


def _frame_as_written(part: pd.DataFrame, positions: Sequence[int]) -> list[Column]:
    """Columns of a DataFrame as texts; an absent value is an empty text."""
    columns = []
    for position in positions:
        series = part.iloc[:, position]
        cells = [
            "" if none else str(cell) for cell, none in zip(series, series.isna(), strict=True)
        ]
        columns.append(np.array(cells, dtype=object))
    return columns


def joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One DataFrame with the rows of all of them."""
    return pd.concat(frames, ignore_index=True)
