"""Choose the targets of an unknown table, and the columns to ignore, by what the columns hold."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nntrain.config.keys import DEFAULTS
from nntrain.data.checks import has_digit
from nntrain.data.kinds.profile import ColumnProfile
from nntrain.data.preprocessing.spread import is_rounding, measure_spread
from nntrain.errors import DataError
from nntrain.text import quoted

log = logging.getLogger(__name__)

DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}.*", re.ASCII)
MOST_ODD_TEXTS = 20
"""The most distinct texts in a column of numbers that can all mean a missing number."""
FEW = 20
"""Up to this many rows or distinct texts, a column is never taken for row numbers or names."""
LONGEST_NAME = 200


@dataclass(frozen=True)
class ColumnChoice:
    """The columns to predict and those to ignore, with the reasons.

    `odd_texts` are the texts among the numbers of the other columns, to be taken as missing; none
    has a digit, for a number that is written in another way would vanish.
    """

    targets: list[str]
    target_reason: str
    ignored: dict[str, str]
    odd_texts: list[str]


def choose_columns(
    table_name: str, columns: Sequence[ColumnProfile], targets: Sequence[str]
) -> ColumnChoice:
    """What each column is for; without `targets`, the last column that can be one is the target.

    Raises `DataError` if a target cannot be one, or no column is left to learn from.
    """
    chosen, target_reason = _choose_targets(table_name, columns, targets)
    others = [column for column in columns if column.name not in chosen]
    ignored = {column.name: reason for column in others if (reason := _why_ignore(column))}
    if len(ignored) == len(others):
        reason = "the target is the only one"
        if ignored:
            reason = f"little can be learned from {quoted(list(ignored))}"
        raise DataError(f"{table_name}: no column is left to learn from: {reason}")
    odd_texts = [
        text
        for column in columns
        if column.is_numeric and column.name not in ignored
        for text in _odd_texts(column)
    ]
    return ColumnChoice(chosen, target_reason, ignored, odd_texts)


def _odd_texts(column: ColumnProfile) -> list[str]:
    """The cells of a numeric column that are no finite numbers."""
    return [*column.texts, *(["inf", "-inf"] if column.n_infinite else [])]


def _choose_targets(
    table_name: str, columns: Sequence[ColumnProfile], targets: Sequence[str]
) -> tuple[list[str], str]:
    """The targets, and why they are."""
    unfit = {column.name: reason for column in columns if (reason := _why_no_target(column))}
    for target in targets:
        if target in unfit:
            raise DataError(
                f"{table_name}: the column {target!r} cannot be the target: it {unfit[target]}"
            )
    if targets:
        return list(targets), "as asked for"
    fit = [column.name for column in columns if column.name not in unfit]
    if not fit:
        raise DataError(
            f"{table_name}: no column can be the target; each is text, constant or empty"
        )
    target, is_last = fit[-1], fit[-1] == columns[-1].name
    reason = "the last column" if is_last else "the last column of numbers"
    log.warning("the target is %r, %s; --target chooses another", target, reason)
    return [target], f"{reason}; --target COLUMN chooses another"


def _why_no_target(column: ColumnProfile) -> str:
    """Why a column cannot be a target; empty if it can."""
    if column.is_empty:
        return "has no value"
    if not column.is_numeric:
        return "holds text"
    if _has_one_number(column):
        return "is constant"
    if len(column.texts) > MOST_ODD_TEXTS:
        return "holds too many different texts"
    if mistaken := mistaken_numbers(column):
        return f"holds texts with digits among its numbers, such as {_shown(mistaken[0])}"
    return ""


def _why_ignore(column: ColumnProfile) -> str:
    """Why nothing can be learned from a column, or nothing about a new row; else empty."""
    if column.is_empty:
        return "has no value"
    is_complete = column.n_numbers == column.n_rows
    if column.is_constant or (is_complete and _has_one_number(column)):
        return "constant"
    return _why_ignore_numbers(column) if column.is_numeric else _why_ignore_texts(column)


def _has_one_number(column: ColumnProfile) -> bool:
    """Whether the finite numbers of a column are all the same but for rounding, or there is none.

    By the distinct numbers, as many as a profile keeps.
    """
    if not column.values:
        return True
    spread = measure_spread(np.array(sorted(column.values)))
    return is_rounding(spread.deviation, spread.mean, column.n_numbers)


def _why_ignore_numbers(column: ColumnProfile) -> str:
    if column.counts_rows and column.minimum in (0, 1) and column.n_rows > FEW:
        return "counts the rows"
    if len(column.texts) > MOST_ODD_TEXTS:
        return f"numbers with {len(column.texts)} different texts among them"
    if mistaken := mistaken_numbers(column):
        return f"texts with digits among its numbers, such as {_shown(mistaken[0])}; correct them"
    return ""


def mistaken_numbers(column: ColumnProfile) -> list[str]:
    """The texts with a digit among the numbers of a column: numbers written in another way."""
    return [text for text in column.texts if has_digit(text)] if column.is_numeric else []


def _shown(text: str) -> str:
    return one_line(repr(text))


def _why_ignore_texts(column: ColumnProfile) -> str:
    too_many = column.n_distinct >= DEFAULTS["max_categories"]
    if not too_many and (column.n_distinct <= FEW or column.n_distinct <= column.n_rows / 2):
        return ""
    texts = list(column.texts)
    if all(DATE.fullmatch(text) for text in texts[:100]):
        return f"{column.n_distinct:,} dates; a column of months or weekdays could tell more"
    if too_many:
        return f"{column.n_distinct:,} different texts, such as {_shown(texts[0])}"
    return "nearly every row has a text of its own"


def one_line(text: str) -> str:
    """A text that can stand in a comment: on one line, and cut if it is long."""
    shown = text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}…"
    return "".join(c if c.isprintable() else " " for c in shown)
