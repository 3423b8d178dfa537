"""A config for a table that was never seen before: what `nntrain init` writes."""

from __future__ import annotations

import dataclasses
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nntrain.config.keys import DEFAULTS, MEANINGS, Config
from nntrain.config.recipes import RECIPES
from nntrain.config.yaml_text import as_yaml
from nntrain.data.checks import check_columns, check_unique, comma_hint, misread
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.open import ReadOptions, open_table
from nntrain.data.readers.profile import ColumnProfile, profile
from nntrain.data.readers.table import TableLike
from nntrain.errors import DataError
from nntrain.text import counted, quoted

log = logging.getLogger(__name__)

DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}.*", re.ASCII)
MAX_ODD_TEXTS = 20
FEW = 20
LONGEST_NAME = 200


@dataclass(frozen=True)
class Start:
    """A config that trains on a table as it stands, and why it is what it is.

    It is that of a `recipe`. `reasons` says for each ignored column why; `target_reason` why the
    target was chosen.
    """

    config: Config
    recipe: str
    table_name: str
    n_rows: int
    n_nameless: int
    profiles: list[ColumnProfile]
    reasons: dict[str, str]
    target_reason: str

    def as_yaml(self) -> str:
        """The config as annotated YAML: every key, with its meaning."""
        return "\n".join([*self._about(), "", *self._keys()]) + "\n"

    def _about(self) -> Iterator[str]:
        rows, columns = counted(self.n_rows, "row"), counted(len(self.profiles), "column")
        yield f"# {_one_line(self.table_name)}: {rows}, {columns}"
        if self.n_nameless:
            yield f"# ({counted(self.n_nameless, 'column')} without a name left out)"
        yield f"# recipe: {self.recipe}"
        yield "#"
        names = [_one_line(of.name) for of in self.profiles]
        width = max(map(len, names))
        for name, of in zip(names, self.profiles, strict=True):
            yield f"#   {name:{width}}  {_description(of)}"

    def _keys(self) -> Iterator[str]:
        for key in dataclasses.fields(Config):
            value = getattr(self.config, key.name)
            yield f"# {MEANINGS[key.name]}"
            if key.name == "target":
                shown = value[0] if len(value) == 1 else value
                yield f"target: {as_yaml(shown)}  # {self.target_reason}"
            elif key.name == "ignore" and value:
                yield "ignore:"
                for name in value:
                    yield f"  - {as_yaml(name)}  # {self.reasons[name]}"
            else:
                yield f"{key.name}: {as_yaml(value)}"
            yield ""


def start(
    table: TableLike,
    targets: Sequence[str] = (),
    *,
    recipe: str = "accurate",
    delimiter: str | None = None,
    decimal: str = ".",
) -> Start:
    """Look at a table and make a config that trains on it, by one of `RECIPES`.

    Without `targets` the last column that can be one is taken. Raises `DataError` where the table
    cannot be read, or holds nothing to learn.
    """
    cells = CellFormat(DEFAULTS["missing_values"], decimal)
    with open_table(table, ReadOptions(cells, delimiter)) as source:
        check_columns(source, targets, "--target")
        if hint := misread(source):
            raise DataError(f"{source.name}: {hint}")
        check_unique(source, [name for name in source.columns if name])
        profiles = profile(source, cells)
        name, n_nameless = source.name, source.columns.count("")
    n_rows = profiles[0].n_rows if profiles else 0
    if not n_rows:
        raise DataError(f"{name}: has no rows to look at")
    _doubt(name, profiles, cells)
    chosen, why = _choose_targets(name, profiles, targets)
    reasons: dict[str, str] = {}
    odd: list[str] = []
    for of in profiles:
        reason = "" if of.name in chosen else _why_ignore(of)
        if reason:
            reasons[of.name] = reason
        elif of.is_numeric:
            odd += list(of.texts) + (["inf", "-inf"] if of.n_infinite else [])
    if len(reasons) + len(chosen) == len(profiles):
        why = f"{quoted(list(reasons))} tell little" if reasons else "the target is the only one"
        raise DataError(f"{name}: no column is left to learn from: {why}")
    texts = [of for of in profiles if not of.is_numeric and of.name not in reasons]
    lacks_target = any(
        of.n_missing + of.n_texts + of.n_infinite for of in profiles if of.name in chosen
    )
    config = Config(
        target=tuple(chosen),
        ignore=tuple(reasons),
        # A text that is missing among numbers stays a category among texts.
        categorical=tuple(of.name for of in texts if not of.texts.keys().isdisjoint(odd)),
        missing_values=tuple(dict.fromkeys([*DEFAULTS["missing_values"], *odd])),
        missing_target="skip" if lacks_target else "error",
        delimiter=delimiter,
        decimal=decimal,
        **RECIPES[recipe](n_rows),
    )
    return Start(config, recipe, name, n_rows, n_nameless, profiles, reasons, why)


