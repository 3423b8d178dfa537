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
    waiting = _Waiting()
    for more, at_end in _arrivals(stream, rest):
        waiting.add(b"\n" if at_end and waiting.size else more)  # The last line may end without.
        if not at_end and waiting.is_to_wait():
            continue
        data = waiting.joined()
        end = data.rfind(b"\n") + 1
        block = Block(data[:end], name, first_line, delimiter, n_columns)
        if b'"' in block.data and not block.regular:
            block = block.without_open_record(at_end=at_end)
        waiting = _Waiting(data[len(block.data) :], is_open=len(block.data) < end)
        if waiting.size > MAX_RECORD_BYTES:
            raise DataError(f"{name}, line {first_line}: the line is longer than 16 MiB")
        block.check_length()
        yield from without_blank_runs(block)
        first_line += count_lines(block.data)


class _Waiting:
    """The bytes that are in no block yet, as they came.

    If they hold a record that is open because of a quote (`is_open`), it takes another quote to end
    it, and a long one is not looked at again before it is twice as long.
    """

    def __init__(self, data: bytes = b"", *, is_open: bool = False) -> None:
        self.pieces = [data]
        self.size = len(data)
        self.open_size = self.size if is_open else 0
        self.has_quote = self.has_line = False

    def add(self, more: bytes) -> None:
        """Add bytes that have come."""
        self.pieces.append(more)
        self.size += len(more)
        self.has_quote |= b'"' in more
        self.has_line |= b"\n" in more

    def is_to_wait(self) -> bool:
        """Whether no record can have ended with the bytes that were added."""
        if self.size > MAX_RECORD_BYTES:
            return False
        is_long = self.open_size > BLOCK_BYTES and self.size < 2 * self.open_size
        return not self.has_line or (self.open_size > 0 and (is_long or not self.has_quote))

    def joined(self) -> bytes:
        """All bytes."""
        return b"".join(self.pieces)


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
