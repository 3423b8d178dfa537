"""JSON lines as a table: one object per line, one row per object."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np

from nntrain.arrays import Column, Vector
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.csv_block import BLOCK_BYTES, BOM
from nntrain.data.readers.csv_header import check_width
from nntrain.data.readers.json_objects import check_length, parse_object
from nntrain.data.readers.names import NO_NAMES, KnownNames
from nntrain.data.readers.sources import Source
from nntrain.data.readers.streams import ByteStream
from nntrain.data.readers.table import Chunk, ColumnTypes, Place, column_of_values
from nntrain.data.readers.values import (
    json_cell,
    object_column,
    text_or_json,
)
from nntrain.errors import DataError

MAX_BLOCK_CELLS = 1 << 25
"""The most cells in a block. If there are more, nearly all are empty, and take gigabytes."""

MAX_OBJECTS_AHEAD, MAX_BYTES_AHEAD = 10_000, 1 << 24
"""About the most that is read before the first object is used, to find a key that all lack."""

Record: TypeAlias = dict[str, Any]
"""The values of an object by key."""

Line: TypeAlias = tuple[int, bytes]
"""The number of a line that is not blank, and what it holds."""


class JsonLinesTable:
    """One JSON object per line; see `Table`.

    The columns are the keys of all objects. Where an object lacks a key, or its value is null, the
    cell is missing. Numbers keep the digits they are written with. `stream` is what `source.open`
    gave. If `keeps_keys_open`, the rows are given as they arrive, and the columns are the keys so
    far; else the whole input is looked through first.
    """

    saved_index: tuple[str, ...] = ()

    def __init__(
        self,
        source: Source,
        stream: ByteStream,
        cells: CellFormat,
        known: KnownNames = NO_NAMES,
        *,
        keeps_keys_open: bool = False,
    ) -> None:
        self.name = source.name
        self.cells = cells
        self.progress = 0.0
        self.columns: list[str] = []
        self.nested: dict[str, str] = {}
        self.is_complete = not keeps_keys_open
        self._source = source
        self._stream: ByteStream | None = stream if keeps_keys_open else None
        self._known = known
        self._spellings: dict[str, str] = {}
        self._are_respelled = False
        if not keeps_keys_open:
            self._look_through(stream)

    def _look_through(self, stream: ByteStream) -> None:
        """Note every key, and where keys hold arrays or objects."""
        longest = 0
        for block in self._blocks(stream):
            longest = max(longest, len(block))
            for (line, _), record in zip(block, self._records(block), strict=True):
                for key, value in record.items():
                    if isinstance(value, (dict, list)):
                        self.nested.setdefault(key, f"line {line}")
            if longest * len(self.columns) > MAX_BLOCK_CELLS:
                raise DataError(
                    f"{self.name}: has {len(self.columns):,} different keys in few objects; the "
                    f"objects of a table have the same ones"
                )
        if not longest:
            raise DataError(f"{self.name}: is empty; expects a JSON object a line")

    def chunks(self, types: Callable[[], ColumnTypes]) -> Iterator[Chunk]:
        """See `Table.chunks`. Where columns were still open, they are complete after the last."""
        stream, self._stream = self._stream or self._source.open(), None
        parsed = ((block, self._records(block)) for block in self._blocks(stream))
        first = self._until_all_are_seen(parsed, types().names)
        if not first:
            raise DataError(f"{self.name}: is empty; expects a JSON object a line")
        for block, records in itertools.chain(first, parsed):
            yield self._chunk(block, records, types())
        self.is_complete = True

    def _until_all_are_seen(
        self, parsed: Iterator[tuple[list[Line], list[Record]]], names: Iterable[str]
    ) -> list[tuple[list[Line], list[Record]]]:
        """The first blocks: until every wanted key was seen, or so many objects that it may not be.

        So a table that lacks a key that is needed is refused before its first row is used.
        """
        first, n_objects, n_bytes = [], 0, 0
        for block, records in parsed:
            first.append((block, records))
            n_objects += len(records)
            n_bytes += sum(len(text) for _, text in block)
            are_many = n_objects >= MAX_OBJECTS_AHEAD or n_bytes >= MAX_BYTES_AHEAD
            if are_many or set(names) <= set(self.columns):
                return first
        self.is_complete = True
        return first

    def _chunk(self, block: list[Line], records: list[Record], types: ColumnTypes) -> Chunk:
        @functools.cache
        def as_they_stand() -> list[Record]:
            return self._records(block, as_written=True)

        def as_written(positions: Iterable[int]) -> list[Column]:
            names = (self.columns[i] for i in positions)
            return [
                object_column(text_or_json(record.get(name)) for record in as_they_stand())
                for name in names
            ]

        def as_json(positions: Iterable[int]) -> list[Column]:
            names = (self.columns[i] for i in positions)
            return [
                object_column(
                    json_cell(record[name]) if name in record else "" for record in as_they_stand()
                )
                for name in names
            ]

        def place(row: int) -> Place:
            return Place(self.name, "line", block[row][0])

        columns: dict[str, Column] = {}
        for name in types.names:
            doubles = self._doubles(records, name) if name in types.numbers else None
            if doubles is not None:
                columns[name] = doubles
                continue
            values = [record.get(name) for record in as_they_stand()]
            cells = self.cells.of_column(name) if name in types.numbers else None
            columns[name] = column_of_values(values, place, f"key {name!r}", cells)
        return Chunk(len(records), columns, place, as_written, as_json)

    def _doubles(self, records: list[Record], name: str) -> Vector | None:
        """The numbers (n_rows,) of a key, NaN if missing; None if any value is something else."""
        values = [record.get(name) for record in records]
        if name in self.cells.notations or not set(map(type, values)) <= {float, type(None)}:
            return None
        numbers = np.array(values, dtype=np.float64)
        self.cells.blank_missing_numbers(numbers)
        return numbers

    def _blocks(self, stream: ByteStream) -> Iterator[list[Line]]:
        """The lines as they arrive, block by block, without the blank ones."""
        pending, number = b"", 1
        while more := stream.read(BLOCK_BYTES):
            if number == 1 and not pending:
                more = more.removeprefix(BOM)
            *lines, pending = (pending + more).split(b"\n")
            block = [(number + i, text) for i, text in enumerate(lines) if text.strip()]
            number += len(lines)
            check_length(pending, f"{self.name}, line {number}")
            if block:
                yield block
        if pending.strip():
            yield [(number, pending)]

    def _records(self, block: list[Line], *, as_written: bool = False) -> list[Record]:
        """The values of each line's object; see `parse_object`."""
        return [
            self._with_known_keys(
                parse_object(text, f"{self.name}, line {number}", as_written=as_written)
            )
            for number, text in block
        ]

    def _with_known_keys(self, values: Record) -> Record:
        """The values, keys spelled as the columns are; new keys become columns."""
        if not values.keys() <= self._spellings.keys():
            self._add_columns(list(values))
        if not self._are_respelled:
            return values
        return {self._spellings[key]: value for key, value in values.items()}

    def _add_columns(self, keys: list[str]) -> None:
        """Make columns of the keys of an object that are new, each before the known one after it.

        So the columns stand in the order of the keys even if the first objects lack some.
        """
        new = [key for key in keys if key not in self._spellings]
        for key, name in zip(new, self._known.spelled(new, self.name, self.columns), strict=True):
            if name in self.columns:
                raise DataError(
                    f"{self.name}: has two keys that look like {name!r}, written with other "
                    f"characters (Unicode normalization); rename one"
                )
            self._spellings[key] = name
            self._are_respelled |= key != name
            later = keys[keys.index(key) + 1 :]
            next_known = next((self._spellings[k] for k in later if k in self._spellings), None)
            place = self.columns.index(next_known) if next_known else len(self.columns)
            self.columns.insert(place, name)
        check_width(self.name, len(self.columns))
