"""What rows alone show: a skewed target, and a feature that tells the target."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.baseline import PENALTY
from nntrain.config import Config, as_yaml
from nntrain.data.preprocessing import CategoricalColumn, Feature, NumericColumn, Preprocessing
from nntrain.diagnosis import Finding
from nntrain.errors import figure, quoted
from nntrain.ridge import fit_ridge

Matrix = NDArray[Any]

MOST_ROWS = 1 << 13
MOST_CELLS = 1 << 22
LEAST_ROWS = 50
"""Fewer prove nothing."""
LEAK_ROWS = 1 << 11
LEAK = 0.999
"""The part of a target's variance that a column must explain, of its ranks or by straight lines."""
KNOTS = 17
SCREEN_ROWS = 1 << 8
SCREEN = 0.9
"""What neighbours by a column must explain of each other for a closer look at it."""
SKEWED = 2.0
"""The skewness of an exponential distribution."""
HELPS = 0.85
"""What a log must leave of the error of a ridge regression for networks to gain by it."""


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
        n_rows = min(MOST_ROWS, MOST_CELLS // max(1, x.shape[1]))
        while self._kept + len(x) // self._every > 2 * n_rows:
            self._every *= 2
            for parts in self._lists:
                parts[:] = [np.concatenate(parts)[::2].copy()] if parts else []
        of_rows = np.ones(len(x)) if weights is None else weights
        rows = slice(-self._seen % self._every, None, self._every)
        self._seen += len(x)
        for parts, values in zip(self._lists, (x, y_true, of_rows), strict=True):
            parts.append(values[rows].copy())

    @property
    def _lists(self) -> tuple[list[Matrix], ...]:
        return self.x, self.y_true, self.weights

    @property
    def _kept(self) -> int:
        return sum(map(len, self.weights))

    def rows(self, most: int) -> tuple[Matrix, Matrix, Matrix]:
        """At most so many rows that have a weight: x, y_true and weights."""
        x, y_true, weights = (np.concatenate(parts) for parts in self._lists)
        counting = np.flatnonzero(weights > 0)
        counting = counting[:: max(1, -(-len(counting) // most))]
        return x[counting], y_true[counting], weights[counting]


@np.errstate(all="ignore")
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
    skewnesses = [(_skewness(y, weights), _skewness(np.log(y), weights)) for y in y_true.T]
    skewed = [of > SKEWED and abs(of_log) < of / 2 for of, of_log in skewnesses]
    if not any(skewed):
        return []
    errors = [_ridge_errors(x, y, weights) for y in y_true.T]
    if any(by_log > plain for plain, by_log in errors):
        return []
    texts = [
        f"{target.name} is skewed ({skewness:.1f}, its log {of_log:.1f}), and a ridge regression "
        f"errs less by its log: RMSE {figure(by_log)}, not {figure(plain)}"
        for target, is_skewed, (skewness, of_log), (plain, by_log) in zip(
            preprocessing.targets, skewed, skewnesses, errors, strict=True
        )
        if is_skewed and by_log < HELPS * plain
    ]
    return [Finding("; ".join(texts), "--set target_transform=log")] if texts else []


def _skewness(values: Matrix, weights: Matrix) -> float:
    scaled = values / np.max(np.abs(values))  # so that no power overflows
    centred = scaled - np.average(scaled, weights=weights)
    deviation = np.average(centred**2, weights=weights) ** 0.5
    return float(np.average((centred / deviation) ** 3, weights=weights))


def _ridge_errors(x: Matrix, y: Matrix, weights: Matrix) -> tuple[float, float]:
    """The RMSE of ridge regressions on half of the rows on the others: of y, and of its log.

    Infinite where there is no ridge regression.
    """
    fitted, others = slice(0, None, 2), slice(1, None, 2)
    largest = float(np.max(y))
    scaled = y / largest  # so that no square overflows
    both = np.column_stack([scaled, np.log(scaled)])
    shift, scale = both.mean(axis=0), both.std(axis=0)
    z = (both - shift) / scale
    ridge = fit_ridge(x[fitted], z[fitted], weights[fitted], PENALTY)
    if ridge is None:
        return math.inf, math.inf
    y_pred = ridge.predict(x[others]) * scale + shift
    y_pred[:, 1] = np.exp(y_pred[:, 1])
    squares = (y_pred - scaled[others, None]) ** 2
    plain, by_log = largest * np.sqrt(np.average(squares, axis=0, weights=weights[others]))
    return float(plain), float(by_log)


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
            if (is_told and _explained(feature, of_feature, y) >= LEAK) or _tells_where_there(
                feature, of_feature, y
            ):
                leaks.append(feature.name)
        if 0 < len(leaks) < len(preprocessing.features):
            findings.append(_leak(config, target.name, leaks))
    return findings


def _tells_where_there(feature: Feature, inputs: Matrix, y: Matrix) -> bool:
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


def _suspicious(x: Matrix, y: Matrix) -> NDArray[np.bool_]:
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
    by_ranks = np.corrcoef(_ranks(value), _ranks(y))[0, 1] ** 2
    return max(float(by_ranks), _adjusted_r2(y, *_straight(np.hstack([basis, flags]), y)))


def _straight(basis: Matrix, y: Matrix) -> tuple[Matrix, int]:
    """The least squares of y on a basis, and the number of its coefficients."""
    centred, n_coefficients = basis - basis.mean(axis=0), basis.shape[1] + 1
    gram = centred.T @ centred + 1e-9 * np.eye(basis.shape[1])
    return y.mean() + centred @ np.linalg.solve(gram, centred.T @ y), n_coefficients


def _adjusted_r2(y: Matrix, y_pred: Matrix, n_coefficients: int) -> float:
    """R², less what so many coefficients explain of anything (Ezekiel 1930)."""
    left = len(y) - n_coefficients
    if left < LEAST_ROWS // 2:
        return 0.0
    return 1.0 - float(np.mean((y - y_pred) ** 2) / np.var(y)) * (len(y) - 1) / left


def _ranks(values: Matrix) -> Matrix:
    """The ranks of some values, of equal ones the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Matrix = (np.cumsum(counts) - (counts - 1) / 2.0)[places]
    return ranks
