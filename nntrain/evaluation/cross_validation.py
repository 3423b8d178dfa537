"""Cross-validation: predict each row by a model that was not trained on it; `nntrain cv`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nntrain.arrays import Matrix, RowNumbers
from nntrain.config.keys import Config
from nntrain.data.notes import TakeNote, log_note
from nntrain.data.preprocessing.encode import encode_rows
from nntrain.data.preprocessing.typed_table import TypedTable
from nntrain.engine.progress import EpochResult
from nntrain.engine.random_streams import FOLDS, random_stream
from nntrain.errors import DataError
from nntrain.model.model import Model
from nntrain.stats.metrics import Measured, Metrics
from nntrain.training.prepare import check_watched, prepare_rows
from nntrain.training.run import TrainingRun


@dataclass(frozen=True)
class Fold:
    """Rows of a table that are predicted by a model trained on other rows, `training_rows`.

    `number` counts from 1.
    """

    number: int
    rows: RowNumbers
    training_rows: RowNumbers


@dataclass(frozen=True)
class FoldResult:
    """The errors of one fold: the metrics of each target, on the rows of the fold.

    `measured` are these rows with the predictions of `model`. `training_rows` is the number of rows
    that it was trained on, without those that the config holds out.
    """

    fold: Fold
    model: Model
    measured: Measured
    metrics: dict[str, Metrics]
    training_rows: int
    epochs_trained: int

    @property
    def predictions(self) -> Matrix:
        """The predictions (n_rows, n_targets) for the rows of the fold, in the targets' units."""
        return self.measured.y_pred


def make_folds(table: TypedTable, n_folds: int, config: Config, *, ordered: bool) -> list[Fold]:
    """Cut the rows of a table into folds.

    Rows are assigned to folds at random, by the config's seed; where the table has groups, all rows
    of a group are in one fold. With `ordered`, the rows are cut into n_folds + 1 parts in file
    order; each part but the first is a fold, predicted by a model trained on all parts before it.
    Raises `DataError` where there are too few rows or groups.
    """
    return _ordered_folds(table, n_folds) if ordered else _random_folds(table, n_folds, config)


def _ordered_folds(table: TypedTable, n_folds: int) -> list[Fold]:
    n_rows = len(table)
    _check_enough(table, n_rows, n_folds + 1, "rows")
    parts = np.array_split(np.arange(n_rows), n_folds + 1)
    return [Fold(k, parts[k], np.concatenate(parts[:k])) for k in range(1, n_folds + 1)]


def _random_folds(table: TypedTable, n_folds: int, config: Config) -> list[Fold]:
    """Folds of about as many units each; a unit is a row, or where there are groups, a group."""
    n_rows, groups = len(table), table.groups
    # Groups are renumbered: rows without a target were left out, and some groups with them.
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


def _check_enough(table: TypedTable, n_units: int, needed: int, units: str) -> None:
    if n_units < needed:
        raise DataError(
            f"{table.name}: has {n_units} {units}, too few for these folds, which take {needed} or "
            f"more; use fewer --folds"
        )


class FoldRun:
    """The training of the model that predicts one fold; the caller moves it forward by epochs.

    Preprocessing is learned from the fold's training rows alone, and `take_note` is told what it
    leaves out or replaces. `run` is the `TrainingRun`. Raises `ConfigError` where the config needs
    validation rows and holds out none.
    """

    def __init__(
        self, table: TypedTable, config: Config, fold: Fold, take_note: TakeNote = log_note
    ) -> None:
        check_watched(config, has_validation=False)
        self.table, self.config, self.fold = table, config, fold
        self.run = TrainingRun(config, prepare_rows(table, config, fold.training_rows, take_note))

    def epochs(self) -> Iterator[list[EpochResult]]:
        """Train, and yield the results of each epoch. Raises `DivergedError`."""
        return self.run.epochs()

    def result(self, interval: float | None = None) -> FoldResult:
        """The errors on the rows of the fold, by the networks as they now are.

        `interval` is the level of prediction intervals, whose coverage and width are measured too.
        Raises `UsageError` for a level that needs more rows for intervals.
        """
        run, rows = self.run, self.fold.rows
        encoded = encode_rows(run.preprocessing, self.table, rows, self.config.dtype)
        model, y_true = run.model(), self.table.true_values(rows)
        if interval is None:
            measured = model.measured(encoded.x, y_true, encoded.weights)
        else:
            model.check_level(interval)
            measured = model.measured(encoded.x, y_true, encoded.weights, interval)
        metrics = measured.metrics(self.config.target)
        return FoldResult(self.fold, model, measured, metrics, len(run.samples), run.epochs_done)
