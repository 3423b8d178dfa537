"""How feature values become network inputs: missing cells, categories, flags, bins and cycles.

A feature value is a number, NaN where the cell is missing, or the position of the cell's category
among those of the training rows: one behind the last for a rare one, `UNSEEN` for any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from nntrain.arrays import Array, Matrix, Vector
from nntrain.data.notation.cycles import cycle_inputs, n_cycle_inputs
from nntrain.data.preprocessing.columns import CategoricalColumn, Feature, NumericColumn
from nntrain.data.readers.cells import category

UNSEEN = -1
"""The position of a category that the training rows lack."""


def category_positions(column: Feature) -> dict[str, int]:
    """The position of each category of a column, by its text and in the one spelling.

    Rare categories share the position behind the last one; ordered categories have that in their
    order. A model of an older version may have categories in other spellings, such as `True`.
    """
    if isinstance(column, NumericColumn):
        texts = {text: i for i, text in enumerate(column.levels)}
    else:
        texts = {text: i for i, text in enumerate(column.categories)}
        texts |= dict.fromkeys(column.rare, len(column.categories))
    return {category(text): i for text, i in texts.items()} | texts


def category_values(positions: Mapping[str, int], texts: Sequence[str]) -> Vector:
    """The feature value (n_texts,) of each text: the position of its category, or `UNSEEN`."""
    found = (positions.get(text, positions.get(category(text), UNSEEN)) for text in texts)
    return np.fromiter(found, np.float64, len(texts))


class FeatureEncoder:
    """Maps feature values (n_rows, n_features) to inputs (n_rows, n_inputs), by whole blocks.

    Each kind of input has the positions of its features in `values` and of its inputs in `out`.
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        numeric: list[tuple[int, int, NumericColumn]] = []
        self.flags: list[tuple[int, int]] = []
        self.cycles: list[tuple[int, int, tuple[str, ...]]] = []
        self.ordered = [
            i for i, f in enumerate(features) if isinstance(f, NumericColumn) and f.levels
        ]
        self.one_hot: list[tuple[int, int, CategoricalColumn]] = []
        self.encodings: list[tuple[int, slice, Matrix]] = []
        first_input = 0
        for i, feature in enumerate(features):
            end = first_input + len(feature.input_names)
            if isinstance(feature, CategoricalColumn):
                if feature.encodings:
                    table = np.array(feature.encodings)
                    self.encodings.append((i, slice(first_input, end), table))
                else:
                    self.one_hot.append((i, first_input, feature))
            else:
                if not feature.is_constant:
                    numeric.append((i, first_input, feature))
                if feature.cycles:
                    first_cycle = end - feature.has_missing - n_cycle_inputs(feature.cycles)
                    self.cycles.append((i, first_cycle, feature.cycles))
                if feature.has_missing:
                    self.flags.append((i, end - 1))
            first_input = end
        self._plan_numbers(numeric)
        self._plan_bins(numeric)

    def _plan_numbers(self, numeric: list[tuple[int, int, NumericColumn]]) -> None:
        self.sources = _positions([source for source, _, _ in numeric])
        self.inputs = _positions([first_input for _, first_input, _ in numeric])
        self.shift = np.array([feature.shift for _, _, feature in numeric])
        self.scale = np.array([feature.scale for _, _, feature in numeric])
        mean = np.array([feature.mean for _, _, feature in numeric])
        self.fill = (mean - self.shift) / self.scale

    def _plan_bins(self, numeric: list[tuple[int, int, NumericColumn]]) -> None:
        bins = [
            (source, first_input + k, feature.mean, low, high)
            for source, first_input, feature in numeric
            for k, (low, high) in enumerate(pairwise(feature.edges), start=1)
        ]
        self.bin_sources = _positions([source for source, *_ in bins])
        self.bin_inputs = _positions([position for _, position, *_ in bins])
        mean, self.bin_low, high = np.array([bounds for _, _, *bounds in bins]).reshape(-1, 3).T
        self.bin_width = high - self.bin_low
        self.bin_fill = (mean - self.bin_low) / self.bin_width

    def encode(self, values: Matrix, out: Array) -> None:
        """Fill `out` (n_rows, n_inputs) from `values` (n_rows, n_features)."""
        if self.ordered:
            values = values.copy()
            for source in self.ordered:  # A category without a place in the order is missing.
                values[values[:, source] == UNSEEN, source] = np.nan
        numbers = values[:, self.sources] - self.shift
        np.divide(numbers, self.scale, out=numbers)
        np.copyto(numbers, self.fill, where=np.isnan(numbers))
        if self.one_hot:
            out[:] = 0.0
        out[:, self.inputs] = numbers
        if len(self.bin_low):
            out[:, self.bin_inputs] = self._bins(values)
        for source, flag in self.flags:
            out[:, flag] = np.isnan(values[:, source])
        for source, first_input, names in self.cycles:
            inputs = cycle_inputs(values[:, source], names)
            out[:, first_input : first_input + inputs.shape[1]] = inputs
        for source, first_input, feature in self.one_hot:
            positions = values[:, source].astype(np.intp)
            if feature.rare:
                positions[positions == UNSEEN] = len(feature.categories)
            rows = np.flatnonzero(positions >= 0)
            out[rows, first_input + positions[rows]] = 1.0
        for source, inputs_of_means, table in self.encodings:
            # The last encoding is that of rare categories and, at position -1, of unseen ones.
            out[:, inputs_of_means] = table[values[:, source].astype(np.intp)]

    def _bins(self, values: Matrix) -> Matrix:
        """2 clip((x - e_t) / (e_{t+1} - e_t), 0, 1) - 1 (Gorishniy, Rubachev, Babenko 2022)."""
        t: Matrix = values[:, self.bin_sources] - self.bin_low
        np.divide(t, self.bin_width, t)
        np.copyto(t, self.bin_fill, where=np.isnan(t))
        np.clip(t, 0.0, 1.0, out=t)
        np.multiply(t, 2.0, t)
        np.subtract(t, 1.0, t)
        return t


def _positions(indices: list[int]) -> slice | list[int]:
    """Indices as a slice where they are consecutive, because slicing copies nothing."""
    if indices and indices == list(range(indices[0], indices[0] + len(indices))):
        return slice(indices[0], indices[-1] + 1)
    return indices
