"""What cells look like but for their digits: the evidence by which a column's notation is found.

However long a column is, its cells have few shapes; those of free text alone are many. Shapes are
counted over the whole column, chunk by chunk.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

MOST_SHAPES = 2000
"""Cells of further shapes are only counted; a column of so many shapes is free text."""
LONGEST_SHAPE = 60
"""A longer cell is neither a number nor a date."""
DIGITS = str.maketrans("0123456789", "9999999999")
DIGIT_RUN = re.compile(r"\d+", re.ASCII)
MOST_RUNS = 9
"""A cell with more runs of digits than this has none of them measured; a date with time, fraction
and offset has so many."""


@dataclass
class Shape:
    """Cells that are alike but for their digits.

    `text` is what they look like, each digit a 9, such as `99/99/9999`; but a 0 stays 0 where it
    tells how a number is written (see `shape_of`). `n_cells` counts them, and `example`
    is the first, which stands at `place` (empty where it is not known). `above_12` and `above_31`
    count, for each run of digits of the first cells to the last, the cells whose run is a larger
    number than that; `first_above_12` has an example for each run, empty where there is none.
    """

    text: str
    example: str
    place: str
    n_cells: int = 0
    above_12: list[int] = field(default_factory=list)
    above_31: list[int] = field(default_factory=list)
    first_above_12: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        runs = DIGIT_RUN.findall(self.text)
        n_runs = len(runs) if 1 < len(runs) <= MOST_RUNS else 0
        self.above_12 = self.above_12 or [0] * n_runs
        self.above_31 = self.above_31 or [0] * n_runs
        self.first_above_12 = self.first_above_12 or [""] * n_runs

    def add(self, text: str, count: int) -> None:
        """Count `count` cells of this shape that hold `text`."""
        self.n_cells += count
        if not self.above_12:
            return
        for i, run in enumerate(DIGIT_RUN.findall(text)):
            if int(run) > 12:
                self.above_12[i] += count
                self.first_above_12[i] = self.first_above_12[i] or text
                self.above_31[i] += count * (int(run) > 31)


@dataclass
class Shapes:
    """The shapes of a column's cells that are present, in the order in which they come.

    `n_other` counts cells of shapes beyond `MOST_SHAPES`, and cells longer than `LONGEST_SHAPE`.
    """

    by_text: dict[str, Shape] = field(default_factory=dict)
    n_other: int = 0

    @property
    def n_cells(self) -> int:
        """The number of cells."""
        return self.n_other + sum(shape.n_cells for shape in self.by_text.values())

    def add(self, texts: Iterable[tuple[str, int, str]]) -> None:
        """Count cells: distinct texts without blanks around them, the number and place of each."""
        for text, count, place in texts:
            shape_text = shape_of(text)
            shape = self.by_text.get(shape_text)
            if shape is None:
                if len(self.by_text) >= MOST_SHAPES or len(text) > LONGEST_SHAPE:
                    self.n_other += count
                    continue
                shape = self.by_text[shape_text] = Shape(shape_text, text, place)
            shape.add(text, count)


LEADING_ZERO = re.compile(
    r"""(?<!\d) (?<!\d[.,:/-]) 0 (?! \d | [.,:/-]\d) | (?<!\d) (?<!\d[.,:]) 0 (?=
        [.,] | \d{0,2} [.,'’ \u00a0\u202f\u2009] \d{3} (?!\d) | \d? (?:,\d\d)+ ,\d{3} (?!\d)
    )""",
    re.ASCII | re.VERBOSE,
)
"""A 0 alone, as in €0; one alone before a mark; one that begins what else were groups."""


def shape_of(text: str) -> str:
    """What a cell looks like: each digit is a 9, but a 0 that tells how a number is written is a 0.

    That is a 0 which stands alone, so that it needs no unit, or begins no group of thousands.

    >>> shape_of("12/31/2024"), shape_of("$1,030.50"), shape_of("0.5 kg"), shape_of("012,345")
    ('99/99/9999', '$9,999.99', '0.9 kg', '099,999')
    """
    digits_alike = text.translate(DIGITS)
    for zero in LEADING_ZERO.finditer(text):
        digits_alike = digits_alike[: zero.start()] + "0" + digits_alike[zero.end() :]
    return digits_alike
