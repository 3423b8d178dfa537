"""Rows of cells and predictions as CSV, TSV or JSON lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

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


class DelimitedWriter:
    """CSV or TSV; every number reads back to the same double."""

    def __init__(self, delimiter: str, names: Sequence[str]) -> None:
        self.delimiter = delimiter
        self.header = self._lines([names])

    def kept(self, chunk: Chunk, positions: Sequence[int], names: Sequence[str]) -> list[Column]:
        """See `RowWriter.kept`."""
        del names  # They stand in the header.
        return chunk.as_written(positions)

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


FORMATS: dict[str, Callable[[Sequence[str], Sequence[str]], RowWriter]] = {
    "csv": lambda kept_names, names: DelimitedWriter(",", [*kept_names, *names]),
    "tsv": lambda kept_names, names: DelimitedWriter("\t", [*kept_names, *names]),
    "jsonl": lambda _kept_names, names: JsonLinesWriter(names),
}


def row_writer(format_name: str, kept_names: Sequence[str], names: Sequence[str]) -> RowWriter:
    """The writer of a format, for columns of the table and for predictions of these names."""
    return FORMATS[format_name](kept_names, names)
