"""Whether a column's cells are numbers, and in which notation: by evidence of the whole column."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from nntrain.data.notation.number_candidates import Candidate, count_cells, shared_affixes
from nntrain.data.notation.numbers import MARKS, NumberNotation
from nntrain.data.notation.shapes import Shape, Shapes

Verdict = Literal["numbers", "ambiguous", "some scaled", "contradiction", "no numbers"]

ONE_IN = 10
"""At most one in so many cells may be written otherwise; and of the cells that tell two notations
apart, at most one in so many may tell the other."""


@dataclass(frozen=True)
class NumberReading:
    """A notation, and a cell of the column that shows what it makes of it."""

    notation: NumberNotation
    cell: Shape

    @property
    def value(self) -> float | None:
        """The number that the cell is in this notation, None if it is none."""
        return self.notation.number(self.cell.example)

    @property
    def role_of_mark(self) -> str:
        """What the comma or point of the cell is in this notation, in words."""
        return self.notation.role_of_mark(self.cell.example)


@dataclass(frozen=True)
class NumberEvidence:
    """What the cells of a column tell about its notation.

    The verdict says what `readings` holds:

    - `numbers`: the notation, with a cell that shows it;
    - `ambiguous`: each notation that fits, with one cell that they read differently;
    - `some scaled`: the notation twice, with a cell without a scale such as k, and one with it;
    - `contradiction`: two notations, each with a cell that tells it and that the other cannot read;
    - `no numbers`: nothing.

    `misfits` are the shapes, of at most one cell in ten, which the notation does not fit.
    """

    verdict: Verdict
    readings: tuple[NumberReading, ...] = ()
    misfits: tuple[Shape, ...] = ()


NO_NUMBERS = NumberEvidence("no numbers")


def infer_numbers(shapes: Shapes, decimal: str | None = None) -> NumberEvidence:
    """What the shapes of a column tell about the notation of its numbers.

    `decimal` is the decimal mark of the table if other columns tell it; it settles only what the
    column itself leaves open. Zeros without a unit tell nothing.
    """
    cells = [shape for shape in shapes.by_text.values() if shape.text != "0"]
    n_cells = count_cells(cells) + shapes.n_other
    if n_cells == 0:
        zeros = tuple(NumberReading(NumberNotation(), zero) for zero in shapes.by_text.values())
        return NumberEvidence("numbers", zeros) if zeros else NO_NUMBERS
    affixes = shared_affixes(cells)
    candidates = [
        Candidate(replace(affixes, decimal=mark, grouping=grouping), tuple(cells))
        for mark, grouping in sorted(MARKS, key=lambda marks: marks[0] != (decimal or "."))
    ]
    best = max(candidates, key=lambda candidate: candidate.n_cells)
    if ONE_IN * (n_cells - best.n_cells) > n_cells:
        return _unshared(best, candidates, n_cells)
    return NO_NUMBERS if best.is_code else _judged(best, candidates, decimal)


def _judged(best: Candidate, candidates: list[Candidate], decimal: str | None) -> NumberEvidence:
    """The evidence for the notation that fits most cells, beside others that read some otherwise.

    Plain numbers, which any reader takes for numbers with a decimal point, are asked about only if
    other cells of their column speak against that.
    """
    rivals = [rival for rival in candidates if best.conflicts(rival)]
    for rival in rivals:
        if ONE_IN * count_cells(rival.alone(best)) > count_cells(best.alone(rival)):
            return _contradiction(best, rival)
    equal = [rival for rival in rivals if not best.alone(rival)]
    if equal and decimal is None and best.notation != NumberNotation():
        cell = best.conflicts(equal[0])[0]
        both = (best.notation, equal[0].notation)
        readings = tuple(NumberReading(notation, cell) for notation in both)
        return NumberEvidence("ambiguous", readings, tuple(best.misfits))
    if best.notation.scale == "some":
        cells = (best.example(scaled=False), best.example(scaled=True))
        readings = tuple(NumberReading(best.notation, cell) for cell in cells)
        return NumberEvidence("some scaled", readings, tuple(best.misfits))
    reading = NumberReading(best.notation, best.telling_example)
    return NumberEvidence("numbers", (reading,), tuple(best.misfits))


def _unshared(best: Candidate, candidates: list[Candidate], n_cells: int) -> NumberEvidence:
    """The evidence where no notation fits enough cells: a contradiction if two together do."""
    rival = max(candidates, key=lambda candidate: count_cells(candidate.alone(best)))
    n_fitting = best.n_cells + count_cells(rival.alone(best))
    if ONE_IN * (n_cells - n_fitting) > n_cells or not rival.alone(best):
        return NO_NUMBERS
    return _contradiction(best, rival)


def _contradiction(best: Candidate, rival: Candidate) -> NumberEvidence:
    """The evidence for two notations, each with the first cell that only it can read."""
    pairs = ((best, rival), (rival, best))
    readings = tuple(NumberReading(own.notation, own.alone(its)[0]) for own, its in pairs)
    return NumberEvidence("contradiction", readings)
