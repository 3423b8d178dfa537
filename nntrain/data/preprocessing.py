"""From columns to the matrices that a network sees, and from its outputs back to the target's unit.

Everything here is learned from the training rows once, kept in the model file, and only replayed
at predict.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nntrain.data.cells import CellFormat
from nntrain.data.columns import (
    TypedTable,
    check_columns,
    check_finite,
    check_unique,
    target_values,
    weight_values,
)
from nntrain.data.table import Chunk, Table
from nntrain.errors import DataError, counted, quoted

log = logging.getLogger(__name__)

Matrix = NDArray[np.float64]
ENCODE_ROWS = 1 << 14
LARGEST = np.finfo(np.float64).max / 4
"""Beyond this a number may not survive being standardized and mapped back."""


@dataclass(frozen=True)
class NumericColumn:
    """A feature of numbers: one input (value - shift) / scale, a missing cell being the `mean`.

    `minimum` and `maximum` are those of the training rows, `missing_rate` the part of them whose
    cell was missing. If any was, a 0/1 input tells where; if the values were all the same, that is
    the only input.
    """

    name: str
    mean: float
    shift: float
    scale: float
    minimum: float
    maximum: float
    missing_rate: float

    @property
    def has_missing(self) -> bool:
        """Whether any training cell was missing."""
        return self.missing_rate > 0

    @property
    def is_constant(self) -> bool:
        """Whether the training values were all the same."""
        return self.minimum == self.maximum

    @property
    def input_names(self) -> tuple[str, ...]:
        """The inputs that this column becomes."""
        value = () if self.is_constant else (self.name,)
        return (*value, f"{self.name} is missing") if self.has_missing else value


@dataclass(frozen=True)
class CategoricalColumn:
    """A feature of texts: a 0/1 input for each category seen in training."""

    name: str
    categories: tuple[str, ...]

    @property
    def input_names(self) -> tuple[str, ...]:
        """The inputs that this column becomes."""
        return tuple(f"{self.name}={category}" for category in self.categories)


@dataclass(frozen=True)
class TargetColumn:
    """A target: the network learns (value - shift) / scale; without standardization 0 and 1.

    `minimum` and `maximum` are those of the training rows.
    """

    name: str
    shift: float
    scale: float
    minimum: float
    maximum: float


Feature = NumericColumn | CategoricalColumn


@dataclass
class Replaced:
    """How many cells were not what training had seen: missing ones, and unknown categories."""

    missing: dict[str, int] = field(default_factory=dict)
    unseen: dict[str, int] = field(default_factory=dict)

    def count(self, counts: dict[str, int], name: str, cells: NDArray[np.bool_]) -> None:
        """Add the cells of one column that are marked."""
        if n := int(np.count_nonzero(cells)):
            counts[name] = counts.get(name, 0) + n

    def report(self) -> None:
        """Log a line for each kind, if there were any."""
        if self.missing:
            log.warning("missing cells taken as the training mean: %s", _listed(self.missing))
        if self.unseen:
            log.warning("cells of a category not seen in training: %s", _listed(self.unseen))


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} in {name!r}" for name, count in counts.items())


@dataclass(frozen=True)
class Preprocessing:
    """The features and targets of a model, in the order of its inputs and outputs."""

    features: tuple[Feature, ...]
    targets: tuple[TargetColumn, ...]
    missing_values: tuple[str, ...]

    @cached_property
    def input_names(self) -> tuple[str, ...]:
        """The network's inputs, in order."""
        return tuple(name for feature in self.features for name in feature.input_names)

    @property
    def numeric_names(self) -> list[str]:
        """The columns read as numbers."""
        return [f.name for f in self.features if isinstance(f, NumericColumn)]

    @property
    def categorical_names(self) -> list[str]:
        """The columns read as text."""
        return [f.name for f in self.features if isinstance(f, CategoricalColumn)]

    def check(self, table: Table, targets: Sequence[str] = ()) -> None:
        """Raise `DataError` where a table lacks a feature (or one of `targets`) or has it twice."""
        needed = [*(feature.name for feature in self.features), *targets]
        check_columns(table, needed)
        check_unique(table, needed)

    def values_of(
        self,
        chunk: Chunk,
        cells: CellFormat,
        replaced: Replaced,
        bad: NDArray[np.bool_] | None = None,
    ) -> Matrix:
        """A chunk's features as `encode` wants them; `cells` is how the chunk was read.

        Counts in `replaced` what training had not seen. A row with a text or an infinite number
        where a number belongs is marked in `bad` (n_rows,); without `bad` it raises `DataError`
        naming line and column.
        """
        values = np.empty((chunk.n_rows, len(self.features)))
        for i, feature in enumerate(self.features):
            column = chunk.columns[feature.name]
            if isinstance(feature, CategoricalColumn):
                values[:, i] = self._categories[feature.name].get_indexer(pd.Index(column))
            elif bad is None:
                _check_numbers(chunk, feature.name, cells)
                values[:, i] = column
            else:
                values[:, i] = _numbers_marked(column, cells, bad)
        good = slice(None) if bad is None else ~bad
        for i, feature in enumerate(self.features):
            if isinstance(feature, CategoricalColumn):
                replaced.count(replaced.unseen, feature.name, values[good, i] < 0)
            else:
                replaced.count(replaced.missing, feature.name, np.isnan(values[good, i]))
        return values

    @cached_property
    def _categories(self) -> dict[str, pd.Index[Any]]:
        return {
            f.name: pd.Index(f.categories, dtype=object)
            for f in self.features
            if isinstance(f, CategoricalColumn)
        }

    @cached_property
    def _plan(self) -> _EncodePlan:
        return _EncodePlan(self.features)

    def encode(self, values: Matrix, out: NDArray[Any]) -> None:
        """Fill `out` (n_rows, n_inputs) from `values` (n_rows, n_features).

        Values are numbers, NaN where missing, or a position among the categories, -1 for others. A
        number too large for the dtype of `out` becomes infinite.
        """
        with np.errstate(over="ignore"):
            for start in range(0, len(values), ENCODE_ROWS):
                rows = slice(start, start + ENCODE_ROWS)
                self._plan.encode(values[rows], out[rows])

    def encode_targets(self, values: Matrix) -> Matrix:
        """Targets (n_rows, n_targets) as the network learns them."""
        shift, scale = self._target_scale
        return (values - shift) / scale

    def decode(self, y: NDArray[Any]) -> Matrix:
        """The network's outputs (n_rows, n_targets) in the targets' units."""
        shift, scale = self._target_scale
        return y.astype(np.float64) * scale + shift

    @cached_property
    def _target_scale(self) -> tuple[Matrix, Matrix]:
        return (
            np.array([target.shift for target in self.targets]),
            np.array([target.scale for target in self.targets]),
        )


