"""Columns of many categories, encoded by the mean of the targets and the rows of each category."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from nntrain.arrays import Matrix, RowNumbers
from nntrain.data.notes import MeanEncoded, TakeNote
from nntrain.data.preprocessing.columns import CategoricalColumn
from nntrain.data.preprocessing.encode_features import category_positions, category_values
from nntrain.data.preprocessing.target_means import Codes, cross_fitted_means, smoothed_means
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.data.preprocessing.typed_table import TypedTable


def with_target_means(
    preprocessing: Preprocessing,
    table: TypedTable,
    rows: RowNumbers,
    max_categories: int,
    take_note: TakeNote,
) -> Preprocessing:
    """A preprocessing whose columns of more than `max_categories` are encoded by target means.

    They are learned from the training `rows`; `take_note` is told of each such column.
    """
    features = list(preprocessing.features)
    for i, feature in enumerate(features):
        if not isinstance(feature, CategoricalColumn) or len(feature.categories) <= max_categories:
            continue
        codes = _codes(feature, table, rows)
        y = preprocessing.encode_targets(table.true_values(rows))
        means = smoothed_means(codes, y, len(feature.categories))
        counts = np.bincount(codes, minlength=len(feature.categories) + 1)
        logs = np.log1p(np.append(counts[:-1], 0))
        scale = float(logs[codes].std()) or 1.0
        encodings = np.column_stack([means, (logs - logs[codes].mean()) / scale])
        features[i] = replace(
            feature,
            targets=table.targets,
            encodings=tuple(map(tuple, encodings.tolist())),
        )
        n_categories = len(feature.categories) + len(feature.rare)
        take_note(MeanEncoded(feature.name, n_categories, max_categories))
    return replace(preprocessing, features=tuple(features))


def cross_fit(
    preprocessing: Preprocessing, table: TypedTable, rows: RowNumbers, rng: Generator
) -> list[tuple[slice, Matrix]]:
    """The inputs of the training `rows` that see their own target, and what to put there instead.

    For each column that is encoded by target means: which inputs its means are, and the means
    (n_rows, n_targets) by which no row sees its own target.
    """
    result = []
    for feature, inputs in zip(preprocessing.features, preprocessing.input_slices, strict=True):
        if isinstance(feature, CategoricalColumn) and feature.encodings:
            y = preprocessing.encode_targets(table.true_values(rows))
            codes = _codes(feature, table, rows)
            means = cross_fitted_means(codes, y, len(feature.categories), rng)
            result.append((slice(inputs.start, inputs.stop - 1), means))
    return result


def _codes(feature: CategoricalColumn, table: TypedTable, rows: RowNumbers) -> Codes:
    """The position (n_rows,) of each row's category, that behind the last for rare ones."""
    source = table.features.index(feature.name)
    values = category_values(category_positions(feature), table.categories[source])
    return values[table.column(source, rows).astype(np.intp)].astype(np.intp)
