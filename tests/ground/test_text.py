"""Numbers, names and counts as text: the digits that count, bounded lengths, nothing unprintable."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nntrain.text import (
    LONGEST_CELL,
    LONGEST_LINE,
    aligned,
    counted,
    distinct_names,
    escaped_json,
    format_distinct,
    format_number,
    format_ratio,
    format_with_difference,
    json_text,
    printable,
    printable_cell,
    quoted,
    shortened,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "-"),
        (0.0, "0"),
        (0.123456, "0.1235"),
        (-12.3456, "-12.35"),
        (9999.4, "9999"),
        (10_000.4, "10,000"),
        (123_456_789.0, "123,456,789"),
        (1e12, "1e+12"),
        (1.5e-9, "1.5e-09"),
        (1030, "1,030"),
        (math.inf, "inf"),
    ],
)
def test_a_number_has_four_significant_digits(value: float | None, expected: str) -> None:
    assert format_number(value) == expected


def test_a_ratio_has_three_decimals_unless_it_is_huge() -> None:
    assert [format_ratio(value) for value in (None, 1.0, -0.12345, -12345.6)] == [
        "-", "1.000", "-0.123", "-1.23e+04",
    ]  # fmt: skip


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=6))
def test_numbers_that_differ_never_look_the_same(values: list[float]) -> None:
    values = [
        value + 0.0 for value in values
    ]  # -0.0 and 0.0 are equal, and are written differently
    texts = format_distinct(values)
    assert len(set(texts)) == len(set(values))


def test_values_and_their_difference_can_be_checked_by_eye() -> None:
    assert format_with_difference(0.5, [2.0, 1.5]) == ["2.0000", "1.5000", "0.5000"]
    assert format_with_difference(0.0, [2.0, 2.0]) == ["2.0000", "2.0000", "0.0000"]
    assert format_with_difference(1e-30, [1.0, 1.0])[0] == "1.000000000000000"
    assert format_with_difference(2e12, [3e12, 1e12]) == ["3e+12", "1e+12", "2e+12"]


def test_counts_and_names_are_bounded_and_readable() -> None:
    assert counted(0, "row") == "0 rows"
    assert counted(1, "category", "categories") == "1 category"
    assert quoted([str(i) for i in range(10)]).endswith("'7' and 2 more")
    assert quoted(("it's",)) == '"it\'s"'


def test_a_long_line_keeps_its_start_and_its_end() -> None:
    line = "start" + "x" * 10_000 + "end"
    assert shortened("x" * LONGEST_LINE) == "x" * LONGEST_LINE
    assert len(shortened(line)) <= LONGEST_LINE
    assert shortened(line).startswith("start")
    assert shortened(line).endswith("end")


@given(st.text())
def test_what_is_printed_can_be_printed(text: str) -> None:
    assert printable(text).isprintable()
    assert printable_cell(text * 100).isprintable()
    assert json_text(text).isprintable()
    assert json.loads(json_text(text)) == text
    assert json.loads(escaped_json(json.dumps([text], ensure_ascii=False))) == [text]


JSON_VALUES = st.recursive(
    st.floats() | st.text() | st.none() | st.integers(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON_VALUES)
def test_json_is_strict_and_null_stands_for_what_it_cannot_write(value: object) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(name)

    assert json.loads(json_text(value), parse_constant=refuse) == expected_json(value)


def expected_json(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return [expected_json(item) for item in value]
    if isinstance(value, dict):
        return {name: expected_json(item) for name, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def test_a_long_cell_is_cut() -> None:
    assert printable_cell("x" * LONGEST_CELL) == "x" * LONGEST_CELL
    assert printable_cell("x" * (LONGEST_CELL + 1)) == "x" * LONGEST_CELL + "…"


def test_a_table_is_aligned_by_its_widest_cells() -> None:
    assert aligned(["name", "type", "n"], [["a", "text", "1"], ["b\n", "", "1,030"]], left=2) == [
        "name  type      n",
        "a     text      1",
        "b\\n         1,030",
    ]
    assert aligned(["name", "n"], []) == ["name  n"]


def test_names_show_only_the_folders_that_tell_them_apart() -> None:
    assert distinct_names(["a.csv"]) == ["a.csv"]
    assert distinct_names(["x/a.csv", "y/a.csv", "b.csv"]) == ["x/a.csv", "y/a.csv", "b.csv"]
    assert distinct_names(["-", "-"]) == ["standard input", "standard input (2)"]
    assert distinct_names(["/a.csv", "b/a.csv"]) == ["/a.csv", "b/a.csv"]
