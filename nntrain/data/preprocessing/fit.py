"""Learn a preprocessing from the training rows: statistics, categories, useless columns."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from nntrain.arrays import RowNumbers, Vector
from nntrain.data.notation.cycles import varying_cycles
from nntrain.data.notation.dates import DateNotation
from nntrain.data.notation.notation import Notation
from nntrain.data.notes import TakeNote, UselessColumn, log_note
from nntrain.data.preprocessing.columns import (
    CategoricalColumn,
    Feature,
    NumericColumn,
    TargetColumn,
)
from nntrain.data.preprocessing.mean_encoding import with_target_means
from nntrain.data.preprocessing.spread import Spread, distinct_but_for_rounding, measure_spread
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.data.preprocessing.typed_table import TypedTable
from nntrain.data.preprocessing.unusual_cells import UnusualCells
from nntrain.errors import DataError
from nntrain.text import counted, quoted
from nntrain.threads import available_cores

LARGEST = np.finfo(np.float64).max / 4
"""A larger number may overflow when it is standardized and mapped back."""


@dataclass(frozen=True)
class PreprocessingOptions:
    """How columns are to be preprocessed.

    `bins` is the largest number of bins of a numeric feature; 0 makes none. A column of more than
    `max_categories` categories is encoded by means of the targets, and categories of fewer than
    `min_count` rows are rare.
    """

    standardize: bool
    missing_values: tuple[str, ...]
    bins: int = 0
    target_transform: str = "none"
    max_categories: int = 100
    min_count: int = 1


def learn_preprocessing(
    table: TypedTable,
    rows: RowNumbers,
    options: PreprocessingOptions,
    take_note: TakeNote = log_note,
) -> Preprocessing:
    """The preprocessing learned from the training `rows` of a table.

    Features from which nothing can be learned are left out, and `take_note` is told. Raises
    `DataError` if no feature is left, or a target is constant.
    """
    features: list[Feature] = []
    unusual = UnusualCells()
    for name, (feature, n_missing) in zip(
        table.features, _learn_features(table, rows, options), strict=True
    ):
        if isinstance(feature, str):
            take_note(UselessColumn(name, feature))
            continue
        features.append(feature)
        unusual.add_missing(name, n_missing)
    unusual.note(take_note)
    if not features:
        raise DataError(
            f"{table.name}: no column is left to learn from: nothing can be learned from "
            f"{quoted(table.features)} in {counted(len(rows), 'training row')}"
        )
    targets = tuple(
        _learn_target(table, name, table.column(i, rows), options)
        for i, name in enumerate(table.targets, start=len(table.features))
    )
    preprocessing = Preprocessing(tuple(features), targets, options.missing_values)
    return with_target_means(preprocessing, table, rows, options.max_categories, take_note)


def _learn_features(
    table: TypedTable, rows: RowNumbers, options: PreprocessingOptions
) -> Iterator[tuple[Feature | str, int]]:
    """Each feature, or why nothing can be learned from it; and how many cells are missing."""

    def learn(i: int) -> tuple[Feature | str, int]:
        name, column = table.features[i], table.column(i, rows)
        if i in table.categories:
            return _learn_categorical(name, column, table.categories[i], options.min_count), 0
        n_missing = int(np.count_nonzero(np.isnan(column)))
        feature = _learn_numeric(name, column, n_missing, options, table.levels.get(name, ()))
        if isinstance(feature, NumericColumn):
            feature = _with_notation(feature, column, table.notations.get(name))
        return feature, n_missing

    with ThreadPoolExecutor(available_cores()) as pool:
        yield from pool.map(learn, range(len(table.features)))


def _learn_categorical(
    name: str, codes: Vector, texts: list[str], min_count: int
) -> CategoricalColumn | Literal["it is constant", "each of its categories is rare"]:
    counts = np.bincount(codes.astype(np.intp), minlength=len(texts))
    seen = [(text, count) for text, count in zip(texts, counts.tolist(), strict=True) if count]
    if len(seen) == 1:
        return "it is constant"
    frequent = sorted(text for text, count in seen if count >= min_count)
    if not frequent:
        return "each of its categories is rare"
    rare = sorted(text for text, count in seen if count < min_count)
    return CategoricalColumn(name, tuple(frequent), tuple(rare))


def _with_notation(
    feature: NumericColumn, column: Vector, notation: Notation | None
) -> NumericColumn:
    """A feature with how its cells are written, and the cycles of dates or times."""
    if not isinstance(notation, DateNotation):
        return replace(feature, notation=notation)
    cycles = varying_cycles(column[~np.isnan(column)], is_time=notation.is_time)
    return replace(feature, notation=notation, cycles=cycles)


def _learn_numeric(
    name: str,
    column: Vector,
    n_missing: int,
    options: PreprocessingOptions,
    levels: tuple[str, ...] = (),
) -> NumericColumn | str:
    values = column[~np.isnan(column)] if n_missing else column
    if len(values) == 0:
        return "it has no value"
    spread = measure_spread(values)
    missing_rate = 1.0 - len(values) / len(column)
    if spread.is_constant:
        # One number stands for all that differ by rounding, and a flag is all that is learned.
        low = spread.minimum
        shift = low if options.standardize and low not in (0.0, 1.0) else 0.0
        flag = NumericColumn(name, low, shift, 1.0, low, low, missing_rate, levels=levels)
        return flag if n_missing else "it is constant"
    _check_standardizable(spread, name)
    low, high = spread.minimum, spread.maximum
    is_flag = low >= 0.0 and high <= 1.0 and bool(np.isin(values, (0.0, 1.0)).all())
    is_scaled = options.standardize and not is_flag
    shift, scale = (spread.mean, spread.deviation) if is_scaled else (0.0, 1.0)
    # Between each two neighbours of an order lies a threshold: a bin.
    edges = _edges(values, options.bins) if not levels else tuple(map(float, range(len(levels))))
    edges = edges if len(edges) > 2 else ()
    return NumericColumn(
        name, spread.mean, shift, scale, low, high, missing_rate, edges, levels=levels
    )


def _edges(values: Vector, bins: int) -> tuple[float, ...]:
    """The edges of at most `bins` bins, at quantiles; none if there would be a single bin."""
    if bins == 0:
        return ()
    quantiles = np.unique(np.quantile(values, np.linspace(0.0, 1.0, bins + 1)))
    edges = distinct_but_for_rounding(quantiles.tolist())
    return tuple(edges)


def _learn_target(
    table: TypedTable, name: str, values: Vector, options: PreprocessingOptions
) -> TargetColumn:
    spread = learned = measure_spread(values)
    if options.target_transform == "log":
        learned = measure_spread(np.log(values))
    if spread.is_constant or learned.is_constant:
        raise DataError(
            f"{table.name}, column {name!r}: the target is {values[0]:g} in every training row; "
            f"there is nothing to learn: choose another target or more rows"
        )
    _check_standardizable(learned, name)
    shift, scale = (learned.mean, learned.deviation) if options.standardize else (0.0, 1.0)
    return TargetColumn(
        name,
        shift,
        scale,
        spread.minimum,
        spread.maximum,
        options.target_transform,
        table.notations.get(name),
    )


def _check_standardizable(spread: Spread, name: str) -> None:
    """Raise `DataError` for values too large or too close together to be standardized."""
    low, high = spread.minimum, spread.maximum
    sound = np.isfinite([spread.mean, spread.deviation]).all() and spread.deviation > 0
    if not sound or max(high, -low) > LARGEST:
        raise DataError(
            f"column {name!r}: its values, from {low:g} to {high:g}, cannot be "
            f"standardized in double precision; rescale the column or put it under ignore"
        )
