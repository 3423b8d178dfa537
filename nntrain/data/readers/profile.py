"""Profile the columns of a table in one pass: counts of numbers, texts and missing cells."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from nntrain.arrays import Column, Vector
from nntrain.data.readers.cells import CellFormat, distinct_texts, is_mostly_numbers
from nntrain.data.readers.table import ColumnTypes, Table, index_columns

MAX_DISTINCT = 10_000


@dataclass
class ColumnProfile:
    """What a column holds: how many cells are missing, numbers and texts, and which.

    `minimum`, `maximum` and `values` are those of the finite numbers. `texts` counts each distinct
    cell that is neither a number nor missing; `written` are the distinct cells of chunks with such
    texts. Of each, at most about `MAX_DISTINCT` are kept. `counts_rows` is true while the numbers
    rise by 1 from row to row.
    """

    name: str
    n_rows: int = 0
    n_missing: int = 0
    n_numbers: int = 0
    n_infinite: int = 0
    minimum: float = math.inf
    maximum: float = -math.inf
    counts_rows: bool = True
    texts: Counter[str] = field(default_factory=Counter)
    values: set[float] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    _last: float = math.nan

    @property
    def n_texts(self) -> int:
        """The number of cells that are neither missing nor numbers."""
        return self.n_rows - self.n_missing - self.n_numbers - self.n_infinite

    @property
    def is_numeric(self) -> bool:
        """Whether `fit` would read the column as numbers: at most one value in ten is a text."""
        n_numbers = self.n_numbers + self.n_infinite
        return n_numbers > 0 and is_mostly_numbers(n_numbers, self.n_texts)

    @property
    def is_empty(self) -> bool:
        """Whether every cell is missing."""
        return self.n_missing == self.n_rows

    @property
    def n_distinct(self) -> int:
        """How many distinct numbers and texts there are, at least."""
        return max(len(self.written), len(self.texts) + len(self.values))

    @property
    def is_constant(self) -> bool:
        """Whether all cells are the same, missing ones included."""
        return self.n_distinct + (self.n_missing > 0) <= 1

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
        if len(numbers) < len(values):
            self.counts_rows = False
        if self.counts_rows and len(values):
            before = values[0] - 1 if math.isnan(self._last) else self._last
            self.counts_rows = bool((np.diff(values, prepend=before) == 1).all())
            self._last = float(values[-1])

    def add_texts(self, column: Column, cells: CellFormat) -> None:
        """Count cells (n_rows,) of which some are texts."""
        codes, distinct = distinct_texts(column)
        if len(self.written) < MAX_DISTINCT:
            self.written.update(distinct)
        numbers = [cells.number(text) for text in distinct]
        values = np.array([math.nan if n is None else n for n in numbers])[codes]
        is_text = np.array([n is None for n in numbers], dtype=bool)[codes]
        self.counts_rows = False
        self.add_numbers(values[~is_text])
        self.n_rows += int(np.count_nonzero(is_text))
        for text, count, number in zip(distinct, np.bincount(codes).tolist(), numbers, strict=True):
            if number is None and (text in self.texts or len(self.texts) < MAX_DISTINCT):
                self.texts[text] += count


def profile(table: Table) -> list[ColumnProfile]:
    """A profile of each column with a name and single values, in the table's order.

    A saved index has no name of its own, and arrays or objects are no single values. Raises
    `DataError`.
    """
    left_out = {"", *index_columns(table), *table.nested}
    profiles = {name: ColumnProfile(name) for name in table.columns if name not in left_out}

    def types() -> ColumnTypes:
        texts = {name: None for name, column in profiles.items() if column.written}
        return ColumnTypes(tuple(name for name in profiles if name not in texts), tuple(texts))

    for chunk in table.chunks(types):
        for name, column_profile in profiles.items():
            cells = chunk.columns[name]
            if cells.dtype == np.float64:
                column_profile.add_numbers(cells)
            else:
                column_profile.add_texts(cells, table.cells)
    return list(profiles.values())
