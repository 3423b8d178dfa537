"""Delimited text with a header line as a table: blocks of records become chunks of columns."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from nntrain.arrays import Column
from nntrain.data.notes import CommentLines, log_note
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.csv_block import Block
from nntrain.data.readers.csv_columns import (
    parse_cells,
    parse_fast,
    parse_texts_fast,
    text_column,
)
from nntrain.data.readers.csv_header import read_header
from nntrain.data.readers.csv_records import read_blocks
from nntrain.data.readers.names import NO_NAMES, KnownNames
from nntrain.data.readers.sources import Source
from nntrain.data.readers.streams import ByteStream
from nntrain.data.readers.table import Chunk, ColumnTypes, Place
from nntrain.data.readers.values import json_cell_of_text, object_column
from nntrain.text import counted
from nntrain.threads import available_cores, map_ahead

log = logging.getLogger(__name__)

TAB_SUFFIXES = (".tsv", ".tab")

SMALL_BYTES = 1 << 18
"""The first bytes of a table, which are parsed cell by cell sooner than pandas is loaded."""

MANY_COLUMNS = 10_000
"""Above this many columns, pandas takes longer for each column than for all its cells."""

MOST_THREADS = 3
"""More threads would not be faster: a third of pandas' time is not spent in parallel."""

Parsed: TypeAlias = "tuple[ColumnTypes, dict[str, Column] | None]"
"""The types a block was parsed by, and its columns; None if it takes parsing cell by cell."""


class CsvTable:
    """Delimited text with a header line; see `Table`.

    `stream` is what `source.open` gave. With `tolerate_bad_rows`, a row with too few or too many
    cells is marked in its chunk instead of raising `DataError`.
    """

    is_complete = True
    nested: Mapping[str, str] = MappingProxyType({})
    saved_index: tuple[str, ...] = ()

    def __init__(
        self,
        source: Source,
        stream: ByteStream,
        cells: CellFormat,
        delimiter: str | None = None,
        known: KnownNames = NO_NAMES,
        *,
        tolerate_bad_rows: bool = False,
    ) -> None:
        self.name = source.name
        self.cells = cells
        self.tolerate_bad_rows = tolerate_bad_rows
        self.progress = 0.0
        self._source = source
        self._stream = stream
        is_tabbed = any(
            suffix.lower() in TAB_SUFFIXES for suffix in Path(source.path).suffixes[-2:]
        )
        header = read_header(stream, self.name, delimiter, "\t" if is_tabbed else "")
        if header.n_comments:
            log_note(CommentLines(self.name, header.n_comments))
        self.columns = known.spelled(header.names, self.name)
        self.delimiter = header.delimiter
        self._first_line, self._rest = header.next_line, header.rest
        self._positions = {name: i for i, name in reversed(list(enumerate(self.columns)))}
        self._is_fresh = True
        n = len(self.columns)
        log.info("%s: %s, separated by %r", self.name, counted(n, "column"), self.delimiter)

    def chunks(self, types: Callable[[], ColumnTypes]) -> Iterator[Chunk]:
        """See `Table.chunks`. Blocks are parsed ahead, on other threads."""
        self._rewind()

        def parse(block_and_end: tuple[Block, int]) -> Parsed:
            wanted = types()
            return wanted, self._parse_fast(*block_and_end, wanted)

        size, may_wait = self._source.size, self._source.may_wait
        threads = min(available_cores(), MOST_THREADS)
        parsing = map_ahead(self._blocks(), parse, threads, may_wait=may_wait)
        with contextlib.closing(parsing) as parsed_ahead:
            for (block, end), (parsed_types, columns) in parsed_ahead:
                wanted = types()
                if columns is not None and parsed_types != wanted:
                    columns = self._parse_fast(block, end, wanted)  # noqa: PLW2901
                self.progress = end / size if size else 0.0
                yield self._chunk(block, wanted, columns)

    def _rewind(self) -> None:
        """Go to the first record, if the table was read before."""
        if not self._is_fresh:
            self._stream = self._source.open()
            header = read_header(self._stream, self.name, self.delimiter)
            self._first_line, self._rest = header.next_line, header.rest
        self._is_fresh = False

    def _blocks(self) -> Iterator[tuple[Block, int]]:
        """The table's blocks, each with the number of bytes up to its end."""
        n_columns, end = len(self.columns), 0
        for block in read_blocks(
            self._stream, self.name, self.delimiter, n_columns, self._first_line, self._rest
        ):
            end += len(block.data)
            yield block, end

    def _parse_fast(self, block: Block, end: int, types: ColumnTypes) -> dict[str, Column] | None:
        """A block's columns by pandas; None where they take parsing cell by cell."""
        if end <= SMALL_BYTES or len(self.columns) > MANY_COLUMNS or not block.regular:
            return None
        return parse_fast(block, types, self._positions, self.cells)

    def _chunk(self, block: Block, types: ColumnTypes, columns: dict[str, Column] | None) -> Chunk:
        """A block's chunk, from the `columns` that pandas parsed, if it did."""
        return (
            self._chunk_of_records(block, types)
            if columns is None
            else self._chunk_of_columns(block, columns)
        )

    def _chunk_of_columns(self, block: Block, columns: dict[str, Column]) -> Chunk:
        def as_written(positions: Sequence[int]) -> list[Column]:
            texts = parse_texts_fast(block, positions, self.cells)
            if texts is not None:
                return texts
            # A cell is not UTF-8, in a column that was not read before: reading records says so.
            records = self._records(block)
            return [text_column(records, position) for position in positions]

        n_rows = len(next(iter(columns.values())))
        return Chunk(
            n_rows,
            columns,
            self._place(block),
            as_written,
            partial(_as_json, as_written, self.cells.decimal),
        )

    def _chunk_of_records(self, block: Block, types: ColumnTypes) -> Chunk:
        records, width = self._records(block), len(self.columns)
        bad = np.array([len(cells) != width for cells in records], dtype=bool)
        if bad.any():
            records = [(cells + [""] * width)[:width] for cells in records]

        def as_written(positions: Sequence[int]) -> list[Column]:
            return [text_column(records, position) for position in positions]

        columns = parse_cells(records, types, self._positions, self.cells)
        place = self._place(block)
        as_json = partial(_as_json, as_written, self.cells.decimal)
        return Chunk(len(records), columns, place, as_written, as_json, bad if bad.any() else None)

    def _records(self, block: Block) -> list[list[str]]:
        """A block's records. Raises `DataError` for a bad one, unless those are tolerated."""
        records = block.records() if self.tolerate_bad_rows else block.complete_records()
        return [cells for _, cells in records]

    def _place(self, block: Block) -> Callable[[int], Place]:
        return lambda row: Place(self.name, "line", block.line_of(row))


def _as_json(
    as_written: Callable[[Sequence[int]], list[Column]],
    decimal_mark: str,
    positions: Sequence[int],
) -> list[Column]:
    """Columns, each cell in JSON."""
    return [
        object_column(json_cell_of_text(text, decimal_mark) for text in column)
        for column in as_written(positions)
    ]
