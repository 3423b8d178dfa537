"""What rows alone show: a skewed target, and a feature that tells the target."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Array
from nntrain.config.keys import Config
from nntrain.config.yaml_text import as_yaml
from nntrain.data.preprocessing.transform import (
    CategoricalColumn,
    Feature,
    NumericColumn,
    Preprocessing,
)
from nntrain.diagnostics.finding import Finding
from nntrain.diagnostics.row_sample import LEAST_ROWS, Sample
from nntrain.diagnostics.skew import skewed
from nntrain.text import quoted

LEAK_ROWS = 1 << 11
LEAK = 0.999
"""The part of a target's variance that a column must explain, of its ranks or by straight lines."""
KNOTS = 17
SCREEN_ROWS = 1 << 8
SCREEN = 0.9
"""What neighbours by a column must explain of each other for a closer look at it."""


@np.errstate(all="ignore")
def of_rows(config: Config, preprocessing: Preprocessing, sample: Sample) -> list[Finding]:
    """What a sample of labelled rows shows of the targets and the features."""
    return [*_leaks(config, preprocessing, sample), *skewed(config, preprocessing, sample)]


def _leaks(config: Config, preprocessing: Preprocessing, sample: Sample) -> list[Finding]:
    """Features that alone predict a target almost perfectly, others being there."""
    x, y_true, _ = sample.rows(LEAK_ROWS)
    if len(x) < LEAST_ROWS:
        return []
    findings = []
    for target, y in zip(preprocessing.targets, y_true.T, strict=True):
        if y.min() == y.max():
            continue
        y = y / np.max(np.abs(y))  # noqa: PLW2901  (so that no square overflows)
        suspicious = _suspicious(x, y)
        leaks = []
        for feature, inputs in zip(preprocessing.features, preprocessing.input_slices, strict=True):
            of_feature = x[:, inputs].astype(np.float64)
            is_told = isinstance(feature, CategoricalColumn) or suspicious[inputs].any()
            if (is_told and _explained(feature, of_feature, y) >= LEAK) or _leaks_when_present(
                feature, of_feature, y
            ):
                leaks.append(feature.name)
        if 0 < len(leaks) < len(preprocessing.features):
            findings.append(_leak(config, target.name, leaks))
    return findings


def _leaks_when_present(feature: Feature, inputs: Array, y: Array) -> bool:
    """Whether a feature with missing cells tells y (n_rows,) in the rows that have one."""
    if not isinstance(feature, NumericColumn) or not feature.has_missing or feature.is_constant:
        return False
    there = inputs[:, -1] == 0
    if np.count_nonzero(there) < LEAST_ROWS or y[there].min() == y[there].max():
        return False
    is_told = bool(_suspicious(inputs[there, :1], y[there]).any())
    return is_told and _explained(feature, inputs[there], y[there]) >= LEAK


def _leak(config: Config, target: str, columns: Sequence[str]) -> Finding:
    ignored = [*config.ignore, *(name for name in columns if name not in config.ignore)]
    alone = "alone" if len(columns) == 1 else "each alone"
    verb = "predicts" if len(columns) == 1 else "predict"
    text = (
        f"{quoted(list(columns))} {alone} {verb} {target} almost perfectly: a leak, unless known "
        f"before {target} is"
    )
    return Finding(text, f"--set {shlex.quote('ignore=' + as_yaml(ignored))}")


def _suspicious(x: Array, y: Array) -> NDArray[np.bool_]:
    """The inputs that are worth a closer look: rows next to each other have similar targets.

    All inputs at once, on few rows, by the difference of neighbours (Rice 1984).
    """
    few = slice(None, None, max(1, len(x) // SCREEN_ROWS))
    order = np.argsort(x[few], axis=0, kind="stable")
    found = np.zeros(x.shape[1], dtype=bool)
    for values in (y[few], _ranks(y[few])):
        variance = max(float(np.var(values)), np.finfo(np.float64).tiny)
        noise = np.mean(np.diff(values[order], axis=0) ** 2, axis=0) / 2.0
        found |= 1.0 - noise / variance >= SCREEN
    return found


def _explained(feature: Feature, inputs: Array, y: Array) -> float:
    """The part of the variance of y (n_rows,) that a feature explains by its inputs alone."""
    if isinstance(feature, CategoricalColumn):
        codes = np.where(inputs.any(axis=1), inputs.argmax(axis=1), inputs.shape[1])
        counts = np.bincount(codes)
        means = np.bincount(codes, y) / np.maximum(counts, 1)
        return _adjusted_r2(y, means[codes], int(np.count_nonzero(counts)))
    if feature.is_constant:
        return _adjusted_r2(y, *_straight(inputs, y))
    value = inputs[:, 0]
    knots = np.unique(np.quantile(value, np.linspace(0.0, 1.0, KNOTS)))
    if len(knots) < 2:
        return 0.0
    low, width = knots[:-1], np.diff(knots)
    basis = np.clip((value[:, None] - low) / width, 0.0, 1.0)
    flags = inputs[:, -1:] if feature.has_missing else inputs[:, :0]
    by_ranks = np.corrcoef(_ranks(value), _ranks(y))[0, 1] ** 2
    return max(float(by_ranks), _adjusted_r2(y, *_straight(np.hstack([basis, flags]), y)))


def _straight(basis: Array, y: Array) -> tuple[Array, int]:
    """The least squares of y on a basis, and the number of its coefficients."""
    centred, n_coefficients = basis - basis.mean(axis=0), basis.shape[1] + 1
    gram = centred.T @ centred + 1e-9 * np.eye(basis.shape[1])
    return y.mean() + centred @ np.linalg.solve(gram, centred.T @ y), n_coefficients


def _adjusted_r2(y: Array, y_pred: Array, n_coefficients: int) -> float:
    """R², less what so many coefficients explain of anything (Ezekiel 1930)."""
    left = len(y) - n_coefficients
    if left < LEAST_ROWS // 2:
        return 0.0
    return 1.0 - float(np.mean((y - y_pred) ** 2) / np.var(y)) * (len(y) - 1) / left


def _ranks(values: Array) -> Array:
    """The ranks of some values, of equal ones the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Array = (np.cumsum(counts) - (counts - 1) / 2.0)[places]
    return ranks