def _doubt(name: str, profiles: list[ColumnProfile], cells: CellFormat) -> None:
    """Note what may have been read wrongly: names that are numbers, numbers that are texts."""
    if all(cells.number(of.name) is not None for of in profiles):
        log.warning(
            "%s: every name in the header line is a number; is it a row, and the line of names "
            "missing?",
            name,
        )
    commas = [
        of.name for of in profiles if of.texts and all(comma_hint(t, cells) for t in of.texts)
    ]
    if commas:
        log.warning(
            "%s: numbers with a decimal comma are texts in %s; --decimal , reads them as numbers",
            name,
            quoted(commas),
        )


def _choose_targets(
    name: str, profiles: list[ColumnProfile], targets: Sequence[str]
) -> tuple[list[str], str]:
    unfit = {of.name: reason for of in profiles if (reason := _why_no_target(of))}
    for target in targets:
        if target in unfit:
            raise DataError(
                f"{name}: the column {target!r} cannot be the target: it {unfit[target]}"
            )
    if targets:
        return list(targets), "as asked for"
    fit = [of.name for of in profiles if of.name not in unfit]
    if not fit:
        raise DataError(f"{name}: no column can be the target; each is text, constant or empty")
    which = "the last column" if fit[-1] == profiles[-1].name else "the last column of numbers"
    log.warning("the target is %r, %s; --target chooses another", fit[-1], which)
    return [fit[-1]], f"{which}; --target COLUMN chooses another"


def _why_no_target(of: ColumnProfile) -> str:
    if of.is_empty:
        return "has no value"
    if not of.is_numeric:
        return "holds text"
    if len(of.values) < 2:
        return "is constant"
    return "holds too many different texts" if len(of.texts) > MAX_ODD_TEXTS else ""


def _why_ignore(of: ColumnProfile) -> str:
    """Why a column tells nothing, or nothing about a new row; empty when it may tell something."""
    if of.is_empty:
        return "has no value"
    if of.is_constant:
        return "constant"
    return _why_ignore_numbers(of) if of.is_numeric else _why_ignore_texts(of)


def _why_ignore_numbers(of: ColumnProfile) -> str:
    if of.counts_rows and of.minimum in (0, 1) and of.n_rows > FEW:
        return "counts the rows"
    if len(of.texts) > MAX_ODD_TEXTS:
        return f"numbers with {len(of.texts)} different texts among them"
    return ""


def _why_ignore_texts(of: ColumnProfile) -> str:
    too_many = of.n_distinct >= DEFAULTS["max_categories"]
    if not too_many and (of.n_distinct <= FEW or of.n_distinct <= of.n_rows / 2):
        return ""
    texts = list(of.texts)
    if all(DATE.fullmatch(text) for text in texts[:100]):
        return f"{of.n_distinct:,} dates; a column of months or weekdays could tell more"
    if too_many:
        return f"{of.n_distinct:,} different texts, such as {_one_line(repr(texts[0]))}"
    return "nearly every row has a text of its own"


def _description(of: ColumnProfile) -> str:
    """What a column holds, for a comment."""
    missing = f", {of.n_missing:,} missing" if of.n_missing else ""
    if of.is_empty:
        return "empty"
    if not of.is_numeric:
        return f"text, {len(of.texts) + len(of.values):,} different{missing}"
    odd = f", {of.n_texts:,} texts taken as missing" if of.n_texts else ""
    infinite = f", {of.n_infinite:,} infinite taken as missing" if of.n_infinite else ""
    return f"number, {of.minimum:g} to {of.maximum:g}{missing}{odd}{infinite}"


def _one_line(text: str) -> str:
    """Text that can stand in a comment, the start of a long one."""
    shown = text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}…"
    return "".join(c if c.isprintable() else " " for c in shown)
