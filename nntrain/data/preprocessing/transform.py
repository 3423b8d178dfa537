"""From columns to the matrices that a network sees, and from its outputs back to the target's unit.

Everything here is learned from the training rows once, kept in the model file, and only replayed
at predict.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Matrix
from nntrain.data.checks import check_columns, check_finite, check_unique, comma_hint
from nntrain.data.readers.cells import CellFormat, distinct_texts
from nntrain.data.readers.table import Chunk, ColumnTypes, Table
from nntrain.errors import DataError

log = logging.getLogger(__name__)

ENCODE_ROWS = 1 << 12


@dataclass(frozen=True)
class NumericColumn:
    """A feature of numbers: one input (value - shift) / scale, a missing cell being the `mean`.

    `minimum` and `maximum` are those of the training rows, `missing_rate` the part of them whose
    cell was missing. If any was, a 0/1 input tells where; if the values were all the same, that is
    the only input. Between two of the `edges`, if any, lies a bin, which has an input of its own:
    -1 below it, 1 above it, and a straight line in between.
    """

    name: str
    mean: float
    shift: float
    scale: float
    minimum: float
    maximum: float
    missing_rate: float
    edges: tuple[float, ...] = ()

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
        bins = (f"{self.name} from {low:g} to {high:g}" for low, high in pairwise(self.edges))
        return (*value, *bins, *([f"{self.name} is missing"] if self.has_missing else []))


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

    `minimum` and `maximum` are those of the training rows. With the `transform` log it is the
    value's natural logarithm that is shifted and scaled.
    """

    name: str
    shift: float
    scale: float
    minimum: float
    maximum: float
    transform: str = "none"


Feature = NumericColumn | CategoricalColumn


