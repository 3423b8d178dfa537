"""What is learned of each column, as records: numeric and categorical features, and targets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nntrain.arrays import Mask, Vector


@dataclass(frozen=True)
class NumericColumn:
    """A feature of numbers: one input (value - shift) / scale; a missing cell counts as the `mean`.

    `minimum` and `maximum` are those of the training rows, and `missing_rate` is the fraction of
    them whose cell was missing. If any was, one more 0/1 input marks missing cells; if all values
    were the same but for rounding, it is the only input, and both bounds are the same. Between each
    two of the `edges`, if there are any, lies a bin with an input of its own: -1 below the bin, 1
    above it, and a straight line inside it.
    """

    name: str
    mean: float
    shift: float
    scale: float
    minimum: float
    maximum: float
    missing_rate: float
    edges: tuple[float, ...] = ()

    @property
    def has_missing(self) -> bool:
        """Whether any training cell was missing."""
        return self.missing_rate > 0

    @property
    def is_constant(self) -> bool:
        """Whether the training values were all the same, but for rounding."""
        return self.minimum == self.maximum

    @property
    def far_bounds(self) -> tuple[float, float]:
        """The bounds beyond which a number is far from those of training.

        Far is further outside the training range than it is wide: from there on, the network
        guesses over a longer way than all that it has seen. Of a constant column no number is far,
        because the network sees none of them.
        """
        if self.is_constant:
            return -math.inf, math.inf
        width = self.maximum - self.minimum
        return self.minimum - width, self.maximum + width

    def is_far(self, values: Vector) -> Mask:
        """Which of the values (n_rows,) are far from those of training; missing ones are not."""
        low, high = self.far_bounds
        return np.asarray((values < low) | (values > high))

    def is_outside(self, values: Vector) -> Mask:
        """Which of the values (n_rows,) are outside the training range; `is_far` is stricter."""
        if self.is_constant:
            return np.zeros(len(values), dtype=bool)
        return np.asarray((values < self.minimum) | (values > self.maximum))

    @property
    def input_names(self) -> tuple[str, ...]:
        """The network inputs that this column becomes."""
        value = () if self.is_constant else (self.name,)
        bins = (f"{self.name} from {low:g} to {high:g}" for low, high in pairwise(self.edges))
        return (*value, *bins, *([f"{self.name} is missing"] if self.has_missing else []))

    @property
    def plain_inputs(self) -> tuple[bool, ...]:
        """For each of these inputs, whether it is a plain one: the number or the mark, no bin."""
        n_bins = max(0, len(self.edges) - 1)
        n_others = len(self.input_names) - n_bins - self.has_missing
        return (*[True] * n_others, *[False] * n_bins, *[True] * self.has_missing)


@dataclass(frozen=True)
class CategoricalColumn:
    """A feature of texts: one 0/1 input for each category among the training rows."""

    name: str
    categories: tuple[str, ...]

    @property
    def input_names(self) -> tuple[str, ...]:
        """The network inputs that this column becomes."""
        return tuple(f"{self.name}={category}" for category in self.categories)

    @property
    def plain_inputs(self) -> tuple[bool, ...]:
        """For each of these inputs, whether it is a plain one, which all of them are."""
        return (True,) * len(self.categories)


Feature = NumericColumn | CategoricalColumn


@dataclass(frozen=True)
class TargetColumn:
    """A target: the network learns (value - shift) / scale.

    Without standardization, shift is 0 and scale is 1. `minimum` and `maximum` are those of the
    training rows. With the `transform` "log", the value's natural logarithm is shifted and scaled.
    """

    name: str
    shift: float
    scale: float
    minimum: float
    maximum: float
    transform: str = "none"
