"""Notations that a column may have: what they make of its cells, and where they differ."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from nntrain.data.notation.affixes import SURE_SCALES, split_rest
from nntrain.data.notation.numbers import CELL, PARENTHESES, NumberNotation, Scale
from nntrain.data.notation.shapes import Shape

PLAIN = re.compile("[+-]?[09.]+(?:[eE][+-]?9+)?")
"""A shape that any reader of numbers would take for one."""
CODE = re.compile(r"9{3}(?:[. ]9{3})+")
"""A shape which all cells of a column have only if they are codes or telephone numbers."""
ADDRESS = re.compile(r"9{1,3}(?:\.9{3}){3}")
"""A shape which addresses of computers have, such as 10.100.100.200."""


def count_cells(shapes: Iterable[Shape]) -> int:
    """The number of cells of these shapes."""
    return sum(shape.n_cells for shape in shapes)


@dataclass(frozen=True)
class Candidate:
    """A notation that a column may have, beside the shapes of the column's cells."""

    notation: NumberNotation
    shapes: tuple[Shape, ...]

    @cached_property
    def values(self) -> list[float | None]:
        """The number that each shape's example is, None where it does not fit."""
        return [self.notation.number(shape.example) for shape in self.shapes]

    @cached_property
    def n_cells(self) -> int:
        """The number of cells that fit."""
        return count_cells(self.fitting)

    @property
    def fitting(self) -> list[Shape]:
        """The shapes that fit."""
        pairs = zip(self.shapes, self.values, strict=True)
        return [shape for shape, value in pairs if value is not None]

    @property
    def misfits(self) -> list[Shape]:
        """The shapes that do not fit."""
        pairs = zip(self.shapes, self.values, strict=True)
        return [shape for shape, value in pairs if value is None]

    def alone(self, other: Candidate) -> list[Shape]:
        """The shapes that fit this notation and not the other."""
        triples = zip(self.shapes, self.values, other.values, strict=True)
        return [shape for shape, own, its in triples if own is not None and its is None]

    def conflicts(self, other: Candidate) -> list[Shape]:
        """The shapes that fit both notations, as different numbers."""
        triples = zip(self.shapes, self.values, other.values, strict=True)
        return [shape for shape, own, its in triples if None not in {own, its} and own != its]

    @property
    def telling_example(self) -> Shape:
        """The first shape that shows the notation: one that is no plain number, if there is one."""
        plain = NumberNotation()
        for shape in self.fitting:
            value = self.notation.number(shape.example)
            if not PLAIN.fullmatch(shape.text) or plain.number(shape.example) != value:
                return shape
        return self.fitting[0]

    def example(self, scaled: bool) -> Shape:
        """The first shape of a notation with a scale for some numbers that has one, or has none."""
        unscaled = replace(self.notation, scale="none")
        return next(
            shape
            for shape in self.fitting
            if (unscaled.number(shape.example) is None) == scaled
            and self.notation.number(shape.example) != 0.0
        )

    @property
    def is_code(self) -> bool:
        """Whether the shapes are rather codes, such as telephone numbers, than numbers in groups.

        These are numbers which all have a plus or all have parentheses, groups of three digits in
        all cells alike, and addresses.
        """
        if replace(self.notation, decimal=".", grouping="") != NumberNotation():
            return False
        texts = [shape.text for shape in self.fitting]
        if self.notation.grouping not in {" ", "."}:
            return all("(" in text for text in texts)
        return (
            all(text.startswith(("+", "(")) for text in texts)
            or (len(texts) == 1 and CODE.fullmatch(texts[0]) is not None)
            or all(map(ADDRESS.fullmatch, texts))
        )


def shared_affixes(shapes: Iterable[Shape]) -> NumberNotation:
    """A notation with the prefix and the suffix of most cells, and with their scale."""
    pairs = [(CELL.fullmatch(shape.example.translate(PARENTHESES)), shape) for shape in shapes]
    parts = [
        (cell[1] or "", cell[3], shape.n_cells, cell[2] == "0") for cell, shape in pairs if cell
    ]
    scaled_suffixes = _scaled_suffixes(parts)
    counts: Counter[tuple[str, str]] = Counter()
    scales: dict[tuple[str, str], set[bool]] = {}
    for prefix, rest, n_cells, is_zero in parts:
        found = split_rest(rest, takes_unsure=True)
        if found and not prefix and found[1] not in scaled_suffixes:
            found = split_rest(rest, takes_unsure=False)
        if found:
            counts[prefix, found[1]] += n_cells
            known = scales.setdefault((prefix, found[1]), set())
            known |= set() if is_zero and not found[0] else {bool(found[0])}
    if not counts:
        return NumberNotation()
    most = max(counts, key=lambda affixes: counts[affixes])
    scale: Scale = "some" if len(scales[most]) > 1 else "all" if True in scales[most] else "none"
    return NumberNotation(prefix=most[0], suffix=most[1], scale=scale)


def _scaled_suffixes(parts: list[tuple[str, str, int, bool]]) -> set[str]:
    """The suffixes that enough cells have after a k or such to tell that an m is a million there.

    A single k beside many metres would turn them into millions: one in ten it has to be.
    """
    sure: Counter[str] = Counter()
    unsure: Counter[str] = Counter()
    for _, rest, n_cells, _ in parts:
        scale, suffix = split_rest(rest, takes_unsure=True) or ("", "")
        if scale:
            (sure if scale in SURE_SCALES else unsure)[suffix] += n_cells
    return {suffix for suffix, n_cells in sure.items() if unsure[suffix] <= 10 * n_cells}
