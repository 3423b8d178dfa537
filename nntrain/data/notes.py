"""Notes about a table: what a user should know of although the table can be used.

A note is a value, and its text is made when it is shown. Functions that make notes take a function
that receives them; `log_note`, the default, logs each as a warning.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from nntrain.text import counted, quoted

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
class SavedIndex:
    """Columns that are not learned from because they hold the index of a saved DataFrame."""

    table: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        one = len(self.names) == 1
        return (
            f"{self.table}: left out the column{'' if one else 's'} {quoted(self.names)}, by the "
            f"name{'' if one else 's'} the saved index of a DataFrame; to learn from "
            f"{'it, give it another name or list it' if one else 'them, rename or list them'} "
            f"under features"
        )


@dataclass(frozen=True)
class CommentLines:
    """How many lines above the header were taken for comments."""

    table: str
    n_lines: int

    def __str__(self) -> str:
        return (
            f"{self.table}: took {counted(self.n_lines, 'line')} that begin with #, above the "
            f"header, for comments"
        )


@dataclass(frozen=True)
class NormalizedName:
    """A column whose name is a known one in another Unicode normalization."""

    table: str
    name: str

    def __str__(self) -> str:
        return (
            f"{self.table}: took the column {self.name!r} for the known one, whose name looks the "
            f"same and is written with other characters (Unicode normalization)"
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
class ReadAs:
    """How the cells of a column were read, decided by the cells themselves."""

    name: str
    what: str
    example: str

    def __str__(self) -> str:
        return f"read {self.name!r} as {self.what}, such as {self.example!r}"


@dataclass(frozen=True)
class ReadAsCategories:
    """Text columns that were read as categories, with their numbers of categories."""

    counts: Mapping[str, int]

    def __str__(self) -> str:
        columns = ", ".join(f"{name!r} ({count:,})" for name, count in self.counts.items())
        return f"read as categories: {columns}"


@dataclass(frozen=True)
class MeanEncoded:
    """A column of more categories than get an input each."""

    name: str
    n_categories: int
    max_categories: int

    def __str__(self) -> str:
        return (
            f"{self.name!r} has {self.n_categories:,} categories, more than max_categories "
            f"({self.max_categories:,}): its inputs are the mean of the target by category, and "
            f"the rows of the category"
        )


@dataclass(frozen=True)
class SimilarCategories:
    """Categories of a column that differ by case or blanks alone."""

    name: str
    groups: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        shown = "; ".join(quoted(group) for group in self.groups[:3])
        more = f" and {len(self.groups) - 3:,} more such groups" if len(self.groups) > 3 else ""
        return (
            f"{self.name!r} has categories that differ by case or blanks alone: {shown}{more}; "
            f"they are kept apart"
        )


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


@dataclass(frozen=True)
class FarNumbers:
    """How many numbers lie far outside the training range, by column; `ranges` has each range."""

    counts: Mapping[str, int]
    ranges: Mapping[str, tuple[str, str]]

    def __str__(self) -> str:
        columns = ", ".join(
            f"{count:,} in {name!r} (training: {self.ranges[name][0]} to {self.ranges[name][1]})"
            for name, count in self.counts.items()
        )
        return f"numbers further outside the training range than it is wide: {columns}"


Note: TypeAlias = (
    NamelessColumns
    | SavedIndex
    | CommentLines
    | NormalizedName
    | RowsWithoutTarget
    | RowsOfNoWeight
    | NoRowHasWeight
    | UselessColumn
    | ReadAs
    | ReadAsCategories
    | MeanEncoded
    | SimilarCategories
    | MissingCells
    | UnseenCategories
    | FarNumbers
)
TakeNote: TypeAlias = Callable[[Note], None]


def ignore_note(_note: Note) -> None:
    """Take a note and do nothing about it."""


def log_note(note: Note) -> None:
    """Log a note as a warning."""
    log.warning("%s", note)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} in {name!r}" for name, count in counts.items())
