"""Opening tables: by suffix, several files as one, and what needs an optional package."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard, cast

from nntrain.arrays import Column
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.csv_table import CsvTable
from nntrain.data.readers.json_lines import JsonLinesTable
from nntrain.data.readers.parquet import open_parquet
from nntrain.data.readers.sources import Source
from nntrain.data.readers.table import Chunk, Table, TableLike
from nntrain.errors import DataError
from nntrain.text import quoted

if TYPE_CHECKING:
    import pandas as pd

    from nntrain.data.readers.frames import FrameTable


@dataclass(frozen=True)
class ReadOptions:
    """How to read tables: their cells, the delimiter if it is known, and what to bear.

    `twice` makes a pipe ready to be read again; `tolerate_bad_rows` marks rows with a wrong number
    of cells instead of refusing them.
    """

    cells: CellFormat
    delimiter: str | None = None
    twice: bool = False
    tolerate_bad_rows: bool = False


@contextlib.contextmanager
def open_table(table: TableLike, reading: ReadOptions) -> Iterator[Table]:
    """A table from a path (`-`: standard input) or several, or from a DataFrame or several.

    Several are read in a row, as one table. A path that ends in `.jsonl` (or `.jsonl.gz` and the
    like) holds a JSON object a line, one in `.parquet` needs the extra `parquet`, any other is
    delimited text. Raises `DataError`.
    """
    with contextlib.ExitStack() as stack:
        if isinstance(table, (str, Path)):
            yield _open_path(str(table), reading, stack)
            return
        if is_frame(table):
            yield _frame_table([table], reading.cells)
            return
        parts = list(table)
        if not parts:
            raise DataError("no table: expects at least one")
        if all(map(is_frame, parts)):
            yield _frame_table(cast("list[pd.DataFrame]", parts), reading.cells)
            return
        tables = [_open_path(str(part), reading, stack) for part in parts]
        yield tables[0] if len(tables) == 1 else SeveralTables(tables)


def is_frame(table: object) -> TypeGuard[pd.DataFrame]:
    """Whether this is a DataFrame; pandas is not loaded to tell."""
    return any(
        kind.__name__ == "DataFrame" and kind.__module__.partition(".")[0] == "pandas"
        for kind in type(table).__mro__
    )


def _frame_table(parts: list[pd.DataFrame], cells: CellFormat) -> FrameTable:
    from nntrain.data.readers.frames import frame_table, joined  # noqa: PLC0415  (which loads pandas)

    return frame_table(parts[0] if len(parts) == 1 else joined(parts), cells)


def _open_path(path: str, reading: ReadOptions, stack: contextlib.ExitStack) -> Table:
    source = stack.enter_context(Source(path))
    suffixes = Path(path).suffixes
    if ".jsonl" in suffixes[-2:]:
        return JsonLinesTable(source, reading.cells, twice=reading.twice)
    if suffixes[-1:] == [".parquet"]:
        source.open()  # says what it says of any file that is missing or cannot be read
        return open_parquet(path, reading.cells)
    return CsvTable(
        source,
        reading.cells,
        reading.delimiter,
        twice=reading.twice,
        tolerate_bad_rows=reading.tolerate_bad_rows,
    )


class SeveralTables:
    """Tables of the same columns, in any order, read in a row as one; see `Table`."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self.tables = tables
        self.name = tables[0].name
        self.columns = tables[0].columns
        self.progress = 0.0
        for table in tables[1:]:
            missing = [name for name in self.columns if name not in table.columns]
            extra = [name for name in table.columns if name not in self.columns]
            if missing or extra:
                what = f"lacks {quoted(missing)}" if missing else f"has {quoted(extra)} besides"
                raise DataError(
                    f"{table.name}: has other columns than {self.name}: it {what}; tables read as "
                    f"one must have the same columns"
                )

    def chunks(self, numbers: Sequence[str], texts: Sequence[str]) -> Iterator[Chunk]:
        """See `Table.chunks`."""
        for table in self.tables:
            for chunk in table.chunks(numbers, texts):
                yield chunk if table.columns == self.columns else self._reordered(chunk, table)

    def _reordered(self, chunk: Chunk, table: Table) -> Chunk:
        """A chunk whose positions are those of the first table."""

        def as_written(positions: Sequence[int]) -> list[Column]:
            return chunk.as_written([table.columns.index(self.columns[i]) for i in positions])

        return replace(chunk, as_written=as_written)
