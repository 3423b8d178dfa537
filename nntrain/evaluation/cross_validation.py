"""Cross-validation: each row predicted by a model that has not seen it; `nntrain cv`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import RowNumbers
from nntrain.config.keys import Config
from nntrain.data.preprocessing.encode import encode_rows
from nntrain.data.preprocessing.typed_table import TypedTable
from nntrain.engine.progress import EpochResult
from nntrain.engine.random_streams import FOLDS, random_stream
from nntrain.errors import DataError
from nntrain.stats.metrics import Metrics
from nntrain.training.prepare import check_watched, prepare_rows
from nntrain.training.run import TrainingRun

METRICS = (
    "rmse", "mae", "r2", "largest_error", "mean_rmse", "ridge_rmse", "coverage", "mean_width"
)  # fmt: skip
"""What is averaged over folds; the last two with prediction intervals alone."""


@dataclass(frozen=True)
class Fold:
    """One fold: `rows` are scored by a run that was trained on `training_rows`."""

    number: int
    rows: RowNumbers
    training_rows: RowNumbers


@dataclass(frozen=True)
class FoldResult:
    """What one fold came to: each target's metrics, and the predictions (n_rows, n_targets)."""

    fold: Fold
    metrics: dict[str, Metrics]
    predictions: NDArray[np.float64]
    training_rows: int
    epochs_trained: int


def make_folds(table: TypedTable, n_folds: int, config: Config, *, ordered: bool) -> list[Fold]:
    """The folds of a table.

    Seeded at random; with groups, the rows of a group share a fold. `ordered`: the rows are cut
    into n_folds + 1 parts in file order, and what came before each part but the first scores it.
    Raises `DataError` where there are too few rows or groups.
    """
    n_rows = len(table)
    if ordered:
        _check_enough(table, n_rows, n_folds + 1, "rows")
        parts = np.array_split(np.arange(n_rows), n_folds + 1)
        return [Fold(k, parts[k], np.concatenate(parts[:k])) for k in range(1, n_folds + 1)]
    groups = table.groups
    # Groups are numbered anew: one may have lost all its rows for want of a target.
    units = np.arange(n_rows) if groups is None else np.unique(groups, return_inverse=True)[1]
    n_units = int(units.max(initial=-1)) + 1
    _check_enough(table, n_units, n_folds, "rows" if groups is None else "groups")
    fold_of_unit = np.empty(n_units, dtype=np.intp)
    fold_of_unit[random_stream(config.seed, FOLDS).permutation(n_units)] = (
        np.arange(n_units) % n_folds
    )
    fold = fold_of_unit[units]
    return [
        Fold(k + 1, np.flatnonzero(fold == k), np.flatnonzero(fold != k)) for k in range(n_folds)
    ]


def _check_enough(table: TypedTable, found: int, needed: int, what: str) -> None:
    if found < needed:
        raise DataError(
            f"{table.name}: has {found} {what}, too few for these folds, which take {needed} or "
            f"more; use fewer --folds"
        )


class FoldRun:
    """The training of one fold, an epoch at a time."""

    def __init__(self, table: TypedTable, config: Config, fold: Fold) -> None:
        check_watched(config, has_validation=False)
        self.table, self.config, self.fold = table, config, fold
        self.run = TrainingRun(config, prepare_rows(table, config, fold.training_rows))

    def epochs(self) -> Iterator[list[EpochResult]]:
        """Train, an epoch of each network for each item taken. Raises `DivergedError`."""
        return self.run.epochs()

    def result(self, interval: float | None = None) -> FoldResult:
        """The fold's own rows, measured by what was trained so far.

        `interval` is the level of prediction intervals, which are measured too. Raises `UsageError`
        for one that takes more calibration rows.
        """
        run, rows = self.run, self.fold.rows
        encoded = encode_rows(run.preprocessing, self.table, rows, self.config.dtype)
        measured = run.results.measure(encoded.x, self.table.true_values(rows), encoded.weights)
        if interval is not None:
            model = run.model()
            model.check_level(interval)
            bounds = model.bounds(interval, encoded.x, measured.y_pred)
            measured = replace(measured, bounds=bounds)
        metrics = measured.metrics(self.config.target)
        return FoldResult(self.fold, metrics, measured.y_pred, len(run.samples), run.epochs_done)


@dataclass(frozen=True)
class Estimate:
    """The mean of a metric over the folds, and its standard error."""

    mean: float
    standard_error: float


def estimate(values: list[float]) -> Estimate:
    """Mean and standard error of the mean over folds (deviation over n - 1, by the root of n)."""
    spread = float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    return Estimate(float(np.mean(values)), spread)


def summarize(results: list[FoldResult], target: str) -> dict[str, Estimate]:
    """Each metric of a target over the folds; those that some fold lacks are left out."""
    estimates = {}
    for name in METRICS:
        values = [getattr(result.metrics[target], name, None) for result in results]
        known = [value for value in values if value is not None]
        if len(known) == len(results):
            estimates[name] = estimate(known)
    return estimates


def as_dict(
    results: list[FoldResult], config: Config, interval: float | None = None
) -> dict[str, Any]:
    """The folds and their summary as JSON types; `interval` is the level, if any."""
    return {
        **({} if interval is None else {"interval": interval}),
        "folds": [
            {
                "fold": result.fold.number,
                "training_rows": result.training_rows,
                "epochs_trained": result.epochs_trained,
                "targets": {name: of.as_dict() for name, of in result.metrics.items()},
            }
            for result in results
        ],
        "targets": {
            target: {
                name: {"mean": of.mean, "standard_error": of.standard_error}
                for name, of in summarize(results, target).items()
            }
            for target in config.target
        },
    }
