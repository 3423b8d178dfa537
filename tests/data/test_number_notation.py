"""Numbers in disguise: each notation reads its cells exactly, and a column tells its notation."""

from __future__ import annotations

import itertools
import sys
import unicodedata
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nntrain.data.notation.affixes import (
    CURRENCY_NAMES,
    SCALES,
    SURE_SCALES,
    is_currency,
    is_unit,
    split_rest,
)
from nntrain.data.notation.number_inference import NumberEvidence, infer_numbers
from nntrain.data.notation.number_pattern import parse_number_pattern
from nntrain.data.notation.numbers import MARKS, SCALE_PATTERNS, NumberNotation
from nntrain.data.notation.shapes import Shapes, shape_of

PREFIXES = ("", "$", "€", "USD", "Rs.", "R$", "CHF")
SUFFIXES = ("", "%", "‰", "lb", "€", "km/h", "m²", "USD", "°C", "sq ft", "/hr", "m", "zł")
BLANKS = ("", " ", "\u00a0", "\u202f", "\u2009")
ALL_NOTATIONS = [
    NumberNotation(decimal, grouping, prefix, suffix, scale)
    for (decimal, grouping), prefix, suffix, scale in itertools.product(
        MARKS, PREFIXES, SUFFIXES, SCALE_PATTERNS
    )
    # After a currency an m alone is a million.
    if not (prefix and suffix == "m")
]
notations = st.sampled_from(ALL_NOTATIONS)
NEGATIVE = [
    "-{b}{n}{a}", "−{b}{n}{a}", "–{b}{n}{a}", "{b}-{n}{a}", "- {b}{n}{a}",
    "({b}{n}{a})", "( {b}{n}{a} )", "{b}({n}{a})", "({b}{n}){a}",
]  # fmt: skip
STYLES = ["{b}{n}{a}", "+{b}{n}{a}", "{b}+{n}{a}", *NEGATIVE]
"""How a number may be signed, between what stands before it and after it."""


def grouped(digits: str, grouping: str) -> str:
    """The digits of a whole number with marks between groups, made from the right."""
    if not grouping or len(digits) < 4 or digits[0] == "0":
        return digits
    size, mark = (2, ",") if grouping == "lakh" else (3, grouping)
    head, groups = digits[:-3], [digits[-3:]]
    while head:
        head, group = head[:-size], head[-size:]
        groups.insert(0, group)
    return mark.join(groups)


@st.composite
def written(draw: st.DrawFn, notation: NumberNotation) -> tuple[str, Decimal]:
    """A cell in a notation, in any style that it allows, and the number that was written."""
    whole = draw(st.from_regex(r"[1-9][0-9]{0,14}|0", fullmatch=True))
    decimals = draw(st.from_regex(r"([0-9]{1,8})?", fullmatch=True))
    number = Decimal(f"{whole}.{decimals or 0}")
    text = grouped(whole, notation.grouping) if draw(st.booleans()) else whole
    if notation.grouping in {" ", "'"}:
        other = draw(st.sampled_from(BLANKS[1:] if notation.grouping == " " else ("'", "’")))
        text = text.replace(notation.grouping, other)
    text += f"{notation.decimal}{decimals}" if decimals else ""
    gaps = [draw(st.sampled_from(BLANKS)) for _ in range(3)]
    if notation.scale == "all" or (notation.scale == "some" and draw(st.booleans())):
        scale = draw(st.sampled_from([s for s in SCALES if not (notation.suffix and s == "T")]))
        number *= Decimal(10) ** SCALES[scale]
        text += gaps[0] + scale
        if not is_currency(notation.suffix):
            gaps[1] = gaps[1] or " "
    style = draw(st.sampled_from(STYLES))
    before = notation.prefix + (gaps[2] if notation.prefix else "")
    after = (gaps[1] if notation.suffix else "") + notation.suffix
    return style.format(b=before, n=text, a=after), -number if style in NEGATIVE else number


