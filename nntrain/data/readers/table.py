"""The common form of every table: chunks of rows, their columns typed as numbers or texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

import numpy as np

from nntrain.arrays import Column, Mask
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.values import cell_text, numbers_of
from nntrain.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

SAVED_INDEX_NAME = re.compile(r"__index_level_\d+__|Unnamed: \d+", re.ASCII)
"""How pandas calls an index without a name in Parquet, and a column without one in CSV."""

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
    gives columns by their position in the table, every cell as its text in the file. `as_json` is
    like it and gives each cell in JSON: a number, text, truth value, null, or what else the file
    holds; an empty text where a JSON object has no such key. `bad` marks rows with too few or too
    many cells; only a table that tolerates such rows has it.
    """

    n_rows: int
    columns: Mapping[str, Column]
    place: Callable[[int], Place]
    as_written: Callable[[Sequence[int]], list[Column]]
    as_json: Callable[[Sequence[int]], list[Column]]
    bad: Mask | None = None


class Table(Protocol):
    """A table that can be read chunk by chunk, more than once.

    `name` is what messages call the table, `columns` the names in its header, `cells` how its
    cells are written. `is_complete` is false while rows to come may bring more columns, as JSON
    lines from a pipe do. `nested` has the columns that are known to hold arrays or objects, each
    with a description of where; their cells are no numbers or texts. `saved_index` are the columns
    in which pandas saved the index of a DataFrame. `progress` is the fraction of the table that the
    chunks so far make up, roughly; 0 where the table's size is not known.
    """

    name: str
    columns: list[str]
    cells: CellFormat
    progress: float

    @property
    def is_complete(self) -> bool:
        """Whether no row to come can bring more columns."""
        ...

    @property
    def nested(self) -> Mapping[str, str]:
        """The columns known to hold arrays or objects, each with a description of where."""
        ...

    @property
    def saved_index(self) -> tuple[str, ...]:
        """The columns in which pandas saved an index."""
        ...

    def chunks(self, types: Callable[[], ColumnTypes]) -> Iterator[Chunk]:
        """All rows, chunk by chunk, each with the columns that `types()` asks for.

        `types` is called anew for each chunk, possibly from another thread, so its answer may
        change between chunks: a chunk parsed ahead by an older answer is parsed again. Raises
        `DataError`.
        """
        ...


def column_of_values(
    values: Sequence[Any], place: Callable[[int], Place], subject: str, cells: CellFormat | None
) -> Column:
    """The texts (n_rows,) of values; with `cells`, their numbers if every one is a number.

    `subject` is what messages call the column. Raises `DataError` for an array or object.
    """
    texts = list(map(cell_text, values))
    if None in texts:
        raise DataError(
            f"{place(texts.index(None))}, {subject}: holds an array, an object or another value "
            f"that is neither a number nor a text; give its parts columns of their own, or put "
            f"the column under ignore"
        )
    if cells and cells.decimal != ".":  # Numbers of typed formats have a point all the same.
        texts = [
            text if type(value) is str else str(text).replace(".", cells.decimal)
            for value, text in zip(values, texts, strict=True)
        ]
    column = np.array(texts, dtype=object)
    numbers = numbers_of(values, column, cells) if cells else None
    return column if numbers is None else numbers


def index_columns(table: Table) -> tuple[str, ...]:
    """The columns in which pandas saved an index, known by the file's notes or by their names."""
    return tuple(
        name
        for name in table.columns
        if name in table.saved_index or SAVED_INDEX_NAME.fullmatch(name)
    )


def with_numbers(
    columns: Mapping[str, Column], numbers: Iterable[str], cells: CellFormat
) -> dict[str, Column]:
    """Text columns, those in `numbers` as float64 if every cell is a number or missing."""
    result = dict(columns)
    for name in numbers:
        values = cells.of_column(name).numbers(columns[name])
        if values is not None:
            result[name] = values
    return result
