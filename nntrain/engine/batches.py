"""The three batch modes: which rows each iteration of an epoch learns from, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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


def batches(x: Array, y: Array, size: int, order: Array | None) -> Iterator[tuple[Array, Array]]:
    """Each batch of an epoch: `size` rows of x and y, in file order where `order` is None.

    The arrays are views, or buffers that the next batch overwrites.
    """
    if order is None:
        for start in range(0, len(x), size):
            yield x[start : start + size], y[start : start + size]
    elif size == 1:
        for row in order.tolist():
            yield x[row : row + 1], y[row : row + 1]
    else:
        x_batch, y_batch = (
            np.empty((size, x.shape[1]), x.dtype),
            np.empty((size, y.shape[1]), y.dtype),
        )
        for start in range(0, len(x), size):
            rows = order[start : start + size]
            n = len(rows)
            # mode="clip" lets take write to `out` without a buffer; every row is in range.
            np.take(x, rows, axis=0, out=x_batch[:n], mode="clip")
            np.take(y, rows, axis=0, out=y_batch[:n], mode="clip")
            yield x_batch[:n], y_batch[:n]
