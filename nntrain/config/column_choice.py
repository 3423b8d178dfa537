"""Choose the targets of an unknown table, and the columns to ignore, by what the columns hold."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nntrain.data.checks import has_digit
from nntrain.data.kinds.decision import Decision
from nntrain.data.kinds.profile import ColumnProfile
from nntrain.data.kinds.table_kinds import may_be_codes
from nntrain.data.preprocessing.spread import is_rounding, measure_spread
from nntrain.data.readers.cells import CellFormat
from nntrain.errors import DataError
from nntrain.text import quoted

log = logging.getLogger(__name__)

MOST_ODD_TEXTS = 20
"""The most distinct texts in a column of numbers that can all mean a missing number."""
LONGEST_NAME = 200


@dataclass(frozen=True)
class KnownColumn:
    """A column that was profiled, and what kind of column it is."""

    profile: ColumnProfile
    decision: Decision

    @property
    def name(self) -> str:
        """The column's name."""
        return self.profile.name

    @property
    def holds_values(self) -> bool:
        """Whether the cells are numbers, dates or times rather than names."""
        return self.decision.kind in ("number", "date") or self.profile.is_numeric

    def odd_texts(self) -> list[str]:
        """The distinct cells that are no finite number or date, if the others are."""
        if not self.holds_values or self.decision.question:
            return []
        cells = CellFormat((), notation=self.decision.notation)
        texts = [text for text in self.profile.texts if cells.number(text) is None]
        # A plain number may be a misfit too, such as 9.12 among times.
        texts += [m.text for m in self.decision.misfits if m.text not in self.profile.texts]
        return [*texts, *(["inf", "-inf"] if self.profile.n_infinite else [])]

    def mistaken_cells(self) -> list[str]:
        """The odd texts with a digit: numbers or dates that are written in another way."""
        return [text for text in self.odd_texts() if has_digit(text)]


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
    table_name: str, columns: Sequence[KnownColumn], targets: Sequence[str]
) -> ColumnChoice:
    """What each column is for; without `targets`, the last column is the target if it can be.

    Logs what is left out. Raises `DataError` if a target cannot be one, or no column is left to
    learn from.
    """
    chosen, target_reason = _choose_targets(table_name, columns, targets)
    others = [column for column in columns if column.name not in chosen]
    ignored = {column.name: reason for column in others if (reason := _why_ignore(column))}
    if len(ignored) == len(others):
        ignored = _but_last_resorts(others, ignored)
    if len(ignored) == len(others):
        reason = "the target is the only one"
        if ignored:
            reason = f"little can be learned from {quoted(list(ignored))}"
        raise DataError(f"{table_name}: no column is left to learn from: {reason}")
    for name, reason in ignored.items():
        log.warning("left out the column %r: %s", name, reason)
    used = [column for column in columns if column.name not in ignored]
    for column in used:
        if column.name not in chosen and may_be_codes(column.profile):
            log.warning(
                "%r is read as numbers; if they are codes, list it under categorical", column.name
            )
    odd_texts = [text for column in used for text in column.odd_texts()]
    return ColumnChoice(chosen, target_reason, ignored, odd_texts)


def _but_last_resorts(columns: Sequence[KnownColumn], ignored: Mapping[str, str]) -> dict[str, str]:
    """The columns to ignore where nothing else is left: neither running numbers nor open ones."""
    kept = {
        column.name
        for column in columns
        if column.profile.running.counts_rows or column.decision.choices
    }
    return {name: reason for name, reason in ignored.items() if name not in kept}


def _choose_targets(
    table_name: str, columns: Sequence[KnownColumn], targets: Sequence[str]
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
    last = columns[-1].name
    if last not in unfit:
        log.warning("the target is %r, the last column; --target chooses another", last)
        return [last], "the last column; --target COLUMN chooses another"
    fit = [c.name for c in columns if c.name not in unfit and c.decision.kind != "identifier"]
    if not fit:
        raise DataError(
            f"{table_name}: no column can be the target; each is text, dates, constant, empty or "
            f"names of the rows"
        )
    raise DataError(
        f"{table_name}: the last column, {last!r}, cannot be the target: it {unfit[last]}; name "
        f"the column to predict with --target: it could be {quoted(fit)}"
    )


def _why_no_target(column: KnownColumn) -> str:
    """Why a column cannot be a target; empty if it can."""
    profile, decision = column.profile, column.decision
    if profile.is_empty:
        return "has no value"
    if decision.kind == "date" or not column.holds_values:
        held = "dates or times" if decision.kind == "date" else "text"
        return f"holds {held}, such as {_shown(decision.example)}"
    if profile.is_numeric and _has_one_number(profile):
        return "is constant"
    return _unfit_cells(column)


def _unfit_cells(column: KnownColumn) -> str:
    """What keeps the cells of a target from being numbers; empty if they can be."""
    if column.decision.has_no_answer:
        return f"is written in several ways: {one_line(column.decision.question)}"
    if len(column.odd_texts()) > MOST_ODD_TEXTS:
        return "holds too many different texts"
    if mistaken := column.mistaken_cells():
        return f"holds texts with digits among its numbers, such as {_shown(mistaken[0])}"
    return ""


def _why_ignore(column: KnownColumn) -> str:
    """Why nothing can be learned from a column, or nothing about a new row; else empty."""
    profile = column.profile
    if profile.is_empty:
        return "has no value"
    is_complete = profile.n_numbers == profile.n_rows
    if profile.is_constant or (is_complete and _has_one_number(profile)):
        return "constant"
    if column.decision.question:
        return _why_undecided(column.decision)
    odd = column.odd_texts()
    if len(odd) > MOST_ODD_TEXTS:
        return f"{column.decision.kind}s with {len(odd)} different texts among them"
    if mistaken := column.mistaken_cells():
        what = "dates" if column.decision.kind == "date" else "numbers"
        return f"texts with digits among its {what}, such as {_shown(mistaken[0])}; correct them"
    return column.decision.reason


def _why_undecided(decision: Decision) -> str:
    """Why a column that may be read in several ways is left out, and what to do about it."""
    if decision.has_no_answer:
        return f"{one_line(decision.question)}; write them alike"
    key = "date_format" if decision.kind == "date" else "numbers"
    return f"not decided; choose a line under {key}, and remove this one"


def _has_one_number(column: ColumnProfile) -> bool:
    """Whether the finite numbers of a column are all the same but for rounding, or there is none.

    By the distinct numbers, as many as a profile keeps.
    """
    if not column.values:
        return True
    spread = measure_spread(np.array(sorted(column.values)))
    return is_rounding(spread.deviation, spread.mean, column.n_numbers)


def _shown(text: str) -> str:
    return one_line(repr(text))


def one_line(text: str) -> str:
    """A text that can stand in a comment: on one line, and cut if it is long."""
    shown = text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}…"
    return "".join(c if c.isprintable() else " " for c in shown)