def _numbers_marked(
    column: NDArray[Any], cells: CellFormat, bad: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The numbers of a column, rows that hold none marked in `bad`."""
    if column.dtype == np.float64:
        values = column
    else:
        numbers = [cells.number(cell) for cell in column]
        values = np.array([np.inf if number is None else number for number in numbers])
    infinite = np.isinf(values)
    bad |= infinite
    return np.where(infinite, np.nan, values)


def _check_numbers(chunk: Chunk, name: str, cells: CellFormat) -> None:
    column = chunk.columns[name]
    if column.dtype != np.float64:
        row = cells.first_text(column)
        raise DataError(
            f"{chunk.place(row)}, column {name!r}: expects a number, found {column[row]!r}; "
            f"correct the cell, or leave it empty if it is missing"
        )
    check_finite(chunk, name)


class _EncodePlan:
    """Which matrix columns each feature becomes, as index arrays for whole blocks of rows."""

    def __init__(self, features: tuple[Feature, ...]) -> None:
        numeric: list[tuple[int, int, NumericColumn]] = []
        self.flags: list[tuple[int, int]] = []
        self.one_hot: list[tuple[int, int]] = []
        start = 0
        for i, feature in enumerate(features):
            n_inputs = len(feature.input_names)
            if isinstance(feature, CategoricalColumn):
                self.one_hot.append((i, start))
            else:
                if not feature.is_constant:
                    numeric.append((i, start, feature))
                if feature.has_missing:
                    self.flags.append((i, start + n_inputs - 1))
            start += n_inputs
        self.sources = [i for i, _, _ in numeric]
        self.inputs = [start for _, start, _ in numeric]
        self.mean = np.array([feature.mean for _, _, feature in numeric])
        self.shift = np.array([feature.shift for _, _, feature in numeric])
        self.scale = np.array([feature.scale for _, _, feature in numeric])

    def encode(self, values: Matrix, out: NDArray[Any]) -> None:
        out[:] = 0.0
        numbers = values[:, self.sources]
        np.copyto(numbers, self.mean, where=np.isnan(numbers))
        out[:, self.inputs] = (numbers - self.shift) / self.scale
        for source, flag in self.flags:
            out[:, flag] = np.isnan(values[:, source])
        for source, first in self.one_hot:
            rows = np.flatnonzero(values[:, source] >= 0)
            out[rows, first + values[rows, source].astype(np.intp)] = 1.0


def learn_preprocessing(
    table: TypedTable, rows: NDArray[np.intp], *, standardize: bool, missing_values: tuple[str, ...]
) -> Preprocessing:
    """The preprocessing learned from the training `rows` of a table.

    Features that tell nothing are dropped with a note. Raises `DataError` when none is left, or
    when a target is constant.
    """
    features: list[Feature] = []
    replaced = Replaced()
    for i, name in enumerate(table.features):
        column = table.values[rows, i]
        feature: Feature | str
        if i in table.categories:
            feature = _learn_categorical(name, column, table.categories[i])
        else:
            feature = _learn_numeric(name, column, standardize)
        if isinstance(feature, str):
            log.warning("left out the column %r: %s", name, feature)
            continue
        features.append(feature)
        if isinstance(feature, NumericColumn):
            replaced.count(replaced.missing, name, np.isnan(column))
    replaced.report()
    if not features:
        raise DataError(
            f"{table.name}: no column is left to learn from; {quoted(table.features)} tell nothing "
            f"in {counted(len(rows), 'training row')}"
        )
    targets = tuple(
        _learn_target(table.name, name, table.values[rows, i], standardize)
        for i, name in enumerate(table.targets, start=len(table.features))
    )
    return Preprocessing(tuple(features), targets, missing_values)


@dataclass(frozen=True)
class Encoded:
    """Rows as a network sees them: inputs x (n_rows, n_inputs), targets y (n_rows, n_targets).

    `weights` of (n_rows,) are as they stand in the table; None without a weight column.
    """

    x: NDArray[Any]
    y: NDArray[Any]
    weights: Matrix | None


def encode_rows(
    preprocessing: Preprocessing, table: TypedTable, rows: NDArray[np.intp], dtype: str
) -> Encoded:
    """Some rows of a typed table, in the network's dtype."""
    kept = np.array([table.features.index(f.name) for f in preprocessing.features])
    to_category = {
        i: _positions(table.categories[source], feature.categories)
        for i, (source, feature) in enumerate(
            zip(kept.tolist(), preprocessing.features, strict=True)
        )
        if isinstance(feature, CategoricalColumn)
    }
    x = np.empty((len(rows), len(preprocessing.input_names)), dtype)
    for start in range(0, len(rows), ENCODE_ROWS):
        block = slice(start, start + ENCODE_ROWS)
        values = table.values[np.ix_(rows[block], kept)]
        for i, positions in to_category.items():
            values[:, i] = positions[values[:, i].astype(np.intp)]
        preprocessing.encode(values, x[block])
        _check_inputs(x[block], preprocessing.input_names, table.name)
    with np.errstate(over="ignore"):
        y = preprocessing.encode_targets(table.true_values[rows]).astype(dtype)
    _check_inputs(y, table.targets, table.name)
    weights = table.weights
    return Encoded(x, y, None if weights is None else weights[rows])


def _check_inputs(x: NDArray[Any], names: Sequence[str], table_name: str) -> None:
    """Raise `DataError` for a number that the network's dtype cannot hold."""
    if not np.isfinite(x).all():
        column = names[int(np.flatnonzero(~np.isfinite(x).all(axis=0))[0])]
        raise DataError(
            f"{table_name}, column {column!r}: a number is too large for {x.dtype}; set "
            f"standardize: true or dtype: float64, or rescale the column"
        )


@dataclass(frozen=True)
class Labelled:
    """A chunk encoded, with its true values (n_rows, n_targets) in their own units."""

    x: NDArray[Any]
    y_true: Matrix
    weights: Matrix | None
    chunk: Chunk
    kept: NDArray[np.bool_]


@dataclass(frozen=True)
class Labels:
    """Where the true values of a table stand, and whether rows without one are left out."""

    weight: str | None = None
    skip_missing_targets: bool = False


def read_labelled(
    preprocessing: Preprocessing, table: Table, cells: CellFormat, dtype: str, labels: Labels
) -> Iterator[Labelled]:
    """The chunks of a table with targets, by a preprocessing learned before.

    `kept` marks the rows of the chunk that have a target and are here. Raises `DataError` where a
    column is missing or a cell is not what its column holds.
    """
    targets = [target.name for target in preprocessing.targets]
    others = [*targets, *([labels.weight] if labels.weight else [])]
    preprocessing.check(table, others)
    replaced, skipped = Replaced(), 0
    numbers = [*preprocessing.numeric_names, *others]
    for chunk in table.chunks(numbers, preprocessing.categorical_names):
        may_miss = labels.skip_missing_targets
        y = np.column_stack([target_values(chunk, t, cells, may_miss=may_miss) for t in targets])
        kept: NDArray[np.bool_] = ~np.isnan(y.sum(axis=1))
        weights = weight_values(chunk, labels.weight, cells)[kept] if labels.weight else None
        values = preprocessing.values_of(chunk, cells, replaced)[kept]
        x = np.empty((len(values), len(preprocessing.input_names)), dtype)
        preprocessing.encode(values, x)
        skipped += int(np.count_nonzero(~kept))
        yield Labelled(x, y[kept], weights, chunk, kept)
    replaced.report()
    if skipped:
        log.warning("%s: left out %s without a target", table.name, counted(skipped, "row"))


def _positions(texts: list[str], categories: tuple[str, ...]) -> Matrix:
    """For each text its position among the categories, -1 for one not seen in training."""
    position = {category: i for i, category in enumerate(categories)}
    return np.array([position.get(text, -1) for text in texts], dtype=np.float64)


def _learn_categorical(
    name: str, codes: Matrix, texts: list[str]
) -> CategoricalColumn | Literal["it is constant"]:
    seen = np.unique(codes).astype(np.intp)
    if len(seen) == 1:
        return "it is constant"
    return CategoricalColumn(name, tuple(sorted(texts[code] for code in seen)))


def _learn_numeric(name: str, column: Matrix, standardize: bool) -> NumericColumn | str:
    values = column[~np.isnan(column)]
    has_missing = len(values) < len(column)
    if len(values) == 0:
        return "it has no value"
    low, high = float(values.min()), float(values.max())
    if low == high and not has_missing:
        return "it is constant"
    mean, deviation = (low, 1.0) if low == high else _mean_and_deviation(values, name)
    if not standardize or np.isin(values, (0.0, 1.0)).all():
        shift, scale = 0.0, 1.0
    else:
        shift, scale = mean, deviation
    return NumericColumn(name, mean, shift, scale, low, high, 1.0 - len(values) / len(column))


def _learn_target(table_name: str, name: str, values: Matrix, standardize: bool) -> TargetColumn:
    low, high = float(values.min()), float(values.max())
    if low == high:
        raise DataError(
            f"{table_name}, column {name!r}: the target is {values[0]:g} in every training row; "
            f"there is nothing to learn: choose another target or more rows"
        )
    mean, deviation = _mean_and_deviation(values, name)
    shift, scale = (mean, deviation) if standardize else (0.0, 1.0)
    return TargetColumn(name, shift, scale, low, high)


def _mean_and_deviation(values: Matrix, name: str) -> tuple[float, float]:
    """Mean and deviation over N, without overflow or underflow on the way."""
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        mean = float(np.mean(values))
        centred = values - mean
        largest = float(np.max(np.abs(centred)))
        deviation = largest * float(np.sqrt(np.mean(np.square(centred / largest))))
    sound = np.isfinite(mean) and np.isfinite(deviation) and deviation > 0
    if not sound or np.max(np.abs(values)) > LARGEST:
        raise DataError(
            f"column {name!r}: its values, from {values.min():g} to {values.max():g}, cannot be "
            f"standardized in double precision; rescale the column or put it under ignore"
        )
    return mean, deviation
