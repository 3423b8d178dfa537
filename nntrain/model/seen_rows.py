"""Which rows of a table a model learned from: their number, and the table without them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from nntrain.data.preprocessing.encode_chunks import EncodedRows
from nntrain.errors import DataError, UsageError
from nntrain.stats.row_sketch import RowSketch
from nntrain.text import counted

log = logging.getLogger(__name__)

NOTABLE_SHARE = 0.1
"""Fewer rows make an RMSE at most 5 % too small, as 1 - √0.9 is, even if the model knew them by
heart; and new rows may equal training rows by chance, as 3 or 4 % of those of concrete.csv do."""
NOTABLE_ROWS = 3
"""One or two equal rows may be chance in a small table."""


@dataclass(frozen=True)
class SeenRows:
    """How many rows of a table are equal to rows that a model learned from.

    Rows are equal in all features and targets. Of its `rows`, `looked_up` are those of which the
    model can tell, a fair sample or all; `found` of these are equal to rows that it learned from.
    `are_left_out` tells whether only the other looked-up rows were used.
    """

    rows: int
    looked_up: int
    found: int
    are_left_out: bool = False

    @property
    def share(self) -> float | None:
        """The estimated part of all rows; None where no row was looked up."""
        return self.found / self.looked_up if self.looked_up else None

    @property
    def are_notable(self) -> bool:
        """Whether so many rows were learned from that errors on them are no errors on new rows."""
        are_many = self.found >= max(NOTABLE_ROWS, NOTABLE_SHARE * self.looked_up)
        return are_many and not self.are_left_out

    def as_dict(self) -> dict[str, int | float | None]:
        """The numbers as JSON types."""
        return {"share": self.share, "looked_up": self.looked_up, "found": self.found}

    def __str__(self) -> str:
        """A sentence without its full stop; empty where there is nothing to say."""
        if self.are_notable:
            return self._warning()
        if not self.are_left_out or self.looked_up - self.found == self.rows:
            return ""
        left_out = f"left out {counted(self.found, 'row')} that the model learned from"
        unknown = self.rows - self.looked_up
        return f"{left_out}, and {unknown:,} of which it cannot tell" if unknown else left_out

    def _warning(self) -> str:
        is_sample = self.looked_up < self.rows
        part = f"{'about ' if is_sample else ''}{100 * self.found / self.looked_up:.0f} %"
        numbers = f"{self.found:,} of {self.looked_up:,}{' looked up' if is_sample else ''}"
        others = "; --unseen-only leaves them out" if self.found < self.looked_up else ""
        return (
            f"{part} of these rows ({numbers}) are equal to rows that the model learned from: "
            f"expect larger errors on other rows. Measure on rows held out, or with nntrain "
            f"cv{others}"
        )


class SeenRowCounter:
    """Counts, as a table is read, its rows that a model learned from; leaves them out if asked to.

    With `unseen_only`, rows of which the model cannot tell are left out, too: those that are left
    are a fair sample of all rows that it did not learn from.
    """

    def __init__(self, sketch: RowSketch | None, *, unseen_only: bool = False) -> None:
        """Raises `UsageError` where rows are to be left out that the model does not know."""
        if unseen_only and sketch is None:
            raise UsageError(
                "--unseen-only: the model does not know the rows that it learned from: its config "
                "has row_sketch: false, or an older nntrain made it or the model that it started "
                "from; train it again with row_sketch: true, or name a table of rows held out"
            )
        self.sketch, self.unseen_only = sketch, unseen_only
        self.result: SeenRows | None = None
        """The counts, when all rows are read; None for a model without a sketch."""

    def watch(self, parts: Iterable[EncodedRows], table_name: str) -> Iterator[EncodedRows]:
        """The rows of a table, counted as they pass; at the end, what they come to is logged.

        Raises `DataError` where rows are left out, and none is left.
        """
        if self.sketch is None:
            yield from parts
            return
        n_rows = n_covered = n_found = 0
        for part in parts:
            hashes = part.row_hashes
            covered = self.sketch.covers(hashes)
            found = covered & self.sketch.contains(hashes)
            n_rows += len(hashes)
            n_covered += int(np.count_nonzero(covered))
            n_found += int(np.count_nonzero(found))
            yield part.take(covered & ~found) if self.unseen_only else part
        self.result = SeenRows(n_rows, n_covered, n_found, self.unseen_only)
        _log(self.result, self.sketch, table_name)


def _log(seen: SeenRows, sketch: RowSketch, table_name: str) -> None:
    """Log what the counts come to. Raises `DataError` where rows are left out, and none is left."""
    if seen.are_left_out and seen.rows and seen.looked_up == seen.found:
        reason = _nothing_left(seen, sketch)
        raise DataError(f"{table_name}: --unseen-only leaves no row: {reason}")
    if text := str(seen):
        label = "Warning" if seen.are_notable else "Note"
        log.warning("%s: %s", table_name, text, extra={"label": label})


def _nothing_left(seen: SeenRows, sketch: RowSketch) -> str:
    """Why no row is left that the model did not learn from, and what to do."""
    if not seen.found:
        return (
            f"the model can tell of one row in {1 / sketch.coverage:,.0f} whether it learned from "
            f"it, and of none of these; name more rows, or only rows held out, without the option"
        )
    known = "" if seen.looked_up == seen.rows else " that it can tell of"
    return (
        f"the model learned from all {counted(seen.looked_up, 'row')}{known}; name a table with "
        f"other rows, or measure with nntrain cv"
    )
