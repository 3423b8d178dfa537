"""How far predictions are from the true values, in the target's own unit."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]


@dataclass(frozen=True)
class Metrics:
    """The error of one target on some rows.

    `rmse` is the root of the mean squared error; `r2` is 1 - (squared error / squared distance
    from these rows' mean), None where the true values are all the same; `mean_rmse` is the RMSE
    of predicting the training mean for every row.
    """

    rmse: float
    r2: float | None
    mean_rmse: float

    def as_dict(self) -> dict[str, float | None]:
        """The figures by name."""
        return asdict(self)


def measure(y_pred: Column, y_true: Column, training_mean: float) -> Metrics:
    """The metrics of one target's predictions, both of (n_rows,), in the target's unit."""
    squared_error = float(np.mean(np.square(y_pred - y_true)))
    variance = float(np.mean(np.square(y_true - np.mean(y_true))))
    return Metrics(
        rmse=squared_error**0.5,
        r2=1.0 - squared_error / variance if variance > 0 else None,
        mean_rmse=float(np.mean(np.square(y_true - training_mean))) ** 0.5,
    )
