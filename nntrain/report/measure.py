"""Measure everything that a report shows about a model on a table with the true values."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from nntrain.arrays import Array, Matrix, Vector
from nntrain.data.preprocessing.encode_chunks import held_rows
from nntrain.data.readers.dialect import PLAIN, Dialect
from nntrain.data.readers.open import open_table
from nntrain.data.readers.table import TableLike
from nntrain.diagnostics.diagnose import diagnose_errors, diagnose_rows
from nntrain.diagnostics.finding import Finding
from nntrain.diagnostics.row_sample import RowSample
from nntrain.engine.random_streams import EXPLANATION, random_stream
from nntrain.errors import DataError
from nntrain.evaluation.dependence import Effect, measure_effect
from nntrain.evaluation.importance import Explanation, permutation_importance
from nntrain.model.model import Model
from nntrain.model.seen_rows import SeenRowCounter, SeenRows
from nntrain.report.target_measure import (
    TargetReport,
    WorstRow,
    keep_worst,
    measure_target,
    worst_rows,
)
from nntrain.stats.metrics import Measured, Metrics, joined
from nntrain.threads import available_cores

REPEATS = 5
"""Shuffles of each column, as `nntrain explain` does without --repeats."""
MOST_DRAWN = 2000
"""A scatter plot draws at most this many rows."""
MOST_AVERAGED = 1000
"""A partial dependence is the mean over at most this many rows."""
MOST_EFFECTS = 12
LEVELS = (0.5, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class DataReport:
    """A model measured on a table: its targets, the importance of columns, and their effects.

    `rows` is the number of all rows, `drawn` of those drawn one by one, `averaged` of those
    that effects are averaged over. `effects` has for each target the effects of its most important
    columns, in the order of importance. `intervals` has for each level that the model offers the
    metrics of each target with prediction intervals. `weight` is the column by which rows are
    weighted, if any. `seen_rows` tells how many of the rows the model learned from, None if it does
    not know them.
    """

    rows: int
    drawn: int
    averaged: int
    targets: dict[str, TargetReport]
    importance: Explanation
    effects: dict[str, list[Effect]]
    intervals: dict[float, dict[str, Metrics]]
    findings: tuple[Finding, ...]
    weight: str | None
    seen_rows: SeenRows | None


@dataclass
class _Rows:
    """The rows of a table as they are read, chunk by chunk."""

    x: list[Array] = field(default_factory=list)
    values: list[Matrix] = field(default_factory=list)
    measured: list[Measured] = field(default_factory=list)
    worst: dict[str, list[WorstRow]] = field(default_factory=dict)


def measure_report(
    model: Model, table: TableLike, dialect: Dialect = PLAIN, *, unseen_only: bool = False
) -> DataReport:
    """Measure a model on a table with the true values, which is read once.

    The config's seed chooses the rows that are drawn or averaged over. With `unseen_only`, rows
    that the model learned from are left out. Raises `DataError`, and `UsageError` for rows to leave
    out that the model does not know.
    """
    counter = SeenRowCounter(model.row_sketch, unseen_only=unseen_only)
    rows = _read(model, table, dialect, counter)
    names = [target.name for target in model.preprocessing.targets]
    x, measured = np.concatenate(rows.x), joined(rows.measured)
    metrics = measured.metrics(names)
    chosen = random_stream(model.config.seed, EXPLANATION).permutation(len(x))
    drawn, averaged = np.sort(chosen[:MOST_DRAWN]), np.sort(chosen[:MOST_AVERAGED])
    importance = permutation_importance(model, x, measured.y_true, measured.weights, REPEATS)
    weights = None if measured.weights is None else measured.weights[averaged]
    return DataReport(
        len(x),
        len(drawn),
        len(averaged),
        {
            name: measure_target(measured, names, j, drawn, rows.worst[name])
            for j, name in enumerate(names)
        },
        importance,
        _effects(model, importance, np.concatenate(rows.values), x[averaged], weights),
        _intervals(model, x, measured),
        _findings(model, x, measured, metrics),
        None if measured.counted_weights is None else model.config.weight,
        counter.result,
    )


def _read(model: Model, table: TableLike, dialect: Dialect, counter: SeenRowCounter) -> _Rows:
    options = model.preprocessing.read_options(dialect)
    rows = _Rows()
    with open_table(table, options) as source:
        labelled = counter.watch(model.labelled(source), source.name)
        for part in held_rows(labelled, source.name):
            measured = model.measured(part.x, part.y_true, part.weights)
            rows.x.append(part.x)
            rows.values.append(part.values)
            rows.measured.append(measured)
            for j, target in enumerate(model.preprocessing.targets):
                worst = worst_rows(model, part, measured, j)
                rows.worst[target.name] = keep_worst(rows.worst.get(target.name, []) + worst)
        if sum(map(len, rows.x)) < 2:
            raise DataError(f"{source.name}: has too few rows to report on; expects two or more")
    return rows


def _findings(
    model: Model, x: Array, measured: Measured, metrics: dict[str, Metrics]
) -> tuple[Finding, ...]:
    sample = RowSample()
    sample.add(x, measured.y_true, measured.weights)
    rows = diagnose_rows(model.config, model.preprocessing, sample)
    return (*diagnose_errors(model, metrics), *rows)


def _intervals(model: Model, x: Array, measured: Measured) -> dict[float, dict[str, Metrics]]:
    """The metrics of each target with prediction intervals, by each level that the model has."""
    if model.intervals is None:
        return {}
    names = [target.name for target in model.preprocessing.targets]
    predictions = model.predict_each(x, available_cores())
    return {
        level: replace(measured, bounds=model.bounds(level, x, predictions)).metrics(names)
        for level in LEVELS
        if model.intervals.has(level)
    }


def _effects(
    model: Model, importance: Explanation, values: Matrix, x: Array, weights: Vector | None
) -> dict[str, list[Effect]]:
    """The partial dependence of each target on the columns that are most important to it."""
    positions = {feature.name: i for i, feature in enumerate(model.preprocessing.features)}
    shown = {
        target: [each.column for each in columns[:MOST_EFFECTS]]
        for target, columns in importance.importance.items()
    }
    effects = {
        column: measure_effect(model, i, values[:, i], x, weights)
        for column, i in positions.items()
        if any(column in columns for columns in shown.values())
    }
    return {target: [effects[column] for column in columns] for target, columns in shown.items()}
