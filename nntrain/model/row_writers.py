"""Rows of cells and predictions as CSV, TSV or JSON lines."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from nntrain.text import json_text

if TYPE_CHECKING:  # Commands list the formats without loading NumPy.
    from nntrain.arrays import Column, Mask, Matrix

JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
ON_BAD_ROW = ("error", "skip", "blank")
"""What can be done with a row that cannot be predicted."""


class RowWriter(Protocol):
    """Turns rows into bytes; `header` comes first."""

    header: bytes

    def rows(
        self,
        columns: Sequence[Column],
        values: Matrix,
        bad: Mask | None,
        *,
        skip: bool,
    ) -> bytes:
        """Rows of texts, then of predictions (n_rows, n_predictions).

        The numbers of `bad` rows are left blank, or with `skip` the rows are left out.
        """
        ...


class DelimitedWriter:
    """CSV or TSV; every number reads back to the same double."""

    def __init__(self, delimiter: str, names: Sequence[str]) -> None:
        self.delimiter = delimiter
        self.header = self._lines([names])

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
            writer = quoting if any("\r" in cell for cell in row) else plain
            writer.writerow(row)
        return lines.getvalue().encode()


class JsonLinesWriter:
    """A JSON object for each row; a cell that JSON would read as a number is one, else a text."""

    def __init__(self, names: Sequence[str]) -> None:
        self.header = b""
        self.keys = [json_text(name) for name in names]

    def rows(
        self,
        columns: Sequence[Column],
        values: Matrix,
        bad: Mask | None,
        *,
        skip: bool,
    ) -> bytes:
        """See `RowWriter.rows`; a blank prediction is null."""
        n_kept = len(columns)
        lines = []
        for cells in _cells(columns, values, bad, skip=skip):
            texts = [_json_cell(cell) for cell in cells[:n_kept]]
            texts += [cell or "null" for cell in cells[n_kept:]]
            members = (f"{key}: {text}" for key, text in zip(self.keys, texts, strict=True))
            lines.append("{" + ", ".join(members) + "}\n")
        return "".join(lines).encode()


def _json_cell(cell: str) -> str:
    return cell if JSON_NUMBER.fullmatch(cell) else json_text(cell)


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


FORMATS: dict[str, Callable[[Sequence[str]], RowWriter]] = {
    "csv": lambda names: DelimitedWriter(",", names),
    "tsv": lambda names: DelimitedWriter("\t", names),
    "jsonl": JsonLinesWriter,
}


def row_writer(format_name: str, names: Sequence[str]) -> RowWriter:
    """The writer of a format for columns of these names."""
    return FORMATS[format_name](names)
