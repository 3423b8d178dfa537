"""A feature column while its table is read: numbers as they are, or texts as codes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from nntrain.arrays import Vector
from nntrain.data.checks import infinite_number, not_a_number
from nntrain.data.kinds.decision import Decision, decide_texts
from nntrain.data.kinds.evidence import MOST_TEXTS, TextEvidence
from nntrain.data.readers.cells import CellFormat, distinct_categories
from nntrain.data.readers.table import Chunk
from nntrain.errors import DataError


@dataclass
class GrowingFeature:
    """A feature column of which some rows have been read: numbers so far, or texts.

    `position` is its place among the columns that are read. The config may say its kind: it is read
    as text from the start if it is `listed` as categorical or has `levels` (ordered categories);
    and it is not left out if `is_named` as a feature. `codes` numbers the distinct categories in
    the order in which they come. `rows_as_numbers` counts cells of which no text was seen.
    """

    name: str
    position: int
    is_listed: bool = False
    levels: tuple[str, ...] = ()
    is_named: bool = False
    is_text: bool = False
    codes: dict[str, int] = field(default_factory=dict)
    evidence: TextEvidence = field(default_factory=TextEvidence)
    rows_as_numbers: int = 0
    first_infinite: str = ""

    def __post_init__(self) -> None:
        self.is_text = self.is_text or self.is_listed or bool(self.levels)

    @property
    def has_given_kind(self) -> bool:
        """Whether the config says that the column holds categories."""
        return self.is_listed or bool(self.levels)

    def read(self, chunk: Chunk, out: Vector, cells: CellFormat) -> None:
        """Put a chunk's cells into `out` (n_rows,), numbers as they are and texts as codes.

        Raises `DataError` for a cell that is not in the column's notation, if it has one, or is
        none of its levels.
        """
        column = chunk.columns[self.name]
        if column.dtype == np.float64:
            self._read_numbers(chunk, out)
        elif self.name in cells.notations:
            own = cells.of_column(self.name)
            row = own.first_text(column)
            raise DataError(not_a_number(str(chunk.place(row)), self.name, column[row], own))
        else:
            self._read_texts(chunk, out, cells)

    def _read_numbers(self, chunk: Chunk, out: Vector) -> None:
        out[:] = numbers = chunk.columns[self.name]
        self.rows_as_numbers += len(numbers)
        infinite = np.flatnonzero(np.isinf(numbers))
        if len(infinite) and not self.first_infinite:
            self.first_infinite = str(chunk.place(int(infinite[0])))

    def _read_texts(self, chunk: Chunk, out: Vector, cells: CellFormat) -> None:
        column = chunk.columns[self.name]
        self.is_text = True
        codes, texts = distinct_categories(column)
        if self.levels:
            self._check_levels(chunk, texts, cells)
        if not self.has_given_kind:
            self.evidence.add(column, cells, chunk.place)
        out[:] = np.array([self._code(text) for text in texts], dtype=np.float64)[codes]

    def _check_levels(self, chunk: Chunk, texts: list[str], cells: CellFormat) -> None:
        """Raise `DataError` for a category that has no place in the order."""
        for text in texts:
            if text not in self.levels and text not in cells.missing_texts:
                codes, _ = distinct_categories(chunk.columns[self.name])
                place = chunk.place(int(np.argmax(codes == texts.index(text))))
                raise DataError(
                    f"{place}, column {self.name!r}: {text!r} has no place in the order "
                    f"{', '.join(self.levels)}; add it under ordered, or correct the cell"
                )

    def _code(self, text: str) -> int:
        """The code of a text; -1 if there are too many to keep."""
        if text not in self.codes and len(self.codes) < MOST_TEXTS:
            self.codes[text] = len(self.codes)
        return self.codes.get(text, -1)

    @property
    def has_all_codes(self) -> bool:
        """Whether every cell has a code."""
        return len(self.codes) < MOST_TEXTS

    def start_again(self) -> None:
        """Forget what was read, to read the column once more."""
        self.codes, self.evidence = {}, TextEvidence()

    def decide(self, decimal: str | None) -> Decision:
        """The column's kind, by all of its cells; `decimal` is the table's mark, None if not known.

        Raises `DataError` for an infinite number.
        """
        if self.has_given_kind:
            return Decision("category")
        if self.is_text:
            return decide_texts(self.evidence, decimal, may_be_left_out=not self.is_named)
        if self.first_infinite:
            raise DataError(infinite_number(self.first_infinite, self.name))
        return Decision("number")

    def positions(self) -> Vector:
        """For each code, the position of its category in the order, NaN for a missing cell."""
        places = {level: i for i, level in enumerate(self.levels)}
        return np.array([places.get(text, np.nan) for text in self.codes])

    def numbers(self, cells: CellFormat) -> Vector | None:
        """For each code, the number in its text by the column's notation; None if one has none."""
        return cells.of_column(self.name).numbers(self.codes)
