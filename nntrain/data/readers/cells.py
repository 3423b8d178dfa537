"""What one cell means: a number, a missing number, or a text. Every faster parser must agree."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Column, Vector
from nntrain.data.notation.notation import Notation

NUMBER = re.compile(
    r"[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|inf(?:inity)?)", re.ASCII | re.I
)
PLAIN_NUMBER = re.compile(r"[+-]?[\d.,_]+(?:[eE][+-]?\d+)?")

TRUTH_VALUES = {
    **dict.fromkeys(("true", "True", "TRUE"), "true"),
    **dict.fromkeys(("false", "False", "FALSE"), "false"),
}
WHOLE_NUMBER = re.compile(r"([+-]?\d+)\.0", re.ASCII)
DATE_AND_TIME = re.compile(
    r"(?:(\d{4,6}-\d\d-\d\d)[T ])?(\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)?", re.ASCII
)
MIDNIGHT = " 00:00:00"
WHOLE_DAYS = re.compile(r"-?\d+ days", re.ASCII)

BLANKS = " \t\r\n\v\f"
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)


@dataclass(frozen=True)
class CellFormat:
    """How cells are written: the decimal mark, and the texts that mean a missing number.

    A missing-value text that is itself a number, such as `-999`, stands for every way to write
    that number. `notations` has the columns whose cells are not written as plain numbers, and gets
    those that are found while the table is read; `of_column` gives the format of one column, which
    has its `notation` if there is one.
    """

    missing_values: tuple[str, ...]
    decimal: str = "."
    notations: dict[str, Notation] = field(default_factory=dict, hash=False)
    notation: Notation | None = None

    def of_column(self, name: str) -> CellFormat:
        """How the cells of one column are written."""
        notation = self.notations.get(name)
        if notation is None:
            return self
        return CellFormat(self.missing_values, notation.decimal, notation=notation)

    @property
    def takes_plain_numbers(self) -> bool:
        """Whether a number of a typed format, which has no unit or sign, is one of the column's."""
        return self.notation is None or self.notation.takes_plain_numbers

    @cached_property
    def missing_texts(self) -> frozenset[str]:
        """The missing values, stripped of blanks."""
        return frozenset(value.strip(BLANKS) for value in self.missing_values)

    @cached_property
    def missing_words(self) -> list[str]:
        """The missing values that no parser could take for a finite number."""
        return [text for text in sorted(self.missing_texts) if not PLAIN_NUMBER.fullmatch(text)]

    @cached_property
    def missing_numbers(self) -> tuple[float, ...]:
        """The missing values that are numbers."""
        numbers = (self._plain_number(value.strip(BLANKS)) for value in self.missing_values)
        return tuple(value for value in numbers if value is not None)

    def _number(self, cell: str) -> float | None:
        """The number that a cell without blanks is written as, if it is one."""
        return self._plain_number(cell) if self.notation is None else self.notation.number(cell)

    def _plain_number(self, cell: str) -> float | None:
        if self.decimal != ".":
            cell = cell.replace(".", "x").replace(self.decimal, ".")
        return float(cell) if NUMBER.fullmatch(cell) else None

    def number(self, cell: str) -> float | None:
        """The number in a cell: NaN if it is missing, None if it is a text."""
        cell = cell.strip(BLANKS)
        if cell in self.missing_texts:
            return math.nan
        value = self._number(cell)
        return math.nan if value in self.missing_numbers else value

    def numbers(self, cells: Iterable[str]) -> Vector | None:
        """The numbers (n_rows,) in a column's cells, NaN if missing; None if any cell is a text."""
        if self.notation is not None:
            return self._numbers_of_distinct(cells)
        values = []
        for cell in cells:
            value = self.number(cell)
            if value is None:
                return None
            values.append(value)
        return np.array(values, dtype=np.float64)

    def _numbers_of_distinct(self, cells: Iterable[str]) -> Vector | None:
        """`numbers`, each distinct cell read once: reading a notation takes longer."""
        codes, texts = distinct_texts(np.array(list(cells), dtype=object))
        numbers = [self.number(text) for text in texts]
        if None in numbers:
            return None
        return np.array(numbers, dtype=np.float64)[codes]

    def numbers_or_infinite(self, column: Column) -> Vector:
        """The numbers (n_rows,) in a column, NaN if missing; infinity for a cell that is a text."""
        if column.dtype == np.float64:
            return column
        numbers = [self.number(cell) for cell in column]
        return np.array([math.inf if number is None else number for number in numbers])

    def blank_missing_numbers(self, values: Vector) -> None:
        """Set every number that means a missing number to NaN, in place."""
        if self.missing_numbers:
            values[np.isin(values, self.missing_numbers)] = np.nan

    def first_text(self, cells: Iterable[str]) -> int:
        """The position of the first cell that is a text; -1 if there is none."""
        return next((i for i, cell in enumerate(cells) if self.number(cell) is None), -1)


def category(text: str) -> str:
    """The category that a text stands for: the text, but one spelling for what formats spell apart.

    These are truth values (`True`, `TRUE`), whole numbers written with `.0`, dates and times in ISO
    8601, and whole days.

    >>> category("TRUE"), category("10115.0"), category("2024-05-01T00:00:00")
    ('true', '10115', '2024-05-01')
    """
    if not text or not (text[-1] in "eE0s" or text[0].isdecimal()):
        return text
    if text in TRUTH_VALUES:
        return TRUTH_VALUES[text]
    if whole := WHOLE_NUMBER.fullmatch(text):
        return "0" if whole[1] == "-0" else whole[1]
    if moment := DATE_AND_TIME.fullmatch(text):
        return moment_text(*moment.groups(default="")).removesuffix(MIDNIGHT)
    return text + MIDNIGHT if WHOLE_DAYS.fullmatch(text) else text


def moment_text(date: str, time: str, fraction: str, offset: str) -> str:
    """A date, a time or both in one spelling."""
    fraction = fraction.rstrip("0")
    if offset:
        hours, minutes = ("+00", "00") if offset == "Z" else (offset[:3], offset[-2:])
        offset = f"{hours}:{minutes}"
    return f"{date} {time}".lstrip() + (f".{fraction}" if fraction else "") + offset


def distinct_categories(column: Column) -> tuple[NDArray[np.intp], list[str]]:
    """Each cell's code (n_rows,), and the distinct categories in the order in which they come.

    A code is the position of the cell's category among the distinct ones.
    """
    codes, texts = distinct_texts(column)
    positions: dict[str, int] = {}
    merged = [positions.setdefault(category(text), len(positions)) for text in texts]
    return np.array(merged, dtype=np.intp)[codes], list(positions)


def distinct_texts(column: Column) -> tuple[NDArray[np.intp], list[str]]:
    """Each cell's code (n_rows,), and the distinct texts in the order in which they come.

    A code is the position of the cell's text among the distinct texts.
    """
    positions: dict[str, int] = {}
    codes = [positions.setdefault(text, len(positions)) for text in column.tolist()]
    return np.array(codes, dtype=np.intp), list(positions)


def is_mostly_numbers(n_numbers: int, n_texts: int) -> bool:
    """Whether a column holds numbers: at least nine tenths of its numbers and texts are."""
    return n_numbers >= 9 * n_texts
