"""Whether predict would work on a table, without predicting, and which cells are unusual."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from nntrain.data.checks import not_a_number, written
from nntrain.data.preprocessing.columns import CategoricalColumn, Feature, NumericColumn
from nntrain.data.preprocessing.encode_features import category_positions
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.data.readers.cells import CellFormat, category
from nntrain.data.readers.dialect import PLAIN, Dialect
from nntrain.data.readers.open import open_table
from nntrain.data.readers.table import Chunk, Table, TableLike
from nntrain.errors import DataError
from nntrain.evaluation.drift import DriftMeter
from nntrain.evaluation.verdict import ColumnCheck, Verdict
from nntrain.model.model import Model
from nntrain.text import counted


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
