"""Notes about a table: what a user should know of although the table can be used.

A note is a value, and its text is made when it is shown. Functions that make notes take a function
that receives them; `log_note`, the default, logs each as a warning.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from nntrain.text import counted

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class NamelessColumns:
    """Columns that are not learned from because the header gives them no name.

    `positions` count from 1.
    """

    table: str
    positions: tuple[int, ...]

    def __str__(self) -> str:
        one = len(self.positions) == 1
        return (
            f"{self.table}: left out column{'' if one else 's'} "
            f"{', '.join(map(str, self.positions))}, which {'has' if one else 'have'} no name in "
            f"the header line (a saved index, or delimiters at the line's end); give it one to "
            f"learn from it"
        )


@dataclass(frozen=True)
class RowsWithoutTarget:
    """How many rows were left out because a target is missing."""

    table: str
    n_rows: int

    def __str__(self) -> str:
        return f"{self.table}: left out {counted(self.n_rows, 'row')} without a target"


@dataclass(frozen=True)
class RowsOfNoWeight:
    """How many rows were left out because their weight is 0."""

    table: str
    n_rows: int

    def __str__(self) -> str:
        return f"{self.table}: left out {counted(self.n_rows, 'row')} of weight 0"


@dataclass(frozen=True)
class NoRowHasWeight:
    """Rows are measured unweighted because each of them has weight 0."""

    table: str

    def __str__(self) -> str:
        return f"{self.table}: every row weighs 0; each row counts once"


@dataclass(frozen=True)
class UselessColumn:
    """A feature that is not learned from, and why."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"left out the column {self.name!r}: {self.reason}"


@dataclass(frozen=True)
class MissingCells:
    """How many cells were missing, by column."""

    counts: Mapping[str, int]

    def __str__(self) -> str:
        return f"missing cells taken as the training mean: {_listed(self.counts)}"


@dataclass(frozen=True)
class UnseenCategories:
    """How many cells hold a category that the training rows lack, by column."""

    counts: Mapping[str, int]

    def __str__(self) -> str:
        return f"cells of a category not seen in training: {_listed(self.counts)}"


Note: TypeAlias = (
    NamelessColumns
    | RowsWithoutTarget
    | RowsOfNoWeight
    | NoRowHasWeight
    | UselessColumn
    | MissingCells
    | UnseenCategories
)
TakeNote: TypeAlias = Callable[[Note], None]


def ignore_note(_note: Note) -> None:
    """Take a note and do nothing about it."""


def log_note(note: Note) -> None:
    """Log a note as a warning."""
    log.warning("%s", note)


@dataclass
class ReplacedCells:
    """Counts the cells of each column that are missing, or of a category unseen in training."""

    missing: dict[str, int] = field(default_factory=dict)
    unseen: dict[str, int] = field(default_factory=dict)

    def add_missing(self, name: str, n_cells: int) -> None:
        """Count missing cells of a column."""
        if n_cells:
            self.missing[name] = self.missing.get(name, 0) + n_cells

    def add_unseen(self, name: str, n_cells: int) -> None:
        """Count cells of a column whose category training had not seen."""
        if n_cells:
            self.unseen[name] = self.unseen.get(name, 0) + n_cells

    def note(self, take_note: TakeNote = log_note) -> None:
        """Make a note of each kind, if there were any such cells."""
        if self.missing:
            take_note(MissingCells(self.missing))
        if self.unseen:
            take_note(UnseenCategories(self.unseen))


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} in {name!r}" for name, count in counts.items())
