"""How well a notation of dates fits the cells of a column, counted by their shapes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nntrain.data.notation.dates import DateNotation
from nntrain.data.notation.shapes import DIGIT_RUN, Shape, Shapes

PLAUSIBLE_YEARS = range(1500, 2200)
"""A month alone looks like other numbers, such as 5551-12 or 3/1000, but for its year."""
MOST_HOURS = 24
"""A cell of more hours is a duration, and those of its column are no times of the day."""


@dataclass(frozen=True)
class Misfit:
    """Cells that do not fit: how many, one of them and its place, each empty if not known."""

    text: str
    place: str
    n_cells: int


@dataclass(frozen=True)
class Fit:
    """A notation beside the shapes of a column's cells."""

    notation: DateNotation
    shapes: Shapes

    @property
    def n_alike(self) -> int:
        """The number of cells that look like the notation, whether there are such dates or not."""
        return sum(shape.n_cells for shape, _ in self.alike())

    @property
    def n_fitting(self) -> int:
        """The number of cells that fit, as far as the shapes tell."""
        return sum(shape.n_cells - n_impossible(shape, found) for shape, found in self.alike())

    def alike(self) -> Iterator[tuple[Shape, re.Match[str]]]:
        """The shapes that look like the notation, taken apart."""
        for shape in self.shapes.by_text.values():
            found = self.notation.match(shape.text)
            if found:
                yield shape, found

    def misfits(self) -> tuple[Misfit, ...]:
        """The cells that do not fit, by their shapes."""
        misfits = map(self._misfit, self.shapes.by_text.values())
        return tuple(misfit for misfit in misfits if misfit.n_cells)

    def _misfit(self, shape: Shape) -> Misfit:
        """The cells of a shape that do not fit."""
        found = self.notation.match(shape.text)
        n_cells = n_impossible(shape, found) if found else shape.n_cells
        number = self.notation.number
        text = next((text for text in examples_of(shape) if number(text) is None), "")
        return Misfit(text, shape.place if text == shape.example else "", n_cells)

    def days_above_12(self) -> tuple[int, str]:
        """How many cells have 13 to 31 where this notation has the day, and an example of them."""
        n_cells, example = 0, ""
        for shape, found in self.alike():
            if found.re is self.notation.iso_pattern:
                # It has the day where every notation has it, and decides nothing.
                continue
            n_cells += n_above(shape.above_12, shape, found, "day")
            n_cells -= n_above(shape.above_31, shape, found, "day")
            run = run_of(shape, found, "day")
            text = "" if run is None else shape.first_above_12[run]
            if text and (not example or self.notation.number(example) is None):
                example = text
        return n_cells, example

    def n_no_days(self) -> int:
        """How many cells have a number above 31 where this notation has the day or the month."""
        return sum(
            n_above(shape.above_31, shape, found, part)
            for shape, found in self.alike()
            for part in ("day", "month")
        )

    def is_plausible(self) -> bool:
        """Whether no times are durations, and no months alone are other numbers."""
        if self.notation.is_time:
            cells = (text for shape, _ in self.alike() for text in examples_of(shape))
            return all(int(text.partition(":")[0]) <= MOST_HOURS for text in cells)
        if self.notation.has_day:
            return True
        return all(
            int(cell["year"]) in PLAUSIBLE_YEARS
            for shape, _ in self.alike()
            if (cell := self.notation.match(shape.example))
        )


def examples_of(shape: Shape) -> list[str]:
    """The cells of a shape that are known."""
    return [shape.example, *filter(None, shape.first_above_12)]


def run_of(shape: Shape, found: re.Match[str], part: str) -> int | None:
    """Which of a shape's measured runs of digits is this part of a date; None if none is."""
    if not found[part] or not found[part][0].isdigit():
        return None
    run = len(DIGIT_RUN.findall(shape.text[: found.start(part)]))
    return run if run < len(shape.above_12) else None


def n_above(counts: list[int], shape: Shape, found: re.Match[str], part: str) -> int:
    """The count of a shape's cells for the run of digits that is this part of a date; else 0."""
    run = run_of(shape, found, part)
    return 0 if run is None else counts[run]


def n_impossible(shape: Shape, found: re.Match[str]) -> int:
    """The number of a shape's cells that are no dates, as far as their numbers are counted."""
    if "0" in {found["day"], found["month"]}:
        return shape.n_cells
    above_most_hours = shape.above_12 if found["half"] else shape.above_31
    n_cells = (
        n_above(shape.above_12, shape, found, "month")
        + n_above(shape.above_31, shape, found, "day")
        + n_above(above_most_hours, shape, found, "hour")
    )
    return min(n_cells, shape.n_cells)
