"""The columns of a prediction's output: predictions, and the extra ones requested.

The extra ones are the spread of an ensemble's networks, the bounds of prediction intervals, and
what each feature contributes (Shapley values).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nntrain.arrays import Matrix
from nntrain.errors import DataError, UsageError
from nntrain.model.prediction import Predicted
from nntrain.model.predictor import Predictor
from nntrain.stats.shapley import ShapleyValues, shapley_values

PREDICTIONS_AT_ONCE = 1 << 15
"""Predictions of column sets before rows are handed on: large networks take tenths of a second."""


@dataclass(frozen=True)
class Extras:
    """The extra columns requested: `interval` is the level of prediction intervals, if any."""

    spread: bool = False
    interval: float | None = None
    explain: bool = False


@dataclass(frozen=True)
class OutputColumns:
    """Some columns of the output: their names, and their values for some rows of a chunk.

    Values are (n_rows, n_names). A reader does not wait long for `rows_at_once` rows.
    """

    names: list[str]
    values: Callable[[Predicted, slice], Matrix]
    rows_at_once: int = 1 << 30


def output_columns(
    predictor: Predictor, extras: Extras, seed: int, prefix: str = "predicted_"
) -> list[OutputColumns]:
    """The predictions, called `<prefix><target>`, then the extra columns requested.

    `spread` adds `<prefix><target>_spread`; `interval` adds `_lower` and `_upper`; `explain` adds
    `_baseline` and `contribution_<feature>`, or `contribution_<target>_<feature>` with several
    targets. `seed` draws the orders that contributions of many features are estimated by. Raises
    `UsageError` for columns that the model cannot give.
    """
    names = [prefix + target.name for target in predictor.preprocessing.targets]
    columns = [OutputColumns(names, lambda part, rows: part.values[rows])]
    if extras.spread:
        columns.append(_spread_columns(predictor, names))
    if extras.interval is not None:
        columns.append(_interval_columns(predictor, names, extras.interval))
    if extras.explain:
        columns.append(_explain_columns(predictor, names, seed))
    return columns


def column_names(columns: Sequence[OutputColumns]) -> list[str]:
    """The names of all columns, in order."""
    return [name for group in columns for name in group.names]


def output_blocks(
    part: Predicted, columns: Sequence[OutputColumns]
) -> Iterator[tuple[slice, Matrix]]:
    """The rows of a chunk in blocks: which rows, and their values (n_rows, n_columns)."""
    n_rows = len(part.values)
    size = min([n_rows, *(group.rows_at_once for group in columns)])
    for start in range(0, n_rows, max(size, 1)):
        rows = slice(start, min(start + size, n_rows))
        with np.errstate(all="ignore"):  # A bad row's numbers may be any.
            values = np.hstack([group.values(part, rows) for group in columns])
        yield rows, values


def _spread_columns(predictor: Predictor, predictions: Sequence[str]) -> OutputColumns:
    if len(predictor.networks) == 1:
        raise UsageError(
            "a spread needs an ensemble, and the model has one network; fit an ensemble with "
            "--set ensemble=5"
        )
    names = [f"{name}_spread" for name in predictions]
    return OutputColumns(names, lambda part, rows: part.spread[rows])


def _interval_columns(
    predictor: Predictor, predictions: Sequence[str], level: float
) -> OutputColumns:
    predictor.check_level(level)
    names = [f"{name}_{end}" for name in predictions for end in ("lower", "upper")]
    return OutputColumns(
        names,
        lambda part, rows: predictor.bounds(level, part.x[rows], part.network_predictions[:, rows]),
    )


def _explain_columns(predictor: Predictor, predictions: Sequence[str], seed: int) -> OutputColumns:
    input_means = predictor.baseline.inputs
    if input_means is None:
        raise UsageError(
            "an older nntrain made the model, without the means of its inputs, which explanations "
            "start from; fit it again"
        )
    features = predictor.preprocessing.features
    shapley = shapley_values(
        predictor.predict_mean,
        input_means.astype(predictor.networks[0].dtype),
        [len(feature.input_names) for feature in features],
        seed,
    )
    targets = [target.name for target in predictor.preprocessing.targets]
    infixes = [f"{target}_" for target in targets] if len(targets) > 1 else [""]
    return OutputColumns(
        [f"{name}_baseline" for name in predictions]
        + [f"contribution_{infix}{feature.name}" for infix in infixes for feature in features],
        lambda part, rows: _explained(shapley, part, rows),
        max(1, PREDICTIONS_AT_ONCE // len(shapley.sets)),
    )


def _explained(shapley: ShapleyValues, part: Predicted, rows: slice) -> Matrix:
    """Baselines and contributions (n_rows, n_columns) of some rows of a chunk.

    Raises `DataError` for a row that can be predicted, but not explained.
    """
    x = part.x[rows]
    contributions = shapley.contributions(x).reshape(len(x), -1)
    not_finite = np.logical_not(np.isfinite(contributions).all(axis=1))
    if part.bad is not None:
        not_finite &= ~part.bad[rows]
    if not_finite.any():
        place = part.chunk.place(rows.start + int(np.flatnonzero(not_finite)[0]))
        raise DataError(
            f"{place}: a contribution is not a finite number: a number of this row is too far from "
            f"the training rows"
        )
    return np.hstack([np.tile(shapley.baseline, (len(x), 1)), contributions])
