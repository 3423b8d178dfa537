"""Sample weights of training, validation and calibration rows: check and scale them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nntrain.arrays import Vector
from nntrain.data.preprocessing.encode import Encoded
from nntrain.errors import DataError


def check_training_weights(weights: Vector | None, table_name: str, weight_column: str) -> None:
    """Raise `DataError` if every training row weighs 0."""
    if weights is not None and not weights.any():
        raise DataError(f"{table_name}, column {weight_column!r}: every training row weighs 0")


def with_positive_weight(calibration: Encoded, table_name: str) -> Encoded:
    """The calibration rows with positive weight, unweighted: each counts once.

    Raises `DataError` if there are none.
    """
    if calibration.weights is None:
        return calibration
    rows = calibration.weights > 0
    if not rows.any():
        raise DataError(
            f"{table_name}: every calibration row weighs 0; raise calibration_fraction, or choose "
            f"another seed"
        )
    return Encoded(calibration.x[rows], calibration.y[rows], calibration.y_true[rows], None)


def scaled_weights(training: Encoded, validation: Encoded | None) -> tuple[Encoded, Encoded | None]:
    """Both, their weights scaled by the factor that makes the training rows' weights average 1."""
    if training.weights is None:
        return training, validation
    scale = 1.0 / float(np.mean(training.weights))

    def scaled(rows: Encoded) -> Encoded:
        return replace(rows, weights=None if rows.weights is None else rows.weights * scale)

    return scaled(training), scaled(validation) if validation else None
