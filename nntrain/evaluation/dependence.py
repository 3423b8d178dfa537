"""Partial dependence: how a model's mean prediction changes with one column, the others kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from nntrain.arrays import Array, Matrix, Vector
from nntrain.data.preprocessing.columns import CategoricalColumn, NumericColumn
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.data.weights import unit_weights
from nntrain.model.model import Model

MOST_POINTS = 32
MOST_CATEGORIES = 32
CENTRE = (0.01, 0.99)
"""The quantiles between which a curve is drawn: beyond them there are too few rows to tell."""
WHOLE_STEPS = (7 * 86_400.0, 86_400.0)
"""A week and a day in seconds."""
DECILES = tuple(i / 10 for i in range(1, 10))


@dataclass(frozen=True)
class NumericEffect:
    """The mean predictions `means` (n_points, n_targets) with a column set to each of the `points`.

    `deciles` are those of the column's numbers: they lie close together where there are many rows.
    Of the `kind` date, numbers are seconds since 1970; of the kind time, seconds since midnight.
    """

    column: str
    kind: str
    points: Vector
    means: Matrix
    deciles: Vector


@dataclass(frozen=True)
class CategoricalEffect:
    """The mean predictions `means` (n_categories, n_targets) with a column set to each category.

    `counts` are the numbers of rows that have the category. The most frequent comes first, and only
    the first `MOST_CATEGORIES` are there, without `n_more` others; ordered ones are in their order.
    """

    column: str
    categories: tuple[str, ...]
    means: Matrix
    counts: tuple[int, ...]
    n_more: int = 0


Effect: TypeAlias = NumericEffect | CategoricalEffect


def measure_effect(
    model: Model, i: int, values: Vector, x: Array, weights: Vector | None
) -> Effect:
    """The partial dependence on the i-th feature (Friedman 2001).

    `values` are the feature's in all rows, as `Preprocessing.encode` takes them; they decide at
    which points to look. The mean is over the encoded rows x (n_rows, n_inputs), by their weights
    if there are any.
    """
    feature = model.preprocessing.features[i]
    if isinstance(feature, CategoricalColumn) or feature.levels:
        is_ordered = isinstance(feature, NumericColumn)
        names = feature.levels if isinstance(feature, NumericColumn) else feature.categories
        counts = np.bincount(values[values >= 0].astype(np.intp), minlength=len(names))
        counts = counts[: len(names)]  # without rare ones
        order = np.arange(len(names)) if is_ordered else np.argsort(-counts, kind="stable")
        order = order[:MOST_CATEGORIES]
        means = partial_dependence(model, i, order.astype(np.float64), x, weights)
        categories = tuple(names[k] for k in order)
        n_more = len(names) - len(order)
        shown = tuple(counts[order].tolist())
        return CategoricalEffect(feature.name, categories, means, shown, n_more)
    present = values[~np.isnan(values)]
    points = _points(present, feature.kind) if len(present) else np.array([feature.mean])
    deciles = np.quantile(present, DECILES, method="inverted_cdf") if len(present) else np.empty(0)
    means = partial_dependence(model, i, points, x, weights)
    return NumericEffect(feature.name, feature.kind, points, means, deciles)


def partial_dependence(
    model: Model, i: int, points: Vector, x: Array, weights: Vector | None
) -> Matrix:
    """The mean prediction (n_points, n_targets) with the i-th feature at each point in every row.

    Points are what `Preprocessing.encode` takes: numbers, or positions among the categories.
    """
    preprocessing = model.preprocessing
    inputs = preprocessing.input_slices[i]
    feature_alone = Preprocessing((preprocessing.features[i],), preprocessing.targets, ())
    encoded_points = np.empty((len(points), inputs.stop - inputs.start), x.dtype)
    feature_alone.encode(points[:, None], encoded_points)
    counted = unit_weights(weights) if weights is not None and weights.any() else None
    x, means = x.copy(), np.empty((len(points), len(preprocessing.targets)))
    for k, encoded_point in enumerate(encoded_points):
        x[:, inputs] = encoded_point
        means[k] = np.average(model.predict_mean(x), axis=0, weights=counted)
    return means


def _points(values: Vector, kind: str) -> Vector:
    """Where a curve is computed: at each distinct number if they are few, else evenly spaced.

    Steps along dates are whole weeks, or whole days if they are short, so that the day of the week
    and the hour, which may matter too, do not make waves that are not there.
    """
    low, high = np.quantile(values, CENTRE)
    distinct = np.unique(values[(values >= low) & (values <= high)])
    if 0 < len(distinct) <= MOST_POINTS:
        return distinct
    step = (high - low) / (MOST_POINTS - 1)
    unit = next((unit for unit in WHOLE_STEPS if kind == "date" and step > unit), 0.0)
    if not unit:
        return np.linspace(low, high, MOST_POINTS)
    points: Vector = np.arange(low, high + 1.0, np.ceil(step / unit) * unit)
    return points
