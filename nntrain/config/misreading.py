"""Warn of a table that may have been read wrongly: its header, its decimal mark, its thousands."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from nntrain.config.column_choice import mistaken_numbers
from nntrain.data.checks import has_digit, may_be_decimal_comma, may_be_grouped
from nntrain.data.kinds.profile import ColumnProfile
from nntrain.data.readers.cells import CellFormat
from nntrain.text import quoted

log = logging.getLogger(__name__)


def warn_of_misreading(
    table_name: str, columns: Sequence[ColumnProfile], cells: CellFormat
) -> None:
    """Warn if the header line looks like a row, or numbers were read as texts."""
    if all(cells.number(column.name) is not None for column in columns):
        log.warning(
            "%s: every name in the header line is a number; is it a row, and the line of names "
            "missing?",
            table_name,
        )
    decimal, grouped, mistaken = _columns_of_texts_like_numbers(columns, cells)
    if decimal:
        log.warning(
            "%s: numbers with a decimal comma are texts in %s; --decimal , reads them as numbers",
            table_name,
            quoted(decimal),
        )
    if grouped:
        log.warning(
            "%s: numbers with a %s that may group thousands are texts in %s; such numbers have to "
            "be written without it",
            table_name,
            "comma" if cells.decimal == "." else "point",
            quoted(grouped),
        )
    if mistaken:
        log.warning(
            "%s: left out columns with texts among their numbers that hold digits: %s; correct "
            "these cells to learn from them",
            table_name,
            quoted(mistaken),
        )


def _columns_of_texts_like_numbers(
    columns: Sequence[ColumnProfile], cells: CellFormat
) -> tuple[list[str], list[str], list[str]]:
    """The columns with a decimal comma, with grouped thousands, and with other digits in texts.

    By the texts of a column that hold a digit: one that can only have a decimal comma, such as 9,5,
    tells that 9,356 beside it has one too.
    """
    decimal, grouped, mistaken = [], [], []
    for column in columns:
        texts = [text for text in column.texts if has_digit(text)]
        if texts and all(may_be_grouped(text, cells) for text in texts):
            grouped.append(column.name)
        elif texts and all(may_be_decimal_comma(text, cells) for text in texts):
            decimal.append(column.name)
        elif mistaken_numbers(column):
            mistaken.append(column.name)
    return decimal, grouped, mistaken
