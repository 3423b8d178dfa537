"""Tables as chunks of typed columns: CSV files, standard input and DataFrames read alike.

A CSV block whose records are regular is parsed by pandas; anything unusual goes cell by cell
through `cells`, which defines what a cell means. A property test holds the two ways equal.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeAlias, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nntrain.data.cells import CellFormat
from nntrain.data.records import Block, read_blocks, read_header
from nntrain.data.sources import Source

Column: TypeAlias = NDArray[Any]
TableLike: TypeAlias = "str | Path | pd.DataFrame | Iterable[pd.DataFrame]"

FRAME_ROWS = 1 << 16


@dataclass(frozen=True)
class Chunk:
    """Some rows of a table.

    A column is float64 with NaN for a missing cell where numbers were asked for and every cell is
    one or missing; else it holds the cells' texts as they are written. `place(row)` names the
    row-th row (from 0) for a message.
    """

    n_rows: int
    columns: Mapping[str, Column]
    place: Callable[[int], str]


class Table(Protocol):
    """A table that can be read more than once, chunk by chunk. `name` stands for it in messages."""

    name: str
    columns: list[str]

    def chunks(self, numbers: Sequence[str], texts: Sequence[str]) -> Iterator[Chunk]:
        """All rows, with the columns that are wanted as numbers and those wanted as text.

        The caller may change both lists between chunks. Raises `DataError`.
        """
        ...


@contextlib.contextmanager
def open_table(
    table: TableLike, cells: CellFormat, delimiter: str | None = None, *, twice: bool = False
) -> Iterator[Table]:
    """A table from a path (`-`: standard input), a DataFrame or DataFrames to be read in a row.

    `twice` allows `chunks` to be called again where the source is a pipe. Raises `DataError`.
    """
    if isinstance(table, (str, Path)):
        with Source(str(table)) as source:
            yield CsvTable(source, cells, delimiter, twice=twice)
    elif isinstance(table, pd.DataFrame):
        yield FrameTable(table, cells)
    else:
        yield FrameTable(pd.concat(table, ignore_index=True), cells)


class CsvTable:
    """Delimited text with a header line; see `Table`."""

    def __init__(
        self, source: Source, cells: CellFormat, delimiter: str | None, *, twice: bool
    ) -> None:
        self.name = source.name
        self.cells = cells
        self._source = source
        self._stream = source.open(twice=twice)
        header = read_header(self._stream, self.name, delimiter)
        self.columns, self.delimiter, self._first_line, self._rest = header
        self._is_fresh = True

    def chunks(self, numbers: Sequence[str], texts: Sequence[str]) -> Iterator[Chunk]:
        """See `Table.chunks`."""
        if not self._is_fresh:
            self._stream = self._source.open()
            header = read_header(self._stream, self.name, self.delimiter)
            _, _, self._first_line, self._rest = header
        self._is_fresh = False
        for block in read_blocks(
            self._stream,
            self.name,
            self.delimiter,
            len(self.columns),
            self._first_line,
            self._rest,
        ):
            yield self._chunk(block, list(numbers), list(texts))

    def _chunk(self, block: Block, numbers: list[str], texts: list[str]) -> Chunk:
        columns = self._parse_fast(block, numbers, texts) if block.regular else None
        if columns is None:
            rows = [cells for _, cells in block.complete_records()]
            columns = {name: self._texts(rows, name) for name in [*numbers, *texts]}
            columns = with_numbers(columns, numbers, self.cells)
        n_rows = len(next(iter(columns.values()))) if columns else _count_rows(block)
        return Chunk(n_rows, columns, lambda row: f"{self.name}, line {block.line_of(row)}")

    def _texts(self, rows: list[list[str]], name: str) -> Column:
        position = self.columns.index(name)
        return np.array([cells[position] for cells in rows], dtype=object)

    def _parse_fast(
        self, block: Block, numbers: list[str], texts: list[str]
    ) -> dict[str, Column] | None:
        """The columns by pandas, or None where only a cell by cell reading can tell."""
        position = {name: self.columns.index(name) for name in [*numbers, *texts]}
        if not position:
            return None
        try:
            columns = self._read_csv(block, position, numbers)
        except ValueError:
            try:
                columns = self._read_csv(block, position, [])
            except ValueError:
                return None
            return with_numbers(columns, numbers, self.cells)
        for name in numbers:
            self.cells.blank_missing_numbers(columns[name])
        maybe_booleans = [name for name in numbers if _may_be_booleans(columns[name], block.data)]
        if maybe_booleans:
            again = self._read_csv(block, {name: position[name] for name in maybe_booleans}, [])
            columns |= with_numbers(again, maybe_booleans, self.cells)
        return columns

    def _read_csv(
        self, block: Block, position: Mapping[str, int], numbers: Sequence[str]
    ) -> dict[str, Column]:
        """Columns by pandas: `numbers` as float64, the others as text. Raises `ValueError`."""
        dtypes = {i: np.float64 if name in numbers else object for name, i in position.items()}
        missing = {position[name]: list(self.cells.missing_texts) for name in numbers}
        frame = pd.read_csv(
            io.BytesIO(block.data),
            sep=self.delimiter,
            decimal=self.cells.decimal,
            header=None,
            names=list(range(len(self.columns))),
            usecols=sorted(position.values()),
            dtype=cast("Any", dtypes),
            na_values=cast("Any", missing),
            keep_default_na=False,
            na_filter=bool(missing),
            index_col=False,
            low_memory=False,
        )
        return {name: frame[i].to_numpy() for name, i in position.items()}


class FrameTable:
    """A DataFrame in memory; see `Table`. Rows are named by their position, from 0."""

    def __init__(self, frame: pd.DataFrame, cells: CellFormat) -> None:
        self.name = "the DataFrame"
        self.frame = frame
        self.cells = cells
        self.columns = [str(name) for name in frame.columns]

    def chunks(self, numbers: Sequence[str], texts: Sequence[str]) -> Iterator[Chunk]:
        """See `Table.chunks`."""
        for start in range(0, len(self.frame), FRAME_ROWS):
            part = self.frame.iloc[start : start + FRAME_ROWS]
            columns = {name: self._column(part, name, as_numbers=True) for name in numbers}
            columns |= {name: self._column(part, name, as_numbers=False) for name in texts}
            yield Chunk(len(part), columns, partial(_row_of_frame, start))

    def _column(self, part: pd.DataFrame, name: str, *, as_numbers: bool) -> Column:
        series = part.iloc[:, self.columns.index(name)]
        is_number = pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series)
        if as_numbers and is_number:
            values = series.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
            self.cells.blank_missing_numbers(values)
            return values
        absent = series.isna()
        cells = ["" if none else str(cell) for cell, none in zip(series, absent, strict=True)]
        texts = np.array(cells, dtype=object)
        return with_numbers({name: texts}, [name], self.cells)[name] if as_numbers else texts


def _row_of_frame(start: int, row: int) -> str:
    return f"the DataFrame, row {start + row} (counting from 0)"


def with_numbers(
    columns: Mapping[str, Column], numbers: Sequence[str], cells: CellFormat
) -> dict[str, Column]:
    """Columns of text, those of `numbers` as float64 where each cell is a number or missing."""
    result = dict(columns)
    for name in numbers:
        values = cells.numbers(columns[name])
        if values is not None:
            result[name] = values
    return result


def _may_be_booleans(values: NDArray[np.float64], data: bytes) -> bool:
    """Whether pandas may have read True and False as 1 and 0."""
    if not np.isin(values[:1], (0.0, 1.0)).all() and not np.isnan(values[:1]).all():
        return False
    words = (b"rue", b"RUE", b"alse", b"ALSE")
    return bool(np.all(np.isnan(values) | (values == 0) | (values == 1))) and any(
        word in data for word in words
    )


def _count_rows(block: Block) -> int:
    return sum(1 for _ in block.complete_records())
