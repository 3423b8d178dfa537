"""Keys of a config that do not go together, though each of them alone is in its range."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from nntrain.data.notation.dates import parse_date_format
from nntrain.data.notation.number_pattern import parse_number_pattern
from nntrain.errors import Mistake

KINDS = ("numbers", "date_format", "categorical", "ordered")
"""The keys that say what kind of column a column is."""
WRITTEN = ("numbers", "date_format")
"""The keys that say how a column is written; of one that is ignored, nobody asks."""
MIN_ORDERED = 2


def find_contradictions(values: Mapping[str, Any]) -> Iterator[Mistake]:
    """The mistakes that only show when keys are compared with each other.

    `values` has every key of the config, each value already valid by itself.
    """
    yield from _repeated_columns(values)
    yield from _kinds(values)
    yield from _notations(values)
    yield from _orders(values)
    weight = values["weight"]
    for key in ("target", "features", *KINDS[1:]):
        if weight is not None and weight in (values[key] or ()):
            yield Mistake(f"names {weight!r}, which stands under {key} too", "weight")
    if values["features"] == ():
        text = "is empty; name a column, or remove the key to use every column"
        yield Mistake(text, "features")
    if values["delimiter"] == values["decimal"]:
        yield Mistake(f"is the delimiter too, {values['decimal']!r}; one must differ", "decimal")


def _kinds(values: Mapping[str, Any]) -> Iterator[Mistake]:
    """Columns of two kinds, and targets of a kind that no target has."""
    for key, other in [*combinations(KINDS, 2), *(("ignore", key) for key in WRITTEN)]:
        for column in values[other]:
            if column in values[key]:
                yield Mistake(f"names {column!r}, which stands under {key} too", other)
    for column in values["target"]:
        for key in ("date_format", "ordered"):
            if column in values[key]:
                yield Mistake(f"names {column!r}, which is the target; remove it here", key)


def _notations(values: Mapping[str, Any]) -> Iterator[Mistake]:
    """Patterns of numbers and formats of dates that are none."""
    for key, parse in (("numbers", parse_number_pattern), ("date_format", parse_date_format)):
        for column, text in values[key].items():
            try:
                parse(text)
            except ValueError as error:
                yield Mistake(f"for the column {column!r}: {error}", key)


def _orders(values: Mapping[str, Any]) -> Iterator[Mistake]:
    """Orders of fewer than two categories, or with one twice."""
    for column, categories in values["ordered"].items():
        repeated = [text for text, count in Counter(categories).items() if count > 1]
        if repeated:
            yield Mistake(f"names {repeated[0]!r} twice for the column {column!r}", "ordered")
        if len(categories) < MIN_ORDERED:
            yield Mistake(f"expects two categories or more for the column {column!r}", "ordered")


def _repeated_columns(values: Mapping[str, Any]) -> Iterator[Mistake]:
    """Columns that one key names twice, and targets that are named as features as well."""
    targets = set(values["target"])
    for key in ("target", "features", "ignore", "categorical"):
        columns = values[key] or ()
        for column, count in sorted(Counter(columns).items()):
            if count > 1:
                yield Mistake(f"names the column {column!r} twice; name it once", key)
        for column in columns:
            if key != "target" and column in targets:
                yield Mistake(f"names {column!r}, which is the target; remove it here", key)
