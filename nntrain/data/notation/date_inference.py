"""Which dates or times a column holds, by the shapes of all its cells."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TypeAlias

from nntrain.data.notation.date_codes import MONTHS
from nntrain.data.notation.date_fit import Fit, Misfit, examples_of
from nntrain.data.notation.date_layouts import Layout, layout_of
from nntrain.data.notation.dates import DateNotation
from nntrain.data.notation.moments import moment_of
from nntrain.data.notation.shapes import Shapes

ENOUGH = 0.9
"""The part of the cells that has to fit: a typing error is no reason to read dates as texts."""
THIRD_OF_APRIL = 1712102400.0
"""A day of 2024 that is another one with day and month exchanged."""


@dataclass(frozen=True)
class DatesFound:
    """The one notation that fits a column, and the cells that do not fit it."""

    notation: DateNotation
    misfits: tuple[Misfit, ...] = ()

    @property
    def n_misfits(self) -> int:
        """The number of cells that do not fit, but for those too long or too varied to count."""
        return sum(misfit.n_cells for misfit in self.misfits)


@dataclass(frozen=True)
class DatesUnclear:
    """The notations that a column's dates may have, and why its cells do not say which.

    `reason` is a sentence without its full stop.
    """

    candidates: tuple[DateNotation, ...]
    reason: str


Outcome: TypeAlias = DatesFound | DatesUnclear | None


def infer_dates(shapes: Shapes) -> Outcome:
    """What a column's cells say of its dates: one notation, several to ask about, or no dates.

    >>> shapes = Shapes()
    >>> shapes.add([("12/31/2024", 5, "line 2"), ("01/02/2024", 7, "line 7")])
    >>> infer_dates(shapes)
    DatesFound(notation=DateNotation(format='%m/%d/%Y'), misfits=())
    """
    columns = [[Fit(DateNotation(text), shapes) for text in layout] for layout in _layouts(shapes)]
    # A stable sort: of two layouts that read as many cells, the one that more are written in.
    columns = sorted(columns, key=lambda fits: -fits[0].n_alike)
    outcomes = [_outcome(fits) for fits in columns if _is_enough(fits[0].n_alike, shapes)]
    found: list[Outcome] = [outcome for outcome in outcomes if isinstance(outcome, DatesFound)]
    unclear: list[Outcome] = [outcome for outcome in outcomes if outcome is not None]
    return next(iter(found + unclear), None)


def _layouts(shapes: Shapes) -> list[Layout]:
    """The layouts of the cells, the most frequent first; none where too few cells have one."""
    layouts: Counter[Layout] = Counter()
    n_cells = 0
    for shape in shapes.by_text.values():
        layout = layout_of(shape.text)
        if layout:
            n_cells += shape.n_cells
            # May is short and long: it does not say whether the other months are.
            layouts[layout] += shape.n_cells * ("may" not in shape.text.lower())
    return [layout for layout, _ in layouts.most_common()] if _is_enough(n_cells, shapes) else []


def _is_enough(n_cells: int, shapes: Shapes) -> bool:
    """Whether so many cells are nearly all of a column, and any."""
    return n_cells > 0 and n_cells >= ENOUGH * shapes.n_cells


def _outcome(fits: list[Fit]) -> Outcome:
    """What the notations of one layout, which look the same, make of a column."""
    first = fits[0]
    if not first.is_plausible():
        return None
    possible = [fit for fit in fits if _is_enough(fit.n_fitting, fit.shapes)]
    if "%y" in first.notation.codes:
        return _unclear(possible, "the years have two digits") if possible else None
    if len(fits) > 1:
        return _by_order(fits, possible)
    return DatesFound(first.notation, first.misfits()) if possible else None


def _by_order(fits: list[Fit], possible: list[Fit]) -> Outcome:
    """The outcome for two notations that differ in the order of day and month.

    Cells that have a day above 12 decide, however few they are, unless they contradict each other.
    """
    days = [fit.days_above_12() for fit in fits]
    if all(n_cells for n_cells, _ in days):
        first = fits[0]
        if not _is_enough(first.n_alike - first.n_no_days(), first.shapes):
            return None
        cells = [
            f"{example!r} has the day where {fit.notation.format} has it"
            for fit, (_, example) in zip(fits, days, strict=True)
        ]
        return DatesUnclear(tuple(fit.notation for fit in fits), ", and ".join(cells))
    decided = [fit for fit, (n_cells, _) in zip(fits, days, strict=True) if n_cells]
    if decided:
        return (
            DatesFound(decided[0].notation, decided[0].misfits())
            if decided[0] in possible
            else None
        )
    return _unclear(possible, "no cell has a day above 12") if possible else None


def _unclear(possible: list[Fit], why: str) -> DatesUnclear:
    """The question which notation is meant, with how each reads an example."""
    candidates = tuple(fit.notation for fit in possible)
    example = _example(possible)
    readings = [f"{_in_words(notation, example)} ({notation.format})" for notation in candidates]
    choice = " or ".join(filter(None, [", ".join(readings[:-1]), readings[-1]]))
    return DatesUnclear(candidates, f"{example!r} may be {choice}: {why}")


def _example(possible: list[Fit]) -> str:
    """A cell that the notations read differently; one like it if none is known."""
    for text in (text for shape, _ in possible[0].alike() for text in examples_of(shape)):
        numbers = [fit.notation.number(text) for fit in possible]
        if None not in numbers and len(set(numbers)) == len(numbers):
            return text
    return possible[0].notation.text(THIRD_OF_APRIL)


def _in_words(notation: DateNotation, text: str) -> str:
    """The date that a notation reads in a text, such as 3 April 2024."""
    number = notation.number(text)
    if number is None:
        return "no date"
    moment = moment_of(number)
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}"
