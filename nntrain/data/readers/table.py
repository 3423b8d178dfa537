"""What every reader gives: a table as chunks of typed columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Column
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
class Chunk:
    """Some rows of a table.

    A column is float64 with NaN for a missing cell where numbers were asked for and every cell is
    one or missing; else it holds the cells' texts. `place(row)` is where the row-th row (from 0)
    stands, `as_written(positions)` gives columns by their position in the table, each cell as it
    is written, and `bad` marks rows with too few or too many cells, in a table that bears them.
    """

    n_rows: int
    columns: Mapping[str, Column]
    place: Callable[[int], Place]
    as_written: Callable[[Sequence[int]], list[Column]]
    bad: NDArray[np.bool_] | None = None


class Table(Protocol):
    """A table that can be read more than once, chunk by chunk. `name` stands for it in messages.

    `progress` is the part of it that the chunks so far make up, about; 0 where that is not known.
    """

    name: str
    columns: list[str]
    progress: float

    def chunks(self, numbers: Sequence[str], texts: Sequence[str]) -> Iterator[Chunk]:
        """All rows, with the columns that are wanted as numbers and those wanted as text.

        The caller may change both lists between chunks. Raises `DataError`.
        """
        ...


def with_numbers(
    columns: Mapping[str, Column], numbers: Sequence[str], cells: CellFormat
) -> dict[str, Column]:
    """Columns of text, those of `numbers` as float64 where each cell is a number or missing."""
    result = dict(columns)
    for name in numbers:
        values = cells.numbers(columns[name])
        if values is not None:
            result[name] = values
    return result
