"""A model's errors on a table with the true values: what `nntrain evaluate` reports."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nntrain.arrays import RowNumbers
from nntrain.data.checks import check_columns
from nntrain.data.readers.cells import CellFormat, category, distinct_texts
from nntrain.data.readers.dialect import PLAIN, Dialect
from nntrain.data.readers.open import open_table
from nntrain.data.readers.table import Table, TableLike
from nntrain.diagnostics.diagnose import diagnose_errors, diagnose_rows
from nntrain.diagnostics.finding import Finding
from nntrain.diagnostics.row_sample import RowSample
from nntrain.errors import DataError
from nntrain.model.model import Model
from nntrain.model.seen_rows import SeenRowCounter, SeenRows
from nntrain.stats.metrics import Measured, Metrics, joined


@dataclass(frozen=True)
class Evaluation:
    """The metrics of each target, over all rows and within each group if groups were asked for.

    With `interval`, the level of prediction intervals, the metrics are `IntervalMetrics`;
    `interval_method` is how they were made, `interval_guarantee` the coverage that it guarantees.
    `findings` are the problems that the errors and the rows show. `seen_rows` tells how many rows
    the model learned from, None if it does not know them. `ridge_penalty` is that of the ridge
    regression for each target, where there is one.
    """

    targets: dict[str, Metrics]
    groups: dict[str, dict[str, Metrics]]
    interval: float | None = None
    findings: tuple[Finding, ...] = ()
    seen_rows: SeenRows | None = None
    ridge_penalty: dict[str, float] = field(default_factory=dict)
    interval_method: str = ""
    interval_guarantee: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """All numbers as JSON types."""
        result: dict[str, Any] = {} if self.interval is None else {"interval": self.interval}
        if self.interval_method:
            result["interval_method"] = self.interval_method
            result["interval_guarantee"] = self.interval_guarantee
        result["targets"] = _as_dict(self.targets)
        if self.groups:
            result["groups"] = {name: _as_dict(metrics) for name, metrics in self.groups.items()}
        if self.ridge_penalty:
            result["ridge_penalty"] = self.ridge_penalty
        result["seen_rows"] = self.seen_rows.as_dict() if self.seen_rows else None
        result["findings"] = [finding.as_dict() for finding in self.findings]
        return result


def _as_dict(targets: dict[str, Metrics]) -> dict[str, dict[str, float | None]]:
    return {name: metrics.as_dict() for name, metrics in targets.items()}


def evaluate(
    model: Model,
    table: TableLike,
    by: str | None = None,
    *,
    interval: float | None = None,
    dialect: Dialect = PLAIN,
    unseen_only: bool = False,
) -> Evaluation:
    """The errors of a model's predictions on a table with the true values, in the targets' units.

    `by` names a column: rows with the same text in it form a group, and each group is measured
    separately, in the order of the texts, or of their numbers if all are numbers. Rows are weighted
    if training was weighted and the table has the weights. `interval` is the level of prediction
    intervals, whose coverage is measured too. With `unseen_only`, rows that the model learned from
    are left out. Raises `DataError`, and `UsageError` for a level for which the model has no
    intervals, or rows to leave out that it does not know.

    >>> nntrain.evaluate(model, "test.csv").targets["price"].rmse
    """
    if interval is not None:
        model.check_level(interval)
    options = model.preprocessing.read_options(dialect, [by] if by is not None else [])
    counter = SeenRowCounter(model.row_sketch, unseen_only=unseen_only)
    with open_table(table, options) as source:
        rows = _read(model, source, counter, by, interval)
    measured, groups = joined(rows.measured), _rows_by_group(rows.groups)
    names = [target.name for target in model.preprocessing.targets]
    metrics = measured.metrics(names)
    findings = diagnose_errors(model, metrics)
    findings += diagnose_rows(model.config, model.preprocessing, rows.sample)
    return Evaluation(
        metrics,
        {
            group: measured.take(groups[group]).metrics(names)
            for group in _ordered(groups, options.cells)
        },
        interval,
        tuple(findings),
        counter.result,
        model.baseline.penalties(names),
        **_interval_facts(model, interval),
    )


def _interval_facts(model: Model, interval: float | None) -> dict[str, Any]:
    """By which method there are intervals, and which coverage it guarantees."""
    if interval is None or model.intervals is None:
        return {}
    return {
        "interval_method": model.intervals.method,
        "interval_guarantee": model.intervals.guarantee(interval),
    }


@dataclass
class _Rows:
    """The rows of a table as they are read: measured, with the text of each row's group."""

    measured: list[Measured] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    sample: RowSample = field(default_factory=RowSample)


def _read(
    model: Model, source: Table, counter: SeenRowCounter, by: str | None, interval: float | None
) -> _Rows:
    """All rows of a table with their predictions, by chunks. Raises `DataError` without any row."""
    rows = _Rows()
    if by is not None:
        check_columns(source, [by], "--by")
    for part in counter.watch(model.labelled(source), source.name):
        measured = model.measured(part.x, part.y_true, part.weights, interval)
        rows.measured.append(measured)
        rows.sample.add(part.x, part.y_true, part.weights)
        if by is not None:
            (texts,) = part.chunk.as_written([source.columns.index(by)])
            rows.groups += map(category, texts[part.kept])
    if not sum(len(part.y_true) for part in rows.measured):
        raise DataError(f"{source.name}: has no row to evaluate on")
    return rows


def _rows_by_group(groups: Sequence[str]) -> dict[str, RowNumbers]:
    """The numbers of each group's rows, ascending; a single sort however many groups there are."""
    codes, names = distinct_texts(np.array(groups, dtype=object))
    starts = np.cumsum(np.bincount(codes, minlength=1))[:-1]
    return dict(zip(names, np.split(np.argsort(codes, kind="stable"), starts), strict=False))


def _ordered(groups: Iterable[str], cells: CellFormat) -> list[str]:
    """Each group once, by name; by number if all are numbers, the missing ones last."""
    names = sorted(set(groups))
    numbers = {name: number for name in names if (number := cells.number(name)) is not None}
    if len(numbers) < len(names):
        return names
    return sorted(names, key=lambda name: (math.isnan(numbers[name]), numbers[name]))
