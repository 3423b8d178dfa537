"""Values of typed formats (JSON, Parquet, DataFrames) as cells: a text, and the same in JSON.

Whatever format a value comes from, its cell has the text that a CSV would hold: an integer its
digits, a floating-point number the shortest decimal that reads back to it, a truth value `true` or
`false`, a date or time its ISO 8601 form. An absent value is an empty text.
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Column, Vector
from nntrain.data.readers.cells import DATE_AND_TIME, CellFormat, moment_text
from nntrain.text import json_text

JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
PANDAS_SCALARS = ("Period", "Interval")
MIN_EXPONENT, MAX_EXPONENT = -14, 27
"""Decimal exponents whose scaling to 6 to 9 digits takes powers of ten that are exact doubles."""


class NumberText(str):
    """A number of a JSON file, with the digits that it is written with."""

    __slots__ = ()


def _decoded(value: bytes) -> str | None:
    """The text that bytes are as UTF-8; None if they are not."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def tidy_moment(text: str) -> str:
    """A date and time, or a time, without zeros at its fraction's end, and with a full offset."""
    found = DATE_AND_TIME.fullmatch(text)
    return moment_text(*found.groups(default="")) if found else text


def duration_text(value: dt.timedelta) -> str:
    """A duration as pandas writes it: `1 days 02:30:00`, then a fraction if there is one."""
    nanoseconds = 1000 * value.microseconds + getattr(value, "nanoseconds", 0)
    return text_of_duration(value.days, value.seconds, nanoseconds)


def text_of_duration(days: int, seconds: int, nanoseconds: int) -> str:
    """A duration as pandas writes it: days, seconds below a day, nanoseconds below a second."""
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    fraction = f".{nanoseconds:09}".rstrip("0") if nanoseconds else ""
    return f"{days} days {hour:02}:{minute:02}:{second:02}{fraction}"


CONVERSIONS: tuple[tuple[Any, Callable[[Any], str | None]], ...] = (
    (str, str),
    (type(None), lambda _: ""),
    ((bool, np.bool_), lambda value: "true" if value else "false"),
    ((int, np.integer), lambda value: str(int(value))),
    ((np.float16, np.float32), lambda value: repr(float(str(value)))),
    ((float, np.floating), lambda value: repr(float(value))),
    (decimal.Decimal, lambda value: format(value, "f")),
    ((dt.datetime, dt.time), lambda value: tidy_moment(str(value))),
    (dt.timedelta, duration_text),
    ((dt.date, uuid.UUID), str),
    (bytes, _decoded),
)
"""The text of each type of value; the first that fits counts."""

JSON_CONSTANTS = {"": "null", "true": "true", "false": "false"}


def cell_text(value: Any) -> str | None:
    """A value's text as a cell, empty for `None`; None for an array, an object or the like."""
    for types, convert in CONVERSIONS:
        if isinstance(value, types):
            return convert(value)
    is_scalar = type(value).__name__ in PANDAS_SCALARS
    return str(value) if is_scalar and type(value).__module__.startswith("pandas") else None


def json_cell(value: Any) -> str:
    """A value in JSON: a number, text, true, false or null, or an array or object of them."""
    if isinstance(value, dict):
        members = (f"{json_text(str(key))}: {json_cell(part)}" for key, part in value.items())
        return "{" + ", ".join(members) + "}"
    if isinstance(value, (list, tuple, np.ndarray)):
        return "[" + ", ".join(map(json_cell, value)) + "]"
    text = cell_text(value)
    if isinstance(value, (float, np.floating)) and np.isnan(value):
        return "null"
    if isinstance(value, NumberText) or text is None:
        return str(value) if text else json_text(str(value))
    if isinstance(value, (type(None), bool, np.bool_)):
        return JSON_CONSTANTS[text]
    is_number = isinstance(value, (int, float, np.number, decimal.Decimal))
    return text if is_number and JSON_NUMBER.fullmatch(text) else json_text(text)


def json_cell_of_text(text: str, decimal_mark: str) -> str:
    """A cell of delimited text in JSON: a number if it is written as JSON writes one, or a text.

    Where the decimal mark is a comma, `1.234` is a text.
    """
    is_number = JSON_NUMBER.fullmatch(text) and (decimal_mark == "." or "." not in text)
    return text if is_number else json_text(text)


def text_or_json(value: Any) -> str:
    """A value's text as a cell; an array or object is its JSON."""
    text = cell_text(value)
    return json_cell(value) if text is None else text


def object_column(values: Iterable[object]) -> Column:
    """An object array (n_rows,) of any values."""
    values = list(values)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def numbers_of(values: Sequence[Any], texts: Column, cells: CellFormat) -> Vector | None:
    """The numbers (n_rows,) in values, whose `texts` are given; None if any is a text.

    An absent value is missing, even if an empty text is not.
    """
    absent = [value is None for value in values]
    if not any(absent):
        return cells.numbers(texts)
    is_present = np.logical_not(absent)
    present = cells.numbers(texts[is_present])
    if present is None:
        return None
    result = np.full(len(texts), np.nan)
    result[is_present] = present
    return result


def shortest_decimals(values: NDArray[np.floating[Any]]) -> Vector:
    """Doubles (n_rows,) nearest to the shortest decimal that reads back as each single or half.

    So the number 0.1 that is kept in single precision is 0.1 as in a CSV, and not
    0.10000000149011612.
    """
    if values.dtype != np.float32:
        return _by_text(values)
    wide: Vector = values.astype(np.float64)
    with np.errstate(divide="ignore"):
        exponents = np.floor(np.log10(np.abs(wide)))
    # Near a power of two the nearest decimal may not be the shortest that reads back.
    is_power_of_two = np.abs(np.frexp(values)[0]) == 0.5
    by_text = ((exponents < MIN_EXPONENT) | (exponents > MAX_EXPONENT)) & np.isfinite(exponents)
    by_text |= is_power_of_two
    wide[by_text] = _by_text(values[by_text])
    rows = np.flatnonzero(np.isfinite(exponents) & ~by_text)
    for digits in (6, 7, 8, 9):
        rounded = _rounded(wide[rows], digits - 1 - exponents[rows])
        reads_back = rounded.astype(np.float32) == values[rows]
        wide[rows[reads_back]] = rounded[reads_back]
        rows = rows[~reads_back]
    return wide


def _rounded(x: Vector, power: Vector) -> Vector:
    """Numbers (n_rows,) to the nearest multiple of 10**-power, correctly rounded to a double."""
    scale = 10.0 ** np.abs(power)
    return np.where(power >= 0, np.rint(x * scale) / scale, np.rint(x / scale) * scale)


def _by_text(values: NDArray[np.floating[Any]]) -> Vector:
    """`shortest_decimals`, the slow way."""
    return np.array([float(str(value)) for value in values], dtype=np.float64)
