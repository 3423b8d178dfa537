"""The warning about rows that a model learned from, written out once for many tests."""

from __future__ import annotations


def warning_of(table: object, part: str, *, some_are_new: bool = False) -> str:
    """The warning line about a part of a table, such as `100 % of these rows (4 of 4)`."""
    remedy = "; --unseen-only leaves them out" if some_are_new else ""
    return (
        f"Warning: {table}: {part} are equal to rows that the model learned from: expect larger "
        f"errors on other rows. Measure on rows held out, or with nntrain cv{remedy}\n"
    )
