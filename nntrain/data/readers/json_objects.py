"""One line of JSON lines: the values of its object, checked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from nntrain.data.readers.csv_block import MAX_RECORD_BYTES, not_utf_8
from nntrain.data.readers.values import NumberText
from nntrain.errors import DataError

HALF_CHARACTER = re.compile("[\ud800-\udfff]")
"""A surrogate without its other half, which JSON can escape and UTF-8 cannot write."""

CONSTANTS = {"NaN": None, "Infinity": "Infinity", "-Infinity": "-Infinity"}
"""What Python writes for numbers that JSON does not have."""

MAX_DEPTH = 100
"""The most arrays and objects inside each other."""


class _RepeatedKeyError(Exception):
    """A key that stands twice in one object; its name is the argument."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _RepeatedKeyError(next(key for key in keys if keys.count(key) > 1))
    return members


_decode = partial(
    json.loads,
    parse_constant=CONSTANTS.get,
    object_pairs_hook=_members,
)
# A double of an integer is wanted, and Python refuses to make an integer of thousands of digits.
_as_doubles = partial(_decode, parse_int=float)
_as_written = partial(_decode, parse_int=NumberText, parse_float=NumberText)


def parse_object(text: bytes, place: str, *, as_written: bool) -> dict[str, Any]:
    """The members of the object on a line; `place` names the line in messages.

    Numbers are `NumberText`, with the digits that are written, or doubles, which is faster. Raises
    `DataError` for what is no object, or none that a table can hold.
    """
    check_length(text, place)
    try:
        values = (_as_written if as_written else _as_doubles)(text.decode())
    except UnicodeDecodeError as error:
        raise DataError(f"{place}: {not_utf_8(error)}") from None
    except _RepeatedKeyError as error:
        raise DataError(
            f"{place}: the key {error.args[0]!r} stands twice in one object; rename one"
        ) from None
    except (ValueError, RecursionError):
        raise DataError(f"{place}: is not JSON; {_expected(text)}") from None
    if not isinstance(values, dict):
        raise DataError(f"{place}: expects a JSON object, found another value")
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH and _depth(values) > MAX_DEPTH:
        raise DataError(f"{place}: is nested deeper than {MAX_DEPTH} levels")
    if b"\\u" in text:
        _check_characters(values, place)
    return values


def check_length(text: bytes, place: str) -> None:
    """Raise `DataError` for a line, or the part of one, that is too long."""
    if len(text) > MAX_RECORD_BYTES:
        raise DataError(f"{place}: the line is longer than 16 MiB")


def _depth(value: Any) -> int:
    """How many arrays and objects stand inside each other."""
    depth, level = 0, [value]
    while level:
        level = [
            part
            for whole in level
            if isinstance(whole, (dict, list))
            for part in (whole.values() if isinstance(whole, dict) else whole)
        ]
        depth += 1
    return depth


def _expected(line: bytes) -> str:
    """What a line should hold that is not JSON."""
    if line.strip() in (b"{", b"["):
        return "expects each object whole on one line; convert it: jq -c . FILE"
    return "expects a JSON object a line"


def _check_characters(values: Mapping[str, Any], place: str) -> None:
    for key, value in values.items():
        if half := HALF_CHARACTER.search(key + json.dumps(value, ensure_ascii=False)):
            raise DataError(
                f"{place}, key {key!r}: {half[0]!r} is half of a character, which no UTF-8 text "
                f"can hold; write the other half too, or remove it"
            )
