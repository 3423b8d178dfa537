"""How a model's predictions depend on a column, the others being what they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nntrain.arrays import Array, Vector
from nntrain.data.preprocessing.columns import CategoricalColumn
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.model.model import Model

MOST_POINTS = 32
CENTRE = (0.01, 0.99)
"""The quantiles between which a curve is drawn: beyond there are too few rows to tell."""
MARKS = tuple(i / 10 for i in range(1, 10))


@dataclass(frozen=True)
class NumericEffect:
    """The mean predictions `means` (n_points, n_targets) with a column at each of the `points`.

    `marks` are the deciles of the column in the rows: where they are dense there are many.
    """

    column: str
    points: Vector
    means: Array
    marks: Vector


@dataclass(frozen=True)
class CategoricalEffect:
    """The mean predictions `means` (n_points, n_targets) with a column at each of its categories.

    `counts` are the rows that have the category. The most frequent comes first.
    """

    column: str
    categories: tuple[str, ...]
    means: Array
    counts: tuple[int, ...]


Effect = NumericEffect | CategoricalEffect


def effect_of(model: Model, i: int, values: Vector, x: Array, weights: Vector | None) -> Effect:
    """The partial dependence on the i-th feature (Friedman 2001).

    `values` are the feature's, as `Preprocessing.encode` wants them, of all rows: they say where to
    look. The mean is over encoded rows x (n_rows, n_inputs), weighted if there are weights.
    """
    feature = model.preprocessing.features[i]
    if isinstance(feature, CategoricalColumn):
        counts = np.bincount(values[values >= 0].astype(np.intp), minlength=len(feature.categories))
        order = np.argsort(-counts, kind="stable")
        means = partial_dependence(model, i, order.astype(np.float64), x, weights)
        names = tuple(feature.categories[k] for k in order)
        return CategoricalEffect(feature.name, names, means, tuple(counts[order].tolist()))
    there = values[~np.isnan(values)]
    points = _points(there) if len(there) else np.array([feature.mean])
    marks = np.quantile(there, MARKS, method="inverted_cdf") if len(there) else np.empty(0)
    means = partial_dependence(model, i, points, x, weights)
    return NumericEffect(feature.name, points, means, marks)


def partial_dependence(
    model: Model, i: int, points: Vector, x: Array, weights: Vector | None
) -> Array:
    """The mean prediction (n_points, n_targets) with the i-th feature at each point in every row.

    Points are what `Preprocessing.encode` takes: numbers, or positions among the categories.
    """
    preprocessing = model.preprocessing
    inputs = preprocessing.input_slices[i]
    alone = Preprocessing((preprocessing.features[i],), preprocessing.targets, ())
    encoded = np.empty((len(points), inputs.stop - inputs.start), x.dtype)
    alone.encode(points[:, None], encoded)
    counted = weights if weights is not None and weights.any() else None
    x, means = x.copy(), np.empty((len(points), len(preprocessing.targets)))
    for k, of_point in enumerate(encoded):
        x[:, inputs] = of_point
        means[k] = np.average(model.predict_mean(x), axis=0, weights=counted)
    return means


def _points(values: Vector) -> Vector:
    """Where to look: each of a few distinct numbers, or evenly over the centre of many."""
    low, high = np.quantile(values, CENTRE)
    distinct = np.unique(values[(values >= low) & (values <= high)])
    if 0 < len(distinct) <= MOST_POINTS:
        return distinct
    return np.linspace(low, high, MOST_POINTS)
