"""A sample of a table's rows, evenly spaced, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from nntrain.arrays import Array
from nntrain.data.weights import unit_weights

MOST_ROWS = 1 << 13
MOST_CELLS = 1 << 22
LEAST_ROWS = 50
"""Fewer rows prove nothing."""


@dataclass
class RowSample:
    """Every k-th of the rows that were added; k doubles whenever the sample grows too large.

    The lists hold blocks of rows: `x` (n_rows, n_inputs) encoded, `y_true` (n_rows, n_targets) in
    the targets' units, and `weights` (n_rows,).
    """

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
            for blocks in self._lists:
                blocks[:] = [np.concatenate(blocks)[::2].copy()] if blocks else []
        row_weights = np.ones(len(x)) if weights is None else weights
        rows = slice(-self._seen % self._every, None, self._every)
        self._seen += len(x)
        for blocks, values in zip(self._lists, (x, y_true, row_weights), strict=True):
            blocks.append(values[rows].copy())

    @property
    def _lists(self) -> tuple[list[Array], ...]:
        return self.x, self.y_true, self.weights

    @property
    def _kept(self) -> int:
        return sum(map(len, self.weights))

    def rows(self, most: int) -> tuple[Array, Array, Array]:
        """x, y_true and weights of at most `most` rows, all with a positive weight.

        The weights of all rows of the sample average 1.
        """
        x, y_true, weights = (np.concatenate(blocks) for blocks in self._lists)
        counting = np.flatnonzero(weights > 0)
        if len(counting):
            weights = unit_weights(weights)
            weights /= np.mean(weights[counting])
        counting = counting[:: max(1, -(-len(counting) // most))]
        return x[counting], y_true[counting], weights[counting]
