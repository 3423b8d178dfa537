"""Read delimited text as its header and blocks of whole records.

A block ends where a record ends, so that it can be parsed on its own as soon as it has arrived.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

import numpy as np

from nntrain.data.readers.csv_block import BOM, NEWLINE, Block, parse_records
from nntrain.errors import DataError

BLOCK_BYTES = 3 << 19
MAX_RECORD_BYTES = 1 << 24
MAX_HEADER_LINES = 100
MAX_COLUMNS = 100_000
DELIMITERS = ",;\t"
BLANK_LINES = re.compile(rb"\A(?:[ \t\r]*\n)+")
QUOTED_TEXT = re.compile(r'"[^"]*"')


class ByteStream(Protocol):
    """A source of bytes that does not wait for more than has arrived."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, as soon as there are any; b"" at the end."""
        ...


def read_header(
    stream: ByteStream, name: str, delimiter: str | None
) -> tuple[list[str], str, int, bytes]:
    """The column names, the delimiter, the number of the next line, and the bytes read past it.

    If `delimiter` is None, it is the comma, semicolon or tab, whichever stands most often in the
    header line outside quotes. Raises `DataError` for a table without a header.
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
    """`read_header` from the bytes so far; None if the header is not complete yet."""
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
        record = next(parse_records(head, name, line, chosen, at_end=is_last), None)
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
    """Raise `DataError` for a table with more than `MAX_COLUMNS` columns."""
    if n_columns > MAX_COLUMNS:
        raise DataError(
            f"{place}: has {n_columns:,} columns, and {MAX_COLUMNS:,} are the most; leave some out "
            f"or transpose the table if its columns are meant to be rows"
        )


def sniff(header: str) -> str:
    """The delimiter of a header line: the most frequent candidate outside quotes, or a comma."""
    outside = QUOTED_TEXT.sub("", header)
    return max(DELIMITERS, key=outside.count)


def read_blocks(
    stream: ByteStream, name: str, delimiter: str, n_columns: int, first_line: int, rest: bytes
) -> Iterator[Block]:
    """The records after the header, in blocks; `rest` are the bytes read along with the header."""
    pending = b""
    for more, at_end in _arrivals(stream, rest):
        if at_end and pending:
            more = b"\n"  # noqa: PLW2901  (the last line may end without one)
        end = more.rfind(b"\n") + 1
        data = b"".join((pending, memoryview(more)[:end])) if end else b""
        pending = more[end:] if end else pending + more
        block = Block(data, name, first_line, delimiter, n_columns)
        if b'"' in data and not block.regular:
            block = block.without_open_record(at_end=at_end)
            pending = data[len(block.data) :] + pending
        if len(pending) > MAX_RECORD_BYTES:
            raise DataError(f"{name}, line {first_line}: the line is longer than 16 MiB")
        if block.data:
            first_line += int(np.count_nonzero(np.frombuffer(block.data, np.uint8) == NEWLINE))
            yield block


def _arrivals(stream: ByteStream, rest: bytes) -> Iterator[tuple[bytes, bool]]:
    """The bytes as they arrive, `rest` first, each time with whether they are the end."""
    yield rest, False
    while more := stream.read(BLOCK_BYTES):
        yield more, False
    yield b"", True
