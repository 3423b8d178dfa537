"""What one cell says. These tables are the definition of a number, a missing cell and a text."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nntrain.config.keys import Config
from nntrain.data.readers.cells import CellFormat

MISSING = Config(target=("y",)).missing_values
POINT = CellFormat(MISSING)
COMMA = CellFormat(MISSING, ",")

NUMBERS = [
    ("0", 0.0),
    ("5", 5.0),
    ("-5", -5.0),
    ("+5", 5.0),
    ("007", 7.0),
    (".5", 0.5),
    ("5.", 5.0),
    ("-.5", -0.5),
    ("+5.e2", 500.0),
    ("1e5", 100000.0),
    ("1E-5", 1e-5),
    ("1e+05", 100000.0),
    (".5E1", 5.0),
    (" 5", 5.0),
    ("5 ", 5.0),
    ("\t5\t ", 5.0),
    ("\v5", 5.0),
    ("5\f", 5.0),
    ("5\r\n", 5.0),
    ("inf", math.inf),
    ("-inf", -math.inf),
    ("+Infinity", math.inf),
    ("INF", math.inf),
    ("1e999", math.inf),
    ("-1e999", -math.inf),
    ("1e-999", 0.0),
    ("5e-324", 5e-324),
    ("0.1", 0.1),
    ("9007199254740993", 9007199254740992.0),
    ("1" * 400, math.inf),
    ("0." + "0" * 400 + "1e401", 1.0),
]

TEXTS = [
    "a",
    "1_000",
    "0x1A",
    "0b1",
    "1,5",
    "1,000",
    "1 000",
    "- 5",
    "--5",
    "+-5",
    "+",
    "-",
    ".",
    "e5",
    "1e",
    "1e+",
    "1.5.",
    "1..5",
    "1e5.0",
    "1d5",
    "5%",
    "$5",
    "1j",
    "infin",
    "in f",
    "True",
    "false",
    "None",
    "NAN",
    "+nan",
    "na",
    "#N/A",
    "<NA>",
    "-999x",
    "٣",
    "５",
    "½",
    "\N{MINUS SIGN}5",
    "5\N{NO-BREAK SPACE}",
    "\N{EM SPACE}5",
    "5\n6",
    '"5"',
]


@pytest.mark.parametrize(("cell", "value"), NUMBERS)
def test_a_number_is_the_nearest_double(cell: str, value: float) -> None:
    assert POINT.number(cell) == value


@pytest.mark.parametrize("cell", TEXTS)
def test_everything_else_is_a_text(cell: str) -> None:
    assert POINT.number(cell) is None


@pytest.mark.parametrize("value", MISSING)
@pytest.mark.parametrize("before", ["", " ", "\t"])
@pytest.mark.parametrize("after", ["", " ", " \t"])
def test_a_missing_value_may_stand_between_blanks(before: str, value: str, after: str) -> None:
    number = POINT.number(before + value + after)
    assert number is not None
    assert math.isnan(number)


@pytest.mark.parametrize("cell", ["", " ", "NA", "NaN", "nan", "null", "?", "-nan"])
def test_without_missing_values_they_are_texts(cell: str) -> None:
    assert CellFormat(()).number(cell) is None


def test_blanks_around_a_missing_value_in_the_config_do_not_count() -> None:
    cells = CellFormat((" none ", "\t"))
    assert [cells.number(cell) is not None for cell in ("none", " none", "", "  ")] == [True] * 4


def test_a_missing_value_may_be_a_word_for_infinity() -> None:
    numbers = CellFormat(("inf",)).numbers(["inf", "Infinity", "1e999", "-inf"])
    assert numbers is not None
    assert np.array_equal(numbers, [np.nan, np.nan, np.nan, -np.inf], equal_nan=True)


@pytest.mark.parametrize("written", ["-999", "-999.0", "-9.99e2", "-00999", " -999. "])
@pytest.mark.parametrize("cell", ["-999", "-999.0", "-999.", "-9.99E+2", " -0999.00 "])
def test_a_missing_number_stands_for_every_way_to_write_it(written: str, cell: str) -> None:
    number = CellFormat(("", written)).number(cell)
    assert number is not None
    assert math.isnan(number)


@pytest.mark.parametrize("cell", ["999", "-999.5", "-99", "-9990", "0"])
def test_a_missing_number_stands_for_no_other_number(cell: str) -> None:
    assert CellFormat(("", "-999")).number(cell) == float(cell)


def test_a_missing_zero_is_missing_with_either_sign() -> None:
    numbers = CellFormat(("0",)).numbers(["0", "-0", "0.0", "-0e5", "1"])
    assert numbers is not None
    assert np.isnan(numbers).tolist() == [True, True, True, True, False]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1,5", 1.5),
        ("-1,5", -1.5),
        (",5", 0.5),
        ("5,", 5.0),
        ("1,5e3", 1500.0),
        ("7", 7.0),
        (" 1,5 ", 1.5),
        ("inf", math.inf),
        ("1.5", None),
        ("1.000,5", None),
        ("1,000.5", None),
        ("1.000", None),
        ("1,5,", None),
        ("1e5.0", None),
        (",", None),
        ("x", None),
    ],
)
def test_with_a_decimal_comma_a_point_is_no_part_of_a_number(
    cell: str, value: float | None
) -> None:
    assert COMMA.number(cell) == value


def test_a_missing_number_is_written_with_the_decimal_mark_of_its_table() -> None:
    cells = CellFormat(("-9,5", "-7.5"), ",")
    assert [cells.number(cell) is None for cell in ("-9,50", "-7.5", "-7.50")] == [
        False,
        False,
        True,
    ]
    assert cells.number("-7,5") == -7.5


@settings(deadline=None)
@given(st.floats(allow_nan=False))
def test_the_decimal_that_python_writes_reads_back_to_the_same_double(value: float) -> None:
    assert POINT.number(repr(value)) == value
    assert COMMA.number(repr(value).replace(".", ",")) == value


def test_a_column_of_numbers_and_missing_cells_is_an_array() -> None:
    values = POINT.numbers(["1", "", " 2.5"])
    assert values is not None
    assert values.dtype == np.float64
    assert np.array_equal(values, [1.0, np.nan, 2.5], equal_nan=True)


def test_a_column_with_one_text_is_none() -> None:
    assert POINT.numbers(["1", "", "x", "2"]) is None


def test_the_first_text_is_neither_number_nor_missing() -> None:
    assert POINT.first_text(["1", "NA", "x", "y"]) == 2
    assert POINT.first_text(["1", "NA"]) == -1


def test_missing_numbers_are_blanked_in_place() -> None:
    values = np.array([1.0, -999.0, 0.0, np.nan, np.inf])
    CellFormat(("-999", "inf")).blank_missing_numbers(values)
    assert np.array_equal(values, [1.0, np.nan, 0.0, np.nan, np.nan], equal_nan=True)
