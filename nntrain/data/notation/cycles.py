"""Cycles of the calendar as inputs: where in the year, the week and the day a moment lies.

Each cycle is the sine and cosine of an angle that goes round once, so that its end is next to its
beginning. A missing moment is in the middle: 0 for sine and cosine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from nntrain.arrays import Matrix, Vector
from nntrain.data.notation.calendar_parts import (
    day_of_month,
    day_of_week,
    day_of_year_fraction,
    is_weekend,
    month,
    seconds_of_day,
)

TURNS: dict[str, Callable[[Vector], Vector]] = {
    "month": lambda seconds: month(seconds) / 12,
    "day of year": day_of_year_fraction,
    "day of week": lambda seconds: day_of_week(seconds) / 7,
    "hour": lambda seconds: seconds_of_day(seconds) / 86_400,
}
"""For each cycle the part of it (n_rows,) that is over at moments in seconds since 1970."""
WEEKEND = "weekend"
"""Not a cycle but a 0/1 input beside them: whether the day is a Saturday or Sunday."""
CYCLES = (*TURNS, WEEKEND)


def cycle_input_names(cycles: Sequence[str]) -> tuple[str, ...]:
    """The names of the inputs that cycles become.

    >>> cycle_input_names(["hour", "weekend"])
    ('hour sine', 'hour cosine', 'weekend')
    """
    pairs = ((c,) if c == WEEKEND else (f"{c} sine", f"{c} cosine") for c in cycles)
    return tuple(name for pair in pairs for name in pair)


def n_cycle_inputs(cycles: Sequence[str]) -> int:
    """How many inputs cycles become."""
    return len(cycle_input_names(cycles))


def cycle_inputs(seconds: Vector, cycles: Sequence[str]) -> Matrix:
    """The inputs (n_rows, n_cycle_inputs) of cycles at moments in seconds since 1970.

    Where a moment is missing they are 0, and 2/7 for the weekend.
    """
    columns = []
    for cycle in cycles:
        if cycle == WEEKEND:
            columns.append(np.nan_to_num(is_weekend(seconds), nan=2 / 7))
            continue
        angle = 2.0 * np.pi * TURNS[cycle](seconds)
        columns += [np.nan_to_num(np.sin(angle)), np.nan_to_num(np.cos(angle))]
    return np.column_stack(columns)


def varying_cycles(seconds: Vector, *, is_time: bool) -> tuple[str, ...]:
    """The cycles that vary over moments (n_rows,), none of them missing, in seconds since 1970.

    The year goes by months where every moment is on the same day of the month, else by days. A week
    is no cycle of such months. Times of day (`is_time`) have no date.
    """
    hour = ("hour",) if _varies(seconds_of_day(seconds)) else ()
    if is_time:
        return hour
    if not _varies(day_of_month(seconds)):
        return (*(("month",) if _varies(month(seconds)) else ()), *hour)
    days = seconds - seconds_of_day(seconds)
    year = ("day of year",) if _varies(day_of_year_fraction(days)) else ()
    week = ("day of week",) if _varies(day_of_week(seconds)) else ()
    weekend = (WEEKEND,) if _varies(is_weekend(seconds)) else ()
    return (*year, *week, *weekend, *hour)


def _varies(values: Vector) -> bool:
    return bool(values.min() != values.max())
