"""Measure what a report shows about one target: its errors by range, and its worst rows."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from nntrain.arrays import RowNumbers, Vector
from nntrain.data.preprocessing.columns import CategoricalColumn, NumericColumn
from nntrain.data.preprocessing.encode_chunks import EncodedRows
from nntrain.data.readers.table import Place
from nntrain.model.model import Model
from nntrain.stats.metrics import Measured, Metrics

N_WORST = 10
N_RANGES = 8
N_BINS = 40


@dataclass(frozen=True)
class WorstRow:
    """A row with a large error, where it stands, and the cells of its features as texts."""

    place: Place
    y_true: float
    y_pred: float
    cells: dict[str, str]

    @property
    def residual(self) -> float:
        """How far the true value lies above the prediction."""
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
    """One target: its metrics, what is drawn of some rows, and where the errors are large.

    `y_true` and `y_pred` are of the rows that are drawn one by one. `counts` are the numbers of
    all rows whose residual (true value minus prediction) lies between two neighbouring `edges`.
    """

    metrics: Metrics
    y_true: Vector
    y_pred: Vector
    counts: tuple[int, ...]
    edges: Vector
    ranges: tuple[RangeError, ...]
    worst: tuple[WorstRow, ...]


def measure_target(
    measured: Measured, names: Sequence[str], j: int, drawn: RowNumbers, worst: Iterable[WorstRow]
) -> TargetReport:
    """What a report shows about the j-th target of `names`; `drawn` are the rows to draw."""
    y_true, y_pred = measured.y_true[:, j], measured.y_pred[:, j]
    edges = _bin_edges(y_true - y_pred)
    counts, _ = np.histogram(y_true - y_pred, edges)
    return TargetReport(
        measured.metrics(names)[names[j]],
        y_true[drawn],
        y_pred[drawn],
        tuple(counts.tolist()),
        edges,
        _range_errors(measured, names, j),
        tuple(worst),
    )


def worst_rows(model: Model, part: EncodedRows, measured: Measured, j: int) -> list[WorstRow]:
    """The rows of a chunk with the largest errors of the j-th target."""
    errors = np.abs(measured.y_pred[:, j] - measured.y_true[:, j])
    rows_of_chunk = np.flatnonzero(part.kept)
    return [
        WorstRow(
            part.chunk.place(int(rows_of_chunk[row])),
            float(measured.y_true[row, j]),
            float(measured.y_pred[row, j]),
            _feature_texts(model, part, row),
        )
        for row in np.argsort(-errors, kind="stable")[:N_WORST].tolist()
    ]


def keep_worst(rows: Iterable[WorstRow]) -> list[WorstRow]:
    """Those of the rows that have the largest errors, the largest first."""
    return heapq.nlargest(N_WORST, rows, key=lambda row: abs(row.residual))


def _feature_texts(model: Model, part: EncodedRows, row: int) -> dict[str, str]:
    """The features of the row-th kept row of a chunk as texts; empty where a cell is missing."""
    row_of_chunk = int(np.flatnonzero(part.kept)[row])
    return {
        feature.name: str(part.chunk.columns[feature.name][row_of_chunk])
        if isinstance(feature, CategoricalColumn) or feature.levels
        else _value_text(feature, float(value))
        for feature, value in zip(model.preprocessing.features, part.values[row], strict=True)
    }


def _value_text(feature: NumericColumn, value: float) -> str:
    if np.isnan(value):
        return ""
    return f"{value:.10g}" if feature.kind == "number" else feature.shown(value)


def _bin_edges(residuals: Vector) -> Vector:
    """The edges of equal bins from the least to the largest residual; a single bin if all agree."""
    low, high = float(residuals.min()), float(residuals.max())
    with np.errstate(over="ignore", invalid="ignore"):
        edges = np.linspace(low, high, N_BINS + 1)
        if (np.diff(edges) > 0).all() and np.isfinite(edges).all():
            return edges
    room = 0.1 * max(abs(low), abs(high)) or 1.0
    return np.array([low - room, high + room])


def _range_errors(measured: Measured, names: Sequence[str], j: int) -> tuple[RangeError, ...]:
    """The RMSE of the rows in each of a few ranges of the true value, with about as many rows."""
    y_true = measured.y_true[:, j]
    edges = np.unique(np.quantile(y_true, np.linspace(0, 1, N_RANGES + 1)))
    range_of_row = np.searchsorted(edges[1:-1], y_true, side="right")
    ranges = []
    for k in range(max(1, len(edges) - 1)):
        rows = np.flatnonzero(range_of_row == k)
        if len(rows):
            rmse = measured.take(rows).metrics(names)[names[j]].rmse
            low, high = float(y_true[rows].min()), float(y_true[rows].max())
            ranges.append(RangeError(low, high, len(rows), rmse))
    return tuple(ranges)
