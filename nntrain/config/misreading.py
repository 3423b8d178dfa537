"""Warn of a table that may have been read wrongly: its header, and cells that are no numbers."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from nntrain.config.column_choice import KnownColumn
from nntrain.data.readers.cells import CellFormat

log = logging.getLogger(__name__)


def warn_of_misreading(table_name: str, columns: Sequence[KnownColumn], cells: CellFormat) -> None:
    """Warn if the header line looks like a row."""
    if all(cells.number(column.name) is not None for column in columns):
        log.warning(
            "%s: every name in the header line is a number; is it a row, and the line of names "
            "missing?",
            table_name,
        )