@given(st.data(), notations)
def test_a_number_in_any_notation_reads_as_the_double_nearest_to_it(
    data: Any, notation: NumberNotation
) -> None:
    text, number = data.draw(written(notation))
    assert notation.number(text) == float(number)


def test_every_pattern_leads_back_to_its_notation_and_is_its_own_number() -> None:
    for notation in ALL_NOTATIONS:
        assert parse_number_pattern(notation.pattern) == notation
        example = notation.pattern.replace("[k]", "k")
        value = 1234567.5 if notation.grouping == "lakh" else 1234.5
        assert notation.number(example) == value * (1 if notation.scale == "none" else 1000)


READINGS = [
    ("1,234.5", "1,234.5", 1234.5),
    ("1,234.5", "1234", 1234.0),
    ("1,234.5", "950", 950.0),
    ("1,234.5", "12,34", None),
    ("1,234.5", "0,123", None),
    ("1,234.5", "1234,567", None),
    ("1,234.5", "1.5e3", None),
    ("1234,5", "0,123", 0.123),
    ("1234,5", "1.234", None),
    ("1234,5", "1,5e3", 1500.0),
    ("1.234,5", "1.234.567,89", 1234567.89),
    ("1 234,5", "1\u202f234,5", 1234.5),
    ("1'234.5", "1’234’567", 1234567.0),
    ("12,34,567.5", "1,23,456", 123456.0),
    ("12,34,567.5", "123,456", None),
    ("12,34,567.5", "01,23,456", None),
    ("1234.5%", "34.4%", 34.4),
    ("1234.5%", "34.4 %", 34.4),
    ("1234.5%", "34.4", None),
    ("1234.5%", "0", 0.0),
    ("1234.5 lb", "2620lb", 2620.0),
    ("1234.5 lb", "2620 LB", None),
    ("1234.5 lb", "1.5e3 lb", 1500.0),
    ("1234.5 lb", "12. lb", None),
    ("$1,234.5", "-$12", -12.0),
    ("$1,234.5", "$-12", -12.0),
    ("$1,234.5", "−$1,200.25", -1200.25),
    ("$1,234.5", "-$-12", None),
    ("$1,234.5", "(12.50)", None),
    ("$1,234.5", "($12.50)", -12.5),
    ("$1,234.5", "$(12.50)", -12.5),
    ("$1,234.5", "(-$12.50)", None),
    ("$1,234.5", "($12.50", None),
    ("$1,234.5", "€12", None),
    ("Rs 1234.5", "Rs.5", None),
    ("Rs. 1234.5", "Rs.5", 5.0),
    ("1234.5k", "1.2M", 1.2e6),
    ("1234.5k", "35k", 35000.0),
    ("1234.5k", "0.1bn", 1e8),
    ("1234.5k", "950", None),
    ("1234.5[k]", "950", 950.0),
    ("1234.5[k]", "1.2k", 1200.0),
    ("€1234.5k", "€110.5M", 110.5e6),
    ("1234.5k €", "5 T€", None),
    ("1234.5k km", "5 kkm", None),
    ("1234.5", "(12.50)", -12.5),
    ("1234.5", "1)2.5(", None),
    ("1234.5", "(1)2.5", None),
    ("1234.5", "", None),
    ("1234.5", "nan", None),
    ("1234.5", "٣", None),
]  # fmt: skip
"""A pattern, a cell, and the number that the cell is by the notation of the pattern."""


@pytest.mark.parametrize(("pattern", "text", "value"), READINGS)
def test_a_cell_is_the_number_that_its_notation_says(
    pattern: str, text: str, value: float | None
) -> None:
    assert parse_number_pattern(pattern).number(text) == value


