"""The types of value that config keys hold: how each is read from YAML text, and what is valid.

A value is typed by its key, never by YAML's own guess: `1e-3` is a number where a number is
expected, and `no` is a column's name where a name is expected.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from nntrain.config.scalars import Scalar, number_hint, parse_number, parse_whole_number

WORDS_FOR_TAB = ("tab", "\\t")


@dataclass(frozen=True)
class ValueType:
    """What a key may hold.

    `expects` says it in words. `read` gives the value of a `Scalar`, or of a list of them, and
    raises `ValueError` where it does not fit. `is_valid` checks a Python value.
    """

    expects: str
    read: Callable[[Any], Any]
    is_valid: Callable[[Any], bool]


def number(
    low: float, high: float = math.inf, *, low_open: bool = False, high_open: bool = False
) -> ValueType:
    """A finite number from `low` to `high`; an open end is not allowed itself.

    >>> number(0, 1, high_open=True).expects
    'a number 0 or more and below 1'
    """
    lower = f"above {low:g}" if low_open else f"{low:g} or more"
    if high == math.inf:
        expects = f"a number {lower}"
    else:
        expects = f"a number {lower} and {'below' if high_open else 'at most'} {high:g}"

    def is_valid(value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        above = value > low if low_open else value >= low
        below = value < high if high_open else value <= high
        return above and below and abs(value) <= sys.float_info.max

    return _scalar_type(expects, parse_number, is_valid)


def whole_number(low: int, high: int | None = None) -> ValueType:
    """A whole number from `low` to `high`; `1e3` is one too.

    >>> whole_number(1).read(Scalar("1e3", plain=True))
    1000
    """
    expects = (
        f"a whole number, {low} or more" if high is None else f"a whole number from {low} to {high}"
    )

    def is_valid(value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int):
            return False
        return low <= value <= (2**53 if high is None else high)

    return _scalar_type(expects, parse_whole_number, is_valid)


def boolean() -> ValueType:
    """`true` or `false`."""

    def parse(scalar: Scalar) -> bool | None:
        return {"true": True, "false": False}.get(scalar.text.lower()) if scalar.plain else None

    return _scalar_type("true or false", parse, lambda value: isinstance(value, bool))


def choice(names: Iterable[str]) -> ValueType:
    """One of some names.

    >>> choice(["last", "best"]).expects
    'one of last, best'
    """
    known = tuple(names)
    shown = (name if name[0].isalpha() else repr(name) for name in known)
    expects = "one of " + ", ".join(shown)
    return _scalar_type(expects, lambda scalar: scalar.text, lambda value: value in known)


def text(expects: str, *, may_be_empty: bool = False) -> ValueType:
    """A text as it is written. Unquoted `null` and `~` are texts only if it may be empty."""

    def parse(scalar: Scalar) -> str | None:
        return None if scalar.is_null and not may_be_empty else scalar.text

    def is_valid(value: Any) -> bool:
        return isinstance(value, str) and (may_be_empty or value != "") and is_utf8(value)

    return _scalar_type(expects, parse, is_valid)


def character() -> ValueType:
    """One character that separates cells; `tab` is a word for it."""

    def parse(scalar: Scalar) -> str:
        return "\t" if scalar.text in WORDS_FOR_TAB else scalar.text

    def is_valid(value: Any) -> bool:
        is_one = isinstance(value, str) and len(value) == 1 and value.isascii()
        return is_one and value not in '"\r\n\0'

    return _scalar_type("one character, such as , or ; or tab", parse, is_valid)


def list_of(item: ValueType, expects: str, *, may_be_null: bool = False) -> ValueType:
    """A list of values of one type, kept as a tuple; null is an empty one if it may be null."""

    def read(found: Any) -> tuple[Any, ...]:
        if may_be_null and isinstance(found, Scalar) and found.is_null:
            return ()
        if not isinstance(found, list):
            raise _mismatch(expects, found)
        return tuple(item.read(element) for element in found)

    def is_valid(value: Any) -> bool:
        return isinstance(value, tuple) and all(item.is_valid(element) for element in value)

    return ValueType(expects, read, is_valid)


def by_column(item: ValueType, expects: str) -> ValueType:
    """A mapping from columns to values of one type, kept as a dictionary."""

    def read(found: Any) -> dict[str, Any]:
        if isinstance(found, Scalar) and found.is_null:
            return {}
        if not isinstance(found, dict):
            raise _mismatch(expects, found)
        return {column: item.read(value) for column, value in found.items()}

    def is_valid(value: Any) -> bool:
        return isinstance(value, dict) and all(
            isinstance(column, str) and column != "" and is_utf8(column) and item.is_valid(element)
            for column, element in value.items()
        )

    return ValueType(expects, read, is_valid)


def one_or_more(item: ValueType, expects: str) -> ValueType:
    """One value, or a list of at least one; kept as a tuple."""
    several = list_of(item, expects)

    def read(found: Any) -> tuple[Any, ...]:
        value: tuple[Any, ...] = several.read([found] if isinstance(found, Scalar) else found)
        if not value:
            raise ValueError(f"expects {expects}, found an empty list")
        return value

    return ValueType(expects, read, lambda value: several.is_valid(value) and len(value) > 0)


def optional(value_type: ValueType) -> ValueType:
    """The same, or not set: `null`, which is None in Python."""

    def read(found: Any) -> Any:
        return None if isinstance(found, Scalar) and found.is_null else value_type.read(found)

    def is_valid(value: Any) -> bool:
        return value is None or value_type.is_valid(value)

    return replace(value_type, read=read, is_valid=is_valid)


def is_utf8(value: str) -> bool:
    r"""Whether a text can be written as UTF-8.

    Half of a surrogate pair cannot, nor can an argument of the command that was not UTF-8.

    >>> is_utf8("é"), is_utf8("\ud800")
    (True, False)
    """
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _scalar_type(
    expects: str, parse: Callable[[Scalar], Any], is_valid: Callable[[Any], bool]
) -> ValueType:
    """A type read from one scalar by `parse`, which returns None where the text does not fit."""

    def read(found: Any) -> Any:
        if not isinstance(found, Scalar):
            raise _mismatch(expects, found)
        value = parse(found)
        if value is None or not is_valid(value):
            raise _mismatch(expects, found, number_hint(found))
        return value

    return ValueType(expects, read, is_valid)


def _mismatch(expects: str, found: object, hint: str = "") -> ValueError:
    shown = str(found)
    if isinstance(found, (list, dict)):
        shown = "a list" if isinstance(found, list) else "a mapping"
    return ValueError(f"expects {expects}, found {shown}{hint}")
