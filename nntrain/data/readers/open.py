"""Open a table from a path, several paths, or DataFrames."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard, cast

from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.csv_table import CsvTable
from nntrain.data.readers.dialect import PLAIN, Dialect
from nntrain.data.readers.json_lines import JsonLinesTable
from nntrain.data.readers.names import KnownNames
from nntrain.data.readers.parquet import parquet_table
from nntrain.data.readers.several import SeveralTables
from nntrain.data.readers.sources import Source
from nntrain.data.readers.table import Table, TableLike
from nntrain.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ReadOptions:
    """How to read a table: how its cells are written, and in which dialect its text is.

    `names` are the columns that will be asked for; they are found in any Unicode normalization.
    `twice` makes a pipe ready to be read again. With `streams_keys`, JSON lines from a pipe are
    given as they arrive, with the keys so far as columns. With `tolerate_bad_rows`, rows with too
    few or too many cells are marked instead of raising `DataError`.
    """

    cells: CellFormat
    dialect: Dialect = PLAIN
    names: tuple[str, ...] = ()
    twice: bool = False
    streams_keys: bool = False
    tolerate_bad_rows: bool = False


@contextlib.contextmanager
def open_table(table: TableLike, options: ReadOptions) -> Iterator[Table]:
    """A table from one path or several (`-` is standard input), or from one DataFrame or several.

    Several are read one after the other, as one table. A path or pipe may hold delimited text, JSON
    lines, or Parquet (which needs the extra `parquet`), also compressed; its first bytes tell
    which. Raises `DataError`.
    """
    with contextlib.ExitStack() as stack:
        if isinstance(table, (str, Path)):
            yield _open_path(str(table), options, stack)
            return
        parts = [table] if is_frame(table) else list(table)
        if not parts:
            raise DataError("no table: expects at least one")
        if all(map(is_frame, parts)):
            tables = _frame_tables(cast("list[pd.DataFrame]", parts), options)
        else:
            one_by_one = replace(options, streams_keys=options.streams_keys and len(parts) == 1)
            tables = []
            for part in parts:
                tables.append(_open_path(str(part), one_by_one, stack))
                # The columns of the first are also those of the others.
                names = (*options.names, *tables[0].columns)
                one_by_one = replace(one_by_one, names=names)
        yield tables[0] if len(tables) == 1 else SeveralTables(tables)


def is_frame(table: object) -> TypeGuard[pd.DataFrame]:
    """Whether this is a DataFrame; found without loading pandas."""
    return any(
        kind.__name__ == "DataFrame" and kind.__module__.partition(".")[0] == "pandas"
        for kind in type(table).__mro__
    )


def _frame_tables(frames: list[pd.DataFrame], options: ReadOptions) -> list[Table]:
    from nntrain.data.readers.frames import frame_table  # noqa: PLC0415  (which loads pandas)

    known = KnownNames(options.names)
    names = (
        [f"DataFrame {i}" for i in range(1, len(frames) + 1)] if frames[1:] else ["the DataFrame"]
    )
    return [
        frame_table(frame, options.cells, known, name)
        for frame, name in zip(frames, names, strict=True)
    ]


@contextlib.contextmanager
def _opened(source: Source) -> Iterator[Source]:
    """A source that is closed in the end. That its file has changed explains any other error."""
    with source:
        try:
            yield source
        except DataError:
            source.check_unchanged()
            raise


def _open_path(path: str, options: ReadOptions, stack: contextlib.ExitStack) -> Table:
    source = stack.enter_context(_opened(Source(path, options.dialect.encoding)))
    content = source.open(twice=options.twice, all_keys=not options.streams_keys)
    known = KnownNames(options.names)
    if source.format == "parquet":
        return parquet_table(source, content, stack, options.cells, known)
    if source.format == "json lines":
        keeps_keys_open = source.may_wait and options.streams_keys
        return JsonLinesTable(
            source, content, options.cells, known, keeps_keys_open=keeps_keys_open
        )
    return CsvTable(
        source,
        content,
        options.cells,
        options.dialect.delimiter,
        known,
        tolerate_bad_rows=options.tolerate_bad_rows,
    )
