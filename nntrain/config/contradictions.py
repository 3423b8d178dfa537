"""Keys of a config that do not go together, though each of them alone is in its range."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from nntrain.errors import Mistake


def find_contradictions(values: Mapping[str, Any]) -> Iterator[Mistake]:
    """The mistakes that only show when keys are compared with each other.

    `values` has every key of the config, each value already valid by itself.
    """
    yield from _repeated_columns(values)
    weight = values["weight"]
    for key in ("target", "features", "categorical"):
        if weight is not None and weight in (values[key] or ()):
            yield Mistake(f"names {weight!r}, which stands under {key} too", "weight")
    if values["features"] == ():
        text = "is empty; name a column, or remove the key to use every column"
        yield Mistake(text, "features")
    if values["delimiter"] == values["decimal"]:
        yield Mistake(f"is the delimiter too, {values['decimal']!r}; one must differ", "decimal")


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
