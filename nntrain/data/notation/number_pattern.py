"""The notation that an example of a number shows, as a config sets it: `$1,234.5`, `34.4%`."""

from __future__ import annotations

import re
from dataclasses import replace

from nntrain.data.notation.affixes import split_rest
from nntrain.data.notation.numbers import CELL, MARKS, PARENTHESES, NumberNotation, Scale

SCALED_SOME = re.compile(r"\[([^\[\]]+)\]")
EXPECTED = (
    "expected a number as its column has it, after a currency or nothing, such as 1,234.5 or "
    "$1,234.5 or 34.4%"
)


def parse_number_pattern(pattern: str) -> NumberNotation:
    """The notation in which a number is written; a scale in brackets may lack, as in `1234.5[k]`.

    A ValueError says why a text shows no notation, or more than one.

    >>> parse_number_pattern("2.620,0 kg")
    NumberNotation(decimal=',', grouping='.', prefix='', suffix='kg', scale='none')
    """
    bracket = SCALED_SOME.search(pattern)
    text = SCALED_SOME.sub(r"\1 ", pattern).strip() if bracket else pattern.strip()
    cell = CELL.fullmatch(text.translate(PARENTHESES))
    if cell is None:
        raise ValueError(f"found {pattern!r}, {EXPECTED}")
    prefix, number, rest = cell[1] or "", cell[2], cell[3]
    affixes = split_rest(rest, bool(prefix) or bool(bracket))
    if affixes is None:
        raise ValueError(
            f"found {rest.strip()!r} after the number in {pattern!r}, expected a currency, % or "
            "a unit of at most 12 letters"
        )
    scale: Scale = "all" if affixes[0] else "none"
    if bracket and affixes[0]:
        scale = "some"
    elif bracket:
        raise ValueError(f"found {bracket[0]} in {pattern!r}, expected a scale in brackets: [k]")
    marks = _marks_of(number, pattern)
    return replace(marks, prefix=prefix, suffix=affixes[1], scale=scale)


def _marks_of(number: str, pattern: str) -> NumberNotation:
    """The notation of a number without affixes, if there is exactly one way to read it."""
    readings: dict[float, NumberNotation] = {}
    for decimal, grouping in MARKS:
        notation = NumberNotation(decimal, grouping)
        value = notation.number(number)
        if value is not None:
            readings.setdefault(value, notation)
    if not readings:
        raise ValueError(f"found {pattern!r}, {EXPECTED}")
    if len(readings) > 1:
        values = " or ".join(
            f"{value:.15g} ({notation.role_of_mark(number)})"
            for value, notation in readings.items()
        )
        ways = " or ".join(pattern.replace(number, way.pattern) for way in readings.values())
        raise ValueError(f"{pattern!r} may be {values}; write {ways}")
    return next(iter(readings.values()))
