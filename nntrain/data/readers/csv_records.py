"""Delimited text as blocks of whole records, with the line each record starts on.

A block is cut where a record ends, so that it can be parsed on its own, as soon as it has arrived.
`Block.regular` tells in one comparison that every record has as many cells as the header; other
blocks go record by record through `csv.reader`, which says what is wrong and where.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from nntrain.errors import DataError
from nntrain.text import counted

BLOCK_BYTES = 3 << 19
MAX_RECORD_BYTES = 1 << 24
MAX_HEADER_LINES = 100
MAX_COLUMNS = 100_000
BOM = b"\xef\xbb\xbf"
NEWLINE = ord("\n")
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
BLANK_LINES = re.compile(rb"\A(?:[ \t\r]*\n)+")
QUOTED_TEXT = re.compile(r'"[^"]*"')


class ByteStream(Protocol):
    """What blocks are read from."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, as soon as there are any; b"" at the end."""
        ...


@dataclass(frozen=True)
class Block:
    """Whole records of a table as they stand in the file, the last one ended by a newline."""

    data: bytes
    name: str
    first_line: int
    delimiter: str
    n_columns: int

    @cached_property
    def regular(self) -> bool:
        """Whether every line is a record of `n_columns` cells, quoted as it should be."""
        cells = self.without_quoted_cells
        if self.data.startswith(BOM):
            return False  # here it is text, which a parser of the block alone would take off
        if b'"' in cells or b"\0" in self.data:
            return False
        if b"\r" in cells and cells.count(b"\r") != cells.count(b"\r\n"):
            return False
        characters = np.frombuffer(cells, np.uint8)
        starts = np.flatnonzero(characters == NEWLINE) + 1
        starts[1:], starts[:1] = starts[:-1].copy(), 0
        is_delimiter = (characters == ord(self.delimiter)).view(np.uint8)
        delimiters = np.add.reduceat(is_delimiter, starts, dtype=np.intp) if len(starts) else starts
        return bool((delimiters == self.n_columns - 1).all())

    @cached_property
    def without_quoted_cells(self) -> bytes:
        """The data, every soundly quoted cell emptied; a quote that is left is out of place."""
        if b'"' not in self.data:
            return self.data
        return _quoted_cell(self.delimiter).sub(b"", self.data)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Each record with its line; blank lines are none.

        Raises `DataError` for bytes that are not UTF-8, NUL bytes and broken quoting.
        """
        for line, _, cells in _parse(self.data, self.name, self.first_line, self.delimiter):
            yield line, cells

    def complete_records(self) -> Iterator[tuple[int, list[str]]]:
        """`records`, each checked to have a cell for every column of the header."""
        for line, cells in self.records():
            if len(cells) != self.n_columns:
                raise DataError(wrong_cell_count(self.name, line, len(cells), self.n_columns))
            yield line, cells

    def line_of(self, row: int) -> int:
        """The line on which the row-th record of this block (from 0) starts."""
        return next(line for i, (line, _) in enumerate(self.records()) if i == row)


def wrong_cell_count(name: str, line: int, found: int, expected: int) -> str:
    """The message for a record that has too few or too many cells."""
    return (
        f"{name}, line {line}: has {counted(found, 'cell')}, the header has {expected}. "
        f"Correct the line; a cell that holds the delimiter must stand in double quotes"
    )


def read_header(
    stream: ByteStream, name: str, delimiter: str | None
) -> tuple[list[str], str, int, bytes]:
    """The column names, the delimiter, the line after the header, and the bytes read past it.

    Without a delimiter given, it is the one of comma, semicolon and tab that stands most often in
    the header line outside quotes. Raises `DataError` for a table without a header.
    """
    raw, at_end = b"", False
    while not at_end:
        more = stream.read(BLOCK_BYTES)
        at_end = not more
        raw += more if more or raw.endswith(b"\n") else b"\n"
        found = _first_record(raw.removeprefix(BOM), name, delimiter, at_end=at_end)
        if found:
            return found
    raise DataError(f"{name}: is empty; expects a header line with the names of the columns")


def _first_record(
    data: bytes, name: str, delimiter: str | None, *, at_end: bool
) -> tuple[list[str], str, int, bytes] | None:
    """`read_header` for what has arrived; None when the header goes on, or has not begun."""
    n_blank = len(data) - len(BLANK_LINES.sub(b"", data))
    data, line = data[n_blank:], 1 + data.count(b"\n", 0, n_blank)
    end = -1
    for _ in range(MAX_HEADER_LINES):
        end = data.find(b"\n", end + 1)
        if end < 0:
            break
        head, rest = data[: end + 1], data[end + 1 :]
        chosen = delimiter or sniff(head.decode("utf-8", "replace"))
        is_last = at_end and b"\n" not in rest
        record = next(_parse(head, name, line, chosen, at_end=is_last), None)
        if record:
            _, next_line, names = record
            check_width(f"{name}, line {line}", len(names))
            return names, chosen, next_line, rest
    else:
        raise DataError(
            f"{name}, line {line}: the header goes on for more than {MAX_HEADER_LINES} lines; is a "
            f"closing double quote missing?"
        )
    if len(data) > MAX_RECORD_BYTES:
        raise DataError(f"{name}, line {line}: the header line is longer than 16 MiB")
    return None


def check_width(place: str, n_columns: int) -> None:
    """Raise `DataError` for a table of more columns than can be worked with."""
    if n_columns > MAX_COLUMNS:
        raise DataError(
            f"{place}: has {n_columns:,} columns, and {MAX_COLUMNS:,} are the most; leave some out "
            f"or turn the table round if its columns are the rows"
        )


def sniff(header: str) -> str:
    """The delimiter of a header line: the most frequent candidate outside quotes, else a comma."""
    outside = QUOTED_TEXT.sub("", header)
    return max(DELIMITERS, key=outside.count)


def read_blocks(
    stream: ByteStream, name: str, delimiter: str, n_columns: int, first_line: int, rest: bytes
) -> Iterator[Block]:
    """The records after the header, in blocks; `rest` is what was read of them with the header."""
    pending = b""
    for more, at_end in _arrivals(stream, rest):
        if at_end and pending:
            more = b"\n"  # noqa: PLW2901  (the last line may end without one)
        end = more.rfind(b"\n") + 1
        data = b"".join((pending, memoryview(more)[:end])) if end else b""
        pending = more[end:] if end else pending + more
        block = Block(data, name, first_line, delimiter, n_columns)
        if b'"' in data and not block.regular:
            block = _cut_at_record(block, at_end)
            pending = data[len(block.data) :] + pending
        if len(pending) > MAX_RECORD_BYTES:
            raise DataError(f"{name}, line {first_line}: the line is longer than 16 MiB")
        if block.data:
            first_line += int(np.count_nonzero(np.frombuffer(block.data, np.uint8) == NEWLINE))
            yield block


def _arrivals(stream: ByteStream, rest: bytes) -> Iterator[tuple[bytes, bool]]:
    """What arrives, and whether it is the end."""
    yield rest, False
    while more := stream.read(BLOCK_BYTES):
        yield more, False
    yield b"", True


def _cut_at_record(block: Block, at_end: bool) -> Block:
    """The block without a last record whose quoted cell goes on after it."""
    if b'"' not in block.without_quoted_cells:
        return block
    whole = 0
    lines = block.data.count(b"\n")
    for _, next_line, _ in _parse(
        block.data, block.name, block.first_line, block.delimiter, at_end
    ):
        whole = next_line - block.first_line
    if whole == lines:
        return block
    kept = b"\n".join(block.data.split(b"\n", whole)[:whole]) + b"\n" if whole else b""
    return Block(kept, block.name, block.first_line, block.delimiter, block.n_columns)


def _parse(
    data: bytes, name: str, first_line: int, delimiter: str, at_end: bool = True
) -> Iterator[tuple[int, int, list[str]]]:
    """Each record as (its line, the line after it, its cells), by the rules of RFC 4180.

    An unfinished last record is an error only `at_end`.
    """
    lines = [line + "\n" for line in _decode(data, name, first_line).split("\n")[:-1]]
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    line = first_line
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "unexpected end" in str(error) and not at_end:
                return
            raise DataError(_explain(str(error), name, line, delimiter)) from None
        next_line = first_line + reader.line_num
        # A line of blanks is no record, but for a tab that separates two empty cells.
        if lines[line - first_line].replace(delimiter, "x").strip(" \t\r\n"):
            yield line, next_line, cells
        line = next_line


def _decode(data: bytes, name: str, first_line: int) -> str:
    nul = data.find(b"\0")
    if nul >= 0:
        line = first_line + data.count(b"\n", 0, nul)
        raise DataError(
            f"{name}, line {line}: holds a NUL byte; this is not UTF-8 text. If it is UTF-16, "
            f"convert it: iconv -f UTF-16 -t UTF-8"
        )
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = first_line + data.count(b"\n", 0, error.start)
        raise DataError(
            f"{name}, line {line}: is not UTF-8 text. If it is Latin-1, convert it: "
            f"iconv -f LATIN1 -t UTF-8"
        ) from None


def _explain(problem: str, name: str, line: int, delimiter: str) -> str:
    """A message of `csv.reader` in the user's words."""
    if "unexpected end" in problem:
        what = "a quoted cell opens in this record and never ends; close its double quote"
    elif "field larger" in problem:
        what = "a cell is longer than 131,072 characters; is a closing double quote missing?"
    elif "new-line character" in problem:
        what = "a carriage return stands inside the line; end lines with LF or CRLF"
    else:
        what = (
            f"a quoted cell goes on after its closing double quote; "
            f"write a double quote inside a quoted cell twice, and {delimiter!r} after the cell"
        )
    return f"{name}, line {line}: {what}"


def _quoted_cell(delimiter: str) -> re.Pattern[bytes]:
    """A whole quoted cell: from a quote that opens a cell to the one that closes it."""
    d = re.escape(delimiter.encode())
    return re.compile(rb"(?:\A|(?<=[\n" + d + rb']))"[^"]*+(?:""[^"]*+)*+"(?=\r?\n|' + d + rb")")
