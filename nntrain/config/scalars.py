"""Single YAML values as they are written, and what they are as numbers."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

NUMBER = re.compile(r"[+-]?(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d{1,9})?", re.ASCII)
LEADING_ZERO = re.compile(r"[+-]?0\d", re.ASCII)
NULLS = ("", "~", "null")
"""What YAML takes as no value, when it stands without quotes."""


@dataclass(frozen=True)
class Scalar:
    """A single YAML value as it is written; `plain` when it stands without quotes."""

    text: str
    plain: bool

    def __str__(self) -> str:
        return repr(self.text) if self.text or not self.plain else "nothing"

    @property
    def is_null(self) -> bool:
        """Whether this is YAML's null."""
        return self.plain and self.text in NULLS


def parse_number(scalar: Scalar) -> float | None:
    """The number that a scalar writes, or None: no quotes, no leading zero, no underscores.

    >>> parse_number(Scalar("1e-3", plain=True)), parse_number(Scalar("007", plain=True))
    (0.001, None)
    """
    if not scalar.plain or not NUMBER.fullmatch(scalar.text) or LEADING_ZERO.match(scalar.text):
        return None
    return float(scalar.text)


def parse_whole_number(scalar: Scalar) -> int | None:
    """The whole number that a scalar writes, exact at any length, or None.

    >>> parse_whole_number(Scalar("1e3", plain=True)), parse_whole_number(Scalar("1.5", plain=True))
    (1000, None)
    """
    value = parse_number(scalar)
    if value is None or not math.isfinite(value) or not value.is_integer():
        return None
    return int(scalar.text) if scalar.text.lstrip("+-").isdigit() else int(value)


def number_hint(scalar: Scalar) -> str:
    """How to write a scalar that looks like a number but is not read as one; empty for others.

    >>> number_hint(Scalar("1_000", plain=True))
    ': write 1000'
    """
    if not scalar.plain and NUMBER.fullmatch(scalar.text):
        return f": remove the quotes, write {scalar.text}"
    if LEADING_ZERO.match(scalar.text) and NUMBER.fullmatch(scalar.text):
        return f": remove the leading zero, write {scalar.text.lstrip('+-0') or '0'}"
    if "_" in scalar.text and NUMBER.fullmatch(scalar.text.replace("_", "")):
        return f": write {scalar.text.replace('_', '')}"
    return ""
