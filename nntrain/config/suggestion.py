"""A suggested config as annotated YAML: every key, what was chosen by what, and what is open."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nntrain.config.column_choice import ColumnChoice, KnownColumn, one_line
from nntrain.config.keys import MEANINGS, Config
from nntrain.config.yaml_text import as_yaml
from nntrain.data.checks import written
from nntrain.text import counted

KEYS_BY_KIND = {"numbers": "number", "date_format": "date"}
"""The keys that say how columns are written, each with the kind of these columns."""


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
            if column.decision.question and column.decision.kind == KEYS_BY_KIND[key]
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
    if decision.notation is None:
        held = f"number, {profile.minimum:g} to {profile.maximum:g}"
    else:
        held = f"{written(decision.notation)}, such as {decision.example!r}"
    return f"{held}{missing}{odd}{infinite}"
