"""Sample weights of training, validation and calibration rows, scaled to a common unit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nntrain.arrays import Matrix, Vector
from nntrain.data.preprocessing.encode import Encoded
from nntrain.data.weights import unit_weights, weight_exponent

MOST_APART = 100
"""Validation weights are at most 2^100 times as large as those of training, or as small."""


def scaled_weights(training: Encoded, validation: Encoded | None) -> tuple[Encoded, Encoded | None]:
    """Both, their weights scaled by the factor that makes the training rows' weights average 1.

    Validation rows of another table may have weights in quite another unit; so that no loss
    overflows, such weights are brought nearer.
    """
    if training.weights is None:
        return training, validation
    unit = unit_weights(training.weights)
    scale = 1.0 / float(np.mean(unit))
    scaled_training = replace(training, weights=unit * scale)
    if validation is None or validation.weights is None:
        return scaled_training, validation
    apart = weight_exponent(validation.weights) - weight_exponent(training.weights)
    of_validation = unit_weights(validation.weights) * scale
    nearer = np.ldexp(of_validation, np.clip(apart, -MOST_APART, MOST_APART))
    return scaled_training, replace(validation, weights=nearer)


def without_weights(calibration: Encoded) -> Encoded:
    """The calibration rows unweighted: each counts once."""
    return replace(calibration, weights=None)


def weighted_means(values: Matrix, weights: Vector | None) -> Vector:
    """The means (n_columns,) of values (n_rows, n_columns); no sum on the way overflows."""
    exponents = np.frexp(np.abs(values).max(axis=0))[1]
    unit = None if weights is None else unit_weights(weights)
    means: Vector = np.ldexp(
        np.average(np.ldexp(values, -exponents), axis=0, weights=unit), exponents
    )
    return means
