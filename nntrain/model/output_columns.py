"""Columns beside predictions: the spread of networks, intervals, what each column contributes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nntrain.arrays import Matrix
from nntrain.errors import DataError, UsageError
from nntrain.model.model import Model, Predicted
from nntrain.stats.shapley import Contributions

PREDICTIONS_AT_ONCE = 1 << 15
"""Of sets of columns; some tenths of a second of large networks."""


@dataclass(frozen=True)
class Added:
    """Columns beside the predictions: their names, and their values for some rows of a chunk.

    `rows_at_once` are so many that a reader does not wait long for them.
    """

    names: list[str]
    values: Callable[[Predicted, slice], Matrix]
    rows_at_once: int = 1 << 30


def added(
    model: Model,
    predictions: Sequence[str],
    *,
    spread: bool = False,
    interval: float | None = None,
    explain: bool = False,
) -> Iterator[Added]:
    """What is asked for beside the predictions of these names, for each target in turn.

    `spread` adds `_spread`; the level of an `interval` `_lower` and `_upper`; `explain` `_baseline`
    and `contribution_<column>`, `contribution_<target>_<column>` with several targets. Raises
    `UsageError` for what the model does not have.
    """
    if spread:
        if len(model.networks) == 1:
            raise UsageError(
                "a spread is that of an ensemble, and the model is of one network; fit one with "
                "--set ensemble=5"
            )
        yield Added(
            [f"{name}_spread" for name in predictions], lambda part, rows: part.spread[rows]
        )
    if interval is not None:
        level = interval
        model.check_level(level)
        names = [f"{name}_{end}" for name in predictions for end in ("lower", "upper")]
        yield Added(names, lambda part, rows: model.bounds(level, part.x[rows], part.values[rows]))
    if explain:
        yield _explained(Contributions.of(model), predictions)


def with_added(part: Predicted, beside: Sequence[Added]) -> Iterator[tuple[slice, Matrix]]:
    """Some rows of a chunk after the other: their predictions, and what stands beside them."""
    n_rows = len(part.values)
    size = min([n_rows, *(of.rows_at_once for of in beside)])
    for start in range(0, n_rows, max(size, 1)):
        rows = slice(start, min(start + size, n_rows))
        with np.errstate(all="ignore"):  # A bad row's numbers may be any.
            values = np.hstack([part.values[rows], *(of.values(part, rows) for of in beside)])
        yield rows, values


def _explained(contributions: Contributions, predictions: Sequence[str]) -> Added:
    columns = [feature.name for feature in contributions.model.preprocessing.features]
    targets = contributions.model.config.target
    of_target = [f"{target}_" for target in targets] if len(targets) > 1 else [""]
    names = [f"{name}_baseline" for name in predictions]
    names += [f"contribution_{target}{column}" for target in of_target for column in columns]
    baseline = contributions.baseline

    def values(part: Predicted, rows: slice) -> Matrix:
        x = part.x[rows]
        found = contributions.to(x).reshape(len(x), -1)
        bad = np.logical_not(np.isfinite(found).all(axis=1))
        if part.bad is not None:
            bad &= ~part.bad[rows]
        if bad.any():
            place = part.chunk.place(rows.start + int(np.flatnonzero(bad)[0]))
            raise DataError(
                f"{place}: a contribution is no finite number: a number of this row is too far "
                f"from those of training"
            )
        return np.hstack([np.tile(baseline, (len(x), 1)), found])

    return Added(names, values, max(1, PREDICTIONS_AT_ONCE // len(contributions.sets)))
