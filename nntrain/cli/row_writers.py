"""Rows of predictions as CSV, TSV or JSON lines."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from nntrain.text import json_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)


class RowWriter(Protocol):
    """Turns rows into bytes; `header` comes first."""

    header: bytes

    def rows(
        self,
        columns: Sequence[NDArray[Any]],
        values: NDArray[np.float64],
        bad: NDArray[np.bool_] | None,
        *,
        skip: bool,
    ) -> bytes:
        """Rows of texts and of predictions (n_rows, n_targets); the `bad` ones skipped or blank."""
        ...


class DelimitedWriter:
    """CSV, or the like with another delimiter; every number reads back to the same double."""

    def __init__(self, delimiter: str, names: Sequence[str]) -> None:
        self.delimiter = delimiter
        self.header = self._lines([names])

    def rows(
        self,
        columns: Sequence[NDArray[Any]],
        values: NDArray[np.float64],
        bad: NDArray[np.bool_] | None,
        *,
        skip: bool,
    ) -> bytes:
        """See `RowWriter.rows`."""
        if columns or bad is not None:
            return self._lines(_cells(columns, values, bad, skip=skip))
        texts = [map(repr, column) for column in values.T.tolist()]
        several = len(texts) > 1
        lines = map(self.delimiter.join, zip(*texts, strict=True)) if several else texts[0]
        return ("\n".join(lines) + "\n").encode() if len(values) else b""

    def _lines(self, rows: Sequence[Sequence[str]]) -> bytes:
        # csv writes a single empty cell as "", so that readers keep the row; but it quotes no
        # carriage return, which would end the record for most readers.
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
    """A JSON object a row; a cell that is written as JSON writes numbers is one, else a text."""

    def __init__(self, names: Sequence[str]) -> None:
        self.header = b""
        self.keys = [json_text(name) for name in names]

    def rows(
        self,
        columns: Sequence[NDArray[Any]],
        values: NDArray[np.float64],
        bad: NDArray[np.bool_] | None,
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
    columns: Sequence[NDArray[Any]],
    values: NDArray[np.float64],
    bad: NDArray[np.bool_] | None,
    *,
    skip: bool,
) -> list[list[str]]:
    """Rows of texts: the columns, then the predictions."""
    predicted = [list(map(repr, column)) for column in values.T.tolist()]
    rows = [list(row) for row in zip(*(c.tolist() for c in columns), *predicted, strict=True)]
    if bad is None:
        return rows
    if skip:
        return [row for row, is_bad in zip(rows, bad, strict=True) if not is_bad]
    blanks = [""] * len(predicted)
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
