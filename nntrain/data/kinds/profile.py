"""Profile the columns of a table in one pass: counts of numbers, texts and missing cells."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import numpy as np

from nntrain.arrays import Column, Vector
from nntrain.data.kinds.evidence import TextEvidence
from nntrain.data.kinds.running_number import RunningNumber
from nntrain.data.readers.cells import CellFormat, is_mostly_numbers
from nntrain.data.readers.table import ColumnTypes, Place, Table, index_columns

MAX_DISTINCT = 10_000


@dataclass
class ColumnProfile:
    """What a column holds: how many cells are missing, numbers and texts, and which.

    `minimum`, `maximum` and `values` are those of the finite numbers; at most about `MAX_DISTINCT`
    values are kept. `evidence` is of the cells of chunks with texts, `written` a cell of a column
    whose notation is given, and `running` tells whether
    the numbers count the rows. `rows_as_numbers` counts cells of chunks without a text, so that
    only their numbers are known.
    """

    name: str
    n_rows: int = 0
    n_missing: int = 0
    n_numbers: int = 0
    n_infinite: int = 0
    minimum: float = math.inf
    maximum: float = -math.inf
    rows_as_numbers: int = 0
    running: RunningNumber = field(default_factory=RunningNumber)
    values: set[float] = field(default_factory=set)
    evidence: TextEvidence = field(default_factory=TextEvidence)
    written: str = ""

    @property
    def texts(self) -> dict[str, int]:
        """The distinct texts that are neither numbers nor missing, with their numbers of cells."""
        return self.evidence.texts

    @property
    def n_texts(self) -> int:
        """The number of cells that are neither missing nor numbers."""
        return self.n_rows - self.n_missing - self.n_numbers - self.n_infinite

    @property
    def is_numeric(self) -> bool:
        """Whether the column holds plain numbers: at most one value in ten is a text."""
        n_numbers = self.n_numbers + self.n_infinite
        return n_numbers > 0 and is_mostly_numbers(n_numbers, self.n_texts)

    @property
    def is_empty(self) -> bool:
        """Whether every cell is missing."""
        return self.n_missing == self.n_rows

    @property
    def n_distinct(self) -> int:
        """How many distinct numbers and texts there are, at least."""
        return len(self.texts) + len(self.values)

    @property
    def is_constant(self) -> bool:
        """Whether all cells are the same, missing ones included."""
        return self.n_distinct + (self.n_missing > 0) <= 1

    @property
    def example(self) -> str:
        """One of the cells, empty if all are missing; a number if none was read as text."""
        shapes = self.evidence.shapes.by_text.values()
        written = self.written or next((shape.example for shape in shapes), "")
        return written or (f"{min(self.values):.15g}" if self.values else "")

    def add_numbers(self, values: Vector) -> None:
        """Count cells (n_rows,) that are all numbers, or NaN where missing."""
        self.n_rows += len(values)
        missing = np.isnan(values)
        infinite = np.isinf(values)
        numbers = values[~missing & ~infinite]
        self.n_missing += int(np.count_nonzero(missing))
        self.n_infinite += int(np.count_nonzero(infinite))
        self.n_numbers += len(numbers)
        if len(self.values) < MAX_DISTINCT:
            self.values.update(np.unique(numbers)[:MAX_DISTINCT].tolist())
        if len(numbers):
            self.minimum = min(self.minimum, float(numbers.min()))
            self.maximum = max(self.maximum, float(numbers.max()))
        self.running.add(values)

    def add_texts(self, column: Column, cells: CellFormat, place: Callable[[int], Place]) -> None:
        """Count cells (n_rows,) of which some are texts; `place` is where a row stands."""
        numbers, is_text = self.evidence.add(column, cells, place)
        self.add_numbers(numbers[~is_text])
        self.n_rows += int(np.count_nonzero(is_text))
        self.running.is_broken = True


def profile(table: Table) -> list[ColumnProfile]:
    """A profile of each column with a name and single values, in the table's order.

    A saved index has no name of its own, and arrays or objects are no single values. A column whose
    first text comes after a chunk of numbers is read once more, for the texts of all its cells;
    `table` must be one that can be read twice. Raises `DataError`.
    """
    left_out = {"", *index_columns(table), *table.nested}
    names = [name for name in table.columns if name not in left_out]
    profiles = _profile(table, names, as_texts=())
    mixed = [p.name for p in profiles.values() if p.n_texts and p.rows_as_numbers]
    if mixed:
        profiles |= profile_as_texts(table, mixed)
    return list(profiles.values())


def profile_as_texts(table: Table, names: Collection[str]) -> dict[str, ColumnProfile]:
    """The profiles of some columns with the text of each cell, by their names."""
    return _profile(table, names, as_texts=names) if names else {}


def _profile(
    table: Table, names: Collection[str], as_texts: Collection[str]
) -> dict[str, ColumnProfile]:
    """The profiles of some columns, in one pass; those in `as_texts` have each cell's text."""
    profiles = {name: ColumnProfile(name) for name in names}

    def types() -> ColumnTypes:
        texts = [n for n, p in profiles.items() if p.evidence.n_present or n in as_texts]
        return ColumnTypes(tuple(name for name in profiles if name not in texts), tuple(texts))

    for chunk in table.chunks(types):
        for name, column_profile in profiles.items():
            cells = chunk.columns[name]
            if name in table.cells.notations and not column_profile.written:
                (texts,) = chunk.as_written([table.columns.index(name)])
                column_profile.written = next(filter(None, texts), "")
            if cells.dtype == np.float64:
                column_profile.rows_as_numbers += chunk.n_rows
                column_profile.add_numbers(cells)
            else:
                own = table.cells.of_column(name)
                column_profile.add_texts(cells, own, chunk.place)
    return profiles
