"""Rows of cells and predictions as CSV, TSV or JSON lines."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from nntrain.errors import DataError
from nntrain.text import json_text

if TYPE_CHECKING:  # Commands list the formats without loading NumPy.
    from nntrain.arrays import Column, Mask, Matrix
    from nntrain.data.readers.table import Chunk

ON_BAD_ROW = ("error", "skip", "blank")
"""What can be done with a row that cannot be predicted."""


NO_JSON = dict.fromkeys(("", "inf", "-inf", "nan"), "null")
"""Numbers that JSON cannot write, and what stands for them."""


class RowWriter(Protocol):
    """Turns rows into bytes; `header` comes first."""

    header: bytes

    def kept(self, chunk: Chunk, positions: Sequence[int], names: Sequence[str]) -> list[Column]:
        """Columns of a chunk as the texts that `rows` takes, by their positions and names."""
        ...

    def rows(
        self,
        columns: Sequence[Column],
        values: Matrix,
        bad: Mask | None,
        *,
        skip: bool,
    ) -> bytes:
        """Rows of texts, which `kept` gave, then of predictions (n_rows, n_predictions).

        The numbers of `bad` rows are left blank, or with `skip` the rows are left out.
        """
        ...


FORMULA = re.compile("[=+\\-@\t\r\n＝＋－＠]")
"""What a cell begins with that a spreadsheet may run as a formula (OWASP, CSV injection)."""
SPREADSHEET_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?", re.ASCII)
"""A number, which a spreadsheet takes as such though it begins with a sign."""


def safe_cell(text: str) -> str:
    """The text of a cell that no spreadsheet runs: one that could be a formula gets an apostrophe.

    >>> [safe_cell(text) for text in ("=1+1", "-5", "-5+A1", "a=b")]
    ["'=1+1", '-5', "'-5+A1", 'a=b']
    """
    is_formula = FORMULA.match(text) and not SPREADSHEET_NUMBER.fullmatch(text)
    return f"'{text}" if is_formula else text


class DelimitedWriter:
    """CSV or TSV; every number reads back to the same double.

    With `safe_cells`, texts and names are as `safe_cell` has them.
    """

    def __init__(self, delimiter: str, names: Sequence[str], *, safe_cells: bool = False) -> None:
        self.delimiter, self.safe_cells = delimiter, safe_cells
        # Spreadsheets of some countries split at semicolons, whatever the file's delimiter is.
        self.quoted = re.compile("[\r;\t]" if safe_cells else "\r")
        self.header = self._lines([list(map(safe_cell, names)) if safe_cells else names])

    def kept(self, chunk: Chunk, positions: Sequence[int], names: Sequence[str]) -> list[Column]:
        """See `RowWriter.kept`."""
        del names  # They stand in the header.
        columns = chunk.as_written(positions)
        if self.safe_cells:
            for column in columns:
                column[:] = list(map(safe_cell, column))
        return columns

    def rows(
        self,
        columns: Sequence[Column],
        values: Matrix,
        bad: Mask | None,
        *,
        skip: bool,
    ) -> bytes:
        """See `RowWriter.rows`."""
        if columns or bad is not None:
            return self._lines(_cells(columns, values, bad, skip=skip))
        # Without texts nothing needs quotes, and joining is several times faster than csv.
        texts = [map(repr, column) for column in values.T.tolist()]
        several = len(texts) > 1
        lines = map(self.delimiter.join, zip(*texts, strict=True)) if several else texts[0]
        return ("\n".join(lines) + "\n").encode() if len(values) else b""

    def _lines(self, rows: Sequence[Sequence[str]]) -> bytes:
        # csv writes a single empty cell as "", so that readers keep the row; but it does not quote
        # a carriage return, which would end the record for most readers.
        lines = io.StringIO()
        plain = csv.writer(lines, delimiter=self.delimiter, lineterminator="\n")
        quoting = csv.writer(
            lines, delimiter=self.delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL
        )
        for row in rows:
            writer = quoting if any(map(self.quoted.search, row)) else plain
            writer.writerow(row)
        text = lines.getvalue()
        if "\0" in text:
            raise DataError(
                "a cell to write holds a NUL character, which no CSV can carry; write JSON lines: "
                "--format jsonl"
            )
        return text.encode()


class JsonLinesWriter:
    """A JSON object for each row, whose cells stay what they are in the table; see `Chunk.as_json`.

    `names` are those of the predictions.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.header = b""
        self.keys = [json_text(name) for name in names]

    def kept(self, chunk: Chunk, positions: Sequence[int], names: Sequence[str]) -> list[Column]:
        """See `RowWriter.kept`: each cell with its key, an empty text where there is none."""
        columns = chunk.as_json(positions)
        for name, column in zip(names, columns, strict=True):
            key = json_text(name)
            column[:] = [cell and f"{key}: {cell}" for cell in column]
        return columns

    def rows(
        self,
        columns: Sequence[Column],
        values: Matrix,
        bad: Mask | None,
        *,
        skip: bool,
    ) -> bytes:
        """See `RowWriter.rows`; a blank, infinite or undefined number is null."""
        n_kept = len(columns)
        lines = []
        for cells in _cells(columns, values, bad, skip=skip):
            members = list(filter(None, cells[:n_kept]))
            predictions = zip(self.keys, cells[n_kept:], strict=True)
            members += [f"{key}: {NO_JSON.get(text, text)}" for key, text in predictions]
            lines.append("{" + ", ".join(members) + "}\n")
        return "".join(lines).encode()


def _cells(
    columns: Sequence[Column], values: Matrix, bad: Mask | None, *, skip: bool
) -> list[list[str]]:
    """Rows of texts: the cells of the columns, then the predictions."""
    predictions = [list(map(repr, column)) for column in values.T.tolist()]
    texts = (column.tolist() for column in columns)
    rows = [list(row) for row in zip(*texts, *predictions, strict=True)]
    if bad is None:
        return rows
    if skip:
        return [row for row, is_bad in zip(rows, bad, strict=True) if not is_bad]
    blanks = [""] * len(predictions)
    return [
        row[: len(columns)] + blanks if is_bad else row
        for row, is_bad in zip(rows, bad, strict=True)
    ]


FORMATS: dict[str, str] = {"csv": ",", "tsv": "\t", "jsonl": ""}
"""The formats of the output, each with what separates its cells; no such thing in JSON lines."""


def row_writer(
    format_name: str, kept_names: Sequence[str], names: Sequence[str], *, safe_cells: bool = False
) -> RowWriter:
    """The writer of a format, for columns of the table and for predictions of these names."""
    if format_name == "jsonl":
        return JsonLinesWriter(names)
    return DelimitedWriter(FORMATS[format_name], [*kept_names, *names], safe_cells=safe_cells)
