"""Read the rows of delimited text as blocks of whole records.

A block ends where a record ends, so that it can be parsed on its own as soon as it has arrived.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nntrain.data.readers.csv_block import BLOCK_BYTES, MAX_RECORD_BYTES, NEWLINE, Block
from nntrain.data.readers.streams import ByteStream
from nntrain.errors import DataError


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
        if block.data:
            first_line += int(np.count_nonzero(np.frombuffer(block.data, np.uint8) == NEWLINE))
            yield block


def _arrivals(stream: ByteStream, rest: bytes) -> Iterator[tuple[bytes, bool]]:
    """The bytes as they arrive, `rest` first, each time with whether they are the end."""
    yield rest, False
    while more := stream.read(BLOCK_BYTES):
        yield more, False
    yield b"", True
