"""Tables as chunks of typed columns, and delimited text as one.

A CSV block whose records are regular is parsed by pandas; anything unusual goes cell by cell
through `cells`, which defines what a cell means. A property test holds the two ways equal.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Column
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.csv_records import Block, read_blocks, read_header
from nntrain.data.readers.sources import Source
from nntrain.data.readers.table import Chunk, Place, with_numbers
from nntrain.text import counted
from nntrain.threads import available_cores, map_ahead

log = logging.getLogger(__name__)


Parsed: TypeAlias = "tuple[tuple[list[str], list[str]], dict[str, Column] | None]"
"""The columns that were wanted as numbers and as texts, and what they are."""

SMALL_BYTES = 1 << 18
"""Up to so much of a table is read sooner than pandas is loaded."""

BOOLEAN_ENDS = (b"rue", b"RUE", b"alse", b"ALSE")

MANY_COLUMNS = 10_000
"""With more, pandas takes longer for each column than for all its cells, and 12 KB."""

MOST_THREADS = 3
"""More would not be faster: what pandas does not do in parallel takes a third of the time."""
NOT_PARSED = (ValueError, OverflowError)
"""What pandas raises for a cell, or an integer of hundreds of digits, that is no double."""


class CsvTable:
    """Delimited text with a header line; see `Table`.

    `tolerate_bad_rows`: a row with too few or too many cells is marked rather than an error.
    """

    def __init__(
        self,
        source: Source,
        cells: CellFormat,
        delimiter: str | None = None,
        *,
        twice: bool = False,
        tolerate_bad_rows: bool = False,
    ) -> None:
        self.name = source.name
        self.cells = cells
        self.tolerate_bad_rows = tolerate_bad_rows
        self.progress = 0.0
        self._n_bytes_by_cell = 0
        self._source = source
        self._stream = source.open(twice=twice)
        header = read_header(self._stream, self.name, delimiter)
        self.columns, self.delimiter, self._first_line, self._rest = header
        self._position = {name: i for i, name in reversed(list(enumerate(self.columns)))}
        self._is_fresh = True
        n = len(self.columns)
        log.info("%s: %s, separated by %r", self.name, counted(n, "column"), self.delimiter)

    def chunks(self, numbers: Sequence[str], texts: Sequence[str]) -> Iterator[Chunk]:
        """See `Table.chunks`."""
        if not self._is_fresh:
            self._stream = self._source.open()
            header = read_header(self._stream, self.name, self.delimiter)
            _, _, self._first_line, self._rest = header
        self._is_fresh = False
        blocks = read_blocks(
            self._stream,
            self.name,
            self.delimiter,
            len(self.columns),
            self._first_line,
            self._rest,
        )

        def parse(block: Block) -> Parsed:
            wanted = list(numbers), list(texts)
            if not block.regular or self._is_cell_by_cell(block):
                return wanted, None
            return wanted, self._parse_fast(block, *wanted)

        n_bytes, size = 0, self._source.size
        may_wait = self._source.may_wait
        threads = min(available_cores(), MOST_THREADS)
        with contextlib.closing(map_ahead(blocks, parse, threads, may_wait=may_wait)) as parsed:
            for block, (wanted, columns) in parsed:
                # The caller may have changed what is wanted meanwhile.
                is_wanted = columns is None or wanted == (numbers, texts)
                fitting = columns if is_wanted else parse(block)[1]
                n_bytes += len(block.data)
                self.progress = n_bytes / size if size else 0.0
                yield self._chunk(block, fitting, numbers, texts)

    def _is_cell_by_cell(self, block: Block) -> bool:
        """Whether cell by cell is faster than pandas, or yet than loading it."""
        if len(self.columns) > MANY_COLUMNS:
            return True
        self._n_bytes_by_cell += len(block.data)
        return self._n_bytes_by_cell <= SMALL_BYTES and "pandas" not in sys.modules

    def _chunk(
        self,
        block: Block,
        columns: dict[str, Column] | None,
        numbers: Sequence[str],
        texts: Sequence[str],
    ) -> Chunk:
        """A block's chunk; `columns` as they were parsed, None where that takes cell by cell."""

        def place(row: int) -> Place:
            return Place(self.name, "line", block.line_of(row))

        if columns:
            n_rows = len(next(iter(columns.values())))
            return Chunk(n_rows, columns, place, partial(self._as_written, block))
        records = [cells for _, cells in self._records(block)]
        bad = np.array([len(cells) != len(self.columns) for cells in records], dtype=bool)
        if bad.any():
            width = len(self.columns)
            records = [(cells + [""] * width)[:width] for cells in records]
        columns = {name: _text_column(records, self._position[name]) for name in [*numbers, *texts]}

        def as_written(positions: Sequence[int]) -> list[Column]:
            return [_text_column(records, position) for position in positions]

        columns = with_numbers(columns, numbers, self.cells)
        return Chunk(len(records), columns, place, as_written, bad if bad.any() else None)

    def _records(self, block: Block) -> Iterator[tuple[int, list[str]]]:
        return block.records() if self.tolerate_bad_rows else block.complete_records()

    def _as_written(self, block: Block, positions: Sequence[int]) -> list[Column]:
        try:
            columns = self._read_csv(block, list(positions), [])
        except NOT_PARSED:  # bytes that are not UTF-8, in a column that was not read before
            records = [cells for _, cells in self._records(block)]
            return [_text_column(records, position) for position in positions]
        return [columns[position] for position in positions]

    def _parse_fast(
        self, block: Block, numbers: list[str], texts: list[str]
    ) -> dict[str, Column] | None:
        """The columns by pandas, or None where only a cell by cell reading can tell."""
        names = {self._position[name]: name for name in [*numbers, *texts]}
        wanted = [self._position[name] for name in numbers]
        if not names:
            return None
        try:
            try:
                by_position = self._read_csv(block, list(names), wanted)
            except NOT_PARSED:
                by_position = self._read_csv(block, list(names), [])
                columns = {name: by_position[position] for position, name in names.items()}
                return with_numbers(columns, numbers, self.cells)
            for position in wanted:
                self.cells.blank_missing_numbers(by_position[position])
            maybe = [i for i in wanted if _may_be_booleans(by_position[i])]
            columns = {name: by_position[position] for position, name in names.items()}
            if maybe and any(word in block.data for word in BOOLEAN_ENDS):
                again = {names[i]: text for i, text in self._read_csv(block, maybe, []).items()}
                columns |= with_numbers(again, list(again), self.cells)
        except NOT_PARSED:
            return None
        return columns

    def _read_csv(
        self, block: Block, positions: list[int], numbers: Sequence[int]
    ) -> dict[int, Column]:
        """Columns by pandas: `numbers` as float64, the others as text. Raises `NOT_PARSED`."""
        dtypes: dict[int, Any] = dict.fromkeys(positions, object)
        dtypes |= dict.fromkeys(numbers, np.float64)
        missing = dict.fromkeys(numbers, self.cells.missing_words)
        import pandas as pd  # noqa: PLC0415  (slow to load, and not needed for a small table)

        frame = pd.read_csv(
            io.BytesIO(block.data),
            sep=self.delimiter,
            decimal=self.cells.decimal,
            header=None,
            names=list(range(len(self.columns))),
            usecols=sorted(positions),
            dtype=cast("Any", dtypes),
            na_values=cast("Any", missing),
            keep_default_na=False,
            na_filter=bool(missing),
            index_col=False,
            low_memory=False,
        )
        return {i: frame[i].to_numpy() for i in positions}


def _text_column(records: list[list[str]], position: int) -> Column:
    return np.array([cells[position] for cells in records], dtype=object)


def _may_be_booleans(values: NDArray[np.float64]) -> bool:
    """Whether pandas may have read True and False as 1 and 0, if such words are there at all."""
    if len(values) and values[0] not in (0.0, 1.0) and not np.isnan(values[0]):
        return False
    return bool(np.all(np.isnan(values) | (values == 0) | (values == 1)))
