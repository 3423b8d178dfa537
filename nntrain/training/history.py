"""The course of the losses over a training run, in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from nntrain.arrays import Matrix, Vector
from nntrain.engine.progress import EpochResult

MOST_STRETCHES = 1024
BEND_OF_NOISE = 6.0**0.5 * (2.0 / math.pi) ** 0.5
"""E |e_1 - 2 e_2 + e_3| for three independent normal numbers with standard deviation 1."""


class Losses(NamedTuple):
    """The loss and the validation loss of a network after an epoch; NaN without validation rows."""

    training: float
    validation: float


@dataclass(slots=True)
class Stretch:
    """Sums over consecutive epochs; the sum of two stretches is the stretch of both.

    A *step* leads from one epoch of a network to its next. A *bend* is the second difference of
    three consecutive losses, |l_1 - 2 l_2 + l_3|, in which a straight trend cancels out.
    """

    epochs: int = 0
    loss: float = 0.0
    validation_loss: float = 0.0
    steps: int = 0
    rising_steps: int = 0
    bends: int = 0
    bend: float = 0.0
    validation_bend: float = 0.0

    def __add__(self, other: Stretch) -> Stretch:
        return Stretch(
            self.epochs + other.epochs,
            self.loss + other.loss,
            self.validation_loss + other.validation_loss,
            self.steps + other.steps,
            self.rising_steps + other.rising_steps,
            self.bends + other.bends,
            self.bend + other.bend,
            self.validation_bend + other.validation_bend,
        )

    def add_epoch(self, losses: Sequence[Losses]) -> None:
        """Add one epoch with the losses of all networks."""
        self.epochs += 1
        self.loss += sum(loss for loss, _ in losses) / len(losses)
        self.validation_loss += sum(validation for _, validation in losses) / len(losses)

    def add_moves(self, losses: Sequence[Losses]) -> None:
        """Add the step and the bend that end with the last of a network's losses."""
        if len(losses) > 1:
            self.steps += 1
            self.rising_steps += losses[-1].training > losses[-2].training
        if len(losses) > 2:
            first, second, third = losses[-3:]
            self.bends += 1
            self.bend += abs(first.training - 2.0 * second.training + third.training)
            self.validation_bend += abs(
                first.validation - 2.0 * second.validation + third.validation
            )


class LossHistory:
    """The losses of all epochs added; for an ensemble, their mean over the networks.

    A network that has stopped counts with its last loss. Only sums over stretches of epochs are
    kept. When there are too many stretches, neighbours are joined in pairs; what is asked about
    the last tenth of a long run is then rounded to whole stretches.

    Where a method returns two numbers, the first is about the loss, the second about the validation
    loss; the second is NaN without validation rows.
    """

    def __init__(self) -> None:
        self.n_epochs = 0
        self._stretches: list[Stretch] = []
        self._epochs_per_stretch = 1
        self._last_losses: dict[int, list[Losses]] = {}

    def add(self, results: Sequence[EpochResult]) -> None:
        """Add one epoch, with a result for each network that is still trained."""
        for result in results:
            self._remember(result)
        self.n_epochs += 1
        if not self._stretches or self._stretches[-1].epochs >= self._epochs_per_stretch:
            if len(self._stretches) == MOST_STRETCHES:
                self._join_pairs()
            self._stretches.append(Stretch())
        stretch = self._stretches[-1]
        stretch.add_epoch([losses[-1] for losses in self._last_losses.values()])
        for result in results:
            stretch.add_moves(self._last_losses[result.member])

    def _remember(self, result: EpochResult) -> None:
        """Keep the last three losses of each network: as many as a bend needs."""
        validation = math.nan if result.validation_loss is None else result.validation_loss
        losses = self._last_losses.setdefault(result.member, [])
        losses.append(Losses(result.loss, validation))
        del losses[:-3]

    def _join_pairs(self) -> None:
        self._stretches = _joined(self._stretches, 2)
        self._epochs_per_stretch *= 2

    def tenths(self) -> Matrix:
        """The mean losses of each tenth of the epochs, in order (n_tenths, 2).

        With fewer than ten epochs, the losses of each epoch. There may be a few more than ten
        parts, and the epochs that are left over at the start belong to none.
        """
        length = max(1, len(self._stretches) // 10)
        parts = _joined(self._stretches[len(self._stretches) % length :], length)
        means = [(part.loss / part.epochs, part.validation_loss / part.epochs) for part in parts]
        return np.array(means).reshape(-1, 2)

    def noise(self) -> Vector:
        """Epoch-to-epoch noise (standard deviation) in the last half, trend removed (2,)."""
        half = self._last_half()
        bends = np.array([half.bend, half.validation_bend]) / max(half.bends, 1)
        noise: Vector = bends / BEND_OF_NOISE
        return noise

    def tenth_standard_error(self) -> Vector:
        """Standard error of a tenth's mean loss (2,), if noise is independent between epochs."""
        error: Vector = self.noise() / max(1.0, self.n_epochs / 10) ** 0.5
        return error

    def rising_fraction(self) -> float:
        """The fraction of the epochs in the last half whose loss rose."""
        half = self._last_half()
        return half.rising_steps / max(half.steps, 1)

    def mean_loss(self) -> float:
        """The mean training loss of the last half."""
        half = self._last_half()
        return half.loss / half.epochs

    def _last_half(self) -> Stretch:
        return sum(self._stretches[len(self._stretches) // 2 :], Stretch())


def _joined(stretches: Sequence[Stretch], length: int) -> list[Stretch]:
    """The sums of `length` stretches at a time."""
    starts = range(0, len(stretches), length)
    return [sum(stretches[start : start + length], Stretch()) for start in starts]
