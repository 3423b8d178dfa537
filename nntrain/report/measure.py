"""What a report says of a model on a table with the true values, measured; `nntrain report`."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Array, Vector
from nntrain.data.preprocessing.columns import CategoricalColumn
from nntrain.data.preprocessing.encode import Encoded
from nntrain.data.preprocessing.encode_chunks import EncodedRows
from nntrain.data.readers.open import open_table
from nntrain.data.readers.table import Place, TableLike
from nntrain.diagnostics.diagnose import diagnose_errors, diagnose_rows
from nntrain.diagnostics.finding import Finding
from nntrain.diagnostics.row_sample import RowSample
from nntrain.engine.random_streams import EXPLANATION, random_stream
from nntrain.errors import DataError
from nntrain.evaluation.dependence import Effect, effect_of
from nntrain.evaluation.importance import Explanation, explained
from nntrain.model.model import Model
from nntrain.stats.metrics import Measured, Metrics, joined
from nntrain.training.fingerprint import fingerprint
from nntrain.training.members import make_samples
from nntrain.training.prepare import prepare_encoded

REPEATS = 5
"""Shuffles of each column, as `nntrain explain` does without --repeats."""
N_WORST = 10
N_RANGES = 8
N_BINS = 40
MOST_SHOWN = 2000
"""Rows that a scatter plot shows."""
MOST_AVERAGED = 1000
"""Rows that a partial dependence is the mean of."""
MOST_EFFECTS = 12
LEVELS = (0.5, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class WorstRow:
    """A row by its `place`, with the features' cells."""

    place: Place
    y_true: float
    y_pred: float
    cells: dict[str, str]
    weighs: bool

    @property
    def residual(self) -> float:
        """How far the true value is above the prediction."""
        return self.y_true - self.y_pred


@dataclass(frozen=True)
class RangeError:
    """The error of the rows whose true value is from `low` to `high`."""

    low: float
    high: float
    rows: int
    rmse: float


@dataclass(frozen=True)
class TargetReport:
    """One target: its metrics, true values and predictions of some rows, and where errors are.

    `counts` are the rows whose residual, true value less prediction, is between two of the `edges`.
    """

    metrics: Metrics
    y_true: Vector
    y_pred: Vector
    counts: tuple[int, ...]
    edges: Vector
    ranges: tuple[RangeError, ...]
    worst: tuple[WorstRow, ...]


@dataclass(frozen=True)
class DataReport:
    """A model on a table: each target, what the model goes by, and how.

    `rows` of the table were measured, `shown` are drawn one by one, `averaged` make up the mean
    that an effect is. Effects are listed by target, the most important column first. `intervals`
    are the metrics of each target with prediction intervals, by the levels that the model has;
    `weight` is the column that the rows are weighted by, if any, `were_learned_from` whether the
    model was made from these very rows.
    """

    rows: int
    shown: int
    averaged: int
    targets: dict[str, TargetReport]
    importance: Explanation
    effects: dict[str, list[Effect]]
    intervals: dict[float, dict[str, Metrics]]
    findings: tuple[Finding, ...]
    weight: str | None
    were_learned_from: bool


@dataclass
class _Rows:
    """The rows of a table as they are read."""

    x: list[Array] = field(default_factory=list)
    values: list[Array] = field(default_factory=list)
    measured: list[Measured] = field(default_factory=list)
    worst: dict[str, list[WorstRow]] = field(default_factory=dict)


def report_on(
    model: Model, table: TableLike, *, delimiter: str | None = None, decimal: str = "."
) -> DataReport:
    """Measure a model on a table with the true values, which is read once.

    What is drawn of some rows is drawn of rows that the config's seed chooses. Raises `DataError`.
    """
    rows = _read(model, table, delimiter, decimal)
    names = [target.name for target in model.preprocessing.targets]
    x, values, measured = np.concatenate(rows.x), np.concatenate(rows.values), joined(rows.measured)
    metrics = measured.metrics(names)
    chosen = random_stream(model.config.seed, EXPLANATION).permutation(len(x))
    shown, averaged = np.sort(chosen[:MOST_SHOWN]), np.sort(chosen[:MOST_AVERAGED])
    targets = {
        name: _target_report(measured, names, j, metrics[name], shown, _weighing(rows.worst[name]))
        for j, name in enumerate(names)
    }
    importance = explained(model, x, measured.y_true, measured.weights, REPEATS)
    weights = None if measured.weights is None else measured.weights[averaged]
    effects = _effects(model, importance, values, x[averaged], weights)
    intervals = {
        level: replace(measured, bounds=model.bounds(level, x, measured.y_pred)).metrics(names)
        for level in LEVELS
        if model.intervals and model.intervals.has(level)
    }
    sample = RowSample()
    sample.add(x, measured.y_true, measured.weights)
    return DataReport(
        len(x),
        len(shown),
        len(averaged),
        targets,
        importance,
        effects,
        intervals,
        (
            *diagnose_errors(model, metrics),
            *diagnose_rows(model.config, model.preprocessing, sample),
        ),
        None if measured.counted_weights is None else model.config.weight,
        _were_learned_from(model, x, measured),
    )


