"""What each column contributes to a prediction: Shapley values.

Shapley 1953; Štrumbelj, Kononenko 2014. Columns are set from their training means and frequencies
to the row's own values, one after the other; what the prediction moves by is a column's, averaged
over the orders in which that can be done. Of a few columns over all orders; of more over some
orders drawn by chance and the same ones backwards. Each order leads from the baseline to the
prediction, so contributions add up to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Mask, Matrix
from nntrain.engine.random_streams import CONTRIBUTIONS, random_stream
from nntrain.engine.row_blocks import blocks
from nntrain.errors import UsageError
from nntrain.model.model import Model

EXACT_COLUMNS = 10
"""Up to so many columns all orders count: they have some thousand sets on their ways."""
ORDERS = 32
BLOCK_VALUES = 1 << 19


@dataclass(frozen=True)
class Contributions:
    """Contributions of a model's columns.

    `sets` (n_sets, n_columns) marks sets of columns that have the row's own values; `shares`
    (n_columns, n_sets) says with which factor the prediction of each set is in a contribution.
    """

    model: Model
    sets: Mask
    shares: Matrix

    @classmethod
    def of(cls, model: Model) -> Contributions:
        """Those of a model. Raises `UsageError` for one that does not keep its inputs' means."""
        if model.baseline.inputs is None:
            raise UsageError(
                "the model does not keep the means of its inputs, which contributions start from: "
                "an older nntrain made it; fit it again"
            )
        n_columns = len(model.preprocessing.features)
        if n_columns <= EXACT_COLUMNS:
            return cls(model, *all_orders(n_columns))
        return cls(model, *some_orders(n_columns, model.config.seed))

    @property
    def baseline(self) -> Matrix:
        """The prediction (n_targets,) at the means of the network's inputs in training."""
        return self.model.predict_mean(self._means[None, :]).ravel()

    def to(self, x: NDArray[Any]) -> Matrix:
        """The contributions (n_rows, n_targets, n_columns) to the predictions of encoded rows x.

        In the targets' units; they add up to the prediction minus `baseline`.
        """
        n_rows, n_inputs = x.shape
        found = np.zeros((n_rows, len(self.model.config.target), self.sets.shape[1]))
        own_inputs = np.repeat(self.sets, self._n_inputs, axis=1)
        # Blocks of sets do not depend on the rows, nor do the sums over them.
        sets_at_once = max(1, BLOCK_VALUES // n_inputs)
        rows_at_once = max(1, sets_at_once // len(own_inputs))
        for rows in blocks(n_rows, rows_at_once):
            block = x[rows, None, :]
            for sets in blocks(len(own_inputs), sets_at_once):
                of_sets = np.where(own_inputs[sets], block, self._means)
                predictions = self.model.predict_mean(of_sets.reshape(-1, n_inputs))
                of_each = predictions.reshape(len(block), of_sets.shape[1], -1)
                # A product of one shape for each row.
                found[rows] += (self.shares[:, sets] @ of_each).transpose(0, 2, 1)
        return found

    @property
    def _means(self) -> NDArray[Any]:
        assert self.model.baseline.inputs is not None
        return self.model.baseline.inputs.astype(self.model.networks[0].dtype)

    @property
    def _n_inputs(self) -> list[int]:
        """The inputs that each column becomes."""
        return [len(feature.input_names) for feature in self.model.preprocessing.features]


def all_orders(n_columns: int) -> tuple[Mask, Matrix]:
    """Every set of columns, and the part of all orders in which a column comes right after it."""
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


def some_orders(n_columns: int, seed: int) -> tuple[Mask, Matrix]:
    """The sets on the way of `ORDERS` orders of the columns, half of them the others backwards."""
    rng = random_stream(seed, CONTRIBUTIONS)
    half = [rng.permutation(n_columns) for _ in range(ORDERS // 2)]
    orders = [*half, *(order[::-1] for order in half)]
    numbers: dict[bytes, int] = {}
    found: list[Mask] = []
    steps: list[tuple[int, int, int]] = []
    for order in orders:
        of_order = np.zeros(n_columns, dtype=bool)
        before = _number(of_order, numbers, found)
        for column in order.tolist():
            of_order[column] = True
            after = _number(of_order, numbers, found)
            steps.append((column, before, after))
            before = after
    shares = np.zeros((n_columns, len(found)))
    for column, before, after in steps:
        shares[column, after] += 1 / ORDERS
        shares[column, before] -= 1 / ORDERS
    return np.array(found), shares


def _number(of_order: Mask, numbers: dict[bytes, int], found: list[Mask]) -> int:
    """The number of a set, which each set has once."""
    key = of_order.tobytes()
    if key not in numbers:
        numbers[key] = len(found)
        found.append(of_order.copy())
    return numbers[key]
