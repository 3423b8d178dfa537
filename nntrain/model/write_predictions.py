"""Write a table's predictions as CSV, TSV or JSON lines, with columns of the table before them."""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO

import numpy as np

from nntrain.arrays import Column, Mask, Matrix
from nntrain.data.checks import name_hint
from nntrain.data.readers.dialect import PLAIN, Dialect
from nntrain.data.readers.table import Chunk, Table, TableLike
from nntrain.errors import DataError, UsageError
from nntrain.model.model import Model
from nntrain.model.output_columns import Extras, OutputColumns, column_names, output_blocks
from nntrain.model.prediction import Predicted
from nntrain.model.row_writers import RowWriter, row_writer
from nntrain.text import counted

log = logging.getLogger(__name__)

OpenOutput = Callable[[], contextlib.AbstractContextManager[IO[bytes]]]


@dataclass(frozen=True)
class OutputOptions:
    """Which columns are written for each row, and in which format.

    `keep` names the columns of the table that are written before the predictions, None for all of
    them; `prefix` stands before a target's name in the header; `format_name` is one of `FORMATS`.
    `safe_cells` marks texts that a spreadsheet might run.
    A row that cannot be predicted is an error, left out or left blank (`ON_BAD_ROW`). `dialect`
    says how the table's text is read.
    """

    keep: Sequence[str] | None = ()
    extras: Extras = field(default_factory=Extras)
    prefix: str = "predicted_"
    format_name: str = "csv"
    on_bad_row: str = "error"
    dialect: Dialect = PLAIN
    safe_cells: bool = False


@dataclass(frozen=True)
class _Block:
    """Some rows to write: the cells kept, the numbers, and which rows are bad, if any is."""

    texts: list[Column]
    values: Matrix
    bad: Mask | None


def write_predictions(
    model: Model, table: TableLike, open_output: OpenOutput, options: OutputOptions
) -> None:
    """Write a row for each row of a table, in order, as the table comes.

    The first rows are predicted before the output is opened, so that a table that does not fit
    leaves no output behind. Logs how many rows could not be predicted. Raises `DataError` for what
    is wrong with the table, `UsageError` for columns that the model cannot give, or that would
    share a name.
    """
    # JSON lines can have every row's own keys; a header line must have those of all rows.
    streams_keys = options.keep is not None or options.format_name == "jsonl"
    reading = model.preprocessing.read_options(
        options.dialect,
        options.keep or (),
        streams_keys=streams_keys,
        tolerate_bad_rows=options.on_bad_row != "error",
    )
    columns = model.output_columns(options.extras, options.prefix)
    names, n_bad = column_names(columns), 0
    with model.predicting(table, reading) as (source, parts):
        kept = _KeptColumns(source, options.keep)
        check_names(kept.names, names, options)
        writer = row_writer(options.format_name, kept.names, names, safe_cells=options.safe_cells)
        blocks = _blocks(parts, columns, lambda part: kept.cells(part.chunk, writer))
        first = list(itertools.islice(blocks, 1))
        with open_output() as file:
            file.write(writer.header)
            for block in itertools.chain(first, blocks):
                if not source.is_complete:
                    check_names(kept.names, names, options)
                n_bad += 0 if block.bad is None else int(block.bad.sum())
                skip = options.on_bad_row == "skip"
                file.write(writer.rows(block.texts, block.values, block.bad, skip=skip))
                file.flush()
        kept.check()
    if n_bad:
        done = "left out" if options.on_bad_row == "skip" else "left without a prediction"
        log.warning("%s that could not be predicted: %s", counted(n_bad, "row"), done)


def _blocks(
    parts: Iterable[Predicted],
    columns: Sequence[OutputColumns],
    kept_cells: Callable[[Predicted], list[Column]],
) -> Iterator[_Block]:
    for part in parts:
        texts = kept_cells(part)
        for rows, values in output_blocks(part, columns):
            bad = part.bad[rows] if part.bad is not None and part.bad[rows].any() else None
            yield _Block([column[rows] for column in texts], values, bad)


class _KeptColumns:
    """The columns of a table that are written before the predictions, None for all of them.

    Raises `DataError` for one that the table lacks and cannot get any more.
    """

    def __init__(self, table: Table, keep: Sequence[str] | None) -> None:
        self.table = table
        self.keep = keep
        self.check()

    @property
    def names(self) -> list[str]:
        """The columns' names; those so far, where every column is kept and more may come."""
        return list(self.table.columns if self.keep is None else self.keep)

    def check(self) -> None:
        """Raise `DataError` for a column that the table lacks."""
        columns = self.table.columns
        for name in self.names if self.table.is_complete else ():
            if name not in columns:
                raise DataError(f"--keep: DATA has no column {name!r}; {name_hint(name, columns)}")

    def cells(self, chunk: Chunk, writer: RowWriter) -> list[Column]:
        """The cells of a chunk, as the texts that the writer takes."""
        columns, names = self.table.columns, self.names
        if not names:
            return []
        if self.keep is None:
            return writer.kept(chunk, range(len(columns)), names)
        present = [name for name in names if name in columns]
        cells = writer.kept(chunk, [columns.index(name) for name in present], present)
        by_name = dict(zip(present, cells, strict=True))
        absent = np.full(chunk.n_rows, "", dtype=object)
        return [by_name.get(name, absent) for name in names]


def check_names(
    kept_names: Sequence[str], prediction_names: Sequence[str], options: OutputOptions
) -> None:
    """Raise `UsageError` where two columns of the output would have one name.

    With every column kept, a name that the table itself has twice is allowed where the format
    allows it.
    """
    option = "--append" if options.keep is None else "--keep"
    repeated = _first_repeated(kept_names)
    if repeated is not None and (options.format_name == "jsonl" or options.keep is not None):
        raise UsageError(
            f"{option} would write two columns called {repeated!r}; name each of those wanted once "
            f"with --keep"
        )
    repeated = _first_repeated(prediction_names)
    if repeated is not None:
        raise UsageError(
            f"two columns would be called {repeated!r}, as the model's columns are called; rename "
            f"one of them before nntrain fit"
        )
    for name in prediction_names:
        if name in kept_names:
            remedy = (
                "give the predictions another name with --prefix"
                if name.startswith(options.prefix)
                else f"leave that of DATA out {'with' if options.keep is None else 'of'} --keep"
            )
            raise UsageError(f"{option} would write two columns called {name!r}; {remedy}")


def _first_repeated(names: Sequence[str]) -> str | None:
    counts = Counter(names)
    return next((name for name in names if counts[name] > 1), None)
