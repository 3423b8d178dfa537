"""Shapley values: how much each column contributes to a prediction.

Shapley 1953; Štrumbelj, Kononenko 2014. Columns are changed one after the other from their means in
training to the row's own values. The change of the prediction is the column's contribution,
averaged over the orders in which the columns can be changed: over all orders for a few columns; for
more, over some random orders and the same ones backwards. Each order leads from the baseline to the
prediction, so the contributions add up to the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import factorial

import numpy as np

from nntrain.arrays import Array, Mask, Matrix, Vector
from nntrain.engine.random_streams import CONTRIBUTIONS, random_stream
from nntrain.engine.row_blocks import blocks

EXACT_COLUMNS = 10
"""Up to this many columns, enumerate all sets of columns: 2¹⁰ of them."""
ORDERS = 32
"""The random orders that more columns are changed in."""
BLOCK_VALUES = 1 << 19
"""The numbers in a block of rows to predict."""


@dataclass(frozen=True)
class ShapleyValues:
    """Contributions of columns to the predictions of one function.

    `predict` takes inputs (n_rows, n_inputs) to predictions (n_rows, n_targets); `input_means`
    (n_inputs,) is where contributions start from; column k has `column_sizes[k]` inputs. `sets`
    (n_sets, n_columns) marks the columns that have the row's own values; `shares` (n_columns,
    n_sets) is the factor of each set's prediction in a column's contribution.
    """

    predict: Callable[[Array], Matrix]
    input_means: Array
    column_sizes: Sequence[int]
    sets: Mask
    shares: Matrix

    @cached_property
    def baseline(self) -> Vector:
        """The prediction (n_targets,) at the means of the inputs."""
        return self.predict(self.input_means[None, :]).ravel()

    def contributions(self, x: Array) -> Matrix:
        """The contributions (n_rows, n_targets, n_columns) to the predictions of rows x.

        In the predictions' units; they add up to a row's prediction minus `baseline`.
        """
        n_rows, n_inputs = x.shape
        contributions = np.zeros((n_rows, len(self.baseline), self.sets.shape[1]))
        own_inputs = np.repeat(self.sets, self.column_sizes, axis=1)
        # Blocks of sets do not depend on the rows, nor do the sums over them.
        sets_at_once = max(1, BLOCK_VALUES // n_inputs)
        rows_at_once = max(1, sets_at_once // len(own_inputs))
        for rows in blocks(n_rows, rows_at_once):
            block = x[rows, None, :]
            for sets in blocks(len(own_inputs), sets_at_once):
                mixed = np.where(own_inputs[sets], block, self.input_means)
                predictions = self.predict(mixed.reshape(-1, n_inputs))
                by_set = predictions.reshape(len(block), mixed.shape[1], -1)
                # A product of one shape for each row, whatever the number of rows.
                contributions[rows] += (self.shares[:, sets] @ by_set).transpose(0, 2, 1)
        return contributions


def shapley_values(
    predict: Callable[[Array], Matrix],
    input_means: Array,
    column_sizes: Sequence[int],
    seed: int,
) -> ShapleyValues:
    """Shapley values of a function's columns: exact for a few columns, else by seeded orders."""
    n_columns = len(column_sizes)
    is_exact = n_columns <= EXACT_COLUMNS
    sets, shares = all_orders(n_columns) if is_exact else random_orders(n_columns, seed)
    return ShapleyValues(predict, input_means, column_sizes, sets, shares)


def all_orders(n_columns: int) -> tuple[Mask, Matrix]:
    """Every set of columns (n_sets, n_columns), and the shares (n_columns, n_sets) of the sets.

    A set's share is the part of all orders in which the column comes right after its members.
    """
    numbers = np.arange(1 << n_columns)
    sets = (numbers[:, None] >> np.arange(n_columns)) % 2 == 1
    shares = np.zeros((n_columns, len(sets)))
    for column in range(n_columns):
        for before in numbers[~sets[:, column]]:
            size = int(sets[before].sum())
            part = factorial(size) * factorial(n_columns - size - 1) / factorial(n_columns)
            shares[column, before + (1 << column)] += part
            shares[column, before] -= part
    return sets, shares


def random_orders(n_columns: int, seed: int) -> tuple[Mask, Matrix]:
    """The sets of columns on the way of `ORDERS` random orders, and their shares.

    Half of the orders are the others backwards.
    """
    rng = random_stream(seed, CONTRIBUTIONS)
    half = [rng.permutation(n_columns) for _ in range(ORDERS // 2)]
    orders = [*half, *(order[::-1] for order in half)]
    numbers: dict[bytes, int] = {}  # of the sets, in the order in which they are first passed
    steps: list[tuple[int, int, int]] = []
    for order in orders:
        members = np.zeros(n_columns, dtype=bool)
        before = numbers.setdefault(members.tobytes(), len(numbers))
        for column in order.tolist():
            members[column] = True
            after = numbers.setdefault(members.tobytes(), len(numbers))
            steps.append((column, before, after))
            before = after
    shares = np.zeros((n_columns, len(numbers)))
    for column, before, after in steps:
        shares[column, after] += 1 / ORDERS
        shares[column, before] -= 1 / ORDERS
    return np.array([np.frombuffer(key, dtype=bool) for key in numbers]), shares
