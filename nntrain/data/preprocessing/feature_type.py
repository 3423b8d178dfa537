"""Whether a feature is numbers or texts: decided by its cells while its table is read."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Vector
from nntrain.data.checks import comma_hint, has_digit, infinite_number, may_be_grouped
from nntrain.data.readers.cells import CellFormat, distinct_categories, is_mostly_numbers
from nntrain.data.readers.table import Chunk
from nntrain.errors import DataError


@dataclass
class GrowingFeature:
    """A feature column of which some rows have been read: numbers so far, or texts.

    `codes` numbers the distinct texts in the order in which they come. `n_numbers` and `n_texts`
    count cells while the type is open; it is given from the start if `is_listed`, that is, listed
    under `categorical`. `first_text` is the place and text of the first cell that is no number.
    """

    name: str
    position: int
    is_text: bool
    max_categories: int
    codes: dict[str, int] = field(default_factory=dict)
    n_numbers: int = 0
    n_texts: int = 0
    rows_as_numbers: int = 0
    first_text: tuple[str, str] = ("", "")
    first_infinite: str = ""

    def __post_init__(self) -> None:
        self.is_listed = self.is_text

    def read(self, chunk: Chunk, out: Vector, cells: CellFormat) -> None:
        """Put a chunk's cells into `out` (n_rows,), numbers as they are and texts as codes."""
        if chunk.columns[self.name].dtype == np.float64:
            self._read_numbers(chunk, out)
        else:
            self._read_texts(chunk, out, cells)

    def _read_numbers(self, chunk: Chunk, out: Vector) -> None:
        out[:] = numbers = chunk.columns[self.name]
        self.rows_as_numbers += len(numbers)
        if np.isfinite(numbers).all():
            self.n_numbers += len(numbers)
            return
        infinite = np.flatnonzero(np.isinf(numbers))
        if len(infinite) and not self.first_infinite:
            self.first_infinite = str(chunk.place(int(infinite[0])))
        self.n_numbers += int(np.count_nonzero(~np.isnan(numbers)))

    def _read_texts(self, chunk: Chunk, out: Vector, cells: CellFormat) -> None:
        column = chunk.columns[self.name]
        self.is_text = True
        codes, texts = distinct_categories(column)
        if not self.is_listed:
            self._count(np.bincount(codes, minlength=len(texts)), texts, cells)
            if self.n_texts and not self.first_text[0]:
                row = cells.first_text(column)
                self.first_text = (str(chunk.place(row)), column[row])
        out[:] = np.array([self._code(text) for text in texts], dtype=np.float64)[codes]

    def _count(self, counts: NDArray[np.intp], texts: list[str], cells: CellFormat) -> None:
        for count, text in zip(counts.tolist(), texts, strict=True):
            value = cells.number(text)
            if value is None:
                self.n_texts += count
            elif not np.isnan(value):
                self.n_numbers += count

    def _code(self, text: str) -> int:
        """The code of a text. One more than `max_categories` are kept, to tell too many."""
        if text not in self.codes and len(self.codes) <= self.max_categories:
            self.codes[text] = len(self.codes)
        return self.codes.get(text, -1)

    def fix_type(self, cells: CellFormat) -> bool:
        """Fix the column's type after the last chunk; True: the column must be read again as text.

        Raises `DataError` if a number is infinite, or a few texts stand among many numbers.
        """
        if self.is_listed:
            return False
        if not self.is_text:
            if self.first_infinite:
                raise DataError(infinite_number(self.first_infinite, self.name))
            return False
        if is_mostly_numbers(self.n_numbers, self.n_texts):
            place, text = self.first_text
            missing = "" if has_digit(text) else ", add the text to missing_values,"
            raise DataError(
                f"{place}, column {self.name!r}: {text!r} is not a number, and at least nine "
                f"tenths of the column are. Correct the cell{missing} or list the column under "
                f"categorical{comma_hint(text, cells)}"
            )
        if self.rows_as_numbers:
            self.codes.clear()
            self.is_listed = True
        return self.rows_as_numbers > 0

    def check_categories(self, table_name: str, cells: CellFormat) -> None:
        """Raise `DataError` for a text column with more than `max_categories` distinct texts."""
        if len(self.codes) <= self.max_categories:
            return
        texts = [text for text in self.codes if cells.number(text) is None] or list(self.codes)
        # A text that tells more than 9,356, which may be nine thousand or nine.
        text = next((text for text in texts if not may_be_grouped(text, cells)), texts[0])
        raise DataError(
            f"{table_name}: the text column {self.name!r} has more than {self.max_categories} "
            f"distinct values, such as {text!r}; put it under ignore, or raise max_categories"
            f"{comma_hint(text, cells)}"
        )
