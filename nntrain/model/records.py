"""Dataclasses as JSON objects: one description of each says how it is written, read and checked.

A `Codec` stands for one kind of value. `record` makes the codec of a dataclass from the types of
its fields; a field that needs a check of its own gets another codec by its name.
"""

from __future__ import annotations

import dataclasses
import math
import sys
import types
from collections.abc import Callable, Collection, Mapping
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin, get_type_hints

import numpy as np

from nntrain.arrays import Matrix

T = TypeVar("T")


class FormatError(Exception):
    """A file breaks the format of model files; the message does not name the file."""


@dataclasses.dataclass(frozen=True)
class Codec(Generic[T]):
    """How a value is written as JSON and read from it.

    `read` takes the JSON value and the key that it stands under, for messages; it raises
    `FormatError` for a value of another type or out of range.
    """

    write: Callable[[T], Any]
    read: Callable[[Any, str], T]


@dataclasses.dataclass(frozen=True)
class JsonObject:
    """The keys of a JSON object, in order, and the codec of each value.

    A key of `omitted` is left out of the file where its value is the one named there, and a missing
    key means this value. Any other missing key means null.
    """

    codecs: Mapping[str, Codec[Any]]
    omitted: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def write(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON object of these values."""
        written = {key: codec.write(values[key]) for key, codec in self.codecs.items()}
        return {
            key: value
            for key, value in written.items()
            if key not in self.omitted or value != self.omitted[key]
        }

    def read(self, json: Any, key: str) -> dict[str, Any]:
        """The values of a JSON object; keys that are not described are ignored."""
        if not isinstance(json, dict):
            raise missing(key)
        return {
            name: self.omitted[name]
            if name in self.omitted and name not in json
            else codec.read(json.get(name), name)
            for name, codec in self.codecs.items()
        }

    def codec(self, take: Callable[[T], Mapping[str, Any]], build: Callable[..., T]) -> Codec[T]:
        """The codec of what `take` takes apart into values, and `build` makes of them by name."""
        return Codec(
            lambda value: self.write(take(value)), lambda json, key: build(**self.read(json, key))
        )


def record(
    cls: type[T],
    *,
    omitted: Mapping[str, Any] | None = None,
    elsewhere: Mapping[str, Any] | None = None,
    **codecs: Codec[Any],
) -> Codec[T]:
    """The codec of a dataclass: a JSON object with a key for each field.

    A field has the codec of its type, unless `codecs` has another one under its name. `omitted` is
    that of `JsonObject`. The fields in `elsewhere` are not written, and get these values when the
    object is read.
    """
    elsewhere = elsewhere or {}
    hints = get_type_hints(cls)
    names = [f.name for f in dataclasses.fields(cls) if f.name not in elsewhere]  # type: ignore[arg-type]
    keys = JsonObject(
        {name: codecs[name] if name in codecs else codec_for(hints[name]) for name in names},
        omitted or {},
    )
    return keys.codec(
        lambda value: {name: getattr(value, name) for name in names},
        lambda **values: cls(**values, **elsewhere),
    )


def codec_for(hint: Any) -> Codec[Any]:
    """The codec of a type: number, text, `Literal`, optional, dictionary by text, or dataclass."""
    if hint in PLAIN:
        return PLAIN[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is types.UnionType and len(arguments) == 2 and arguments[1] is type(None):
        return optional(codec_for(arguments[0]))
    if origin is Literal:
        return one_of(arguments)
    if origin is dict and arguments[0] is str:
        return mapping(codec_for(arguments[1]))
    if dataclasses.is_dataclass(hint):
        return record(hint)  # type: ignore[arg-type]
    raise TypeError(f"{hint} has no codec of its own")


def missing(key: str) -> FormatError:
    """The error about a value that is missing or has the wrong type."""
    return FormatError(f"its header has no valid {key!r}")


def required(values: Any, key: str, kind: type[T]) -> T:
    """The value under a key of a JSON object. Raises `FormatError` where it has another type."""
    value = values.get(key) if isinstance(values, dict) else None
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise missing(key)
    return value


def _read_number(value: Any, key: str) -> float:
    if type(value) is int and abs(value) <= sys.float_info.max:
        value = float(value)
    if not isinstance(value, float):
        raise missing(key)
    if not math.isfinite(value):
        raise FormatError(f"its header has {key!r} out of range")
    return value


NUMBER = Codec[float](lambda value: value, _read_number)
WHOLE = Codec[int](lambda value: value, lambda value, key: required({key: value}, key, int))
TEXT = Codec[str](lambda value: value, lambda value, key: required({key: value}, key, str))
PLAIN: dict[Any, Codec[Any]] = {float: NUMBER, int: WHOLE, str: TEXT}


def optional(codec: Codec[T]) -> Codec[T | None]:
    """A value or null."""
    return Codec(
        lambda value: None if value is None else codec.write(value),
        lambda value, key: None if value is None else codec.read(value, key),
    )


def checked(codec: Codec[T], is_valid: Callable[[T], bool], message: str) -> Codec[T]:
    """The same codec with a check of each value read; `message` is that of the `FormatError`."""

    def read(value: Any, key: str) -> T:
        result = codec.read(value, key)
        if not is_valid(result):
            raise FormatError(message)
        return result

    return Codec(codec.write, read)


def one_of(choices: Collection[str], message: str = "its {key!r} is {value!r}") -> Codec[Any]:
    """One of several texts."""

    def read(value: Any, key: str) -> str:
        text = TEXT.read(value, key)
        if text not in choices:
            raise FormatError(message.format(key=key, value=text))
        return text

    return Codec(lambda value: value, read)


def plain_items(codec: Codec[T], message: str) -> Codec[tuple[T, ...]]:
    """A tuple of numbers or texts; `message` is that of the error about an invalid item."""

    def read(value: Any, key: str) -> tuple[T, ...]:
        items = required({key: value}, key, list)
        try:
            return tuple(codec.read(item, key) for item in items)
        except FormatError:
            raise FormatError(message) from None

    return Codec(lambda value: value, read)


def records(codec: Codec[T]) -> Codec[tuple[T, ...]]:
    """A tuple of dataclasses."""
    return Codec(
        lambda value: [codec.write(item) for item in value],
        lambda value, key: tuple(
            codec.read(item, key) for item in required({key: value}, key, list)
        ),
    )


def mapping(codec: Codec[T]) -> Codec[dict[str, T]]:
    """A dictionary from texts to values."""
    return Codec(
        lambda value: {name: codec.write(item) for name, item in value.items()},
        lambda value, key: {
            name: codec.read(item, key) for name, item in required({key: value}, key, dict).items()
        },
    )


def array(*shape: int) -> Codec[Matrix]:
    """An array of finite numbers in double precision and of this shape."""

    def read(value: Any, key: str) -> Matrix:
        if value is None:
            raise missing(key)
        try:
            numbers = np.array(value, dtype=np.float64)
        except (ValueError, TypeError, OverflowError):
            raise FormatError(f"its header has an invalid {key}") from None
        if numbers.shape != shape or not np.isfinite(numbers).all():
            raise FormatError(f"its header has an invalid {key}")
        return numbers

    return Codec(lambda value: value.tolist(), read)
