"""The course of a training: the losses of its epochs, in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nntrain.engine.progress import EpochResult

MOST_STRETCHES = 1024
EPOCHS, LOSS, VALIDATION, STEPS, RISES, TURNS, TURN, VALIDATION_TURN = range(8)
TURN_OF_NOISE = 6.0**0.5 * (2.0 / math.pi) ** 0.5
"""E |e_1 - 2 e_2 + e_3| of three independent normal numbers of deviation 1."""


class LossHistory:
    """The losses of the epochs that it is given, of an ensemble their mean over the networks.

    A network that has ended counts by its last loss. Epochs are kept in stretches as sums, which
    are joined in pairs when there are too many; what is asked of the last tenth of a long run is
    rounded to whole stretches.
    """

    def __init__(self) -> None:
        self.epochs = 0
        self._stretches: list[list[float]] = []
        self._every = 1
        self._losses: dict[int, list[tuple[float, float]]] = {}

    def add(self, results: Sequence[EpochResult]) -> None:
        """Add one epoch, of those networks that are still trained."""
        for of in results:
            losses = self._losses.setdefault(of.member, [])
            validation = math.nan if of.validation_loss is None else of.validation_loss
            losses.append((of.loss, validation))
            del losses[:-3]
        self.epochs += 1
        if not self._stretches or self._is_whole:
            self._join_some()
            self._stretches.append([0.0] * 8)
        sums, n = self._stretches[-1], len(self._losses)
        sums[EPOCHS] += 1.0
        sums[LOSS] += sum(losses[-1][0] for losses in self._losses.values()) / n
        sums[VALIDATION] += sum(losses[-1][1] for losses in self._losses.values()) / n
        for of in results:
            _add_moves(sums, self._losses[of.member])

    def _join_some(self) -> None:
        """Join stretches in pairs where there are too many."""
        if len(self._stretches) == MOST_STRETCHES:
            pairs = np.reshape(self._stretches, (-1, 2, 8)).sum(axis=1)
            self._stretches, self._every = pairs.tolist(), 2 * self._every

    @property
    def _is_whole(self) -> bool:
        return self._stretches[-1][EPOCHS] >= self._every

    def tenths(self) -> NDArray[np.float64]:
        """The mean loss and validation loss (NaN without one) of each tenth, (n, 2), in order.

        Of fewer than ten epochs each stands by itself.
        """
        length = max(1, len(self._stretches) // 10)
        first = len(self._stretches) % length
        parts = np.reshape(self._stretches[first:], (-1, length, 8)).sum(axis=1)
        means: NDArray[np.float64] = parts[:, LOSS : VALIDATION + 1] / parts[:, EPOCHS, None]
        return means

    def noise(self) -> NDArray[np.float64]:
        """By how much either loss wanders between epochs of the last half, its trend apart.

        The deviation (2,) of what would move losses so, were it independent from epoch to epoch.
        """
        half = self._last_half()
        turns = half[TURN : VALIDATION_TURN + 1] / max(half[TURNS], 1.0)
        return np.asarray(turns / TURN_OF_NOISE)

    def tenth_noise(self) -> NDArray[np.float64]:
        """The deviation (2,) that this leaves to the mean of a tenth."""
        return np.asarray(self.noise() / max(1.0, self.epochs / 10) ** 0.5)

    def rises(self) -> float:
        """In how many of the epochs of the last half the loss rose, as a part of them."""
        half = self._last_half()
        return float(half[RISES] / max(half[STEPS], 1.0))

    def mean_loss(self) -> float:
        """The mean loss of the last half."""
        half = self._last_half()
        return float(half[LOSS] / half[EPOCHS])

    def _last_half(self) -> NDArray[np.float64]:
        sums: NDArray[np.float64] = np.sum(self._stretches[len(self._stretches) // 2 :], axis=0)
        return sums


def _add_moves(sums: list[float], losses: Sequence[tuple[float, float]]) -> None:
    """Add to the sums how the losses of a network moved in its last epoch."""
    if len(losses) > 1:
        sums[STEPS] += 1.0
        sums[RISES] += losses[-1][0] > losses[-2][0]
    if len(losses) > 2:
        first, second, third = losses
        sums[TURNS] += 1.0
        sums[TURN] += abs(first[0] - 2.0 * second[0] + third[0])
        sums[VALIDATION_TURN] += abs(first[1] - 2.0 * second[1] + third[1])
