"""Suggest a config for a table that was never seen before: what `nntrain init` writes.

Three steps: profile the table's columns, choose what each column is for, build the config.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from nntrain.config.column_choice import ColumnChoice, KnownColumn, choose_columns
from nntrain.config.keys import DEFAULTS, Config
from nntrain.config.misreading import warn_of_misreading
from nntrain.config.recipes import RECIPES
from nntrain.config.suggestion import Suggestion, TableProfile
from nntrain.data.checks import check_columns, check_unique, misread
from nntrain.data.kinds.profile import profile
from nntrain.data.kinds.similar import similar_categories
from nntrain.data.kinds.table_kinds import decide_columns
from nntrain.data.notation.dates import DateNotation
from nntrain.data.notation.numbers import NumberNotation
from nntrain.data.notes import log_note
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.dialect import PLAIN, Dialect
from nntrain.data.readers.open import ReadOptions, open_table
from nntrain.data.readers.table import TableLike, index_columns
from nntrain.errors import DataError

log = logging.getLogger(__name__)


def suggest_config(
    table: TableLike,
    targets: Sequence[str] = (),
    *,
    recipe: str = "accurate",
    dialect: Dialect = PLAIN,
) -> Suggestion:
    """A config that trains on a table as it is, by one of `RECIPES`.

    Without `targets`, the last column is the target, if it can be one. Raises `DataError` if the
    table cannot be read, or nothing can be learned from it.
    """
    options = ReadOptions(
        CellFormat(DEFAULTS["missing_values"], dialect.decimal), dialect, tuple(targets), twice=True
    )
    table_profile = _profile(table, options, targets)
    warn_of_misreading(table_profile.name, table_profile.columns, options.cells)
    choice = choose_columns(table_profile.name, table_profile.columns, targets)
    choice.ignored.update(dict.fromkeys(table_profile.nested, "arrays or objects"))
    for column in table_profile.columns:
        if column.name not in choice.ignored or column.decision.choices:
            _note_doubts(column)
    config = _build(table_profile, choice, options, recipe)
    return Suggestion(config, recipe, table_profile, choice)


def _note_doubts(column: KnownColumn) -> None:
    """Log what is not decided about a column, and categories that may be meant to be the same."""
    question = column.decision.question
    if question:
        log.warning("%r is not decided: %s; the config has lines to choose", column.name, question)
    if column.decision.kind == "category":
        note = similar_categories(column.name, column.profile.texts)
        if note:
            log_note(note)


def _profile(table: TableLike, options: ReadOptions, targets: Sequence[str]) -> TableProfile:
    """What the table holds. Raises `DataError` if it has no rows, or was read in a wrong format."""
    with open_table(table, options) as source:
        check_columns(source, targets, "--target")
        if hint := misread(source):
            raise DataError(f"{source.name}: {hint}")
        check_unique(source, [name for name in source.columns if name])
        n_nameless = source.columns.count("") + len(index_columns(source))
        with np.errstate(over="ignore", invalid="ignore"):  # of differences between rows
            profiles = profile(source)
        decisions = decide_columns(source, profiles)
        columns = [KnownColumn(column, decisions[column.name]) for column in profiles]
        found = TableProfile(source.name, columns, n_nameless, tuple(source.nested))
    if not found.n_rows:
        raise DataError(f"{found.name}: has no rows to look at")
    return found


def _build(table: TableProfile, choice: ColumnChoice, options: ReadOptions, recipe: str) -> Config:
    """The config of a recipe for a table whose columns are used as chosen."""
    targets = [column.profile for column in table.columns if column.name in choice.targets]
    odd = {text for column in table.columns for text in column.odd_texts()}
    lacks_target = any(
        column.n_missing + column.n_infinite or not odd.isdisjoint(column.texts)
        for column in targets
    )
    used = [column for column in table.columns if column.name not in choice.ignored]
    return Config(
        target=tuple(choice.targets),
        ignore=tuple(choice.ignored),
        categorical=tuple(c.name for c in used if c.decision.kind == "category"),
        missing_values=tuple(dict.fromkeys([*DEFAULTS["missing_values"], *choice.odd_texts])),
        missing_target="skip" if lacks_target else "error",
        numbers={
            column.name: notation.pattern
            for column in used
            if isinstance(notation := column.decision.notation, NumberNotation)
        },
        date_format={
            column.name: notation.pattern
            for column in used
            if isinstance(notation := column.decision.notation, DateNotation)
        },
        **vars(options.dialect),
        **RECIPES[recipe](table.n_rows),
    )
