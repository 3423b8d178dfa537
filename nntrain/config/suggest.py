"""Suggest a config for a table that was never seen before: what `nntrain init` writes.

Three steps: profile the table's columns, choose what each column is for, build the config.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nntrain.config.column_choice import (
    ColumnChoice,
    choose_columns,
    mistaken_numbers,
    one_line,
)
from nntrain.config.keys import DEFAULTS, MEANINGS, Config
from nntrain.config.misreading import warn_of_misreading
from nntrain.config.recipes import RECIPES
from nntrain.config.yaml_text import as_yaml
from nntrain.data.checks import check_columns, check_unique, misread
from nntrain.data.kinds.profile import ColumnProfile, profile
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.dialect import PLAIN, Dialect
from nntrain.data.readers.open import ReadOptions, open_table
from nntrain.data.readers.table import TableLike, index_columns
from nntrain.errors import DataError
from nntrain.text import counted


@dataclass(frozen=True)
class TableProfile:
    """What a table holds: a profile of each column with a name, and `n_nameless` others.

    `nested` are the columns of arrays or objects, which have no profile.
    """

    name: str
    columns: list[ColumnProfile]
    n_nameless: int
    nested: tuple[str, ...] = ()

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return self.columns[0].n_rows if self.columns else 0


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
            else:
                yield f"{key.name}: {as_yaml(value)}"
            yield ""


def suggest_config(
    table: TableLike,
    targets: Sequence[str] = (),
    *,
    recipe: str = "accurate",
    dialect: Dialect = PLAIN,
) -> Suggestion:
    """A config that trains on a table as it is, by one of `RECIPES`.

    Without `targets`, the last column that can be a target is the target. Raises `DataError` if the
    table cannot be read, or nothing can be learned from it.
    """
    options = ReadOptions(
        CellFormat(DEFAULTS["missing_values"], dialect.decimal), dialect, tuple(targets), twice=True
    )
    table_profile = _profile(table, options, targets)
    warn_of_misreading(table_profile.name, table_profile.columns, options.cells)
    choice = choose_columns(table_profile.name, table_profile.columns, targets)
    choice.ignored.update(dict.fromkeys(table_profile.nested, "arrays or objects"))
    config = _build(table_profile, choice, options, recipe)
    return Suggestion(config, recipe, table_profile, choice)


def _profile(table: TableLike, options: ReadOptions, targets: Sequence[str]) -> TableProfile:
    """What the table holds. Raises `DataError` if it has no rows, or was read in a wrong format."""
    with open_table(table, options) as source:
        check_columns(source, targets, "--target")
        if hint := misread(source):
            raise DataError(f"{source.name}: {hint}")
        check_unique(source, [name for name in source.columns if name])
        n_nameless = source.columns.count("") + len(index_columns(source))
        with np.errstate(over="ignore", invalid="ignore"):  # of differences between rows
            found = TableProfile(source.name, profile(source), n_nameless, tuple(source.nested))
    if not found.n_rows:
        raise DataError(f"{found.name}: has no rows to look at")
    return found


def _build(table: TableProfile, choice: ColumnChoice, options: ReadOptions, recipe: str) -> Config:
    """The config of a recipe for a table whose columns are used as chosen."""
    targets = [column for column in table.columns if column.name in choice.targets]
    lacks_target = any(column.n_missing + column.n_texts + column.n_infinite for column in targets)
    # A text that means a missing cell among numbers stays a category in a column of texts.
    categorical = [
        column.name
        for column in table.columns
        if not (column.is_numeric or column.name in choice.ignored)
        and not column.texts.keys().isdisjoint(choice.odd_texts)
    ]
    return Config(
        target=tuple(choice.targets),
        ignore=tuple(choice.ignored),
        categorical=tuple(categorical),
        missing_values=tuple(dict.fromkeys([*DEFAULTS["missing_values"], *choice.odd_texts])),
        missing_target="skip" if lacks_target else "error",
        **vars(options.dialect),
        **RECIPES[recipe](table.n_rows),
    )


def _description(column: ColumnProfile) -> str:
    """What a column holds, for a comment."""
    missing = f", {column.n_missing:,} missing" if column.n_missing else ""
    if column.is_empty:
        return "empty"
    if not column.is_numeric:
        return f"text, {len(column.texts) + len(column.values):,} different{missing}"
    n_mistaken = sum(column.texts[text] for text in mistaken_numbers(column))
    n_odd = column.n_texts - n_mistaken
    odd = f", {counted(n_mistaken, 'text')} with digits" if n_mistaken else ""
    odd += f", {counted(n_odd, 'text')} taken as missing" if n_odd else ""
    infinite = f", {column.n_infinite:,} infinite taken as missing" if column.n_infinite else ""
    return f"number, {column.minimum:g} to {column.maximum:g}{missing}{odd}{infinite}"
