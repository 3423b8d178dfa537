"""The three batch modes: which rows each iteration of an epoch learns from, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nntrain.engine.randomness import ROW_ORDER, stream

Array = NDArray[Any]


def rows_per_iteration(batch_mode: str, batch_size: int, n_rows: int) -> int:
    """The rows of one batch; the last batch of an epoch may have fewer."""
    return {"batch": n_rows, "stochastic": 1, "mini-batch": min(batch_size, n_rows)}[batch_mode]


def row_order(n_rows: int, seed: int, epoch: int) -> Array:
    """A new order of all rows for this epoch, the same for the same seed."""
    return stream(seed, ROW_ORDER, epoch=epoch).permutation(n_rows)


@dataclass(frozen=True)
class Samples:
    """Inputs x of (n_rows, n_inputs) and true values y of (n_rows, n_outputs), of one dtype.

    `weights` of (n_rows, 1), if any, multiply each row's loss and gradient.
    """

    x: Array
    y: Array
    weights: Array | None = None

    def __len__(self) -> int:
        return len(self.x)


Batch: TypeAlias = tuple[Array, Array, Array | None]


def batches(samples: Samples, size: int, order: Array | None) -> Iterator[Batch]:
    """Each batch of an epoch as (x, y, weights): `size` rows, in file order without an `order`.

    The arrays are views, or buffers that the next batch overwrites.
    """
    x, y, weights = samples.x, samples.y, samples.weights
    if order is None or size == 1:
        starts = range(0, len(x), size) if order is None else order.tolist()
        for start in starts:
            end = start + size
            yield x[start:end], y[start:end], None if weights is None else weights[start:end]
        return
    into_x, into_y = np.empty((size, x.shape[1]), x.dtype), np.empty((size, y.shape[1]), y.dtype)
    into_weights = np.empty((size, 1), x.dtype)
    for start in range(0, len(x), size):
        rows = order[start : start + size]
        of_rows = None if weights is None else _take(weights, rows, into_weights)
        yield _take(x, rows, into_x), _take(y, rows, into_y), of_rows


def _take(values: Array, rows: Array, buffer: Array) -> Array:
    """Some rows of an array, in the buffer; it may be longer than they are."""
    # mode="clip" lets take write to `out` without a buffer of its own; every row is in range.
    return np.take(values, rows, axis=0, out=buffer[: len(rows)], mode="clip")
