"""What fit or predict would make of a table, without doing it: what `nntrain check` reports."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from nntrain.config.keys import Config
from nntrain.data.checks import comma_hint
from nntrain.data.notes import Note
from nntrain.data.preprocessing.columns import CategoricalColumn, NumericColumn
from nntrain.data.preprocessing.typed_table import read_typed
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.open import open_table
from nntrain.data.readers.profile import profile
from nntrain.data.readers.table import Chunk, TableLike
from nntrain.errors import DataError
from nntrain.model.model import Model
from nntrain.text import counted
from nntrain.training.options import column_roles, read_options
from nntrain.training.prepare import prepare_rows
from nntrain.training.run import TrainingRun


@dataclass
class ColumnCheck:
    """One column: what it is used as, and what is unusual about its cells.

    `new_categories` counts cells by categories that training had not seen, `outside_range` numbers
    below or above those seen in training, `bad` cells that make predict fail.
    """

    name: str
    use: str
    type: str
    missing: int = 0
    new_categories: dict[str, int] = field(default_factory=dict)
    outside_range: int = 0
    bad: int = 0


@dataclass(frozen=True)
class Verdict:
    """What would come of it: `error` is empty when it would work, `warnings` what to look at."""

    rows: int
    columns: list[ColumnCheck]
    warnings: list[str]
    error: str

    def as_dict(self) -> dict[str, Any]:
        """The verdict as JSON types."""
        return {"works": not self.error, **asdict(self)}


def check_with_config(table: TableLike, config: Config) -> Verdict:
    """What `nntrain fit` would make of a table. Raises `DataError` where it cannot be read."""
    notes: list[Note] = []
    with open_table(table, read_options(config, twice=True)) as source:
        profiles = profile(source)
        features = set(config.features or source.columns)
        ignored, categorical = set(config.ignore), set(config.categorical)
        columns = []
        for of in profiles:
            use = "feature" if of.name in features else "not used"
            use = "left out" if of.name in ignored else use
            use = "weight" if of.name == config.weight else use
            use = "target" if of.name in config.target else use
            is_text = of.name in categorical or not (of.is_numeric or of.is_empty)
            kind = f"text, {of.n_distinct:,} different" if is_text else "number"
            columns.append(ColumnCheck(of.name, use, kind, of.n_missing))
        error = ""
        try:
            typed = read_typed(source, column_roles(config), notes.append)
            rows = np.arange(len(typed))
            TrainingRun(config, prepare_rows(typed, config, rows, notes.append, use_up=True))
        except DataError as raised:
            error = str(raised)
    warnings = [str(note) for note in notes]
    return Verdict(profiles[0].n_rows if profiles else 0, columns, warnings, error)


def check_with_model(
    table: TableLike, model: Model, *, delimiter: str | None = None, decimal: str = "."
) -> Verdict:
    """What `nntrain predict` would make of a table. Raises `DataError` where it cannot be read."""
    preprocessing = model.preprocessing
    checks = {
        f.name: ColumnCheck(
            f.name,
            "feature",
            "number" if isinstance(f, NumericColumn) else f"text, {len(f.categories)} categories",
        )
        for f in preprocessing.features
    }
    n_rows, first_bad = 0, ""
    with open_table(table, preprocessing.read_options(delimiter, decimal)) as source:
        try:
            preprocessing.check(source)
        except DataError as error:
            return Verdict(0, list(checks.values()), [], str(error))
        for chunk in source.chunks(preprocessing.column_types):
            n_rows += chunk.n_rows
            for feature in preprocessing.features:
                check = checks[feature.name]
                if isinstance(feature, CategoricalColumn):
                    _check_categories(check, feature, chunk)
                else:
                    bad = _check_numbers(check, feature, chunk, source.cells)
                    first_bad = first_bad or bad
            if not first_bad:
                first_bad = model.row_too_far(chunk, source.cells)
    checked = list(checks.values())
    return Verdict(n_rows, checked, _warnings(checked, model), first_bad)


def _check_categories(check: ColumnCheck, feature: CategoricalColumn, chunk: Chunk) -> None:
    known = set(feature.categories)
    for text, count in Counter(chunk.columns[feature.name].tolist()).items():
        if text not in known:
            check.new_categories[text] = check.new_categories.get(text, 0) + count


def _check_numbers(
    check: ColumnCheck, feature: NumericColumn, chunk: Chunk, cells: CellFormat
) -> str:
    """Count a column's cells; the message about its first bad one, if any."""
    column = chunk.columns[feature.name]
    values = cells.numbers_or_infinite(column)
    bad = np.isinf(values)
    check.missing += int(np.count_nonzero(np.isnan(values)))
    outside = ~bad & ((values < feature.minimum) | (values > feature.maximum))
    check.outside_range += int(np.count_nonzero(outside))
    check.bad += int(np.count_nonzero(bad))
    if not bad.any():
        return ""
    row = int(np.flatnonzero(bad)[0])
    found = str(column[row])
    return (
        f"{chunk.place(row)}, column {feature.name!r}: expects a number, found {found!r}; correct "
        f"the cell, or leave it empty if it is missing{comma_hint(found, cells)}"
    )


def _warnings(columns: list[ColumnCheck], model: Model) -> list[str]:
    rates = {f.name: f for f in model.preprocessing.features if isinstance(f, NumericColumn)}
    warnings = []
    for of in columns:
        if of.missing and not rates[of.name].has_missing:
            cells = counted(of.missing, "missing cell")
            warnings.append(f"{of.name!r}: {cells}, none in training; taken as the training mean")
        if of.outside_range:
            low, high = rates[of.name].minimum, rates[of.name].maximum
            numbers = counted(of.outside_range, "number")
            seen = f"the range of training, {low:g} to {high:g}"
            warnings.append(f"{of.name!r}: {numbers} outside {seen}")
        if of.new_categories:
            n_cells = counted(sum(of.new_categories.values()), "cell")
            n_new = counted(len(of.new_categories), "category", "categories")
            warnings.append(f"{of.name!r}: {n_cells} of {n_new} not seen in training")
    return warnings
