"""The batches of an epoch: which rows each iteration learns from, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from nntrain.arrays import Array
from nntrain.engine.random_streams import ROW_ORDER, random_stream

GATHER_ROWS = 1024
"""Shuffled rows are copied this many at a time, or one batch at a time where that is more."""


def rows_per_iteration(batch_mode: str, batch_size: int, n_rows: int) -> int:
    """How many rows one batch has in each batch mode; the last batch of an epoch may have fewer."""
    return {"batch": n_rows, "stochastic": 1, "mini-batch": min(batch_size, n_rows)}[batch_mode]


def row_order(n_rows: int, seed: int, epoch: int, member: int = 0) -> Array:
    """The order of all rows in an epoch of one network, the same for the same seed."""
    return random_stream(seed, ROW_ORDER, member, epoch).permutation(n_rows)


@dataclass(frozen=True)
class Samples:
    """Inputs x (n_rows, n_inputs) and true values y (n_rows, n_outputs), of one dtype.

    `weights` (n_rows, 1), if any, multiply each row's loss and gradient.
    """

    x: Array
    y: Array
    weights: Array | None = None

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: Array) -> Samples:
        """A copy of the rows with these numbers, or of those that a mask marks."""
        weights = None if self.weights is None else self.weights[rows]
        return Samples(self.x[rows], self.y[rows], weights)


Batch: TypeAlias = tuple[Array, Array, Array | None]


def batches(
    samples: Samples, size: int, order: Array | None, rows: range | None = None
) -> Iterator[Batch]:
    """The batches of an epoch as (x, y, weights), with `size` rows each.

    `order` is the row at each position of the epoch; without it rows come in file order. `rows` is
    the range of positions to go through, which starts where a batch starts; without it, all. The
    arrays are views, or buffers that a later batch overwrites.
    """
    rows = range(len(samples)) if rows is None else rows
    if size == 1:
        yield from _single(
            samples, rows if order is None else order[rows.start : rows.stop].tolist()
        )
    elif order is None:
        yield from _consecutive(samples, rows, size)
    else:
        yield from _gathered(samples, order[rows.start : rows.stop], size)


def _consecutive(samples: Samples, rows: range, size: int) -> Iterator[Batch]:
    x, y, weights = samples.x, samples.y, samples.weights
    for start in range(rows.start, rows.stop, size):
        end = min(start + size, rows.stop)
        yield x[start:end], y[start:end], None if weights is None else weights[start:end]


def _single(samples: Samples, rows: Iterable[int]) -> Iterator[Batch]:
    # Indexing an array of one more dimension by a number is faster than slicing one row.
    x, y, weights = samples.x[:, None], samples.y[:, None], samples.weights
    if weights is None:
        for row in rows:
            yield x[row], y[row], None
    else:
        weights = weights[:, None]
        for row in rows:
            yield x[row], y[row], weights[row]


def _gathered(samples: Samples, order: Array, size: int) -> Iterator[Batch]:
    n = min(len(order), size * max(1, GATHER_ROWS // size))
    buffers = Samples(
        np.empty((n, samples.x.shape[1]), samples.x.dtype),
        np.empty((n, samples.y.shape[1]), samples.y.dtype),
        None if samples.weights is None else np.empty((n, 1), samples.weights.dtype),
    )
    for start in range(0, len(order), n):
        rows = order[start : start + n]
        _take(samples.x, rows, buffers.x)
        _take(samples.y, rows, buffers.y)
        if samples.weights is not None and buffers.weights is not None:
            _take(samples.weights, rows, buffers.weights)
        yield from _consecutive(buffers, range(len(rows)), size)


def _take(values: Array, rows: Array, buffer: Array) -> None:
    """Copy rows of an array into the start of the buffer, which may be longer."""
    # With mode="clip", take writes to the buffer directly; no row is out of range.
    values.take(rows, 0, buffer[: len(rows)], "clip")
