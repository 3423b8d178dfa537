"""How well a model does on a table with the true values: what `nntrain evaluate` reports."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.data.checks import check_columns
from nntrain.data.readers.cells import CellFormat, distinct_texts
from nntrain.data.readers.open import open_table
from nntrain.data.readers.table import TableLike
from nntrain.diagnostics.diagnose import diagnose_errors, diagnose_rows
from nntrain.diagnostics.finding import Finding
from nntrain.diagnostics.row_sample import RowSample
from nntrain.errors import DataError
from nntrain.model.model import Model
from nntrain.stats.metrics import Measured, Metrics, joined


@dataclass(frozen=True)
class Evaluation:
    """The metrics of each target, over all rows and for each group if groups were asked for.

    With an `interval`'s level they are `IntervalMetrics`. `findings` are what is amiss by them, and
    with the rows.
    """

    targets: dict[str, Metrics]
    groups: dict[str, dict[str, Metrics]]
    interval: float | None = None
    findings: tuple[Finding, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The figures as JSON types."""
        result: dict[str, Any] = {} if self.interval is None else {"interval": self.interval}
        result["targets"] = _as_dict(self.targets)
        if self.groups:
            result["groups"] = {name: _as_dict(metrics) for name, metrics in self.groups.items()}
        result["findings"] = [finding.as_dict() for finding in self.findings]
        return result


def _as_dict(metrics: dict[str, Metrics]) -> dict[str, dict[str, float | None]]:
    return {name: of.as_dict() for name, of in metrics.items()}


def evaluate(
    model: Model,
    table: TableLike,
    by: str | None = None,
    *,
    interval: float | None = None,
    delimiter: str | None = None,
    decimal: str = ".",
) -> Evaluation:
    """Compare a model's predictions with the true values of a table, in the targets' units.

    `by` is a column: its texts are groups, each measured by itself, in order of their names, or of
    their numbers if all are numbers. Rows are weighted where training was and the table has the
    weights. `interval` is the level of prediction intervals, whose coverage is measured too. Raises
    `DataError`, and `UsageError` for a level that the model has no intervals of.

    >>> nntrain.evaluate(model, "test.csv").targets["price"].rmse
    """
    if interval is not None:
        model.check_level(interval)
    preprocessing = model.preprocessing
    options = preprocessing.read_options(delimiter, decimal)
    parts: list[Measured] = []
    groups: list[str] = []
    sample = RowSample()
    with open_table(table, options) as source:
        if by is not None:
            check_columns(source, [by], "--by")
        for part in model.labelled(source):
            measured = model.measured(part.x, part.y_true, part.weights)
            if interval is not None:
                bounds = model.bounds(interval, part.x, measured.y_pred)
                measured = replace(measured, bounds=bounds)
            parts.append(measured)
            sample.add(part.x, part.y_true, part.weights)
            if by is not None:
                (texts,) = part.chunk.as_written([source.columns.index(by)])
                groups += texts[part.kept].tolist()
        if not sum(len(part.y_true) for part in parts):
            raise DataError(f"{source.name}: has no row to evaluate on")
    whole = joined(parts)
    names = [target.name for target in preprocessing.targets]
    rows = _rows_by_group(groups)
    targets = whole.metrics(names)
    findings = diagnose_errors(model, targets)
    findings += diagnose_rows(model.config, preprocessing, sample)
    return Evaluation(
        targets,
        {
            group: whole.take(rows[group]).metrics(names)
            for group in _ordered(groups, options.cells)
        },
        interval,
        tuple(findings),
    )


def _rows_by_group(groups: Sequence[str]) -> dict[str, NDArray[np.intp]]:
    """The rows of each group, in their order; however many groups there are, by one sort."""
    codes, names = distinct_texts(np.array(groups, dtype=object))
    starts = np.cumsum(np.bincount(codes, minlength=1))[:-1]
    return dict(zip(names, np.split(np.argsort(codes, kind="stable"), starts), strict=False))


def _ordered(groups: Sequence[str], cells: CellFormat) -> list[str]:
    """Each group once: in the order of numbers, the missing one last, unless some are texts."""
    names = sorted(set(groups))
    numbers = {name: number for name in names if (number := cells.number(name)) is not None}
    if len(numbers) < len(names):
        return names
    return sorted(names, key=lambda name: (math.isnan(numbers[name]), numbers[name]))
