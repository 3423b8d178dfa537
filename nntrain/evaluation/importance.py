"""Permutation importance, the error that shuffling a column adds: what `nntrain explain` shows."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from nntrain.arrays import Array, Matrix, Vector
from nntrain.data.preprocessing.encode_chunks import held_rows
from nntrain.data.readers.dialect import PLAIN, Dialect
from nntrain.data.readers.open import open_table
from nntrain.data.readers.table import TableLike
from nntrain.engine.random_streams import EXPLANATION, random_stream
from nntrain.errors import DataError
from nntrain.model.model import Model
from nntrain.model.seen_rows import SeenRowCounter, SeenRows
from nntrain.stats.metrics import Measured


@dataclass(frozen=True)
class Importance:
    """How much larger the RMSE is with a column shuffled, in the target's unit.

    `mean` and `deviation` are the mean and the standard deviation over the shuffles. The mean is
    about 0 for a column that the model does not use, and negative where the model predicts better
    without the column.
    """

    column: str
    mean: float
    deviation: float


@dataclass(frozen=True)
class Explanation:
    """For each target its RMSE on the rows, and the importance of each column, largest first.

    `seen_rows` tells how many of the rows the model learned from, None if it does not know them.
    """

    rows: int
    repeats: int
    rmse: dict[str, float]
    importance: dict[str, list[Importance]]
    seen_rows: SeenRows | None = None

    def as_dict(self) -> dict[str, Any]:
        """All numbers as JSON types."""
        targets = {
            name: {"rmse": rmse, "importance": list(map(asdict, self.importance[name]))}
            for name, rmse in self.rmse.items()
        }
        seen_rows = self.seen_rows.as_dict() if self.seen_rows else None
        return {
            "rows": self.rows,
            "repeats": self.repeats,
            "targets": targets,
            "seen_rows": seen_rows,
        }


def explain(
    model: Model,
    table: TableLike,
    *,
    repeats: int = 5,
    dialect: Dialect = PLAIN,
    unseen_only: bool = False,
) -> Explanation:
    """The permutation importance of each column, on a table with the true values (Breiman 2001).

    A column is shuffled as a whole: together with the inputs of its categories and bins, and with
    its missing cells. Shuffles are seeded by the model's config. With `unseen_only`, rows that the
    model learned from are left out. Raises `DataError`, and `UsageError` for rows to leave out that
    the model does not know.

    >>> nntrain.explain(model, "test.csv").importance["price"][0].column
    """
    counter = SeenRowCounter(model.row_sketch, unseen_only=unseen_only)
    rows = _read(model, table, dialect, counter)
    return replace(permutation_importance(model, *rows, repeats), seen_rows=counter.result)


def permutation_importance(
    model: Model, x: Array, y_true: Matrix, weights: Vector | None, repeats: int
) -> Explanation:
    """`explain` for rows that are encoded: x (n_rows, n_inputs), y_true (n_rows, n_targets).

    Two rows or more. x is changed on the way, and restored.
    """
    names = [target.name for target in model.preprocessing.targets]

    def rmse() -> Vector:
        y_pred = model.predict_mean(x)
        measured = Measured(y_true, y_pred, model.baseline.means, None, weights).metrics(names)
        return np.array([measured[name].rmse for name in names])

    unshuffled = rmse()
    lost = np.empty((len(model.preprocessing.features), repeats, len(names)))
    for i, inputs in enumerate(model.preprocessing.input_slices):
        before = x[:, inputs].copy()
        for k in range(repeats):
            order = random_stream(model.config.seed, EXPLANATION, i, k + 1).permutation(len(x))
            x[:, inputs] = before[order]
            lost[i, k] = rmse() - unshuffled
        x[:, inputs] = before
    importance = {name: _by_importance(model, lost[:, :, j]) for j, name in enumerate(names)}
    rmse_of_targets = dict(zip(names, unshuffled.tolist(), strict=True))
    return Explanation(len(x), repeats, rmse_of_targets, importance)


def _by_importance(model: Model, lost: Matrix) -> list[Importance]:
    """The importance of each feature, largest first, by the RMSE added (n_features, n_repeats)."""
    importance = [
        Importance(feature.name, float(np.mean(losses)), _deviation(losses))
        for feature, losses in zip(model.preprocessing.features, lost, strict=True)
    ]
    return sorted(importance, key=lambda column: -column.mean)


def _deviation(lost: Vector) -> float:
    """The standard deviation, without overflow on the way; 0 for a single number."""
    largest = float(np.max(np.abs(lost)))
    if largest == 0 or len(lost) == 1:
        return 0.0
    return largest * float(np.std(lost / largest, ddof=1))


def _read(
    model: Model, table: TableLike, dialect: Dialect, counter: SeenRowCounter
) -> tuple[Array, Matrix, Vector | None]:
    """The encoded rows of a table, their true values and their weights."""
    options = model.preprocessing.read_options(dialect)
    with open_table(table, options) as source:
        labelled = counter.watch(model.labelled(source), source.name)
        parts = list(held_rows(labelled, source.name))
        if sum(len(part.x) for part in parts) < 2:
            raise DataError(f"{source.name}: has too few rows to shuffle")
    weights = [part.weights for part in parts if part.weights is not None]
    return (
        np.concatenate([part.x for part in parts]),
        np.concatenate([part.y_true for part in parts]),
        np.concatenate(weights) if weights else None,
    )
