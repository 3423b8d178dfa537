"""JSON lines as a table: one object per line, one row per object."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np

from nntrain.arrays import Column
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.csv_block import BLOCK_BYTES, BOM, MAX_RECORD_BYTES, not_utf_8
from nntrain.data.readers.csv_header import check_width
from nntrain.data.readers.names import NO_NAMES, KnownNames
from nntrain.data.readers.sources import Source
from nntrain.data.readers.streams import ByteStream
from nntrain.data.readers.table import Chunk, ColumnTypes, Place, nested_value
from nntrain.data.readers.values import (
    NumberText,
    cell_text,
    json_cell,
    numbers_of,
    object_column,
    text_or_json,
)
from nntrain.errors import DataError

HALF_CHARACTER = re.compile("[\ud800-\udfff]")
"""A surrogate without its other half, which JSON can escape and UTF-8 cannot write."""

MAX_BLOCK_CELLS = 1 << 25
"""The most cells in a block. If there are more, nearly all are empty, and take gigabytes."""

MAX_DEPTH = 100
"""The most arrays and objects inside each other."""

MAX_OBJECTS_AHEAD = 10_000
"""The most objects that are read before the first is used, to find a key that they all lack."""

ABSENT = object()
"""The value of a key that an object lacks."""

Record: TypeAlias = "tuple[int, dict[str, Any]]"
"""The line of an object, and its values by key; its numbers are `NumberText`."""


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
        if not keeps_keys_open:
            self._look_through(stream)

    def _look_through(self, stream: ByteStream) -> None:
        """Note every key, and where keys hold arrays or objects."""
        longest = 0
        for records in self._blocks(stream):
            longest = max(longest, len(records))
            for line, record in records:
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
        blocks = self._blocks(stream)
        first = self._until_all_are_seen(blocks, types().names)
        if not first:
            raise DataError(f"{self.name}: is empty; expects a JSON object a line")
        for records in itertools.chain(first, blocks):
            yield self._chunk(records, types())
        self.is_complete = True

    def _until_all_are_seen(
        self, blocks: Iterator[list[Record]], names: Iterable[str]
    ) -> list[list[Record]]:
        """The first blocks: until every wanted key was seen, or so many objects that it may not be.

        So a table that lacks a key that is needed is refused before its first row is used.
        """
        first: list[list[Record]] = []
        for records in blocks:
            first.append(records)
            if set(names) <= set(self.columns) or sum(map(len, first)) >= MAX_OBJECTS_AHEAD:
                return first
        self.is_complete = True
        return first

    def _chunk(self, records: list[Record], types: ColumnTypes) -> Chunk:
        def values(name: str, absent: object = None) -> list[Any]:
            return [record.get(name, absent) for _, record in records]

        def as_written(positions: Iterable[int]) -> list[Column]:
            names = (self.columns[i] for i in positions)
            return [object_column(map(text_or_json, values(name))) for name in names]

        def as_json(positions: Iterable[int]) -> list[Column]:
            columns = (values(self.columns[i], ABSENT) for i in positions)
            return [
                object_column("" if value is ABSENT else json_cell(value) for value in column)
                for column in columns
            ]

        def place(row: int) -> Place:
            return Place(self.name, "line", records[row][0])

        columns = {name: self._texts(name, values(name), place) for name in types.names}
        for name in types.numbers:
            numbers = numbers_of(values(name), columns[name], self.cells)
            if numbers is not None:
                columns[name] = numbers
        return Chunk(len(records), columns, place, as_written, as_json)

    def _texts(self, name: str, values: list[Any], place: Callable[[int], Place]) -> Column:
        texts = list(map(cell_text, values))
        if None in texts:
            raise nested_value(str(place(texts.index(None))), "key", name)
        return np.array(texts, dtype=object)

    def _blocks(self, stream: ByteStream) -> Iterator[list[Record]]:
        """The objects as they arrive, block by block, each with its line."""
        pending, line = b"", 1
        while more := stream.read(BLOCK_BYTES):
            if line == 1 and not pending:
                more = more.removeprefix(BOM)
            *lines, pending = (pending + more).split(b"\n")
            records = [self._record(text, line + i) for i, text in enumerate(lines) if text.strip()]
            line += len(lines)
            self._check_length(pending, line)
            if records:
                yield records
        if pending.strip():
            yield [self._record(pending, line)]

    def _check_length(self, text: bytes, line: int) -> None:
        if len(text) > MAX_RECORD_BYTES:
            raise DataError(f"{self.name}, line {line}: the line is longer than 16 MiB")

    def _record(self, text: bytes, line: int) -> Record:
        self._check_length(text, line)
        place = f"{self.name}, line {line}"
        try:
            values = json.loads(
                text.decode("utf-8-sig"),
                parse_int=NumberText,
                parse_float=NumberText,
                parse_constant=str,
                object_pairs_hook=_members,
            )
        except UnicodeDecodeError as error:
            raise DataError(f"{place}: {not_utf_8(error)}") from None
        except _RepeatedKeyError as error:
            raise DataError(
                f"{place}: the key {error.args[0]!r} stands twice in one object; rename one"
            ) from None
        except (ValueError, RecursionError):
            raise DataError(f"{place}: is not JSON; {_expected(text)}") from None
        if not isinstance(values, dict):
            raise DataError(f"{place}: expects a JSON object, found another value")
        if text.count(b"[") + text.count(b"{") > MAX_DEPTH and _depth(values) > MAX_DEPTH:
            raise DataError(f"{place}: is nested deeper than {MAX_DEPTH} levels")
        if b"\\u" in text:
            _check_characters(values, place)
        return line, self._with_known_keys(values)

    def _with_known_keys(self, values: dict[str, Any]) -> dict[str, Any]:
        """The values, keys spelled as the columns are; new keys become columns."""
        new = [key for key in values if key not in self._spellings]
        if new:
            for key, name in zip(new, self._known.spelled(new, self.name), strict=True):
                self._spellings[key] = name
                if name not in self.columns:
                    self.columns.append(name)
            check_width(self.name, len(self.columns))
        spellings = self._spellings
        return {spellings[key]: value for key, value in values.items()}


class _RepeatedKeyError(Exception):
    """A key that stands twice in one object; its name is the argument."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _RepeatedKeyError(next(key for key in keys if keys.count(key) > 1))
    return members


def _depth(value: Any) -> int:
    """How many arrays and objects stand inside each other."""
    depth, level = 0, [value]
    while level:
        level = [
            part
            for whole in level
            if isinstance(whole, (dict, list))
            for part in (whole.values() if isinstance(whole, dict) else whole)
        ]
        depth += 1
    return depth


def _expected(line: bytes) -> str:
    """What a line should hold that is not JSON."""
    if line.strip() in (b"{", b"["):
        return "expects each object whole on one line; convert it: jq -c . FILE"
    return "expects a JSON object a line"


def _check_characters(values: Mapping[str, Any], place: str) -> None:
    for key, value in values.items():
        if half := HALF_CHARACTER.search(key + json.dumps(value, ensure_ascii=False)):
            raise DataError(
                f"{place}, key {key!r}: {half[0]!r} is half of a character, which no UTF-8 text "
                f"can hold; write the other half too, or remove it"
            )
