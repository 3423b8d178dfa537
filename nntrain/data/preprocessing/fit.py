"""What preprocessing learns from the training rows: statistics, categories, what to leave out."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Matrix
from nntrain.data.preprocessing.transform import (
    CategoricalColumn,
    Feature,
    NumericColumn,
    Preprocessing,
    ReplacedCells,
    TargetColumn,
)
from nntrain.data.preprocessing.typed_table import TypedTable
from nntrain.errors import DataError
from nntrain.text import counted, quoted
from nntrain.threads import available_cores

log = logging.getLogger(__name__)

LARGEST = np.finfo(np.float64).max / 4
"""Beyond this a number may not survive being standardized and mapped back."""


@dataclass(frozen=True)
class PreprocessingOptions:
    """What preprocessing is to make of columns: `bins` is the most of a number's, 0 for none."""

    standardize: bool
    missing_values: tuple[str, ...]
    bins: int = 0
    target_transform: str = "none"


def learn_preprocessing(
    table: TypedTable, rows: NDArray[np.intp], how: PreprocessingOptions
) -> Preprocessing:
    """The preprocessing learned from the training `rows` of a table.

    Features that tell nothing are dropped with a note. Raises `DataError` when none is left, or
    when a target is constant.
    """

    def learn(i: int) -> tuple[Feature | str, int]:
        name, column = table.features[i], table.column(i, rows)
        if i in table.categories:
            return _learn_categorical(name, column, table.categories[i]), 0
        n_missing = int(np.count_nonzero(np.isnan(column)))
        return _learn_numeric(name, column, n_missing, how), n_missing

    features: list[Feature] = []
    replaced = ReplacedCells()
    with ThreadPoolExecutor(available_cores()) as pool:
        learned = pool.map(learn, range(len(table.features)))
        for name, (feature, n_missing) in zip(table.features, learned, strict=True):
            if isinstance(feature, str):
                log.warning("left out the column %r: %s", name, feature)
                continue
            features.append(feature)
            replaced.count(replaced.missing, name, n_missing)
    replaced.report()
    if not features:
        raise DataError(
            f"{table.name}: no column is left to learn from; {quoted(table.features)} tell nothing "
            f"in {counted(len(rows), 'training row')}"
        )
    targets = tuple(
        _learn_target(table.name, name, table.column(i, rows), how)
        for i, name in enumerate(table.targets, start=len(table.features))
    )
    return Preprocessing(tuple(features), targets, how.missing_values)


def _learn_categorical(
    name: str, codes: Matrix, texts: list[str]
) -> CategoricalColumn | Literal["it is constant"]:
    seen = np.unique(codes).astype(np.intp)
    if len(seen) == 1:
        return "it is constant"
    return CategoricalColumn(name, tuple(sorted(texts[code] for code in seen)))


def _learn_numeric(
    name: str, column: Matrix, n_missing: int, how: PreprocessingOptions
) -> NumericColumn | str:
    values = column[~np.isnan(column)] if n_missing else column
    has_missing = n_missing > 0
    if len(values) == 0:
        return "it has no value"
    low, high = float(values.min()), float(values.max())
    if low == high and not has_missing:
        return "it is constant"
    mean, deviation = (low, 1.0) if low == high else _mean_and_deviation(values, name)
    is_flag = low >= 0.0 and high <= 1.0 and bool(np.isin(values, (0.0, 1.0)).all())
    if not how.standardize or is_flag:
        shift, scale = 0.0, 1.0
    else:
        shift, scale = mean, deviation
    missing_rate = 1.0 - len(values) / len(column)
    edges = _edges(values, how.bins)
    return NumericColumn(name, mean, shift, scale, low, high, missing_rate, edges)


def _edges(values: Matrix, bins: int) -> tuple[float, ...]:
    """The edges of up to so many bins, at quantiles; none where there would be one bin only."""
    if bins == 0:
        return ()
    edges = np.unique(np.quantile(values, np.linspace(0.0, 1.0, bins + 1)))
    return tuple(edges.tolist()) if len(edges) > 2 else ()


def _learn_target(
    table_name: str, name: str, values: Matrix, how: PreprocessingOptions
) -> TargetColumn:
    low, high = float(values.min()), float(values.max())
    if low == high:
        raise DataError(
            f"{table_name}, column {name!r}: the target is {values[0]:g} in every training row; "
            f"there is nothing to learn: choose another target or more rows"
        )
    learned = np.log(values) if how.target_transform == "log" else values
    mean, deviation = _mean_and_deviation(learned, name)
    shift, scale = (mean, deviation) if how.standardize else (0.0, 1.0)
    return TargetColumn(name, shift, scale, low, high, how.target_transform)


def _mean_and_deviation(values: Matrix, name: str) -> tuple[float, float]:
    """Mean and deviation over N, without overflow or underflow on the way."""
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        low, high = float(values.min()), float(values.max())
        mean = float(np.mean(values))
        centred = values - mean
        largest = max(high - mean, mean - low)
        np.divide(centred, largest, centred)
        deviation = largest * float(np.sqrt(centred.dot(centred) / len(values)))
    sound = np.isfinite(mean) and np.isfinite(deviation) and deviation > 0
    if not sound or max(high, -low) > LARGEST:
        raise DataError(
            f"column {name!r}: its values, from {low:g} to {high:g}, cannot be "
            f"standardized in double precision; rescale the column or put it under ignore"
        )
    return mean, deviation