@dataclass
class ReplacedCells:
    """How many cells were not what training had seen: missing ones, and unknown categories."""

    missing: dict[str, int] = field(default_factory=dict)
    unseen: dict[str, int] = field(default_factory=dict)

    def count(self, counts: dict[str, int], name: str, n_cells: int) -> None:
        """Add some cells of one column."""
        if n_cells:
            counts[name] = counts.get(name, 0) + n_cells

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

    @cached_property
    def input_slices(self) -> tuple[slice, ...]:
        """For each feature the inputs that it becomes."""
        ends = np.cumsum([len(feature.input_names) for feature in self.features]).tolist()
        return tuple(slice(start, end) for start, end in pairwise([0, *ends]))

    def column_types(self, numbers: Iterable[str] = ()) -> ColumnTypes:
        """How the features' columns are to be read, with more columns read as `numbers`."""
        numeric = [f.name for f in self.features if isinstance(f, NumericColumn)]
        texts = [f.name for f in self.features if isinstance(f, CategoricalColumn)]
        return ColumnTypes((*numeric, *numbers), tuple(texts))

    def check(self, table: Table, targets: Sequence[str] = ()) -> None:
        """Raise `DataError` where a table lacks a feature (or one of `targets`) or has it twice."""
        needed = [*(feature.name for feature in self.features), *targets]
        check_columns(table, needed)
        check_unique(table, needed)

    def values_of(
        self,
        chunk: Chunk,
        cells: CellFormat,
        replaced: ReplacedCells,
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
                codes, texts = distinct_texts(column)
                position = self._positions[feature.name]
                values[:, i] = np.array([position.get(text, -1) for text in texts])[codes]
            elif bad is None:
                _check_numbers(chunk, feature.name, cells)
                values[:, i] = column
            else:
                values[:, i] = _numbers_marked(column, cells, bad)
        good = values if bad is None else values[~bad]
        for i, feature in enumerate(self.features):
            if isinstance(feature, CategoricalColumn):
                n_unseen = int(np.count_nonzero(good[:, i] < 0))
                replaced.count(replaced.unseen, feature.name, n_unseen)
            else:
                n_missing = int(np.count_nonzero(np.isnan(good[:, i])))
                replaced.count(replaced.missing, feature.name, n_missing)
        return values

    @cached_property
    def _positions(self) -> dict[str, dict[str, int]]:
        """For each categorical feature, the position of each category."""
        return {
            f.name: {category: i for i, category in enumerate(f.categories)}
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

    def transform(self, values: Matrix) -> Matrix:
        """Targets (…, n_targets) as their transforms have them; a logarithm must exist."""
        if self.logs.any():
            values = values.copy()
            values[..., self.logs] = np.log(values[..., self.logs])
        return values

    def untransform(self, values: Matrix) -> Matrix:
        """The opposite of `transform`."""
        if self.logs.any():
            values = values.copy()
            with np.errstate(over="ignore"):
                values[..., self.logs] = np.exp(values[..., self.logs])
        return values

    def encode_targets(self, values: Matrix) -> Matrix:
        """Targets (n_rows, n_targets) as the network learns them.

        Each must have a logarithm where that is what it learns.
        """
        shift, scale = self._target_scale
        return (self.transform(values) - shift) / scale

    def decode(self, y: NDArray[Any]) -> Matrix:
        """The network's outputs (…, n_rows, n_targets) in the targets' units."""
        shift, scale = self._target_scale
        with np.errstate(over="ignore"):
            return self.untransform(y.astype(np.float64) * scale + shift)

    def clamp(self, values: Matrix) -> None:
        """Move predictions (…, n_rows, n_targets) into the ranges of the training targets."""
        low = [target.minimum for target in self.targets]
        high = [target.maximum for target in self.targets]
        np.clip(values, low, high, out=values)

    @cached_property
    def logs(self) -> NDArray[np.bool_]:
        """Of which targets (n_targets,) the network learns the logarithm."""
        return np.array([target.transform == "log" for target in self.targets])

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
    values = cells.numbers_or_infinite(column)
    infinite = np.isinf(values)
    bad |= infinite
    return np.where(infinite, np.nan, values)


def _check_numbers(chunk: Chunk, name: str, cells: CellFormat) -> None:
    column = chunk.columns[name]
    if column.dtype != np.float64:
        row = cells.first_text(column)
        raise DataError(
            f"{chunk.place(row)}, column {name!r}: expects a number, found {column[row]!r}; "
            f"correct the cell, or leave it empty if it is missing{comma_hint(column[row], cells)}"
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
        self.sources = _places([i for i, _, _ in numeric])
        self.inputs = _places([start for _, start, _ in numeric])
        self.shift = np.array([feature.shift for _, _, feature in numeric])
        self.scale = np.array([feature.scale for _, _, feature in numeric])
        self.fill = (
            np.array([feature.mean for _, _, feature in numeric]) - self.shift
        ) / self.scale
        bins = [
            (source, start + k, feature.mean, *edges)
            for source, start, feature in numeric
            for k, edges in enumerate(pairwise(feature.edges), start=1)
        ]
        self.bin_sources = _places([source for source, *_ in bins])
        self.bin_inputs = _places([place for _, place, *_ in bins])
        means, self.bin_low, high = np.array([of[2:] for of in bins]).reshape(-1, 3).T
        self.bin_width = high - self.bin_low
        self.bin_fill = (means - self.bin_low) / self.bin_width

    def encode(self, values: Matrix, out: NDArray[Any]) -> None:
        numbers = values[:, self.sources] - self.shift
        np.divide(numbers, self.scale, out=numbers)
        np.copyto(numbers, self.fill, where=np.isnan(numbers))
        if self.flags or self.one_hot:
            out[:] = 0.0
        out[:, self.inputs] = numbers
        if len(self.bin_low):
            out[:, self.bin_inputs] = self._bins(values)
        for source, flag in self.flags:
            out[:, flag] = np.isnan(values[:, source])
        for source, first in self.one_hot:
            rows = np.flatnonzero(values[:, source] >= 0)
            out[rows, first + values[rows, source].astype(np.intp)] = 1.0

    def _bins(self, values: Matrix) -> Matrix:
        """2 clip((x - e_t) / (e_{t+1} - e_t), 0, 1) - 1 (Gorishniy, Rubachev, Babenko 2022)."""
        t: Matrix = values[:, self.bin_sources] - self.bin_low
        np.divide(t, self.bin_width, t)
        np.copyto(t, self.bin_fill, where=np.isnan(t))
        np.clip(t, 0.0, 1.0, out=t)
        np.multiply(t, 2.0, t)
        np.subtract(t, 1.0, t)
        return t


def _places(indices: list[int]) -> slice | list[int]:
    """Indices as a slice where they are consecutive, which copies nothing."""
    if indices and indices == list(range(indices[0], indices[0] + len(indices))):
        return slice(indices[0], indices[-1] + 1)
    return indices
