"""Dates and times as numbers: every format reads and writes what `datetime` says it should."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nntrain.data.notation.dates import DateNotation, parse_date_format

EPOCH = datetime(1970, 1, 1)
DAYS = [
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%b %d, %Y",
    "%B %d, %Y", "%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%b %d %Y", "%a, %d %b %Y", "%A, %B %d, %Y", "%Y%m%d", "%m/%d/%y",
]  # fmt: skip
TIMES = ["%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%H:%M:%S,%f", "%I:%M %p", "%I:%M:%S %p"]
FORMATS = [
    *DAYS, *TIMES, "%b %Y", "%B %Y", "%Y-%m", "%m/%Y", "%Y/%m", "%Y%m%dT%H%M%S",
    *(f"{day}{blank}{time}" for day in DAYS[:16] for blank in (" ", ", ", "T") for time in TIMES),
]  # fmt: skip
EXACT = st.datetimes(datetime(1698, 1, 1), datetime(2242, 12, 31))
"""Moments of which a double tells every microsecond."""


def seconds_by_fractions(moment: datetime) -> float:
    """The nearest double to the seconds from 1970, by whole numbers of microseconds."""
    return float(Fraction((moment - EPOCH) // timedelta(microseconds=1), 10**6))


def read_slowly(text: str, date_format: str) -> float | None:
    """What `datetime.strptime` reads; of a time alone the seconds since midnight."""
    try:
        moment = datetime.strptime(text, date_format)
    except ValueError:
        return None
    if moment.tzinfo:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    is_time = "%Y" not in date_format and "%y" not in date_format
    return seconds_by_fractions(moment if not is_time else moment.replace(1970, 1, 1))


@given(EXACT, st.sampled_from(FORMATS))
def test_a_moment_written_in_any_format_is_read_as_datetime_reads_it(
    moment: datetime, date_format: str
) -> None:
    notation = parse_date_format(date_format)
    text = moment.strftime(date_format)
    number = notation.number(text)
    assert number is not None
    assert number == read_slowly(text, date_format)
    assert notation.text(number) == text


@given(EXACT, st.sampled_from(FORMATS))
def test_any_case_of_letters_is_read(moment: datetime, date_format: str) -> None:
    notation = DateNotation(date_format)
    text = moment.strftime(date_format)
    assert notation.number(text.lower()) == notation.number(text.upper()) == notation.number(text)


NUMBERS = st.integers(0, 99)


@given(NUMBERS, NUMBERS, st.integers(0, 9999), NUMBERS, NUMBERS, NUMBERS)
def test_numbers_that_are_no_date_are_none_as_in_datetime(
    day: int, month: int, year: int, hour: int, minute: int, second: int
) -> None:
    text = f"{day}.{month}.{year:04d} {hour}:{minute:02d}:{second:02d}"
    date_format = "%d.%m.%Y %H:%M:%S"
    # A leap second is in the pattern of strptime but not in datetime; neither is one here.
    assert DateNotation(date_format).number(text) == read_slowly(text, date_format)


@given(
    EXACT,
    st.integers(-23 * 60 - 59, 23 * 60 + 59),
    st.sampled_from(["iso with offset", "%d.%m.%Y %H:%M:%S.%f%z"]),
)
def test_a_cell_with_an_offset_is_a_moment_in_utc(
    moment: datetime, minutes: int, date_format: str
) -> None:
    there = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    expected = seconds_by_fractions(moment - timedelta(minutes=minutes))
    notation = DateNotation(date_format)
    assert notation.has_offset
    texts = [there.isoformat(), there.isoformat(" ")]
    if not date_format.startswith("iso"):
        texts = [there.strftime("%d.%m.%Y %H:%M:%S.%f%z"), *texts]
    assert {notation.number(text) for text in texts} == {expected}
    assert notation.number(notation.text(expected)) == expected


@given(st.datetimes(), st.sampled_from(FORMATS[:18] + FORMATS[-1:]))
def test_every_format_reads_iso_8601_too(moment: datetime, date_format: str) -> None:
    notation = DateNotation(date_format)
    assert notation.number(moment.isoformat()) == seconds_by_fractions(moment)
    assert notation.number(moment.isoformat(" ")) == seconds_by_fractions(moment)
    day = moment.date().isoformat()
    assert notation.number(day) == seconds_by_fractions(datetime.fromisoformat(day))


@given(EXACT)
def test_iso_and_unix_go_there_and_back(moment: datetime) -> None:
    number = seconds_by_fractions(moment)
    for word in ("iso", "iso with offset", "unix"):
        notation = DateNotation(word)
        assert notation.number(notation.text(number)) == number
    whole = math.floor(number)
    milliseconds = DateNotation("unix_ms")
    assert milliseconds.text(whole) == str(whole * 1000)
    assert milliseconds.number(str(whole * 1000)) == whole


EXAMPLES = {
    ("iso", "2024-12-31"): 1735603200.0,
    ("iso", "2024-12-31T14:30"): 1735655400.0,
    ("iso", "2024-12-31 14:30:00.123456789"): 1735655400.123456789,
    ("iso", "0001-01-01"): -62135596800.0,
    ("iso", "9999-12-31"): 253402214400.0,
    ("iso", "2024-02-30"): None,
    ("iso", "2023-02-29"): None,
    ("iso", "0000-01-01"): None,
    ("iso", "2024-12-31T24:00"): None,
    ("iso", "2024-12-31T14:30:60"): None,
    ("iso", "2024-12-31T14:30:00Z"): None,
    ("iso", "2024-12-31T14:30:00+01:00"): None,
    ("iso", "2024-1-5"): None,
    ("iso", "2024-12"): None,
    ("iso", "\u0662\u0660\u0662\u0664-12-31"): None,
    ("iso", ""): None,
    ("iso with offset", "2024-12-31T14:30:00+01:00"): 1735651800.0,
    ("iso with offset", "2024-12-31 14:30:00 UTC"): 1735655400.0,
    ("iso with offset", "2024-12-31T14:30:00-0130"): 1735660800.0,
    ("iso with offset", "2024-12-31T14:30:00+24:00"): None,
    ("iso with offset", "2024-12-31T14:30:00+01:60"): None,
    ("iso with offset", "2024-12-31T14:30:00"): None,
    ("iso with offset", "2024-12-31"): None,
    ("%d.%m.%Y", "31.12.2024"): 1735603200.0,
    ("%d.%m.%Y", "1.1.1970"): 0.0,
    ("%d.%m.%Y", "2024-12-31"): 1735603200.0,
    ("%d.%m.%Y", "12.31.2024"): None,
    ("%d.%m.%Y", "31.12.24"): None,
    ("%m/%d/%y", "12/31/68"): 3124137600.0,
    ("%m/%d/%y", "12/31/69"): -86400.0,
    ("%b %d, %Y", "Sept 5, 2024"): 1725494400.0,
    ("%b %d, %Y", "september 5, 2024"): 1725494400.0,
    ("%b %d, %Y", "Sep  5, 2024"): 1725494400.0,
    ("%b %d, %Y", "Sepp 5, 2024"): None,
    ("%b %d, %Y", "\u017fep 5, 2024"): None,
    ("%I:%M %p", "12:00 AM"): 0.0,
    ("%I:%M %p", "12:00\u202fPM"): 43200.0,
    ("%I:%M %p", "0:30 AM"): None,
    ("%I:%M %p", "13:30 PM"): None,
    ("%I:%M %p", "14:30:01.5"): 52201.5,
    ("%H:%M", "9:05"): 32700.0,
    ("%H:%M", "24:00"): None,
    ("%H:%M", "2:1"): None,
    ("%H:%M:%S.%f", "00:00:01"): 1.0,
    ("%Y%m%d", "20241231"): 1735603200.0,
    ("%Y%m%d", "2024123"): None,
    ("%Y-%m", "2024-12"): 1733011200.0,
    ("unix", "1735655400.25"): 1735655400.25,
    ("unix", "1.7356554e9"): 1735655400.0,
    ("unix", "-1"): -1.0,
    ("unix", "1735655400000"): None,
    ("unix", "2024-12-31"): 1735603200.0,
    ("unix", "nan"): None,
    ("unix_ms", "1735655400250"): 1735655400.25,
}  # fmt: skip
"""What a cell says in a notation: seconds since 1970 or midnight, or no date."""


@pytest.mark.parametrize(("notation", "text"), EXAMPLES)
def test_a_cell_is_the_moment_that_it_says(notation: str, text: str) -> None:
    assert DateNotation(notation).number(text) == EXAMPLES[notation, text]


WRITTEN = {
    ("iso", 1735603200.0): "2024-12-31",
    ("iso", 1735655400.5): "2024-12-31 14:30:00.5",
    ("iso", 1e300): "9999-12-31 23:59:59.999999",
    ("iso", -1e300): "0001-01-01",
    ("iso with offset", 1735603200.0): "2024-12-31 00:00:00Z",
    ("%d.%m.%Y", 1735655400.0): "31.12.2024",
    ("%d.%m.%Y", -1e-9): "01.01.1970",
    ("%Y-%m-%d", -62135596800.0): "0001-01-01",
    ("%I:%M %p", 0.0): "12:00 AM",
    ("%H:%M", 86400.0): "23:59",
    ("%H:%M", -5.0): "00:00",
    ("unix", 1735655400.25): "1735655400.25",
    ("unix_ms", 1735655400.25): "1735655400250",
}  # fmt: skip


@pytest.mark.parametrize(("notation", "seconds"), WRITTEN)
def test_a_number_is_written_as_the_column_writes_it(notation: str, seconds: float) -> None:
    assert DateNotation(notation).text(seconds) == WRITTEN[notation, seconds]


KINDS = {
    # format: is_time, has_time, has_day, has_offset, takes_plain_numbers, example
    "iso": (False, True, True, False, False, "2024-12-31 14:30:00"),
    "iso with offset": (False, True, True, True, False, "2024-12-31 14:30:00Z"),
    "unix": (False, True, True, False, True, "1735655400"),
    "unix_ms": (False, True, True, False, True, "1735655400000"),
    "%d.%m.%Y": (False, False, True, False, False, "31.12.2024"),
    "%b %d, %Y": (False, False, True, False, False, "Dec 31, 2024"),
    "%Y%m%d": (False, False, True, False, False, "20241231"),
    "%m/%d/%y": (False, False, True, False, False, "12/31/24"),
    "%m/%d/%Y %I:%M %p": (False, True, True, False, False, "12/31/2024 02:30 PM"),
    "%d.%m.%Y %H:%M%z": (False, True, True, True, False, "31.12.2024 14:30+0000"),
    "%Y-%m": (False, False, False, False, False, "2024-12"),
    "%H:%M": (True, True, False, False, False, "14:30"),
}  # fmt: skip


@pytest.mark.parametrize("date_format", KINDS)
def test_a_notation_says_what_its_cells_are(date_format: str) -> None:
    notation = parse_date_format(date_format)
    kinds = (
        notation.is_time,
        notation.has_time,
        notation.has_day,
        notation.has_offset,
        notation.takes_plain_numbers,
        notation.example,
    )
    assert kinds == KINDS[date_format]
    assert notation.pattern == date_format
    assert notation.number(notation.example) is not None
    assert notation.decimal == "."


CODES = "%Y, %y, %m, %b, %B, %d, %a, %A, %H, %I, %M, %S, %f, %p, %z"
MISTAKES = {
    "": "'' has no codes such as %d, %m and %Y: a date such as 31.12.2024 is %d.%m.%Y",
    "dd.mm.yyyy": "'dd.mm.yyyy' has no codes such as %d, %m and %Y: a date such as 31.12.2024 is %d.%m.%Y",
    "%d.%m.%G": f"'%d.%m.%G' has '%G', and the codes are {CODES}",
    "%d.%m.%Y %": f"'%d.%m.%Y %' has '%', and the codes are {CODES}",
    "%-d.%m.%Y": f"'%-d.%m.%Y' has '%-', and the codes are {CODES}",
    "%d.%m": "'%d.%m' has a month (%m, %b or %B) but not a year (%Y or %y)",
    "%d %Y": "'%d %Y' has a day (%d) but not a month (%m, %b or %B)",
    "%Y": "'%Y' has a year (%Y or %y) but not a month (%m, %b or %B)",
    "%A %m %Y": "'%A %m %Y' has a weekday (%a or %A) but not a day (%d)",
    "%d.%m.%Y %M:%S": "'%d.%m.%Y %M:%S' has minutes (%M) but not an hour (%H, or %I with %p)",
    "%d.%b.%m.%Y": "'%d.%b.%m.%Y' has a month (%m, %b or %B) twice",
    "%I:%M": "'%I:%M' must have %I together with %p, or else %H",
    "%H:%M %p": "'%H:%M %p' must have %I together with %p, or else %H",
    "%m/%Y %H:%M": "'%m/%Y %H:%M' has an hour (%H, or %I with %p) but not a day (%d)",
    "%H": "'%H' has an hour (%H, or %I with %p) but not minutes (%M)",
    "%H:%M%z": "'%H:%M%z' has an offset from UTC (%z) but not a day (%d)",
    "%Y-%d-%m": "'%Y-%d-%m' reads '2011-10-09' otherwise than ISO 8601, which every format reads too: the cells have to be written in another way",
    "%Y-%d-%m %H:%M%z": "'%Y-%d-%m %H:%M%z' reads '2011-10-09 08:07Z' otherwise than ISO 8601, which every format reads too: the cells have to be written in another way",
    "%M:%H": "'%M:%H' reads '08:07' otherwise than ISO 8601, which every format reads too: the cells have to be written in another way",
}  # fmt: skip


@pytest.mark.parametrize("date_format", MISTAKES)
def test_a_format_that_makes_no_date_is_explained(date_format: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(MISTAKES[date_format])}$"):
        parse_date_format(date_format)


def test_a_format_may_be_written_with_blanks_around_it_and_words_in_any_case() -> None:
    assert parse_date_format(" %d.%m.%Y ") == DateNotation("%d.%m.%Y")
    assert parse_date_format("ISO with offset") == DateNotation("iso with offset")