@pytest.mark.parametrize(
    ("pasted", "pattern"),
    [
        ("$1,030.50", "$1,234.5"),
        ("-$5", "$1234.5"),
        ("($5)", "$1234.5"),
        ("2620 lb", "1234.5 lb"),
        ("34.4%", "1234.5%"),
        ("1,234,567", "1,234.5"),
        ("0,5", "1234,5"),
        ("$1.2m", "$1234.5k"),
        ("5 m", "1234.5 m"),
        ("1.2[M]", "1234.5[k]"),
        ("₹1,23,456", "₹12,34,567.5"),
    ],
)
def test_a_cell_that_is_pasted_shows_its_notation(pasted: str, pattern: str) -> None:
    assert parse_number_pattern(pasted).pattern == pattern


EXPECTED = (
    "expected a number as its column has it, after a currency or nothing, such as 1,234.5 or "
    "$1,234.5 or 34.4%"
)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("", f"found '', {EXPECTED}"),
        ("price", f"found 'price', {EXPECTED}"),
        ("T1", f"found 'T1', {EXPECTED}"),
        ("2024-01-05", f"found '2024-01-05', {EXPECTED}"),
        ("1.2.3", f"found '1.2.3', {EXPECTED}"),
        ("5 May", "found 'May' after the number in '5 May', expected a currency, % or a unit of at most 12 letters"),
        ("18+", "found '+' after the number in '18+', expected a currency, % or a unit of at most 12 letters"),
        ("1.2[x]", "found [x] in '1.2[x]', expected a scale in brackets: [k]"),
        ("1,234", "'1,234' may be 1234 (the comma groups thousands) or 1.234 (the comma is the decimal mark); write 1,234.5 or 1234,5"),
        ("€1.234", "'€1.234' may be 1.234 (the point is the decimal mark) or 1234 (the point groups thousands); write €1234.5 or €1.234,5"),
    ],
)  # fmt: skip
def test_a_text_that_shows_no_notation_or_two_is_refused(pattern: str, message: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011
        parse_number_pattern(pattern)
    assert str(error.value) == message


def test_what_a_refusal_advises_is_accepted() -> None:
    for advised in ("1,234.5", "1234,5", "€1234.5", "€1.234,5"):
        assert parse_number_pattern(advised).pattern == advised


def test_a_typed_number_is_in_the_unit_of_cells_that_have_none() -> None:
    for notation in ALL_NOTATIONS:
        assert notation.takes_plain_numbers == (
            not notation.prefix and not notation.suffix and notation.scale != "all"
        )


def test_every_currency_sign_of_unicode_is_a_currency_and_no_other_character() -> None:
    signs = {chr(i) for i in range(sys.maxunicode) if unicodedata.category(chr(i)) == "Sc"}
    letters = {"S", "/", "k", "r"}
    assert {chr(i) for i in range(sys.maxunicode) if is_currency(chr(i))} == signs - letters
    assert all(map(is_currency, CURRENCY_NAMES.split()))


def test_units_are_words_also_of_squares_and_cubes_and_neither_ranks_nor_months() -> None:
    units = [
        "kg",
        "km/h",
        "m²",
        "°C",
        "%",
        "μm",
        "sq ft",
        "€/m²",
        "m2",
        "ft3",
        '"',
        "lb.",
        "fl·oz",
        "/hr",
    ]
    others = ["", "st", "TH", "May", "déc.", "pm", "p.m.", "-kg", "x:y", "m4", "m22", "2", "+", "kg,", "st Jan", "/May", "thirteen chars"]  # fmt: skip
    assert [text for text in units if not is_unit(text)] == []
    assert [text for text in others if is_unit(text)] == []


def test_letters_before_other_letters_are_no_scale() -> None:
    for unit in ("kg", "km", "MB", "Mbps", "kr", "KRW", "BRL", "mm", "kHz", "bps"):
        assert split_rest(unit, takes_unsure=True) == ("", unit)
    assert split_rest(" k €", takes_unsure=False) == ("k", "€")
    assert split_rest(" MSEK", takes_unsure=False) == ("M", "SEK")
    assert split_rest("k May", takes_unsure=False) is None


def inferred(*cells: str | tuple[str, int], decimal: str | None = None) -> NumberEvidence:
    """What a column of these cells tells, each of them there once or so many times."""
    counted = [(cell, 1) if isinstance(cell, str) else cell for cell in cells]
    shapes = Shapes()
    shapes.add((text, n, f"line {i}") for i, (text, n) in enumerate(counted, start=2))
    return infer_numbers(shapes, decimal)


def summary(evidence: NumberEvidence) -> list[str]:
    """Each reading as its pattern, its cell and the cell's number, and then the misfits."""
    readings = [
        f"{reading.notation.pattern}: {reading.cell.example} is {reading.value:.15g}"
        for reading in evidence.readings
    ]
    return [evidence.verdict, *readings, *(f"not {shape.example}" for shape in evidence.misfits)]


COLUMNS: list[tuple[list[str | tuple[str, int]], list[str]]] = [
    # Numbers as any reader takes them
    (["1234", "12.5"], ["numbers", "1234.5: 1234 is 1234"]),
    (["1.234"], ["numbers", "1234.5: 1.234 is 1.234"]),
    (["0"], ["numbers", "1234.5: 0 is 0"]),
    # One cell tells the marks of all
    (["1,234", "12.50"], ["numbers", "1,234.5: 1,234 is 1234"]),
    (["1,234", "1,234,567"], ["numbers", "1,234.5: 1,234 is 1234"]),
    (["1,234", "0,5"], ["numbers", "1234,5: 1,234 is 1.234"]),
    (["1,234", "12,34"], ["numbers", "1234,5: 1,234 is 1.234"]),
    (["1,234", "1234,567"], ["numbers", "1234,5: 1,234 is 1.234"]),
    (["1,234", "012,345"], ["numbers", "1234,5: 1,234 is 1.234"]),
    (["1.234", "1.234.567"], ["numbers", "1.234,5: 1.234 is 1234"]),
    (["1.234", "1.234,5"], ["numbers", "1.234,5: 1.234 is 1234"]),
    (["1 234", "12 345"], ["numbers", "1 234.5: 1 234 is 1234"]),
    (["1'234.50", "12'000"], ["numbers", "1'234.5: 1'234.50 is 1234.5"]),
    (["1,234", "12,34,567"], ["numbers", "12,34,567.5: 1,234 is 1234"]),
    # Affixes
    (["$12", "-$1,234.50", "($5)", "0"], ["numbers", "$1,234.5: $12 is 12"]),
    (["34.4%", "12 %"], ["numbers", "1234.5%: 34.4% is 34.4"]),
    (["2620 lb", "3000lb", "0"], ["numbers", "1234.5 lb: 2620 lb is 2620"]),
    (["12.5", "(3.5)"], ["numbers", "1234.5: (3.5) is -3.5"]),
    (["5 kg", ("0", 50)], ["numbers", "1234.5 kg: 5 kg is 5"]),
    # Scales
    (["35k", "1.2m"], ["numbers", "1234.5k: 35k is 35000"]),
    (["5 m", "12 m"], ["numbers", "1234.5 m: 5 m is 5"]),
    (["1.2k m", "5 m"], ["some scaled", "1234.5[k] m: 5 m is 5", "1234.5[k] m: 1.2k m is 1200"]),
    (["5 m", "1.2k m"], ["some scaled", "1234.5[k] m: 5 m is 5", "1234.5[k] m: 1.2k m is 1200"]),
    (["35k km", "1.2m km"], ["numbers", "1234.5k km: 35k km is 35000"]),
    ([("5 m", 99), "12k"], ["numbers", "1234.5 m: 5 m is 5", "not 12k"]),
    (["$1.2m", "$900k"], ["numbers", "$1234.5k: $1.2m is 1200000"]),
    (["1.2m €", "3 m€"], ["numbers", "1234.5k €: 1.2m € is 1200000"]),
    (["€110.5M", "€500K", "0"], ["numbers", "€1234.5k: €110.5M is 110500000"]),
    (["₹85 Lac", "₹1.2 Cr"], ["numbers", "₹1234.5k: ₹85 Lac is 8500000"]),
    (["5b", "6b"], ["numbers", "1234.5 b: 5b is 5"]),
    (["950", "1.2k"], ["some scaled", "1234.5[k]: 950 is 950", "1234.5[k]: 1.2k is 1200"]),
    # A tenth may be written otherwise
    ([("$5", 9), "free"], ["numbers", "$1234.5: $5 is 5", "not free"]),
    ([("$5", 8), "free"], ["no numbers"]),
    ([("12.5", 95), ("3,5", 5)], ["numbers", "1234.5: 12.5 is 12.5", "not 3,5"]),
    # Both readings fit
    (["1,234", "950"], ["ambiguous", "1,234.5: 1,234 is 1234", "1234,5: 1,234 is 1.234"]),
    (["€1.234"], ["ambiguous", "€1234.5: €1.234 is 1.234", "€1.234,5: €1.234 is 1234"]),
    (["1,234 kg"], ["ambiguous", "1,234.5 kg: 1,234 kg is 1234", "1234,5 kg: 1,234 kg is 1.234"]),
    (["1,234k", "950"], ["ambiguous", "1,234.5[k]: 1,234k is 1234000", "1234,5[k]: 1,234k is 1234"]),
    # Cells contradict each other
    (["12.5", "3,5"], ["contradiction", "1234.5: 12.5 is 12.5", "1234,5: 3,5 is 3.5"]),
    (["1,234.5", "1.234,5"], ["contradiction", "1,234.5: 1,234.5 is 1234.5", "1.234,5: 1.234,5 is 1234.5"]),
    ([("1,234", 90), ("12.50", 7), ("3,5", 3)], ["contradiction", "1,234.5: 12.50 is 12.5", "1234,5: 3,5 is 3.5"]),
    ([("1,234", 900), ("12.50", 90), ("3,5", 3)], ["numbers", "1,234.5: 1,234 is 1234", "not 3,5"]),
]  # fmt: skip
"""The cells of a column, and what they tell."""


@pytest.mark.parametrize(("cells", "told"), COLUMNS)
def test_a_column_tells_its_notation_by_all_its_cells(
    cells: list[str | tuple[str, int]], told: list[str]
) -> None:
    assert summary(inferred(*cells)) == told


def test_the_decimal_mark_of_the_table_settles_what_the_column_leaves_open_and_nothing_else() -> (
    None
):
    assert summary(inferred("1,234", decimal=".")) == ["numbers", "1,234.5: 1,234 is 1234"]
    assert summary(inferred("1,234", decimal=",")) == ["numbers", "1234,5: 1,234 is 1.234"]
    assert summary(inferred("1.234", decimal=",")) == ["numbers", "1.234,5: 1.234 is 1234"]
    assert summary(inferred("1,234", "12.50", decimal=",")) == summary(inferred("1,234", "12.50"))
    assert summary(inferred("12.5", "3,5", decimal=",")) == [
        "contradiction", "1234,5: 3,5 is 3.5", "1234.5: 12.5 is 12.5",
    ]  # fmt: skip


def test_a_reading_says_what_the_mark_is_and_where_its_cell_stands() -> None:
    first, second = inferred("950", "1,234").readings
    assert (first.role_of_mark, second.role_of_mark) == (
        "the comma groups thousands",
        "the comma is the decimal mark",
    )
    assert first.cell.place == second.cell.place == "line 3"


NO_NUMBERS = [
    ["T1", "T2"], ["Q3", "Q4"], ["A5", "B12"], ["Room 5", "Room 12"],
    ["1st", "2nd", "3rd"], ["4th", "5th"], ["1er"], ["18-25", "26-35"], ["12:30", "08:15"],
    ["12:30:05.123"], ["10 am", "11 am"], ["3 p.m."],
    ["2024-01-05"], ["05/01/2024", "12/31/2024"], ["01.02.2024"], ["1/2"], ["5 May", "12 May"],
    ["May 5"], ["5-May-2024"], ["5 May 2024"], ["May 5, 2024"], ["20:15"], ["2024-01-05T00:00:00Z"],
    ["2024-05", "2024-06"], ["2024 Q1"], ["12. Mai", "13. Mai"],
    ["555-1234"], ["(030) 123 456"], ["501 234 567"], ["+48 501 234 567", "+1 555 123 456"],
    ["+1 (555) 123-4567"], ["01 23 45 67 89"], ["110 001", "560 034"],
    ["10.0.0.1", "192.168.1.20"], ["192.168.100.200", "10.100.100.200"], ["::1"],
    ["123e4567-e89b-12d3-a456-426614174000"], ["1.2.3", "2.10.0"], ["v1.2"],
    ["(1)", "(2)", "(12)"], ["5'11\"", "6'2\""], ["12 (3)"], ["18+"], ["<5"], ["~5"], ["3:1"],
    ["5 kg", "3 lb"], ["$5", "€5"], ["4x4"], ["nan"], ["free"], [""],
]  # fmt: skip


@pytest.mark.parametrize("cells", NO_NUMBERS)
def test_codes_dates_times_and_ranges_are_no_numbers(cells: list[str]) -> None:
    assert summary(inferred(*cells)) == ["no numbers"]
    assert summary(inferred(*cells, decimal=",")) == ["no numbers"]


def test_no_cells_are_no_numbers() -> None:
    assert summary(infer_numbers(Shapes())) == ["no numbers"]
    assert summary(infer_numbers(Shapes(n_other=5))) == ["no numbers"]


@given(st.data(), notations)
def test_a_column_with_a_telling_cell_is_inferred_as_it_was_written(
    data: Any, notation: NumberNotation
) -> None:
    cells = data.draw(st.lists(written(notation), min_size=1, max_size=6))
    # Of these two cells one tells the marks, and one has a scale that is sure if there are scales.
    telling = {notation.pattern.replace("[k]", "k"), notation.pattern.replace("[k]", "")}
    evidence = inferred(*sorted({text for text, _ in cells} | telling))
    assert evidence.verdict == ("some scaled" if notation.scale == "some" else "numbers")
    assert evidence.readings[0].notation == notation
    assert evidence.misfits == ()


@given(st.data(), notations)
def test_cells_of_one_shape_fit_the_same_notations(data: Any, notation: NumberNotation) -> None:
    """By this the first cell of a shape can stand for all."""
    first, _ = data.draw(written(notation))
    digits = data.draw(st.lists(st.sampled_from("0123456789"), min_size=40, max_size=40))
    second = "".join(digits.pop() if c in "0123456789" else c for c in first)
    assume(shape_of(first) == shape_of(second))
    for decimal, grouping in MARKS:
        other = replace(notation, decimal=decimal, grouping=grouping)
        assert (other.number(first) is None) == (other.number(second) is None)


@given(
    st.lists(st.integers(1000, 999_999), min_size=1, max_size=8),
    st.sampled_from(PREFIXES),
    st.sampled_from(SUFFIXES),
    st.sampled_from(",."),
)
def test_a_column_of_thousands_that_may_be_decimals_is_never_decided(
    numbers: list[int], prefix: str, suffix: str, mark: str
) -> None:
    assume(mark == "," or prefix or suffix)
    cells = {f"{prefix}{grouped(str(number), mark)} {suffix}".strip() for number in numbers}
    evidence = inferred(*sorted(cells))
    assert evidence.verdict == "ambiguous"
    values = {reading.value for reading in evidence.readings}
    assert len(evidence.readings) == len(values) == 2
    for reading in evidence.readings:
        assert parse_number_pattern(reading.notation.pattern) == reading.notation


def test_every_sure_scale_alone_scales() -> None:
    for scale, power in SURE_SCALES.items():
        assert inferred(f"1.5{scale}", f"12 {scale}").readings[0].value == float(f"1.5e{power}")
