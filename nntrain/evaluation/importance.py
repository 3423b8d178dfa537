"""What a model goes by: the error that shuffling a column costs; `nntrain explain`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from nntrain.arrays import Array
from nntrain.data.readers.open import open_table
from nntrain.data.readers.table import TableLike
from nntrain.engine.random_streams import EXPLANATION, random_stream
from nntrain.errors import DataError
from nntrain.model.model import Model
from nntrain.stats.metrics import Measured


@dataclass(frozen=True)
class Importance:
    """How much larger the RMSE is with a column shuffled, in the target's unit.

    The `mean` over some shuffles, and their standard `deviation`. About 0 for a column that the
    model does not go by; below, where it does better without.
    """

    column: str
    mean: float
    deviation: float


@dataclass(frozen=True)
class Explanation:
    """For each target its RMSE on the rows, and the importance of each column, largest first."""

    rows: int
    repeats: int
    rmse: dict[str, float]
    importance: dict[str, list[Importance]]

    def as_dict(self) -> dict[str, Any]:
        """The figures as JSON types."""
        targets = {
            name: {"rmse": rmse, "importance": [asdict(of) for of in self.importance[name]]}
            for name, rmse in self.rmse.items()
        }
        return {"rows": self.rows, "repeats": self.repeats, "targets": targets}


def explain(
    model: Model,
    table: TableLike,
    *,
    repeats: int = 5,
    delimiter: str | None = None,
    decimal: str = ".",
) -> Explanation:
    """The permutation importance of each column of a table with the true values (Breiman 2001).

    A column is shuffled as a whole: with the inputs of its categories and bins, and where it is
    missing. Shuffles are seeded by the model's config. Raises `DataError`.

    >>> nntrain.explain(model, "test.csv").importance["price"][0].column
    """
    return explained(model, *_read(model, table, delimiter, decimal), repeats)


def explained(
    model: Model, x: Array, y_true: Array, weights: Array | None, repeats: int
) -> Explanation:
    """The same for two encoded rows or more and their true values; x is as it was afterwards."""
    names = [target.name for target in model.preprocessing.targets]

    def rmse() -> Array:
        y_pred = model.predict_mean(x)
        measured = Measured(y_true, y_pred, model.baseline.means, None, weights).metrics(names)
        return np.array([measured[name].rmse for name in names])

    whole = rmse()
    lost = np.empty((len(model.preprocessing.features), repeats, len(names)))
    for i, inputs in enumerate(model.preprocessing.input_slices):
        before = x[:, inputs].copy()
        for k in range(repeats):
            order = random_stream(model.config.seed, EXPLANATION, i, k + 1).permutation(len(x))
            x[:, inputs] = before[order]
            lost[i, k] = rmse() - whole
        x[:, inputs] = before
    importance = {name: _sorted(model, lost[:, :, j]) for j, name in enumerate(names)}
    return Explanation(len(x), repeats, dict(zip(names, whole.tolist(), strict=True)), importance)


def _sorted(model: Model, lost: Array) -> list[Importance]:
    """The importance of each feature by what it lost (n_features, n_repeats), largest first."""
    found = [
        Importance(feature.name, float(np.mean(of)), _deviation(of))
        for feature, of in zip(model.preprocessing.features, lost, strict=True)
    ]
    return sorted(found, key=lambda of: -of.mean)


def _deviation(lost: Array) -> float:
    """The standard deviation of some numbers, of whatever size; 0 of one alone."""
    largest = float(np.max(np.abs(lost)))
    if largest == 0 or len(lost) == 1:
        return 0.0
    return largest * float(np.std(lost / largest, ddof=1))


def _read(
    model: Model, table: TableLike, delimiter: str | None, decimal: str
) -> tuple[Array, Array, Array | None]:
    """The encoded rows of a table, their true values and weights."""
    preprocessing = model.preprocessing
    options = preprocessing.read_options(delimiter, decimal)
    with open_table(table, options) as source:
        parts = list(model.labelled(source))
        if sum(len(part.x) for part in parts) < 2:
            raise DataError(f"{source.name}: has too few rows to shuffle")
    weights = [part.weights for part in parts if part.weights is not None]
    return (
        np.concatenate([part.x for part in parts]),
        np.concatenate([part.y_true for part in parts]),
        np.concatenate(weights) if weights else None,
    )
