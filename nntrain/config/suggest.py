"""Suggest a config for a table that was never seen before: what `nntrain init` writes.

Three steps: profile the table's columns, choose what each column is for, build the config.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nntrain.config.column_choice import ColumnChoice, KnownColumn, choose_columns, one_line
from nntrain.config.keys import DEFAULTS, MEANINGS, Config
from nntrain.config.misreading import warn_of_misreading
from nntrain.config.recipes import RECIPES
from nntrain.config.yaml_text import as_yaml
from nntrain.data.checks import check_columns, check_unique, misread, written
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
from nntrain.text import counted

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TableProfile:
    """What a table holds: each column with a name, and `n_nameless` others.

    `nested` are the columns of arrays or objects, which have no profile.
    """

    name: str
    columns: list[KnownColumn]
    n_nameless: int
    nested: tuple[str, ...] = ()

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return self.columns[0].profile.n_rows if self.columns else 0


@dataclass(frozen=True)
class Suggestion:
    """A config that trains on a table as it is, by a recipe, and what it was chosen by."""

    config: Config
    recipe: str
    table: TableProfile
    choice: ColumnChoice

    def as_yaml(self) -> str:
        """The config as annotated YAML: every key, with its meaning."""
        return "\n".join([*self._about(), "", *self._keys()]) + "\n"

    def _about(self) -> Iterator[str]:
        table = self.table
        rows, columns = counted(table.n_rows, "row"), counted(len(table.columns), "column")
        yield f"# {one_line(table.name)}: {rows}, {columns}"
        if table.n_nameless:
            yield f"# ({counted(table.n_nameless, 'column')} without a name left out)"
        yield f"# recipe: {self.recipe}"
        yield "#"
        names = [one_line(column.name) for column in table.columns]
        width = max(map(len, names))
        for name, column in zip(names, table.columns, strict=True):
            yield f"#   {name:{width}}  {_description(column)}"

    def _keys(self) -> Iterator[str]:
        for key in dataclasses.fields(Config):
            value = getattr(self.config, key.name)
            yield f"# {MEANINGS[key.name]}"
            if key.name == "target":
                shown = value[0] if len(value) == 1 else value
                yield f"target: {as_yaml(shown)}  # {self.choice.target_reason}"
            elif key.name == "ignore" and value:
                yield "ignore:"
                for name in value:
                    yield f"  - {as_yaml(name)}  # {self.choice.ignored[name]}"
            elif key.name in KEYS_BY_KIND:
                yield from self._by_column(key.name, value)
            else:
                yield f"{key.name}: {as_yaml(value)}"
            yield ""

    def _by_column(self, key: str, value: Mapping[str, str]) -> Iterator[str]:
        """The lines of a key that is set by column; what is not decided is a commented choice."""
        open_columns = [
            column
            for column in self.table.columns
            if column.decision.question
            and column.decision.kind == KEYS_BY_KIND[key]
            and column.name not in self.choice.ignored
        ]
        if not value and not open_columns:
            yield f"{key}: {{}}"
            return
        yield f"{key}:"
        for name, text in value.items():
            yield f"  {as_yaml(name)}: {as_yaml(text)}"
        for column in open_columns:
            yield f"  # {one_line(column.decision.question)}; remove the # before one line:"
            for choice in column.decision.choices:
                pattern = as_yaml(choice.notation.pattern)
                yield f"  # {as_yaml(column.name)}: {pattern}  # {one_line(choice.reading)}"


KEYS_BY_KIND = {"numbers": "number", "date_format": "date"}
"""The keys that say how columns are written, each with the kind of these columns."""


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
        if column.name not in choice.ignored:
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
            and notation != NumberNotation()
        },
        date_format={
            column.name: notation.pattern
            for column in used
            if isinstance(notation := column.decision.notation, DateNotation)
        },
        **vars(options.dialect),
        **RECIPES[recipe](table.n_rows),
    )


def _description(column: KnownColumn) -> str:
    """What a column holds, for a comment."""
    profile, decision = column.profile, column.decision
    missing = f", {profile.n_missing:,} missing" if profile.n_missing else ""
    if profile.is_empty:
        return "empty"
    if decision.question:
        return f"{decision.kind}, not decided{missing}"
    if not column.holds_values:
        kind = "category" if decision.kind == "category" else decision.kind
        n_different = len(profile.texts) + len(profile.values)
        return f"{kind}, {n_different:,} different, such as {decision.example!r}{missing}"
    n_mistaken = sum(profile.texts.get(text, 0) for text in column.mistaken_cells())
    n_odd = sum(profile.texts.get(text, 0) for text in column.odd_texts()) - n_mistaken
    odd = f", {counted(n_mistaken, 'text')} with digits" if n_mistaken else ""
    odd += f", {counted(n_odd, 'text')} taken as missing" if n_odd else ""
    infinite = f", {profile.n_infinite:,} infinite taken as missing" if profile.n_infinite else ""
    if decision.notation in (None, NumberNotation()):
        held = f"number, {profile.minimum:g} to {profile.maximum:g}"
    else:
        held = f"{written(decision.notation)}, such as {decision.example!r}"
    return f"{held}{missing}{odd}{infinite}"
