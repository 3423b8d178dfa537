"""Some rows of many, evenly spaced, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from nntrain.arrays import Array

MOST_ROWS = 1 << 13

MOST_CELLS = 1 << 22

LEAST_ROWS = 50

"""Fewer prove nothing."""


@dataclass
class Sample:
    """Some rows of many, evenly spaced, in bounded memory."""

    x: list[Array] = field(default_factory=list)
    y_true: list[Array] = field(default_factory=list)
    weights: list[Array] = field(default_factory=list)
    _every: int = 1
    _seen: int = 0

    def add(self, x: Array, y_true: Array, weights: Array | None) -> None:
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
    def _lists(self) -> tuple[list[Array], ...]:
        return self.x, self.y_true, self.weights

    @property
    def _kept(self) -> int:
        return sum(map(len, self.weights))

    def rows(self, most: int) -> tuple[Array, Array, Array]:
        """At most so many rows that have a weight: x, y_true and weights."""
        x, y_true, weights = (np.concatenate(parts) for parts in self._lists)
        counting = np.flatnonzero(weights > 0)
        counting = counting[:: max(1, -(-len(counting) // most))]
        return x[counting], y_true[counting], weights[counting]
