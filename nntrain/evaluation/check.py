"""Whether fit or predict would work on a table, without doing it: what `nntrain check` reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from nntrain.config.keys import Config
from nntrain.data.checks import not_a_number, written
from nntrain.data.kinds.decision import Decision
from nntrain.data.kinds.profile import ColumnProfile, profile
from nntrain.data.kinds.similar import similar_categories
from nntrain.data.kinds.table_kinds import decide_columns, given_kinds
from nntrain.data.notes import Note, ReadAs, ReadAsCategories, TakeNote
from nntrain.data.preprocessing.columns import CategoricalColumn, Feature, NumericColumn
from nntrain.data.preprocessing.encode_features import category_positions
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.data.preprocessing.typed_table import read_typed
from nntrain.data.readers.cells import CellFormat, category
from nntrain.data.readers.dialect import PLAIN, Dialect
from nntrain.data.readers.open import open_table
from nntrain.data.readers.table import Chunk, Table, TableLike
from nntrain.engine.backend import check_installed
from nntrain.errors import DataError, OutOfMemoryError
from nntrain.evaluation.drift import DriftMeter
from nntrain.model.model import Model
from nntrain.text import counted
from nntrain.training.options import column_roles, read_options
from nntrain.training.prepare import prepare_rows
from nntrain.training.run import TrainingRun

SHOWN_BY_COLUMN = (ReadAs, ReadAsCategories)
"""Notes that say no more than the kinds of the columns."""


@dataclass
class ColumnCheck:
    """A column: what it is used as, its kind with one of its cells, and how many are unusual.

    `new_categories` counts the cells of each category that training had not seen. `outside_range`
    counts numbers below or above those of the training rows, `far_outside_range` those of them
    that `NumericColumn.is_far` calls far, and `bad` cells that make predict fail. `drift` is the
    population stability index, with the `drift_limit` above which it is worth a warning; None where
    the model does not know the training distribution, or there is no row.
    """

    name: str
    use: str
    type: str
    example: str = ""
    missing: int = 0
    new_categories: dict[str, int] = field(default_factory=dict)
    outside_range: int = 0
    far_outside_range: int = 0
    bad: int = 0
    drift: float | None = None
    drift_limit: float | None = None


@dataclass(frozen=True)
class Verdict:
    """Whether fit or predict would work: `error` is empty if so, else what it would say."""

    rows: int
    columns: list[ColumnCheck]
    warnings: list[str]
    error: str

    def as_dict(self) -> dict[str, Any]:
        """The verdict as JSON types."""
        return {"works": not self.error, **asdict(self)}


def check_with_config(table: TableLike, config: Config) -> Verdict:
    """Whether `nntrain fit` would work on a table. Raises `DataError` if it cannot be read.

    Raises `MissingExtraError` if the config's engine cannot be had.
    """
    check_installed(config.engine)
    notes: list[Note] = []
    error = ""
    with open_table(table, read_options(config, twice=True)) as source:
        with np.errstate(over="ignore", invalid="ignore"):  # of differences between rows
            profiles = profile(source)
        given = dict(source.cells.notations)
        decisions = {**decide_columns(source, profiles), **given_kinds(profiles, given)}
        try:
            _start_run(source, config, notes.append)
        except (DataError, OutOfMemoryError) as raised:
            error = str(raised)
        columns = _columns_by_config(profiles, decisions, source.columns, config)
    n_rows = profiles[0].n_rows if profiles else 0
    used = {column.name for column in columns if column.use in ("feature", "target")}
    doubts = [doubt for p in profiles if p.name in used for doubt in _doubts(p, decisions[p.name])]
    warnings = [str(note) for note in notes if not isinstance(note, SHOWN_BY_COLUMN)]
    return Verdict(n_rows, columns, [*warnings, *doubts], error)


def _doubts(column: ColumnProfile, decision: Decision) -> Iterator[str]:
    """What may be wrong in a column: cells that do not fit, with their places, and categories."""
    for misfit in decision.misfits:
        place = f" ({misfit.place})" if misfit.place else ""
        yield (
            f"{column.name!r}: {counted(misfit.n_cells, 'cell')} like {misfit.text!r}{place} "
            f"{'is' if misfit.n_cells == 1 else 'are'} not {written(decision.notation)}"
        )
    if decision.kind == "category" and (note := similar_categories(column.name, column.texts)):
        yield str(note)


def _start_run(source: Table, config: Config, take_note: TakeNote) -> None:
    """Do all that comes before training. Raises `DataError` and others as `fit` would."""
    typed = read_typed(source, column_roles(config), take_note)
    rows = np.arange(len(typed))
    TrainingRun(config, prepare_rows(typed, config, rows, take_note, use_up=True))


def _columns_by_config(
    profiles: Sequence[ColumnProfile],
    decisions: Mapping[str, Decision],
    names: Sequence[str],
    config: Config,
) -> list[ColumnCheck]:
    """What `fit` would use each column as, and its kind."""
    features = set(config.features or names)
    ignored, categorical = set(config.ignore), set(config.categorical)
    columns = []
    for column in profiles:
        use = "feature" if column.name in features else "not used"
        use = "left out" if column.name in ignored else use
        use = "weight" if column.name == config.weight else use
        use = "target" if column.name in config.target else use
        decision = decisions[column.name]
        if use == "feature" and decision.is_left_out and not config.features:
            use = "left out"
        is_text = column.name in categorical or column.name in config.ordered
        kind = f"category, {column.n_distinct:,} different" if is_text else _kind(column, decision)
        columns.append(ColumnCheck(column.name, use, kind, decision.example, column.n_missing))
    return columns


def _kind(column: ColumnProfile, decision: Decision) -> str:
    """What a column holds, and how it is written if not as plain numbers."""
    if decision.question:
        return f"{decision.kind}, not decided"
    if decision.kind in ("number", "date"):
        return written(decision.notation).partition(" ")[2]
    return f"{decision.kind}, {column.n_distinct:,} different"


def check_with_model(table: TableLike, model: Model, dialect: Dialect = PLAIN) -> Verdict:
    """Whether `nntrain predict` would work on a table. Raises `DataError` if it cannot be read."""
    preprocessing = model.preprocessing
    checks = [ColumnCheck(f.name, "feature", _type(f)) for f in preprocessing.features]
    n_rows, first_error, meter = 0, "", DriftMeter(model)
    with open_table(table, preprocessing.read_options(dialect, streams_keys=True)) as source:
        if lacking := _lacking(preprocessing, source):
            return Verdict(0, checks, [], lacking)
        for chunk in source.chunks(preprocessing.column_types):
            n_rows += chunk.n_rows
            for check, feature in zip(checks, preprocessing.features, strict=True):
                if isinstance(feature, CategoricalColumn) or feature.levels:
                    _check_categories(check, feature, chunk, source.cells)
                else:
                    error_here = _check_numbers(check, feature, chunk, source.cells)
                    first_error = first_error or error_here
            meter.add(chunk, source.cells)
            if not first_error:
                first_error = model.row_too_far(chunk, source.cells)
        first_error = first_error or _lacking(preprocessing, source)
    for check, drift in zip(checks, meter.drifts(), strict=False):
        check.drift, check.drift_limit = drift.index, drift.limit
    warnings = [*_warnings(checks, preprocessing.features), *meter.warnings()]
    return Verdict(n_rows, checks, warnings, first_error)


def _lacking(preprocessing: Preprocessing, table: Table) -> str:
    """The message about a column that a table lacks; empty if it has all, or may still get them."""
    try:
        preprocessing.check(table)
    except DataError as error:
        return str(error)
    return ""


def _type(feature: Feature) -> str:
    if isinstance(feature, CategoricalColumn):
        return f"category, {len(feature.categories):,} known"
    if feature.levels:
        return f"ordered, {len(feature.levels):,} levels"
    return written(feature.notation).partition(" ")[2]


def _check_categories(
    check: ColumnCheck, feature: Feature, chunk: Chunk, cells: CellFormat
) -> None:
    """Count a chunk's cells of categories that training had not seen."""
    known: set[str] = set(category_positions(feature))
    if isinstance(feature, NumericColumn):
        known |= cells.missing_texts
    for text, count in Counter(chunk.columns[feature.name].tolist()).items():
        if text not in known and category(text) not in known:
            check.new_categories[text] = check.new_categories.get(text, 0) + count


