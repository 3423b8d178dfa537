"""The kinds of value that a config key may hold: how each is read from YAML text, and its range.

Values are typed by the key, never by YAML's own guess: `1e-3` is a number where a number is
expected, and `no` is a column's name where a name is expected.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

NUMBER = re.compile(r"[+-]?(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d{1,9})?", re.ASCII)
LEADING_ZERO = re.compile(r"[+-]?0\d", re.ASCII)
WORDS_FOR_TAB = ("tab", "\\t")


@dataclass(frozen=True)
class Scalar:
    """A YAML value as it is written; `plain` when it stands without quotes."""

    text: str
    plain: bool

    def __str__(self) -> str:
        return repr(self.text) if self.text or not self.plain else "nothing"


@dataclass(frozen=True)
class Kind:
    """What a key may hold: `expects` in words, `read` from YAML, `valid` for a Python value."""

    expects: str
    read: Callable[[Any], Any]
    valid: Callable[[Any], bool]


def _mismatch(expects: str, found: object, hint: str = "") -> ValueError:
    shown = "a list" if isinstance(found, list) else str(found)
    return ValueError(f"expects {expects}, found {shown}{hint}")


def _scalar_kind(
    expects: str, parse: Callable[[Scalar], Any], valid: Callable[[Any], bool]
) -> Kind:
    """A kind read from one scalar by `parse`, which returns None where the text does not fit."""

    def read(found: Any) -> Any:
        if not isinstance(found, Scalar):
            raise _mismatch(expects, found)
        value = parse(found)
        if value is None or not valid(value):
            raise _mismatch(expects, found, _hint(found))
        return value

    return Kind(expects, read, valid)


def _hint(found: Scalar) -> str:
    if not found.plain and NUMBER.fullmatch(found.text):
        return f": remove the quotes, write {found.text}"
    if LEADING_ZERO.match(found.text) and NUMBER.fullmatch(found.text):
        return f": remove the leading zero, write {found.text.lstrip('+-0') or '0'}"
    if "_" in found.text and NUMBER.fullmatch(found.text.replace("_", "")):
        return f": write {found.text.replace('_', '')}"
    return ""


def _parse_number(found: Scalar) -> float | None:
    if not found.plain or not NUMBER.fullmatch(found.text) or LEADING_ZERO.match(found.text):
        return None
    return float(found.text)


def _parse_integer(found: Scalar) -> int | None:
    value = _parse_number(found)
    if value is None or not math.isfinite(value) or not value.is_integer():
        return None
    return int(found.text) if found.text.lstrip("+-").isdigit() else int(value)


def number(
    low: float, high: float = math.inf, *, low_open: bool = False, high_open: bool = False
) -> Kind:
    """A finite number from `low` to `high`; an open end is not allowed itself."""
    lower = f"above {low:g}" if low_open else f"{low:g} or more"
    if high == math.inf:
        expects = f"a number {lower}"
    else:
        expects = f"a number {lower} and {'below' if high_open else 'at most'} {high:g}"

    def valid(value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        above = value > low if low_open else value >= low
        below = value < high if high_open else value <= high
        return above and below and abs(value) <= sys.float_info.max

    return _scalar_kind(expects, _parse_number, valid)


def integer(low: int, high: int | None = None) -> Kind:
    """A whole number from `low` to `high`; `1e3` is one."""
    expects = (
        f"a whole number, {low} or more" if high is None else f"a whole number from {low} to {high}"
    )

    def valid(value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int):
            return False
        return low <= value <= (2**53 if high is None else high)

    return _scalar_kind(expects, _parse_integer, valid)


def boolean() -> Kind:
    """`true` or `false`."""

    def parse(found: Scalar) -> bool | None:
        return {"true": True, "false": False}.get(found.text.lower()) if found.plain else None

    return _scalar_kind("true or false", parse, lambda value: isinstance(value, bool))


def choice(names: Iterable[str]) -> Kind:
    """One of some names."""
    known = tuple(names)
    shown = (name if name[0].isalpha() else repr(name) for name in known)
    expects = "one of " + ", ".join(shown)
    return _scalar_kind(expects, lambda found: found.text, lambda value: value in known)


def text(expects: str, *, may_be_empty: bool = False) -> Kind:
    """A text as it is written; without quotes `null` and `~` are no text unless it may be empty."""

    def parse(found: Scalar) -> str | None:
        is_null = found.plain and found.text in ("", "~", "null")
        return None if is_null and not may_be_empty else found.text

    def valid(value: Any) -> bool:
        return isinstance(value, str) and (may_be_empty or value != "") and is_utf8(value)

    return _scalar_kind(expects, parse, valid)


def is_utf8(value: str) -> bool:
    """Whether a text can be written as UTF-8; half of a character, or a byte of an argument that
    was none, cannot.
    """
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def separator() -> Kind:
    """One character that separates cells; `tab` is a word for it."""

    def parse(found: Scalar) -> str:
        return "\t" if found.text in WORDS_FOR_TAB else found.text

    def valid(value: Any) -> bool:
        is_one = isinstance(value, str) and len(value) == 1 and value.isascii()
        return is_one and value not in '"\r\n\0'

    return _scalar_kind("one character, such as , or ; or tab", parse, valid)


def list_of(item: Kind, expects: str) -> Kind:
    """A list, kept as a tuple."""

    def read(found: Any) -> tuple[Any, ...]:
        if not isinstance(found, list):
            raise _mismatch(expects, found)
        return tuple(item.read(each) for each in found)

    def valid(value: Any) -> bool:
        return isinstance(value, tuple) and all(item.valid(each) for each in value)

    return Kind(expects, read, valid)


def either(item: Kind, expects: str) -> Kind:
    """One value or a list of at least one; kept as a tuple."""
    many = list_of(item, expects)

    def read(found: Any) -> tuple[Any, ...]:
        value: tuple[Any, ...] = many.read(found if isinstance(found, list) else [found])
        if not value:
            raise ValueError(f"expects {expects}, found an empty list")
        return value

    return Kind(expects, read, lambda value: many.valid(value) and len(value) > 0)


def optional(kind: Kind) -> Kind:
    """The same, or unset: `null`."""

    def read(found: Any) -> Any:
        if isinstance(found, Scalar) and found.plain and found.text in ("", "~", "null"):
            return None
        return kind.read(found)

    return replace(kind, read=read, valid=lambda value: value is None or kind.valid(value))
