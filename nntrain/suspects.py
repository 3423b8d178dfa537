"""What rows alone show: a skewed target, and a feature that tells the target."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.baseline import fit_baseline
from nntrain.config import Config, as_yaml
from nntrain.data.preprocessing import CategoricalColumn, Feature, Preprocessing
from nntrain.diagnosis import Finding
from nntrain.errors import figure, quoted
from nntrain.metrics import Measured

Matrix = NDArray[Any]

MOST_ROWS = 1 << 14
MOST_CELLS = 1 << 22
LEAST_ROWS = 50
"""Fewer prove nothing."""
LEAK_ROWS = 1 << 11
LEAK = 0.999
"""The part of a target's variance that a column must explain, of its ranks or by straight lines."""
KNOTS = 17
SKEWED = 2.0
"""The skewness of an exponential distribution."""
HELPS = 0.95
"""By how much a log must lessen an error to be worth a word."""


@dataclass
class Sample:
    """Some rows of many, evenly spaced, in bounded memory."""

    x: list[Matrix] = field(default_factory=list)
    y_true: list[Matrix] = field(default_factory=list)
    weights: list[Matrix] = field(default_factory=list)
    _every: int = 1
    _seen: int = 0

    def add(self, x: Matrix, y_true: Matrix, weights: Matrix | None) -> None:
        """Add encoded rows x (n_rows, n_inputs), true values (n_rows, n_targets) and weights."""
        of_rows = np.ones(len(x)) if weights is None else weights
        start = -self._seen % self._every
        self._seen += len(x)
        for kept, values in zip(self._lists, (x, y_true, of_rows), strict=True):
            kept.append(values[start :: self._every].copy())
        most = min(MOST_ROWS, MOST_CELLS // max(1, x.shape[1]))
        while sum(map(len, self.weights)) > 2 * most:
            self._every *= 2
            for kept in self._lists:
                kept[:] = [np.concatenate(kept)[::2]]

    @property
    def _lists(self) -> tuple[list[Matrix], ...]:
        return self.x, self.y_true, self.weights

    def rows(self, most: int) -> tuple[Matrix, Matrix, Matrix]:
        """At most so many rows that have a weight: x, y_true and weights."""
        x, y_true, weights = (np.concatenate(kept) for kept in self._lists)
        counting = np.flatnonzero(weights > 0)
        counting = counting[:: max(1, -(-len(counting) // most))]
        return x[counting], y_true[counting], weights[counting]


def of_rows(config: Config, preprocessing: Preprocessing, sample: Sample) -> list[Finding]:
    """What a sample of labelled rows shows of the targets and the features."""
    return [*_leaks(config, preprocessing, sample), *_skewed(config, preprocessing, sample)]


def _skewed(config: Config, preprocessing: Preprocessing, sample: Sample) -> list[Finding]:
    """Targets that a ridge regression predicts better by their logarithm."""
    if config.target_transform != "none" or any(of.minimum <= 0 for of in preprocessing.targets):
        return []
    x, y_true, weights = sample.rows(MOST_ROWS)
    if len(x) < LEAST_ROWS or not (y_true > 0).all():
        return []
    texts = []
    for target, y in zip(preprocessing.targets, y_true.T, strict=True):
        skewness, of_log = (_skewness(values, weights) for values in (y, np.log(y)))
        if skewness <= SKEWED or abs(of_log) > skewness / 2:
            continue
        plain, by_log = _ridge_errors(x, y, weights)
        if by_log < HELPS * plain:
            texts.append(
                f"{target.name} is skewed ({skewness:.1f}, its log {of_log:.1f}), and a ridge "
                f"regression errs less by its log: RMSE {figure(by_log)}, not {figure(plain)}"
            )
    return [Finding("; ".join(texts), "--set target_transform=log")] if texts else []


def _skewness(values: Matrix, weights: Matrix) -> float:
    centred = values - np.average(values, weights=weights)
    deviation = np.average(centred**2, weights=weights) ** 0.5
    if deviation == 0:
        return 0.0
    return float(np.average((centred / deviation) ** 3, weights=weights))


def _ridge_errors(x: Matrix, y: Matrix, weights: Matrix) -> tuple[float, float]:
    """The RMSE of ridge regressions on half of the rows on the others: of y, and of its log."""
    errors = []
    for values, back in ((y, np.asarray), (np.log(y), np.exp)):
        fitted, others = slice(0, None, 2), slice(1, None, 2)
        shift, scale = values.mean(), values.std()
        z = ((values - shift) / scale)[fitted, None]
        ridge = fit_baseline(x[fitted], z, weights[fitted], np.zeros(1)).ridge(x[others])
        if ridge is None:
            return 0.0, 0.0
        with np.errstate(over="ignore"):
            y_pred = back(ridge * scale + shift)
        if not np.isfinite(y_pred).all():
            return 0.0, 0.0
        measured = Measured(y[others, None], y_pred, np.zeros(1), None, weights[others])
        errors.append(measured.metrics([""])[""].rmse)
    return errors[0], errors[1]


def _leaks(config: Config, preprocessing: Preprocessing, sample: Sample) -> list[Finding]:
    """Features that alone predict a target almost perfectly, others being there."""
    x, y_true, _ = sample.rows(LEAK_ROWS)
    if len(x) < LEAST_ROWS:
        return []
    findings = []
    for target, y in zip(preprocessing.targets, y_true.T, strict=True):
        leaks, start = [], 0
        for feature in preprocessing.features:
            inputs = x[:, start : start + len(feature.input_names)]
            start += inputs.shape[1]
            if _explained(feature, inputs.astype(np.float64), y) >= LEAK:
                leaks.append(feature.name)
        if 0 < len(leaks) < len(preprocessing.features):
            findings.append(_leak(config, target.name, leaks))
    return findings


def _leak(config: Config, target: str, columns: Sequence[str]) -> Finding:
    ignored = [*config.ignore, *(name for name in columns if name not in config.ignore)]
    alone = "alone" if len(columns) == 1 else "each alone"
    verb = "predicts" if len(columns) == 1 else "predict"
    text = (
        f"{quoted(list(columns))} {alone} {verb} {target} almost perfectly: a leak, unless known "
        f"before {target} is"
    )
    return Finding(text, f"--set {shlex.quote('ignore=' + as_yaml(ignored))}")


def _explained(feature: Feature, inputs: Matrix, y: Matrix) -> float:
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
    by_ranks = np.corrcoef(_ranks(value), _ranks(y))[0, 1] ** 2 if np.ptp(y) > 0 else 0.0
    return max(float(by_ranks), _adjusted_r2(y, *_straight(np.hstack([basis, flags]), y)))


def _straight(basis: Matrix, y: Matrix) -> tuple[Matrix, int]:
    """The least squares of y on a basis, and the number of its coefficients."""
    centred, n_coefficients = basis - basis.mean(axis=0), basis.shape[1] + 1
    gram = centred.T @ centred + 1e-9 * np.eye(basis.shape[1])
    return y.mean() + centred @ np.linalg.solve(gram, centred.T @ y), n_coefficients


def _adjusted_r2(y: Matrix, y_pred: Matrix, n_coefficients: int) -> float:
    """R², less what so many coefficients explain of anything (Ezekiel 1930)."""
    left, variance = len(y) - n_coefficients, float(np.var(y))
    if left < LEAST_ROWS // 2 or variance == 0:
        return 0.0
    return 1.0 - float(np.mean((y - y_pred) ** 2)) / variance * (len(y) - 1) / left


def _ranks(values: Matrix) -> Matrix:
    """The ranks of some values, of equal ones the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Matrix = (np.cumsum(counts) - (counts - 1) / 2.0)[places]
    return ranks
