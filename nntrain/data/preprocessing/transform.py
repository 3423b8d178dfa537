"""A model's preprocessing: from feature columns to network inputs, and from outputs to predictions.

It is learned from the training rows once, kept in the model file, and only replayed at predict.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from nntrain.arrays import Array, Column, Mask, Matrix, Vector
from nntrain.data.checks import check_columns, check_numbers, check_unique
from nntrain.data.notation.notation import Notation
from nntrain.data.preprocessing.columns import (
    CategoricalColumn,
    Feature,
    NumericColumn,
    TargetColumn,
)
from nntrain.data.preprocessing.encode_features import (
    FeatureEncoder,
    category_positions,
    category_values,
)
from nntrain.data.preprocessing.unusual_cells import UnusualCells
from nntrain.data.readers.cells import BLANKS, CellFormat, distinct_texts
from nntrain.data.readers.dialect import PLAIN, Dialect
from nntrain.data.readers.open import ReadOptions
from nntrain.data.readers.table import Chunk, ColumnTypes, Table

ENCODE_ROWS = 1 << 12
"""Rows that are encoded at once, so that they fit the processor's cache."""


@dataclass(frozen=True)
class Preprocessing:
    """A model's features and targets, in the order of its inputs and outputs."""

    features: tuple[Feature, ...]
    targets: tuple[TargetColumn, ...]
    missing_values: tuple[str, ...]

    @cached_property
    def input_names(self) -> tuple[str, ...]:
        """The network's inputs, in order."""
        return tuple(name for feature in self.features for name in feature.input_names)

    @cached_property
    def plain_inputs(self) -> Mask:
        """Which of the network's inputs (n_inputs,) are plain: numbers, marks and categories.

        The others are the bins of numbers, from which alone a linear model can bend.
        """
        plain = [is_plain for feature in self.features for is_plain in feature.plain_inputs]
        return np.array(plain, dtype=bool)

    @cached_property
    def input_slices(self) -> tuple[slice, ...]:
        """For each feature, the slice of the inputs that it becomes."""
        ends = np.cumsum([len(feature.input_names) for feature in self.features]).tolist()
        return tuple(slice(start, end) for start, end in pairwise([0, *ends]))

    def column_types(self, numbers: Iterable[str] = ()) -> ColumnTypes:
        """How the features' columns are to be read, with more columns read as `numbers`."""
        texts = [f.name for f in self.features if _is_read_as_text(f)]
        numeric = [f.name for f in self.features if not _is_read_as_text(f)]
        return ColumnTypes((*numeric, *numbers), tuple(texts))

    def read_options(
        self, dialect: Dialect = PLAIN, names: Iterable[str] = (), **options: bool
    ) -> ReadOptions:
        """How to read a table for this model; the missing values are those of training.

        `names` are more columns that will be asked for, and `options` further `ReadOptions`.
        """
        cells = CellFormat(self.missing_values, dialect.decimal, self.notations)
        own = [column.name for column in (*self.features, *self.targets)]
        return ReadOptions(cells, dialect, (*own, *names), **options)

    @property
    def notations(self) -> dict[str, Notation]:
        """How the columns are written that do not hold plain numbers or categories."""
        columns: list[NumericColumn | TargetColumn] = [
            *(feature for feature in self.features if isinstance(feature, NumericColumn)),
            *self.targets,
        ]
        return {column.name: column.notation for column in columns if column.notation}

    def check(self, table: Table, targets: Sequence[str] = ()) -> None:
        """Raise `DataError` where a table lacks a feature (or one of `targets`) or has it twice."""
        needed = [*(feature.name for feature in self.features), *targets]
        check_columns(table, needed)
        check_unique(table, needed)

    def values_of(
        self,
        chunk: Chunk,
        cells: CellFormat,
        unusual: UnusualCells,
        bad: Mask | None = None,
    ) -> Matrix:
        """A chunk's feature values (n_rows, n_features), as `encode` takes them.

        `cells` is how the chunk's cells are written. Cells that are missing, of an unseen category
        or far from the training range are counted in `unusual`. A row with a text or an infinite
        number in a column of numbers is marked in `bad` (n_rows,); without `bad`, it raises
        `DataError` naming line and column.
        """
        columns = [self._column_values(feature, chunk, cells, bad) for feature in self.features]
        values = np.empty((chunk.n_rows, len(columns)))
        for i, (feature, column) in enumerate(zip(self.features, columns, strict=True)):
            values[:, i] = column
            unusual.count(feature, column if bad is None else column[~bad])
        return values

    def _column_values(
        self, feature: Feature, chunk: Chunk, cells: CellFormat, bad: Mask | None
    ) -> Vector:
        """A chunk's values (n_rows,) of one feature; see `values_of`."""
        column = chunk.columns[feature.name]
        if _is_read_as_text(feature):
            codes, texts = distinct_texts(column)
            values = category_values(self._category_positions[feature.name], texts)
            if isinstance(feature, NumericColumn):
                is_missing = [text.strip(BLANKS) in cells.missing_texts for text in texts]
                values[is_missing] = np.nan
            return values[codes]
        if bad is not None:
            return _numbers_marking_bad(column, cells.of_column(feature.name), bad)
        check_numbers(chunk, feature.name, cells)
        return column

    @cached_property
    def _category_positions(self) -> dict[str, dict[str, int]]:
        """For each categorical feature, the position of each category."""
        return {
            feature.name: category_positions(feature)
            for feature in self.features
            if _is_read_as_text(feature)
        }

    @cached_property
    def _encoder(self) -> FeatureEncoder:
        return FeatureEncoder(self.features)

    def encode(self, values: Matrix, out: Array) -> None:
        """Fill the inputs `out` (n_rows, n_inputs) from feature values (n_rows, n_features).

        A number too large for the dtype of `out` becomes infinite.
        """
        with np.errstate(over="ignore"):
            for start in range(0, len(values), ENCODE_ROWS):
                rows = slice(start, start + ENCODE_ROWS)
                self._encoder.encode(values[rows], out[rows])

    def transform(self, values: Matrix) -> Matrix:
        """Targets (…, n_targets), those learned as logarithms as their logarithm."""
        if self.logs.any():
            values = values.copy()
            values[..., self.logs] = np.log(values[..., self.logs])
        return values

    def untransform(self, values: Matrix) -> Matrix:
        """Targets (…, n_targets) back from `transform`, in their own units."""
        if self.logs.any():
            values = values.copy()
            with np.errstate(over="ignore"):
                values[..., self.logs] = np.exp(values[..., self.logs])
        return values

    def encode_targets(self, values: Matrix) -> Matrix:
        """Targets (n_rows, n_targets) as the network learns them: transformed, shifted, scaled.

        A target that is learned as its logarithm must be positive.
        """
        shift, scale = self._target_scale
        return (self.transform(values) - shift) / scale

    def decode(self, y: Array) -> Matrix:
        """The network's outputs (…, n_rows, n_targets) as predictions in the targets' units."""
        shift, scale = self._target_scale
        with np.errstate(over="ignore"):
            return self.untransform(y.astype(np.float64) * scale + shift)

    def clamp(self, values: Matrix) -> None:
        """Move predictions (…, n_rows, n_targets) into the training targets' ranges, in place."""
        low = [target.minimum for target in self.targets]
        high = [target.maximum for target in self.targets]
        np.clip(values, low, high, out=values)

    @cached_property
    def logs(self) -> Mask:
        """The targets (n_targets,) that are learned as their logarithm."""
        return np.array([target.transform == "log" for target in self.targets])

    @cached_property
    def _target_scale(self) -> tuple[Vector, Vector]:
        return (
            np.array([target.shift for target in self.targets]),
            np.array([target.scale for target in self.targets]),
        )


def _is_read_as_text(feature: Feature) -> bool:
    """Whether the cells of a feature are categories, ordered or not."""
    return isinstance(feature, CategoricalColumn) or bool(feature.levels)


def _numbers_marking_bad(column: Column, cells: CellFormat, bad: Mask) -> Vector:
    """The numbers of a column (n_rows,), NaN in rows that hold none; those are marked in `bad`."""
    values = cells.numbers_or_infinite(column)
    infinite = np.isinf(values)
    bad |= infinite
    return np.where(infinite, np.nan, values)
