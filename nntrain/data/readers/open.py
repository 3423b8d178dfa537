"""Open a table from a path, several paths, or DataFrames."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard, cast

from nntrain.arrays import Column
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.csv_table import CsvTable
from nntrain.data.readers.json_lines import JsonLinesTable
from nntrain.data.readers.parquet import open_parquet
from nntrain.data.readers.sources import Source
from nntrain.data.readers.table import Chunk, ColumnTypes, Table, TableLike
from nntrain.errors import DataError
from nntrain.text import quoted

if TYPE_CHECKING:
    import pandas as pd

    from nntrain.data.readers.frames import FrameTable


@dataclass(frozen=True)
class ReadOptions:
    """How to read a table: how its cells are written, and its delimiter if that is known.

    `twice` makes a pipe ready to be read again. With `tolerate_bad_rows`, rows with too few or too
    many cells are marked instead of raising `DataError`.
    """

    cells: CellFormat
    delimiter: str | None = None
    twice: bool = False
    tolerate_bad_rows: bool = False


@contextlib.contextmanager
def open_table(table: TableLike, options: ReadOptions) -> Iterator[Table]:
    """A table from one path or several (`-` is standard input), or from one DataFrame or several.

    Several are read one after the other, as one table. A path that ends in `.jsonl` (or
    `.jsonl.gz` and the like) holds one JSON object per line, a path that ends in `.parquet` needs
    the extra `parquet`, and any other holds delimited text. Raises `DataError`.
    """
    with contextlib.ExitStack() as stack:
        if isinstance(table, (str, Path)):
            yield _open_path(str(table), options, stack)
            return
        if is_frame(table):
            yield _frame_table([table], options.cells)
            return
        parts = list(table)
        if not parts:
            raise DataError("no table: expects at least one")
        if all(map(is_frame, parts)):
            yield _frame_table(cast("list[pd.DataFrame]", parts), options.cells)
            return
        tables = [_open_path(str(part), options, stack) for part in parts]
        yield tables[0] if len(tables) == 1 else SeveralTables(tables)


def is_frame(table: object) -> TypeGuard[pd.DataFrame]:
    """Whether this is a DataFrame; found without loading pandas."""
    return any(
        kind.__name__ == "DataFrame" and kind.__module__.partition(".")[0] == "pandas"
        for kind in type(table).__mro__
    )


def _frame_table(parts: list[pd.DataFrame], cells: CellFormat) -> FrameTable:
    from nntrain.data.readers.frames import frame_table, joined  # noqa: PLC0415  (which loads pandas)

    return frame_table(parts[0] if len(parts) == 1 else joined(parts), cells)


def _open_path(path: str, options: ReadOptions, stack: contextlib.ExitStack) -> Table:
    source = stack.enter_context(Source(path))
    suffixes = Path(path).suffixes
    if ".jsonl" in suffixes[-2:]:
        return JsonLinesTable(source, options.cells, twice=options.twice)
    if suffixes[-1:] == [".parquet"]:
        source.open()  # raises the same error as for any other file that cannot be read
        return open_parquet(path, options.cells)
    return CsvTable(
        source,
        options.cells,
        options.delimiter,
        twice=options.twice,
        tolerate_bad_rows=options.tolerate_bad_rows,
    )


class SeveralTables:
    """Tables read one after the other as one; see `Table`.

    They have the same columns, in any order. Raises `DataError` if they do not.
    """

    def __init__(self, tables: Sequence[Table]) -> None:
        self.tables = tables
        self.name = tables[0].name
        self.columns = tables[0].columns
        self.cells = tables[0].cells
        self.progress = 0.0
        for table in tables[1:]:
            missing = [name for name in self.columns if name not in table.columns]
            extra = [name for name in table.columns if name not in self.columns]
            if missing or extra:
                what = f"lacks {quoted(missing)}" if missing else f"has {quoted(extra)} too"
                raise DataError(
                    f"{table.name}: has other columns than {self.name}: it {what}; tables read as "
                    f"one must have the same columns"
                )

    def chunks(self, types: Callable[[], ColumnTypes]) -> Iterator[Chunk]:
        """See `Table.chunks`."""
        for table in self.tables:
            for chunk in table.chunks(types):
                yield chunk if table.columns == self.columns else self._reordered(chunk, table)

    def _reordered(self, chunk: Chunk, table: Table) -> Chunk:
        """A chunk of `table` whose columns have the positions of the first table's."""

        def as_written(positions: Sequence[int]) -> list[Column]:
            return chunk.as_written([table.columns.index(self.columns[i]) for i in positions])

        return replace(chunk, as_written=as_written)
