"""Which features alone predict a target almost perfectly, so that they may leak it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import numpy as np

from nntrain.arrays import Array, Mask
from nntrain.config.keys import Config
from nntrain.config.yaml_text import as_yaml
from nntrain.data.preprocessing.columns import CategoricalColumn, Feature, NumericColumn
from nntrain.data.preprocessing.spread import measure_spread
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.diagnostics.finding import Finding
from nntrain.diagnostics.row_sample import LEAST_ROWS, RowSample
from nntrain.text import quoted

MOST_ROWS = 1 << 11
LEAK = 0.999
"""A leak explains at least this fraction of the variance of the target, or of its ranks."""
KNOTS = 17
SCREEN_ROWS = 1 << 8
SCREEN = 0.9
"""A feature is looked at closely if rows next to each other by it explain this fraction of the
variance of each other's target."""


def find_leaks(config: Config, preprocessing: Preprocessing, sample: RowSample) -> list[Finding]:
    """A finding for each target that some features, but not all, predict almost perfectly."""
    x, y_true, _ = sample.rows(MOST_ROWS)
    if len(x) < LEAST_ROWS:
        return []
    findings = []
    for target, y in zip(preprocessing.targets, y_true.T, strict=True):
        if measure_spread(y).is_constant:
            continue
        leaks = _leaking_features(preprocessing, x, y / np.max(np.abs(y)))
        if 0 < len(leaks) < len(preprocessing.features):
            findings.append(_leak_finding(config, target.name, leaks))
    return findings


def _leaking_features(preprocessing: Preprocessing, x: Array, y: Array) -> list[str]:
    """The names of the features that predict y (n_rows,) almost perfectly.

    y is at most 1 in size, so that no square overflows.
    """
    suspicious = _suspicious_inputs(x, y)
    leaks = []
    for feature, inputs in zip(preprocessing.features, preprocessing.input_slices, strict=True):
        x_feature = x[:, inputs].astype(np.float64)
        is_suspicious = isinstance(feature, CategoricalColumn) or suspicious[inputs].any()
        leaks_always = is_suspicious and _explained_variance(feature, x_feature, y) >= LEAK
        if leaks_always or _leaks_when_present(feature, x_feature, y):
            leaks.append(feature.name)
    return leaks


def _leaks_when_present(feature: Feature, inputs: Array, y: Array) -> bool:
    """Whether a feature with missing cells predicts y (n_rows,) in the rows where it is present."""
    if not isinstance(feature, NumericColumn) or not feature.has_missing or feature.is_constant:
        return False
    present = inputs[:, -1] == 0
    if np.count_nonzero(present) < LEAST_ROWS or measure_spread(y[present]).is_constant:
        return False
    is_suspicious = bool(_suspicious_inputs(inputs[present, :1], y[present]).any())
    return is_suspicious and _explained_variance(feature, inputs[present], y[present]) >= LEAK


def _leak_finding(config: Config, target: str, columns: Sequence[str]) -> Finding:
    ignored = [*config.ignore, *(name for name in columns if name not in config.ignore)]
    names = quoted(list(columns))
    if len(columns) == 1:
        text = (
            f"{names} alone predicts {target} almost perfectly: a leak, unless its value is known "
            f"before that of {target}"
        )
    else:
        text = (
            f"{names} each alone predict {target} almost perfectly: leaks, unless their values are "
            f"known before that of {target}"
        )
    return Finding(text, f"--set {shlex.quote('ignore=' + as_yaml(ignored))}")


def _suspicious_inputs(x: Array, y: Array) -> Mask:
    """The inputs by which rows that are next to each other have similar targets.

    All inputs are screened at once, on few rows, by the differences of neighbours (Rice 1984).
    """
    few = slice(None, None, max(1, len(x) // SCREEN_ROWS))
    order = np.argsort(x[few], axis=0, kind="stable")
    suspicious = np.zeros(x.shape[1], dtype=bool)
    for values in (y[few], _ranks(y[few])):
        variance = max(float(np.var(values)), np.finfo(np.float64).tiny)
        noise = np.mean(np.diff(values[order], axis=0) ** 2, axis=0) / 2.0
        suspicious |= 1.0 - noise / variance >= SCREEN
    return suspicious


def _explained_variance(feature: Feature, inputs: Array, y: Array) -> float:
    """The fraction of the variance of y (n_rows,) that a feature explains by its inputs alone.

    A category explains it by the mean of its rows; a number by straight lines between its
    quantiles, or by ranks.
    """
    if isinstance(feature, CategoricalColumn) and not feature.encodings:
        codes = np.where(inputs.any(axis=1), inputs.argmax(axis=1), inputs.shape[1])
        counts = np.bincount(codes)
        means = np.bincount(codes, y) / np.maximum(counts, 1)
        return _adjusted_r2(y, means[codes], int(np.count_nonzero(counts)))
    if isinstance(feature, NumericColumn) and feature.is_constant:
        return _adjusted_r2(y, *_least_squares(inputs, y))
    value = inputs[:, 0]
    knots = np.unique(np.quantile(value, np.linspace(0.0, 1.0, KNOTS)))
    if len(knots) < 2:
        return 0.0
    low, width = knots[:-1], np.diff(knots)
    basis = np.clip((value[:, None] - low) / width, 0.0, 1.0)
    flags = inputs[:, -1:] if _has_flag(feature) else inputs[:, :0]
    by_ranks = np.corrcoef(_ranks(value), _ranks(y))[0, 1] ** 2
    return max(float(by_ranks), _adjusted_r2(y, *_least_squares(np.hstack([basis, flags]), y)))


def _has_flag(feature: Feature) -> bool:
    """Whether the last input of a feature marks missing cells."""
    return isinstance(feature, NumericColumn) and feature.has_missing


def _least_squares(basis: Array, y: Array) -> tuple[Array, int]:
    """The predictions of y by least squares on a basis, and how many coefficients they took."""
    centred, n_coefficients = basis - basis.mean(axis=0), basis.shape[1] + 1
    gram = centred.T @ centred + 1e-9 * np.eye(basis.shape[1])
    return y.mean() + centred @ np.linalg.solve(gram, centred.T @ y), n_coefficients


def _adjusted_r2(y: Array, y_pred: Array, n_coefficients: int) -> float:
    """R², less what this many coefficients explain of pure noise (Ezekiel 1930)."""
    left = len(y) - n_coefficients
    if left < LEAST_ROWS // 2:
        return 0.0
    return 1.0 - float(np.mean((y - y_pred) ** 2) / np.var(y)) * (len(y) - 1) / left


def _ranks(values: Array) -> Array:
    """The ranks of values; equal values share the mean of theirs."""
    _, positions, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Array = (np.cumsum(counts) - (counts - 1) / 2.0)[positions]
    return ranks
