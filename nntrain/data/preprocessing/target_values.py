"""The true values and sample weights of a chunk's rows, checked cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nntrain.arrays import Mask, Matrix, Vector
from nntrain.data.checks import comma_hint, written
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.table import Chunk
from nntrain.errors import DataError


@dataclass(frozen=True)
class TargetOptions:
    """How the true values and weights of a table are to be read.

    `weight` is the column of sample weights, if any; where every row has weight 0, that raises
    `DataError`, or with `zeros_count_once`, each counts once. With `skip_missing`, rows without a
    target are left out instead of raising `DataError`. With `need_logarithm`, a target must be
    positive. With `suggest_config_fix`, messages name the config keys that would help.
    """

    weight: str | None = None
    skip_missing: bool = False
    need_logarithm: bool = False
    suggest_config_fix: bool = True
    zeros_count_once: bool = False

    def numbers(self, targets: Sequence[str]) -> tuple[str, ...]:
        """The columns to read as numbers: the targets, then the weights if there are any."""
        return (*targets, *([self.weight] if self.weight else []))


def true_values(
    chunk: Chunk, targets: Sequence[str], cells: CellFormat, options: TargetOptions
) -> tuple[Matrix, Mask]:
    """A chunk's true values (n_rows, n_targets), and which rows (n_rows,) have all of them.

    Raises `DataError` naming the line of a cell that is no finite number, or has no logarithm
    where one is needed.
    """
    y_true = np.empty((chunk.n_rows, len(targets)))
    for i, name in enumerate(targets):
        y_true[:, i] = target_values(chunk, name, cells, options)
    return y_true, np.logical_not(np.isnan(y_true).any(axis=1))


def target_values(chunk: Chunk, name: str, cells: CellFormat, options: TargetOptions) -> Vector:
    """A chunk's true values (n_rows,) of one target, NaN where one is missing and may be.

    Raises `DataError` as `true_values` does.
    """
    column, own = chunk.columns[name], cells.of_column(name)
    if column.dtype != np.float64:
        row = own.first_text(column)
        raise DataError(
            f"{chunk.place(row)}, column {name!r}: the target must be {written(own.notation)}, "
            f"found {column[row]!r}; correct the cell or choose another target"
            f"{comma_hint(column[row], own)}"
        )
    bad = np.flatnonzero(np.isinf(column) if options.skip_missing else ~np.isfinite(column))
    if len(bad):
        row = int(bad[0])
        problem = _problem(float(column[row]), options)
        raise DataError(f"{chunk.place(row)}, column {name!r}: the target {problem}")
    if options.need_logarithm and len(bad := np.flatnonzero(column <= 0)):
        row = int(bad[0])
        raise DataError(
            f"{chunk.place(row)}, column {name!r}: the target is {column[row]:g}, which has no "
            f"logarithm; correct it, or --set target_transform=none"
        )
    return column


def _problem(value: float, options: TargetOptions) -> str:
    """What is wrong with a target that is not finite, and what to do about it."""
    if not np.isnan(value):
        return "is infinite or too large for a double; correct it or remove the row"
    if options.suggest_config_fix:
        return (
            "is missing; fill it in, remove the row, or leave out every row without a target: "
            "--set missing_target=skip"
        )
    return "is missing; fill it in or remove the row"


def weight_values(chunk: Chunk, name: str, cells: CellFormat) -> Vector:
    """A chunk's sample weights (n_rows,).

    Raises `DataError` naming the line of a cell that is no finite number of 0 or more.
    """
    column = chunk.columns[name]
    if column.dtype != np.float64:
        row = cells.first_text(column)
        found = repr(column[row])
        hint = comma_hint(column[row], cells)
    else:
        bad = np.flatnonzero(~(np.isfinite(column) & (column >= 0)))
        if not len(bad):
            return column
        row = int(bad[0])
        found = "a missing cell" if np.isnan(column[row]) else f"{column[row]:g}"
        hint = ""
    raise DataError(
        f"{chunk.place(row)}, column {name!r}: a weight is a finite number of 0 or more, found "
        f"{found}; correct the cell{hint}"
    )
