"""Records: a dataclass is written as JSON and read back by the types of its fields."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pytest

from nntrain.model.records import (
    NUMBER,
    TEXT,
    WHOLE,
    Codec,
    FormatError,
    JsonObject,
    array,
    checked,
    codec_for,
    mapping,
    one_of,
    optional,
    plain_items,
    record,
    records,
)


@dataclass(frozen=True)
class Inner:
    name: str
    size: float


@dataclass(frozen=True)
class Outer:
    count: int
    ratio: float | None
    reason: Literal["", "time"]
    inner: Inner
    by_name: dict[str, Inner]
    labels: tuple[str, ...] = ()
    member: int = 0


OUTER = record(
    Outer,
    omitted={"labels": ()},
    elsewhere={"member": 7},
    labels=plain_items(TEXT, "a label is not a text"),
    inner=checked(record(Inner), lambda inner: inner.size > 0, "an inner size is not above 0"),
)
VALUE = Outer(3, None, "time", Inner("a", 1.5), {"b": Inner("b", 0.1)}, ("é",), member=7)
JSON = {
    "count": 3,
    "ratio": None,
    "reason": "time",
    "inner": {"name": "a", "size": 1.5},
    "by_name": {"b": {"name": "b", "size": 0.1}},
    "labels": ["é"],
}


def read(codec: Codec[Any], value: object) -> Any:
    return codec.read(json.loads(json.dumps(value)), "key")


def refusal(codec: Codec[Any], value: object) -> str:
    with pytest.raises(FormatError) as caught:
        read(codec, value)
    return str(caught.value)


def test_a_record_is_written_in_the_order_of_its_fields_and_read_back() -> None:
    written = OUTER.write(VALUE)
    assert json.dumps(written) == json.dumps(JSON)
    assert read(OUTER, written) == VALUE


def test_an_omitted_key_means_its_default() -> None:
    plain = Outer(3, 0.5, "", Inner("a", 1.5), {}, member=7)
    written = OUTER.write(plain)
    assert "labels" not in written
    assert read(OUTER, written) == plain


def test_a_missing_key_is_null_and_unknown_keys_are_ignored() -> None:
    without = {key: value for key, value in JSON.items() if key != "ratio"}
    assert read(OUTER, without | {"later": 1}) == VALUE


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": 1.0}, "its header has no valid 'count'"),
        ({"count": True}, "its header has no valid 'count'"),
        ({"ratio": "1"}, "its header has no valid 'ratio'"),
        ({"ratio": 10**400}, "its header has no valid 'ratio'"),
        ({"reason": "gremlins"}, "its 'reason' is 'gremlins'"),
        ({"reason": None}, "its header has no valid 'reason'"),
        ({"inner": []}, "its header has no valid 'inner'"),
        ({"inner": {"name": "a"}}, "its header has no valid 'size'"),
        ({"inner": {"name": "a", "size": 0}}, "an inner size is not above 0"),
        ({"by_name": {"b": 1}}, "its header has no valid 'by_name'"),
        ({"by_name": []}, "its header has no valid 'by_name'"),
        ({"labels": [1]}, "a label is not a text"),
        ({"labels": None}, "its header has no valid 'labels'"),
    ],
)
def test_an_invalid_value_is_refused_with_its_key(change: Any, message: str) -> None:
    assert refusal(OUTER, JSON | change) == message


def test_a_whole_number_is_a_number_but_none_that_is_not_finite() -> None:
    assert read(NUMBER, 3) == 3.0
    assert isinstance(read(NUMBER, 3), float)
    for value in (float("nan"), float("inf")):
        with pytest.raises(FormatError, match="its header has 'key' out of range"):
            NUMBER.read(value, "key")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "its header has no valid 'key'"),
        ([[1.0, 2.0]], "its header has an invalid key"),
        ([1.0], "its header has an invalid key"),
        ([1.0, "x"], "its header has an invalid key"),
        ([1.0, [2.0]], "its header has an invalid key"),
        ([1.0, 10**400], "its header has an invalid key"),
    ],
)
def test_an_array_has_its_shape_and_finite_numbers(value: object, message: str) -> None:
    numbers = np.array([0.1, 1e300])
    found = read(array(2), array(2).write(numbers))
    assert found.tobytes() == numbers.tobytes()
    assert refusal(array(2), value) == message
    with pytest.raises(FormatError, match="an invalid key"):
        array(2).read([1.0, float("inf")], "key")


def test_codecs_of_codecs() -> None:
    pairs = records(record(Inner))
    value = (Inner("a", 1.0), Inner("b", 2.0))
    assert read(pairs, pairs.write(value)) == value
    assert refusal(pairs, {}) == "its header has no valid 'key'"
    maybe = optional(mapping(WHOLE))
    assert read(maybe, maybe.write(None)) is None
    assert read(maybe, maybe.write({"a": 1})) == {"a": 1}
    assert refusal(one_of(["u"], "{key} has {value}"), "v") == "key has v"


def test_a_type_without_a_codec_is_a_mistake_of_the_programmer() -> None:
    with pytest.raises(TypeError, match="has no codec of its own"):
        codec_for(tuple[int, ...])


def test_an_object_reads_only_objects() -> None:
    with pytest.raises(FormatError, match="has no valid 'key'"):
        JsonObject({"a": WHOLE}).read([1], "key")
