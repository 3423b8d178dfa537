"""Tables of metrics, the same in every command: one a target, a line for each set of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nntrain.cli.terminal import print_table
from nntrain.stats.metrics import IntervalMetrics, Metrics
from nntrain.stats.metrics_text import HEADER, INTERVAL_HEADER, error_cells, metric_cells


def print_metrics(
    label: str,
    parts: Mapping[str, Mapping[str, Metrics]],
    *,
    err: bool = False,
    ends: Mapping[str, Sequence[Sequence[str]]] | None = None,
) -> None:
    """Print the metrics of each target, a line for each part, and then the target's `ends`.

    `parts` has for each part of the rows (training, validation) the metrics of each target; `label`
    is the header above the parts. `ends` has for each target more lines of finished cells.
    """
    targets = list(next(iter(parts.values())))
    for target in targets:
        rows = [[part, *metric_cells(metrics[target])] for part, metrics in parts.items()]
        rows += [list(row) for row in (ends or {}).get(target, [])]
        header = HEADER + INTERVAL_HEADER * any(
            isinstance(metrics[target], IntervalMetrics) for metrics in parts.values()
        )
        print_table([label, *header], rows, title=f"Error of {target}", err=err)


def print_folds(folds: Mapping[str, Mapping[str, Metrics]], pooled: Mapping[str, Metrics]) -> None:
    """Print the metrics of each target: a line for each fold, one for all rows, and the noise."""
    noise = {
        target: [["±", *error_cells([metrics[target] for metrics in folds.values()])]]
        for target in pooled
    }
    print_metrics("fold", {**folds, "all": pooled}, ends=noise)
