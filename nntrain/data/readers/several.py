"""Several tables as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from nntrain.arrays import Column
from nntrain.data.readers.table import Chunk, ColumnTypes, Table
from nntrain.errors import DataError
from nntrain.text import quoted


class SeveralTables:
    """Tables read one after the other as one; see `Table`.

    They have the same columns, in any order. Raises `DataError` if they do not.
    """

    is_complete = True

    def __init__(self, tables: Sequence[Table]) -> None:
        self.tables = tables
        self.name = tables[0].name
        self.columns = tables[0].columns
        self.cells = tables[0].cells
        self.saved_index = tables[0].saved_index
        self.progress = 0.0
        for table in tables[1:]:
            self._check_columns(table)

    @property
    def nested(self) -> Mapping[str, str]:
        """See `Table.nested`."""
        return {name: place for table in self.tables for name, place in table.nested.items()}

    def _check_columns(self, table: Table) -> None:
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

        def in_table(positions: Sequence[int]) -> list[int]:
            return [table.columns.index(self.columns[i]) for i in positions]

        def as_written(positions: Sequence[int]) -> list[Column]:
            return chunk.as_written(in_table(positions))

        def as_json(positions: Sequence[int]) -> list[Column]:
            return chunk.as_json(in_table(positions))

        return replace(chunk, as_written=as_written, as_json=as_json)
