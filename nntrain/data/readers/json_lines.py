"""JSON lines as a table: one object per line, one row per object."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np

from nntrain.arrays import Column
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.csv_records import BLOCK_BYTES, MAX_RECORD_BYTES, check_width
from nntrain.data.readers.sources import Source
from nntrain.data.readers.table import Chunk, ColumnTypes, Place, with_numbers
from nntrain.errors import DataError

HALF_CHARACTER = re.compile("[\ud800-\udfff]")
"""A surrogate without its other half, which JSON can escape and UTF-8 cannot write."""

MAX_FIRST_CELLS = 1 << 25
"""The most cells in a first block. If there are more, nearly all are empty, and take gigabytes."""

Record: TypeAlias = tuple[int, dict[str, str]]
"""The line of an object, and its values as texts by key."""


class JsonLinesTable:
    """One JSON object per line; see `Table`.

    The columns are the keys of the objects in the first block. Where an object lacks a key, or its
    value is null, the cell is empty. Numbers keep the digits they are written with.
    """

    def __init__(self, source: Source, cells: CellFormat, *, twice: bool = False) -> None:
        self.name = source.name
        self.cells = cells
        self.progress = 0.0
        self._source = source
        blocks = self._blocks(twice=twice)
        first = next(blocks, None)
        if first is None:
            raise DataError(f"{self.name}: is empty; expects a JSON object a line")
        self.columns = list(dict.fromkeys(key for _, record in first for key in record))
        check_width(self.name, len(self.columns))
        if len(first) * len(self.columns) > MAX_FIRST_CELLS:
            raise DataError(
                f"{self.name}: its first {len(first):,} objects have {len(self.columns):,} "
                f"different keys; the objects of a table have the same ones"
            )
        self._pending = itertools.chain([first], blocks)
        self._is_fresh = True

    def chunks(self, types: Callable[[], ColumnTypes]) -> Iterator[Chunk]:
        """See `Table.chunks`."""
        blocks = self._pending if self._is_fresh else self._blocks()
        self._is_fresh = False
        for records in blocks:
            yield self._chunk(records, types())

    def _chunk(self, records: list[Record], types: ColumnTypes) -> Chunk:
        def column(name: str) -> Column:
            return np.array([record.get(name, "") for _, record in records], dtype=object)

        columns = {name: column(name) for name in types.names}
        return Chunk(
            len(records),
            with_numbers(columns, types.numbers, self.cells),
            lambda row: Place(self.name, "line", records[row][0]),
            lambda positions: [column(self.columns[i]) for i in positions],
        )

    def _blocks(self, *, twice: bool = False) -> Iterator[list[Record]]:
        """The objects as they arrive, block by block, each with its line."""
        stream = self._source.open(twice=twice)
        pending, line = b"", 1
        while more := stream.read(BLOCK_BYTES):
            *lines, pending = (pending + more).split(b"\n")
            records = [self._record(text, line + i) for i, text in enumerate(lines) if text.strip()]
            line += len(lines)
            if len(pending) > MAX_RECORD_BYTES:
                raise DataError(f"{self.name}, line {line}: the line is longer than 16 MiB")
            if records:
                yield records
        if pending.strip():
            yield [self._record(pending, line)]

    def _record(self, text: bytes, line: int) -> Record:
        place = f"{self.name}, line {line}"
        try:
            values = json.loads(
                text.decode("utf-8-sig"), parse_int=str, parse_float=str, parse_constant=str
            )
        except UnicodeDecodeError:
            raise DataError(
                f"{place}: is not UTF-8 text. If it is Latin-1, convert it: "
                f"iconv -f LATIN1 -t UTF-8"
            ) from None
        except (ValueError, RecursionError):
            raise DataError(f"{place}: is not JSON; expects a JSON object a line") from None
        if not isinstance(values, dict):
            raise DataError(f"{place}: expects a JSON object, found another value")
        return line, {key: self._cell(value, key, place) for key, value in values.items()}

    @staticmethod
    def _cell(value: Any, key: str, place: str) -> str:
        if half := HALF_CHARACTER.search(key + value if isinstance(value, str) else key):
            raise DataError(
                f"{place}, key {key!r}: {half[0]!r} is half of a character, which no UTF-8 text "
                f"can hold; write the other half too, or remove it"
            )
        if isinstance(value, str):
            return value
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        raise DataError(f"{place}, key {key!r}: expects a number, text, true, false or null")
