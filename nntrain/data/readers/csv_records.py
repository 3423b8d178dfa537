"""Read the rows of delimited text as blocks of whole records.

A block ends where a record ends, so that it can be parsed on its own as soon as it has arrived.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np

from nntrain.data.readers.csv_block import BLOCK_BYTES, MAX_RECORD_BYTES, NEWLINE, Block
from nntrain.data.readers.streams import ByteStream
from nntrain.errors import DataError

MANY_BLANK_LINES = 64
BLANK_LINE_ENDS = (b"\n\n", b"\r\n\r\n", b" \n", b"\t\n")
"""What any two blank lines in a row hold one of."""


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
        block.check_length()
        yield from without_blank_runs(block)
        first_line += count_lines(block.data)


def without_blank_runs(block: Block) -> Iterator[Block]:
    """A block in parts between long runs of blank lines, which would take as long as rows to read.

    A block with quotes stays whole: its blank lines may stand in a cell.
    """
    if b'"' in block.data or not any(end in block.data for end in BLANK_LINE_ENDS):
        if block.data:
            yield block
        return
    line, start = block.first_line, 0
    for run in _blank_runs(block.delimiter).finditer(block.data):
        if part := block.data[start : run.start()]:
            yield replace(block, data=part, first_line=line)
        line += count_lines(part) + count_lines(run[0])
        start = run.end()
    if part := block.data[start:]:
        yield replace(block, data=part, first_line=line)


@cache
def _blank_runs(delimiter: str) -> re.Pattern[bytes]:
    """A pattern for many blank lines; a line of delimiters is none."""
    blanks = re.escape(" \t\r".replace(delimiter, "")).encode()
    return re.compile(rb"(?:\A|(?<=\n))(?:[" + blanks + rb"]*+\n){%d,}+" % MANY_BLANK_LINES)


def count_lines(data: bytes) -> int:
    """The number of lines that end in some bytes."""
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == NEWLINE))


def _arrivals(stream: ByteStream, rest: bytes) -> Iterator[tuple[bytes, bool]]:
    """The bytes as they arrive, `rest` first, each time with whether they are the end."""
    yield rest, False
    while more := stream.read(BLOCK_BYTES):
        yield more, False
    yield b"", True
