"""The evidence by which a column's kind is decided: its texts, their shapes and their number."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from nntrain.arrays import Column, Mask, Vector
from nntrain.data.notation.shapes import Shapes
from nntrain.data.readers.cells import BLANKS, CellFormat, distinct_texts
from nntrain.data.readers.table import Place

MOST_TEXTS = 100_000
"""At most this many distinct texts of a column are kept."""


@dataclass
class TextEvidence:
    """What the cells of a column hold that were read as texts.

    `texts` counts each distinct text that is neither a number nor missing, at most `MOST_TEXTS`;
    `n_texts` and `n_numbers` count all cells. `shapes` are those of both. `n_characters` is the
    length of all texts together, `n_words` the number of their words.
    """

    shapes: Shapes = field(default_factory=Shapes)
    texts: dict[str, int] = field(default_factory=dict)
    n_texts: int = 0
    n_numbers: int = 0
    n_characters: int = 0
    n_words: int = 0

    @property
    def n_present(self) -> int:
        """The number of cells that are not missing."""
        return self.n_texts + self.n_numbers

    @property
    def is_cut(self) -> bool:
        """Whether there may be more distinct texts than were kept."""
        return len(self.texts) >= MOST_TEXTS

    def add(
        self, column: Column, cells: CellFormat, place: Callable[[int], Place]
    ) -> tuple[Vector, Mask]:
        """Count cells (n_rows,), and give their numbers, NaN if missing, and which are texts.

        `place` is where a row of the column stands. The number of a text is NaN.
        """
        codes, distinct = distinct_texts(column)
        counts = np.bincount(codes, minlength=len(distinct)).tolist()
        numbers = [cells.number(text) for text in distinct]
        present: dict[str, int] = {}
        for text, count, number in zip(distinct, counts, numbers, strict=True):
            if number is None:
                self._add_text(text, count)
            elif math.isnan(number):
                continue
            else:
                self.n_numbers += count
            stripped = text.strip(BLANKS)
            present[stripped] = present.get(stripped, 0) + count
        self._add_shapes(present, column, place)
        is_text = np.array([number is None for number in numbers], dtype=bool)
        values = np.array([math.nan if n is None else n for n in numbers], dtype=np.float64)
        return values[codes], is_text[codes]

    def _add_shapes(
        self, counts: dict[str, int], column: Column, place: Callable[[int], Place]
    ) -> None:
        """Count the shapes of distinct texts, and find the place of the first cell of a new one."""
        n_known = len(self.shapes.by_text)
        self.shapes.add((text, count, "") for text, count in counts.items())
        for shape in list(self.shapes.by_text.values())[n_known:]:
            row = next(i for i, text in enumerate(column) if text.strip(BLANKS) == shape.example)
            shape.place = str(place(row))

    def _add_text(self, text: str, count: int) -> None:
        self.n_texts += count
        self.n_characters += count * len(text)
        self.n_words += count * len(text.split())
        if text in self.texts or not self.is_cut:
            self.texts[text] = self.texts.get(text, 0) + count