def _were_learned_from(model: Model, x: Array, measured: Measured) -> bool:
    """Whether the rows, as a run would split them, have the fingerprint of the model's run."""
    config = model.config
    with np.errstate(all="ignore"):
        y = model.preprocessing.encode_targets(measured.y_true).astype(config.dtype)
    try:
        encoded = Encoded(x, y, measured.y_true, measured.weights)
        prepared = prepare_encoded(encoded, config, model.preprocessing)
    except DataError:
        return False
    learned = (prepared.training, prepared.validation)
    parts = [make_samples(encoded, config.dtype) for encoded in learned if encoded]
    return fingerprint(*parts, prepared.calibration) == model.summary.fingerprint


def _read(model: Model, table: TableLike, delimiter: str | None, decimal: str) -> _Rows:
    options = model.preprocessing.read_options(delimiter, decimal)
    rows = _Rows()
    with open_table(table, options) as source:
        for part in model.labelled(source):
            measured = model.measured(part.x, part.y_true, part.weights)
            rows.x.append(part.x)
            rows.values.append(part.values)
            rows.measured.append(measured)
            for j, target in enumerate(model.preprocessing.targets):
                found = rows.worst.get(target.name, []) + _worst(model, part, measured, j)
                rows.worst[target.name] = heapq.nlargest(
                    N_WORST, found, key=lambda row: (row.weighs, abs(row.residual))
                )
        if sum(map(len, rows.x)) < 2:
            raise DataError(f"{source.name}: has too few rows to report on; expects two or more")
    return rows


def _worst(model: Model, part: EncodedRows, measured: Measured, j: int) -> list[WorstRow]:
    """The rows of a chunk with the largest errors of a target."""
    errors = np.abs(measured.y_pred[:, j] - measured.y_true[:, j])
    weighs = np.ones(len(errors)) if measured.weights is None else measured.weights > 0
    rows_of_chunk = np.flatnonzero(part.kept)
    worst = []
    for row in np.lexsort((-errors, -weighs.astype(int)))[:N_WORST].tolist():
        row_of_chunk = int(rows_of_chunk[row])
        cells = {
            feature.name: str(part.chunk.columns[feature.name][row_of_chunk])
            if isinstance(feature, CategoricalColumn)
            else _as_text(float(value))
            for feature, value in zip(model.preprocessing.features, part.values[row], strict=True)
        }
        y_true, y_pred = float(measured.y_true[row, j]), float(measured.y_pred[row, j])
        place = part.chunk.place(row_of_chunk)
        worst.append(WorstRow(place, y_true, y_pred, cells, weighs=bool(weighs[row])))
    return worst


def _weighing(rows: list[WorstRow]) -> list[WorstRow]:
    """Those that weigh anything; all where none does, and each counts once."""
    return [row for row in rows if row.weighs] or rows


def _as_text(value: float) -> str:
    """A number as it would be written, nothing where it is missing."""
    return "" if np.isnan(value) else f"{value:.10g}"


def _target_report(
    measured: Measured,
    names: Sequence[str],
    j: int,
    metrics: Metrics,
    shown: NDArray[np.intp],
    worst: list[WorstRow],
) -> TargetReport:
    y_true, y_pred = measured.y_true[:, j], measured.y_pred[:, j]
    edges = _edges(y_true - y_pred)
    counts, _ = np.histogram(y_true - y_pred, edges)
    ranges = _ranges(measured, names, j)
    some = (y_true[shown], y_pred[shown])
    return TargetReport(metrics, *some, tuple(counts.tolist()), edges, ranges, tuple(worst))


def _edges(residuals: Vector) -> Vector:
    """The edges of equal bins from the least to the largest; of a single one where all agree."""
    low, high = float(residuals.min()), float(residuals.max())
    with np.errstate(over="ignore", invalid="ignore"):
        edges = np.linspace(low, high, N_BINS + 1)
        if (np.diff(edges) > 0).all() and np.isfinite(edges).all():
            return edges
    room = 0.1 * max(abs(low), abs(high)) or 1.0
    return np.array([low - room, high + room])


def _ranges(measured: Measured, names: Sequence[str], j: int) -> tuple[RangeError, ...]:
    """The RMSE of about as many rows each, from the least to the largest true value."""
    y_true = measured.y_true[:, j]
    edges = np.unique(np.quantile(y_true, np.linspace(0, 1, N_RANGES + 1)))
    which = np.searchsorted(edges[1:-1], y_true, side="right")
    ranges = []
    for k in range(max(1, len(edges) - 1)):
        rows = np.flatnonzero(which == k)
        if len(rows):
            rmse = measured.take(rows).metrics(names)[names[j]].rmse
            low, high = float(y_true[rows].min()), float(y_true[rows].max())
            ranges.append(RangeError(low, high, len(rows), rmse))
    return tuple(ranges)


def _effects(
    model: Model, importance: Explanation, values: Array, x: Array, weights: Vector | None
) -> dict[str, list[Effect]]:
    """The partial dependence of each target on the columns that matter most to it."""
    places = {feature.name: i for i, feature in enumerate(model.preprocessing.features)}
    wanted = {
        target: [of.column for of in columns[:MOST_EFFECTS]]
        for target, columns in importance.importance.items()
    }
    known: dict[str, Effect] = {}
    for column in (column for columns in wanted.values() for column in columns):
        if column not in known:
            i = places[column]
            known[column] = effect_of(model, i, values[:, i], x, weights)
    return {target: [known[column] for column in columns] for target, columns in wanted.items()}
