"""A block of whole CSV records: whether it is regular, and its records with their lines.

If every line is a record with as many cells as the header, the block is `regular` and may be parsed
in any fast way. Any block can be parsed record by record with `csv.reader`; errors name the line.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from nntrain.errors import DataError
from nntrain.text import counted

BOM = b"\xef\xbb\xbf"
NEWLINE = ord("\n")
BLOCK_BYTES = 3 << 19
MAX_RECORD_BYTES = 1 << 24

# A cell may be as long as its record; Python's own limit would be 131,072 characters.
csv.field_size_limit(MAX_RECORD_BYTES)


@dataclass(frozen=True)
class Block:
    """Whole records of a table, as the bytes of the file; the last record ends with a newline."""

    data: bytes
    name: str
    first_line: int
    delimiter: str
    n_columns: int

    @cached_property
    def regular(self) -> bool:
        """Whether every line is a record of `n_columns` cells, correctly quoted."""
        cells = self.without_quoted_cells
        if self.data.startswith(BOM):
            return False  # after the header it is text, but a parser of this block would drop it
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
        """The data with every correctly quoted cell emptied; a quote that is left is misplaced."""
        if b'"' not in self.data:
            return self.data
        return _quoted_cell(self.delimiter).sub(b"", self.data)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Each record with the line that it starts on; blank lines are not records.

        Raises `DataError` for bytes that are not UTF-8, NUL bytes and broken quoting.
        """
        for line, _, cells in parse_records(self.data, self.name, self.first_line, self.delimiter):
            yield line, cells

    def complete_records(self) -> Iterator[tuple[int, list[str]]]:
        """`records`; raises `DataError` for one with more or fewer cells than the header has."""
        for line, cells in self.records():
            if len(cells) != self.n_columns:
                raise DataError(wrong_cell_count(self.name, line, len(cells), self.n_columns))
            yield line, cells

    def without_open_record(self, *, at_end: bool) -> Block:
        """The block without its last record, if a quoted cell of that record goes on after it.

        Raises `DataError` if it does although the table ends with the block (`at_end`).
        """
        if b'"' not in self.without_quoted_cells:
            return self
        n_lines, n_whole = self.data.count(b"\n"), 0
        for _, next_line, _ in parse_records(
            self.data, self.name, self.first_line, self.delimiter, at_end=at_end
        ):
            n_whole = next_line - self.first_line
        if n_whole == n_lines:
            return self
        whole = b"\n".join(self.data.split(b"\n", n_whole)[:n_whole]) + b"\n" if n_whole else b""
        return replace(self, data=whole)

    def check_length(self) -> None:
        """Raise `DataError` for a record that is longer than 16 MiB."""
        if len(self.data) <= MAX_RECORD_BYTES:
            return
        ends = np.flatnonzero(np.frombuffer(self.data, np.uint8) == NEWLINE) + 1
        for line, next_line, _ in parse_records(
            self.data, self.name, self.first_line, self.delimiter
        ):
            first, last = line - self.first_line, next_line - self.first_line - 1
            if ends[last] - (ends[first - 1] if first else 0) > MAX_RECORD_BYTES + 1:
                raise DataError(f"{self.name}, line {line}: the line is longer than 16 MiB")

    def line_of(self, row: int) -> int:
        """The line that the row-th record of this block (from 0) starts on."""
        return self._lines[row]

    @cached_property
    def _lines(self) -> list[int]:
        """The line that each record starts on."""
        return [line for line, _ in self.records()]


def wrong_cell_count(name: str, line: int, found: int, expected: int) -> str:
    """The message for a record with too few or too many cells."""
    return (
        f"{name}, line {line}: has {counted(found, 'cell')}, the header has {expected}. "
        f"Correct the line; a cell that holds the delimiter must stand in double quotes"
    )


def parse_records(
    data: bytes, name: str, first_line: int, delimiter: str, *, at_end: bool = True
) -> Iterator[tuple[int, int, list[str]]]:
    """Each record as (its line, the line after it, its cells), by the rules of RFC 4180.

    An unfinished last record is an error only if the data end the table (`at_end`).
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
        # A line of blanks is not a record, unless they are tabs that separate empty cells.
        if lines[line - first_line].replace(delimiter, "x").strip(" \t\r\n"):
            yield line, next_line, cells
        line = next_line


def _decode(data: bytes, name: str, first_line: int) -> str:
    """The data as text. Raises `DataError` for a NUL byte, or bytes that are not UTF-8."""
    nul = data.find(b"\0")
    if nul >= 0:
        line = first_line + data.count(b"\n", 0, nul)
        raise DataError(
            f"{name}, line {line}: holds a NUL byte; this is not UTF-8 text. If it is UTF-16, "
            f"say so: --encoding utf-16, or encoding in a config"
        )
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = first_line + data.count(b"\n", 0, error.start)
        raise DataError(f"{name}, line {line}: {not_utf_8(error)}") from None


def not_utf_8(error: UnicodeDecodeError) -> str:
    """What is wrong with text that is not UTF-8: how its first such byte reads otherwise."""
    byte = error.object[error.start : error.start + 1]
    windows = byte.decode("cp1252", "replace")
    latin = byte.decode("latin-1")
    reads = f"{latin!r} in Latin-1" + ("" if windows == latin else f", {windows!r} in cp1252")
    return (
        f"is not UTF-8 text: its byte {byte.hex().upper()} would be {reads}; say which it is: "
        f"--encoding latin-1 or cp1252, or encoding in a config"
    )


def _explain(problem: str, name: str, line: int, delimiter: str) -> str:
    """The message for an error of `csv.reader`, with what to do."""
    if "unexpected end" in problem:
        what = "a quoted cell opens in this record and never ends; close its double quote"
    elif "field larger" in problem:
        what = "a cell is longer than 16 MiB; is a closing double quote missing?"
    elif "new-line character" in problem:
        what = "a carriage return stands inside the line; end lines with LF or CRLF"
    else:
        what = (
            f"a quoted cell goes on after its closing double quote; "
            f"write a double quote inside a quoted cell twice, and {delimiter!r} after the cell"
        )
    return f"{name}, line {line}: {what}"


def _quoted_cell(delimiter: str) -> re.Pattern[bytes]:
    """A pattern for a whole quoted cell, from the quote that opens it to the one that closes it."""
    d = re.escape(delimiter.encode())
    return re.compile(rb"(?:\A|(?<=[\n" + d + rb']))"[^"]*+(?:""[^"]*+)*+"(?=\r?\n|' + d + rb")")
