"""The common form of every table: chunks of rows, their columns typed as numbers or texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from nntrain.arrays import Column, Mask
from nntrain.data.readers.cells import CellFormat

if TYPE_CHECKING:
    import pandas as pd


TableLike: TypeAlias = "str | Path | pd.DataFrame | Iterable[str | Path] | Iterable[pd.DataFrame]"


@dataclass(frozen=True)
class Place:
    """Where a row stands: the table's name, and its line in a file or its row in a DataFrame.

    Lines are counted from 1, the header's included; rows from 0. `str()` is the text for messages.
    """

    table: str
    kind: Literal["line", "row"]
    number: int

    @property
    def in_table(self) -> str:
        """The place without the table's name: `line 3`, `row 0 (counting from 0)`."""
        return f"{self.kind} {self.number}" + (" (counting from 0)" if self.kind == "row" else "")

    def __str__(self) -> str:
        return f"{self.table}, {self.in_table}"


@dataclass(frozen=True)
class ColumnTypes:
    """The columns to read from a table: those wanted as numbers, and those wanted as texts."""

    numbers: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All the columns to read."""
        return (*self.numbers, *self.texts)


@dataclass(frozen=True)
class Chunk:
    """Consecutive rows of a table.

    A column that is wanted as numbers is float64, NaN where a cell is missing. A column that is
    wanted as texts, or that holds a cell which is neither a number nor missing, is an object array
    of the cells' texts.

    `place(row)` is where a row (from 0) stands in the file. `as_written(positions)`
    gives columns by their position in the table, every cell as its text in the file. `bad` marks
    rows with too few or too many cells; only a table that tolerates such rows has it.
    """

    n_rows: int
    columns: Mapping[str, Column]
    place: Callable[[int], Place]
    as_written: Callable[[Sequence[int]], list[Column]]
    bad: Mask | None = None


class Table(Protocol):
    """A table that can be read chunk by chunk, more than once.

    `name` is what messages call the table, `columns` the names in its header, `cells` how its
    cells are written. `progress` is the fraction of the table that the chunks so far make up,
    roughly; 0 where the table's size is not known.
    """

    name: str
    columns: list[str]
    cells: CellFormat
    progress: float

    def chunks(self, types: Callable[[], ColumnTypes]) -> Iterator[Chunk]:
        """All rows, chunk by chunk, each with the columns that `types()` asks for.

        `types` is called anew for each chunk, possibly from another thread, so its answer may
        change between chunks: a chunk parsed ahead by an older answer is parsed again. Raises
        `DataError`.
        """
        ...


def with_numbers(
    columns: Mapping[str, Column], numbers: Iterable[str], cells: CellFormat
) -> dict[str, Column]:
    """Text columns, those in `numbers` as float64 if every cell is a number or missing."""
    result = dict(columns)
    for name in numbers:
        values = cells.numbers(columns[name])
        if values is not None:
            result[name] = values
    return result
