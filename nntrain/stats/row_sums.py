"""Weighted sums over rows: all that a ridge regression needs to know of a table."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Mask, Matrix, Vector

MAX_INPUTS = 2048
"""With more plain inputs than this, no ridge regression is fitted."""
BLOCK_ROWS = 1 << 12
"""How many rows are summed together in `sum_rows`."""


@dataclass(frozen=True)
class Sums:
    """Sums over weighted rows, to which the regression's inputs are `plain` (n_inputs,).

    `count` is the sum of the weights and `squared_weights` that of their squares; `inputs`
    (n_inputs,), `outputs` and `squared_outputs` (n_outputs,) are sums of values. `products`
    (n_plain, n_plain + n_outputs) are those of each plain input times each plain input and output,
    None where there are more than `MAX_INPUTS` plain inputs.
    """

    plain: Mask
    count: float
    squared_weights: float
    inputs: Vector
    outputs: Vector
    squared_outputs: Vector
    products: Matrix | None

    @property
    def n_rows(self) -> float:
        """How many rows of equal weight tell as much (Kish 1965); at most the number of rows."""
        return self.count**2 / self.squared_weights if self.squared_weights > 0 else 0.0

    @property
    def is_finite(self) -> bool:
        """Whether no sum overflowed, and there are products."""
        arrays = (self.inputs, self.outputs, self.squared_outputs, self.products)
        return all(each is not None and bool(np.isfinite(each).all()) for each in arrays)


@np.errstate(over="ignore", invalid="ignore")
def sum_rows(x: NDArray[Any], y: NDArray[Any], sample_weights: Vector | None, plain: Mask) -> Sums:
    """The sums over rows of inputs x (n_rows, n_inputs) and outputs y (n_rows, n_outputs)."""
    n_plain, n_outputs = int(np.count_nonzero(plain)), y.shape[1]
    products = np.zeros((n_plain, n_plain + n_outputs)) if n_plain <= MAX_INPUTS else None
    inputs, outputs, squared_outputs = (np.zeros(n) for n in (len(plain), n_outputs, n_outputs))
    count = squared_weights = 0.0
    for start in range(0, len(x), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        of_x, of_y = (part[rows].astype(np.float64, copy=False) for part in (x, y))
        weights = np.ones(len(of_x)) if sample_weights is None else sample_weights[rows]
        count += float(weights.sum())
        squared_weights += float(weights @ weights)
        inputs += weights @ of_x
        outputs += weights @ of_y
        squared_outputs += weights @ np.square(of_y)
        if products is not None:
            of_plain = of_x if n_plain == len(plain) else of_x[:, plain]
            left = of_plain if sample_weights is None else of_plain * weights[:, None]
            products += np.hstack([left.T @ of_plain, left.T @ of_y])
    return Sums(plain, count, squared_weights, inputs, outputs, squared_outputs, products)


@np.errstate(over="ignore", invalid="ignore")
def add_sums(parts: Iterable[Sums]) -> Sums:
    """The sums over all rows, from the sums over parts of them."""
    parts = list(parts)
    products = [part.products for part in parts if part.products is not None]
    return Sums(
        parts[0].plain,
        math.fsum(part.count for part in parts),
        math.fsum(part.squared_weights for part in parts),
        np.sum([part.inputs for part in parts], axis=0),
        np.sum([part.outputs for part in parts], axis=0),
        np.sum([part.squared_outputs for part in parts], axis=0),
        np.sum(products, axis=0) if len(products) == len(parts) else None,
    )
