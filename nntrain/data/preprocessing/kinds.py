"""What was decided about a table's columns: errors where nothing can be, notes where it was."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from nntrain.data.checks import has_digit, written
from nntrain.data.kinds.decision import Decision
from nntrain.data.notation.dates import DateNotation
from nntrain.data.notation.notation import Notation
from nntrain.data.notation.numbers import NumberNotation
from nntrain.data.notes import ReadAs, TakeNote, UselessColumn
from nntrain.data.readers.cells import BLANKS
from nntrain.data.readers.table import ColumnTypes, Table
from nntrain.errors import DataError


def check_decided(
    table: Table, name: str, decision: Decision, given: Mapping[str, Notation]
) -> None:
    """Raise `DataError` for a column that may be read in several ways, or has unfitting cells.

    `given` are the notations that the config has; advice repeats them.
    """
    if decision.question:
        key = "date_format" if decision.kind == "date" else "numbers"
        says = " or ".join(_settings(key, name, decision, given))
        remedy = f"say which: {says}" if says else "write them alike, or put it under ignore"
        raise DataError(f"{table.name}, column {name!r}: {decision.question}; {remedy}")
    if not decision.misfits:
        return
    first = decision.misfits[0]
    what = written(decision.notation)
    missing = "" if has_digit(first.text) else ", add the text to missing_values,"
    place = first.place or _place_of(table, name, first.text)
    raise DataError(
        f"{place}, column {name!r}: {first.text!r} is not {what}, and at least nine "
        f"tenths of the column are. Correct the cell{missing} or list the column under "
        f"categorical"
    )


def _place_of(table: Table, name: str, text: str) -> str:
    """Where a text first stands in a column, which is read once more."""
    types = ColumnTypes(texts=(name,))
    for chunk in table.chunks(lambda: types):
        for row, cell in enumerate(chunk.columns[name]):
            if cell.strip(BLANKS) == text:
                return str(chunk.place(row))
    return table.name


def unclear_groups(table_name: str, name: str) -> str:
    """The message for a target whose point may group thousands, as other columns have commas."""
    grouped, plain = (setting("numbers", {name: text}) for text in ("1.234,5", "1234.5"))
    return (
        f"{table_name}, column {name!r}: '1.234' may be 1234, as other columns have decimal "
        f"commas, or 1.234; say which: {grouped} or {plain}"
    )


def _settings(
    key: str, name: str, decision: Decision, given: Mapping[str, Notation]
) -> Iterator[str]:
    """The settings by which a config would decide, each with what it makes of a cell."""
    kind = DateNotation if key == "date_format" else NumberNotation
    others = {other: known.pattern for other, known in given.items() if isinstance(known, kind)}
    for choice in decision.choices:
        option = setting(key, {**others, name: choice.notation.pattern})
        yield f"{option} for {choice.reading}"


def setting(key: str, values: Mapping[str, str]) -> str:
    """The option that sets a key by column, ready for a shell.

    >>> print(setting("numbers", {"price": "$1,234.5"}))
    --set 'numbers={"price": "$1,234.5"}'
    """
    quoted = json.dumps(values, ensure_ascii=False).replace("'", "'\"'\"'")
    return f"--set '{key}={quoted}'"


def note_decisions(decisions: Mapping[str, Decision], take_note: TakeNote) -> None:
    """Make a note of each column that was read as something other than plain numbers."""
    for name, decision in decisions.items():
        if decision.is_left_out:
            take_note(UselessColumn(name, decision.reason))
        elif decision.notation is not None:
            take_note(ReadAs(name, written(decision.notation, plural=True), decision.example))
