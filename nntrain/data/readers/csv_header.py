"""The header of delimited text: the line with the columns' names, and what stands above it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nntrain.data.readers.cells import NUMBER
from nntrain.data.readers.csv_block import BLOCK_BYTES, BOM, MAX_RECORD_BYTES, parse_records
from nntrain.data.readers.streams import ByteStream
from nntrain.errors import DataError

MAX_HEADER_LINES = 100
MAX_COMMENT_BYTES = 1 << 20
MAX_COLUMNS = 100_000
DELIMITERS = ",;\t|"
BLANK_LINES = re.compile(rb"\A(?:[ \t\r]*+\n)++")
COMMENT_LINES = re.compile(rb"\A(?:#[^\n]*+\n|[ \t\r]*+\n)++")
DELIMITER_LINE = re.compile(rb"\Asep=(.)\r?\n")
QUOTED_TEXT = re.compile(r'"[^"]*"')


@dataclass(frozen=True)
class Header:
    """The names of a table's columns, and where its rows begin.

    `next_line` is the number of the line after the header, `rest` are the bytes read past it, and
    `n_comments` counts the lines above it that begin with `#`.
    """

    names: list[str]
    delimiter: str
    next_line: int
    rest: bytes
    n_comments: int = 0


def read_header(
    stream: ByteStream, name: str, delimiter: str | None, preferred: str = ""
) -> Header:
    """The header of a table, read from the start of `stream`.

    If `delimiter` is None, it is `preferred` if the header line has it outside quotes, and else
    whichever of `DELIMITERS` stands there most often. Raises `DataError` for a table without a
    header.
    """
    reading = _Reading(stream, name)
    reading.skip_blank_lines()
    if delimiter is None and (said := DELIMITER_LINE.match(reading.line_ahead())):
        delimiter = said[1].decode("utf-8", "replace")
        reading.skip(said.end())
    n_comments = 0
    if reading.line_ahead().startswith(b"#"):
        n_comments = _skip_comments(reading, delimiter, preferred)
    return _header(reading, delimiter, preferred, n_comments)


class _Reading:
    """The first bytes of a table that were read and not skipped, and the line they begin on."""

    def __init__(self, stream: ByteStream, name: str) -> None:
        self.stream = stream
        self.name = name
        self.data = b""
        self.line = 1
        self.at_end = False
        self.read_on()
        self.data = self.data.removeprefix(BOM)

    def read_on(self) -> bool:
        """Read on, to the end of a line at least; whether there was more.

        The last line gets a newline if it has none. A line of more than 16 MiB is not read further.
        """
        pieces = [self.data]
        n_bytes, is_line = len(self.data), False
        while not (self.at_end or is_line or n_bytes > MAX_RECORD_BYTES):
            more = self.stream.read(BLOCK_BYTES)
            self.at_end = not more
            pieces.append(more)
            n_bytes, is_line = n_bytes + len(more), b"\n" in more
        data = b"".join(pieces)
        was_read = len(data) > len(self.data)
        ends_open = self.at_end and data and not data.endswith(b"\n")
        self.data = data + b"\n" if ends_open else data
        return was_read

    def skip(self, n_bytes: int) -> None:
        """Leave out bytes, which are whole lines."""
        self.line += self.data.count(b"\n", 0, n_bytes)
        self.data = self.data[n_bytes:]

    def skip_blank_lines(self) -> None:
        """Leave out the blank lines that come next. Raises `DataError` for an endless number."""
        n_skipped = 0
        while True:
            if blank := BLANK_LINES.match(self.data):
                n_skipped += blank.end()
                self.skip(blank.end())
            if self.data.strip(b" \t\r"):
                return
            if n_skipped + len(self.data) > MAX_RECORD_BYTES:
                raise DataError(
                    f"{self.name}: begins with more than 16 MiB of blank lines; expects a header "
                    f"line with the names of the columns"
                )
            if not self.read_on():
                raise DataError(
                    f"{self.name}: is empty; expects a header line with the names of the columns"
                )

    def line_ahead(self) -> bytes:
        """The next line, if it ends within the first bytes."""
        if b"\n" not in self.data:
            self.read_on()
        return self.data[: self.data.find(b"\n") + 1]


def _skip_comments(reading: _Reading, delimiter: str | None, preferred: str) -> int:
    """Leave out lines that begin with `#` above the header; how many.

    The last of them is the header itself, such as `#id,x,y`, if it has as many cells as the line
    below, and that line holds a number.
    """
    while True:
        comments = COMMENT_LINES.match(reading.data)
        end = comments.end() if comments else 0
        below = reading.data[end : reading.data.find(b"\n", end) + 1]
        if len(reading.data) > MAX_COMMENT_BYTES and not below:
            raise DataError(
                f"{reading.name}: more than 1 MiB of lines begin with #; expects a header line "
                f"with the names of the columns"
            )
        if below or not reading.read_on():
            break
    lines = [line for line in reading.data[:end].split(b"\n") if line.startswith(b"#")]
    if not below or _is_header(lines[-1], below, delimiter, preferred):
        lines.pop()
        end = reading.data.rfind(b"\n#", 0, end) + 1
    reading.skip(end)
    return len(lines)


def _is_header(comment: bytes, below: bytes, delimiter: str | None, preferred: str) -> bool:
    text, row = comment.decode("utf-8", "replace"), below.decode("utf-8", "replace").rstrip("\r\n")
    chosen = delimiter or sniff(row, preferred)
    same_width = _count_outside_quotes(text, chosen) == _count_outside_quotes(row, chosen)
    cells = (cell.strip(' "').replace(",", ".") for cell in row.split(chosen))
    return same_width and any(NUMBER.fullmatch(cell) for cell in cells)


def _header(reading: _Reading, delimiter: str | None, preferred: str, n_comments: int) -> Header:
    """The header that begins where reading stands."""
    while True:
        if record := _first_record(reading, delimiter, preferred):
            names, chosen, next_line, rest = record
            check_width(f"{reading.name}, line {reading.line}", len(names))
            return Header(names, chosen, next_line, rest, n_comments)
        if len(reading.data) > MAX_RECORD_BYTES:
            raise DataError(
                f"{reading.name}, line {reading.line}: the header line is longer than 16 MiB"
            )
        if reading.at_end:
            raise DataError(
                f"{reading.name}: is empty; expects a header line with the names of the columns"
            )
        reading.read_on()


def _first_record(
    reading: _Reading, delimiter: str | None, preferred: str
) -> tuple[list[str], str, int, bytes] | None:
    """The first record's cells, the delimiter, the next line's number, and the bytes after it.

    None if the record is not complete in what has been read.
    """
    data, end = reading.data, -1
    for _ in range(MAX_HEADER_LINES):
        end = data.find(b"\n", end + 1)
        if end < 0:
            return None
        head, rest = data[: end + 1], data[end + 1 :]
        chosen = delimiter or sniff(head.decode("utf-8", "replace"), preferred)
        is_last = reading.at_end and b"\n" not in rest
        records = parse_records(head, reading.name, reading.line, chosen, at_end=is_last)
        if record := next(records, None):
            _, next_line, names = record
            return names, chosen, next_line, rest
    raise DataError(
        f"{reading.name}, line {reading.line}: the header goes on for more than "
        f"{MAX_HEADER_LINES} lines; is a closing double quote missing?"
    )


def check_width(place: str, n_columns: int) -> None:
    """Raise `DataError` for a table with more than `MAX_COLUMNS` columns."""
    if n_columns > MAX_COLUMNS:
        raise DataError(
            f"{place}: has {n_columns:,} columns, and {MAX_COLUMNS:,} are the most; leave some out "
            f"or transpose the table if its columns are meant to be rows"
        )


def sniff(header: str, preferred: str = "") -> str:
    """The delimiter of a header line: the most frequent candidate outside quotes, or a comma.

    It is the `preferred` one if that stands there at all.
    """
    if preferred and _count_outside_quotes(header, preferred):
        return preferred
    return max(DELIMITERS, key=lambda delimiter: _count_outside_quotes(header, delimiter))


def _count_outside_quotes(line: str, character: str) -> int:
    return QUOTED_TEXT.sub("", line).count(character)