def _check_numbers(
    check: ColumnCheck, feature: NumericColumn, chunk: Chunk, cells: CellFormat
) -> str:
    """Count a chunk's unusual numbers; the message about its first bad cell, or empty."""
    column, cells = chunk.columns[feature.name], cells.of_column(feature.name)
    values = cells.numbers_or_infinite(column)
    bad = np.isinf(values)
    check.missing += int(np.count_nonzero(np.isnan(values)))
    check.outside_range += int(np.count_nonzero(feature.is_outside(values[~bad])))
    check.far_outside_range += int(np.count_nonzero(feature.is_far(values[~bad])))
    check.bad += int(np.count_nonzero(bad))
    if not bad.any():
        return ""
    row = int(np.flatnonzero(bad)[0])
    return not_a_number(str(chunk.place(row)), feature.name, str(column[row]), cells)


def _warnings(checks: Sequence[ColumnCheck], features: Sequence[Feature]) -> list[str]:
    """A line for each kind of unusual cell in each column."""
    warnings = []
    for check, feature in zip(checks, features, strict=True):
        if isinstance(feature, CategoricalColumn) or feature.levels:
            if check.new_categories:
                n_cells = counted(sum(check.new_categories.values()), "cell")
                n_new = counted(len(check.new_categories), "category", "categories")
                warnings.append(f"{check.name!r}: {n_cells} of {n_new} not seen in training")
            continue
        if check.missing and not feature.has_missing:
            n_cells = counted(check.missing, "missing cell")
            warnings.append(
                f"{check.name!r}: {n_cells}, none in training; taken as the training mean"
            )
        if check.outside_range:
            numbers = counted(check.outside_range, feature.kind)
            low, high = feature.shown(feature.minimum), feature.shown(feature.maximum)
            seen = f"the range of training, {low} to {high}"
            far = f"; {check.far_outside_range:,} of them further than it is wide"
            far = far if check.far_outside_range else ""
            warnings.append(f"{check.name!r}: {numbers} outside {seen}{far}")
    return warnings
