"""What is learned of each column, as records: features on a scale, categories, and targets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nntrain.arrays import Mask, Vector
from nntrain.data.notation.cycles import cycle_input_names
from nntrain.data.notation.dates import DateNotation
from nntrain.data.notation.notation import Notation


@dataclass(frozen=True)
class NumericColumn:
    """A feature of values on a scale: numbers, dates or times, or ordered categories.

    One input is (value - shift) / scale; a missing cell counts as the `mean`. `notation` is how the
    cells are written, if not as plain numbers; dates are seconds since 1970, times seconds since
    midnight. Ordered categories are their positions in `levels`. `cycles` are those of the calendar
    that become inputs beside the value, such as the day of the week (`notation.cycles`).

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
    notation: Notation | None = None
    cycles: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """What the values are: numbers, dates, times or ordered categories."""
        if self.levels:
            return "ordered"
        if isinstance(self.notation, DateNotation):
            return "time" if self.notation.is_time else "date"
        return "number"

    def shown(self, value: float) -> str:
        """A value as a text for people: a date as one, a position as its category."""
        if self.levels:
            position = min(max(round(value), 0), len(self.levels) - 1)
            return self.levels[position]
        if isinstance(self.notation, DateNotation):
            return self.notation.text(value)
        return f"{value:g}"

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
        bins = (
            f"{self.name} from {self.shown(low)} to {self.shown(high)}"
            for low, high in pairwise(self.edges)
        )
        cycles = (f"{self.name} {name}" for name in cycle_input_names(self.cycles))
        missing = (f"{self.name} is missing",) if self.has_missing else ()
        return (*value, *bins, *cycles, *missing)

    @property
    def plain_inputs(self) -> tuple[bool, ...]:
        """For each of these inputs, whether it is a plain one and no bin."""
        n_values, n_bins = int(not self.is_constant), max(0, len(self.edges) - 1)
        n_others = len(self.input_names) - n_values - n_bins
        return (*[True] * n_values, *[False] * n_bins, *[True] * n_others)


@dataclass(frozen=True)
class CategoricalColumn:
    """A feature of texts: one 0/1 input for each category among the training rows.

    The categories in `rare`, and any that training had not seen, share one more input; without rare
    ones, an unseen category has no input that is 1.

    With `encodings`, the inputs are numbers instead: for each of `targets` the smoothed mean of the
    target among the category's training rows, then the logarithm of their number, standardized
    (`target_means`). The last encoding is that of any other category.
    """

    name: str
    categories: tuple[str, ...]
    rare: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    encodings: tuple[tuple[float, ...], ...] = ()

    @property
    def input_names(self) -> tuple[str, ...]:
        """The network inputs that this column becomes."""
        if self.encodings:
            means = (f"{self.name}: mean of {target}" for target in self.targets)
            return (*means, f"{self.name}: rows")
        rare = (f"{self.name} is rare",) if self.rare else ()
        return (*(f"{self.name}={category}" for category in self.categories), *rare)

    @property
    def plain_inputs(self) -> tuple[bool, ...]:
        """For each of these inputs, whether it is a plain one, which all of them are."""
        return (True,) * len(self.input_names)


Feature = NumericColumn | CategoricalColumn


@dataclass(frozen=True)
class TargetColumn:
    """A target: the network learns (value - shift) / scale.

    Without standardization, shift is 0 and scale is 1. `minimum` and `maximum` are those of the
    training rows. With the `transform` "log", the value's natural logarithm is shifted and scaled.
    `notation` is how the cells are written, if not as plain numbers.
    """

    name: str
    shift: float
    scale: float
    minimum: float
    maximum: float
    transform: str = "none"
    notation: Notation | None = None
