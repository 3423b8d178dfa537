"""Which dates a column holds: the format it was written in, a question, or none."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nntrain.data.notation.date_fit import Misfit
from nntrain.data.notation.date_inference import DatesFound, DatesUnclear, Outcome, infer_dates
from nntrain.data.notation.dates import DateNotation
from nntrain.data.notation.shapes import LONGEST_SHAPE, Shapes

CLEAR = [
    "%Y/%m/%d", "%Y.%m.%d", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%b %d %Y",
    "%a, %d %b %Y", "%A, %B %d, %Y", "%a %d %b %Y",
]  # fmt: skip
ORDERS = [
    (f"%d{mark}%m{mark}%Y", f"%m{mark}%d{mark}%Y") for mark in (".", "/", "-")
]  # fmt: skip
MONTHS = ["%Y-%m", "%Y/%m", "%m/%Y", "%b %Y", "%B %Y"]
TIMES = [
    "%H:%M",
    "%H:%M:%S",
    "%H:%M:%S.%f",
    "%H:%M:%S,%f",
    "%I:%M %p",
    "%I:%M:%S %p",
    "%I:%M%p",
    "%H:%M:%S%z",
    "%H:%M %z",
]
AFTER = ["", *(f"{blank}{time}" for blank in (" ", ", ", "T") for time in TIMES)]
CLOCKS = TIMES[:7]
MOMENTS = st.lists(
    st.datetimes(datetime(1700, 1, 1), datetime(2199, 12, 31)), min_size=1, max_size=30
)


def inferred(*cells: str) -> Outcome:
    """What is inferred of a column with these cells, the first of which stands in line 2."""
    shapes = Shapes()
    shapes.add((cell, 1, f"line {line}") for line, cell in enumerate(cells, start=2))
    return infer_dates(shapes)


def column(moments: list[datetime], date_format: str) -> list[str]:
    """Moments as a column writes them; where it has offsets, that of UTC."""
    return [moment.strftime(date_format.replace("%z", "+0000")) for moment in moments]


def found(date_format: str) -> DatesFound:
    return DatesFound(DateNotation(date_format))


@given(
    MOMENTS, st.sampled_from([*(day + after for day in CLEAR for after in AFTER), *MONTHS, *CLOCKS])
)
def test_a_column_has_the_format_that_it_was_written_in(
    moments: list[datetime], date_format: str
) -> None:
    # In a column of May alone the short names are the long ones, and are read alike.
    expected = date_format
    if all(moment.month == 5 for moment in moments):
        expected = date_format.replace("%B", "%b")
    assert inferred(*column(moments, date_format)) == found(expected)


@given(MOMENTS, st.sampled_from(ORDERS), st.sampled_from(AFTER), st.booleans())
def test_the_order_of_day_and_month_is_found_by_a_day_above_12_and_else_asked_for(
    moments: list[datetime], order: tuple[str, str], after: str, month_first: bool
) -> None:
    day_first_and_month_first = tuple(date_format + after for date_format in order)
    written = day_first_and_month_first[month_first]
    outcome = inferred(*column(moments, written))
    if any(moment.day > 12 for moment in moments):
        assert outcome == found(written)
    else:
        assert isinstance(outcome, DatesUnclear)
        assert [notation.format for notation in outcome.candidates] == list(
            day_first_and_month_first
        )
        assert outcome.reason.endswith(": no cell has a day above 12")


@given(MOMENTS, st.booleans(), st.sampled_from([" ", "T"]), st.booleans())
def test_iso_8601_is_found_with_times_and_without(
    moments: list[datetime], has_offset: bool, blank: str, has_days: bool
) -> None:
    cells = [moment.isoformat(blank) + "+01:00" * has_offset for moment in moments]
    if has_days and not has_offset:
        cells += [moment.date().isoformat() for moment in moments]
    assert inferred(*cells) == found("iso with offset" if has_offset else "iso")


@given(MOMENTS, st.sampled_from(ORDERS), st.booleans())
def test_what_is_found_or_asked_reads_every_cell(
    moments: list[datetime], order: tuple[str, str], month_first: bool
) -> None:
    cells = column(moments, order[month_first])
    outcome = inferred(*cells)
    assert outcome is not None
    notations = outcome.candidates if isinstance(outcome, DatesUnclear) else (outcome.notation,)
    assert all(notation.number(cell) is not None for notation in notations for cell in cells)


EXAMPLES: dict[tuple[str, ...], str] = {
    ("2024-12-31",): "iso",
    ("2024-12-31", "2024-12-31 14:30", "2024-12-31T14:30:05.25"): "iso",
    ("2024-12-31T14:30:00+01:00", "2024-12-31 14:30:00Z", "2024-12-31 14:30:00 -0500"): "iso with offset",
    ("2024-12-31 9:30", "2024-12-31 14:30"): "%Y-%m-%d %H:%M",
    ("2024-1-5", "2024-12-31"): "%Y-%m-%d",
    ("31.12.2024", "1.2.2024"): "%d.%m.%Y",
    ("12/31/2024 2:30 PM", "1/2/2024 11:05 am"): "%m/%d/%Y %I:%M %p",
    ("31.12.2024, 14:30",): "%d.%m.%Y, %H:%M",
    ("May 3, 2024", "December 4, 2024", "June 1, 2023"): "%B %d, %Y",
    ("31-DEC-2024",): "%d-%b-%Y",
    ("Tue, 31 Dec 2024 14:30:00 GMT",): "%a, %d %b %Y %H:%M:%S %z",
    ("2:30\u202fPM",): "%I:%M\u202f%p",
    ("9:30", "14:05"): "%H:%M",
    ("12/2024", "1/2024"): "%m/%Y",
}  # fmt: skip


@pytest.mark.parametrize("cells", EXAMPLES)
def test_dates_of_many_kinds_are_found(cells: tuple[str, ...]) -> None:
    assert inferred(*cells) == found(EXAMPLES[cells])


NO_DATES = [
    ("20241231", "20240101"), ("2024", "2023"), ("1735655400",), ("1.5", "2.25"), ("31.12", "1.2"), ("12.2024",),
    ("1.2.3", "1.2.13", "10.15.7"), ("192.168.1.1", "10.0.0.1"), ("555-123-4567",), ("10-12", "18-25"),
    ("2019-2020",), ("3/4", "1/2"), ("3/1000", "1/5000"), ("5551-12", "7304-10"), ("2:1", "0:3"), ("1:2", "10:3"),
    ("12:45", "31:10", "9:59"), ("12:45", "99:99"), ("20-45-17", "40-12-60"), ("7732-18-5", "7440-44-0"),
    ("45/67/8901", "13/32/2024"), ("A-12", "B-13"), ("May", "June"), ("Dec 31",), ("2024-W52",), ("2024-13-01",),
    ("0.5.2024",), ("Monday",), ("13/01/2024", "01/13/2024", "45/67/2024", "99/99/9999"), ("a" * 61, "2024-12-31"), ("",), (),
]  # fmt: skip


@pytest.mark.parametrize("cells", NO_DATES)
def test_what_is_no_date_is_taken_for_none(cells: tuple[str, ...]) -> None:
    assert inferred(*cells) is None


QUESTIONS: dict[tuple[str, ...], tuple[str, str]] = {
    ("03/04/2024", "05/06/2024"): (
        "%d/%m/%Y %m/%d/%Y",
        "'03/04/2024' may be 3 April 2024 (%d/%m/%Y) or 4 March 2024 (%m/%d/%Y): no cell has a day above 12",
    ),
    ("01/01/2024",): (
        "%d/%m/%Y %m/%d/%Y",
        "'03/04/2024' may be 3 April 2024 (%d/%m/%Y) or 4 March 2024 (%m/%d/%Y): no cell has a day above 12",
    ),
    ("03/04/2024", "13/01/2024", "01/13/2024"): (
        "%d/%m/%Y %m/%d/%Y",
        "'13/01/2024' has the day where %d/%m/%Y has it, and '01/13/2024' has the day where %m/%d/%Y has it",
    ),
    ("05/06/07",): (
        "%d/%m/%y %m/%d/%y %y/%m/%d",
        "'05/06/07' may be 5 June 2007 (%d/%m/%y), 6 May 2007 (%m/%d/%y) or 7 June 2005 (%y/%m/%d): the years have two digits",
    ),
    ("12/31/24", "1/5/69"): (
        "%m/%d/%y",
        "'12/31/24' may be 31 December 2024 (%m/%d/%y): the years have two digits",
    ),
    ("31-DEC-24",): (
        "%d-%b-%y",
        "'31-DEC-24' may be 31 December 2024 (%d-%b-%y): the years have two digits",
    ),
}  # fmt: skip


@pytest.mark.parametrize("cells", QUESTIONS)
def test_dates_of_which_the_cells_do_not_say_enough_are_a_question(cells: tuple[str, ...]) -> None:
    formats, reason = QUESTIONS[cells]
    candidates = tuple(map(DateNotation, formats.split()))
    assert inferred(*cells) == DatesUnclear(candidates, reason)


def test_one_cell_of_the_other_order_among_thousands_is_a_question() -> None:
    shapes = Shapes()
    shapes.add([("31/12/2024", 9999, "line 2"), ("12/31/2024", 1, "line 3")])
    assert isinstance(infer_dates(shapes), DatesUnclear)


def test_cells_that_contradict_each_other_are_quoted_rather_than_cells_that_are_no_dates() -> None:
    shapes = Shapes()
    shapes.add([("45/1/2024", 1, ""), ("13/01/2024", 20, ""), ("01/13/2024", 20, "")])
    outcome = infer_dates(shapes)
    assert isinstance(outcome, DatesUnclear)
    assert outcome.reason == (
        "'13/01/2024' has the day where %d/%m/%Y has it, and '01/13/2024' has the day where %m/%d/%Y has it"
    )


def test_a_cell_that_is_a_date_in_neither_order_contradicts_nothing() -> None:
    shapes = Shapes()
    shapes.add([("13/01/2024", 30, "line 2"), ("01/45/2024", 1, "line 3")])
    misfit = Misfit("01/45/2024", "", 1)
    assert infer_dates(shapes) == DatesFound(DateNotation("%d/%m/%Y"), (misfit,))


def test_one_day_above_12_among_thousands_of_cells_decides() -> None:
    shapes = Shapes()
    shapes.add([("03/04/2024", 9999, "line 2"), ("04/13/2024", 1, "line 3")])
    assert infer_dates(shapes) == found("%m/%d/%Y")


def test_a_tenth_of_the_cells_may_not_fit_and_is_named() -> None:
    dates = [f"2024-12-{day:02d}" for day in range(1, 28)]
    outcome = inferred(*dates, "2024-13-01", "unknown", "2024-12-31T10:00Z")
    assert outcome == DatesFound(
        DateNotation("iso"),
        (
            Misfit("2024-13-01", "", 1),
            Misfit("unknown", "line 30", 1),
            Misfit("2024-12-31T10:00Z", "line 31", 1),
        ),
    )
    assert outcome.n_misfits == 3
    assert inferred(*dates, "2024-13-01", "unknown", "x", "y") is None


def test_cells_too_long_to_be_dates_count_as_cells_that_do_not_fit() -> None:
    shapes = Shapes()
    shapes.add([("2024-12-31", 8, "line 2"), ("x" * (LONGEST_SHAPE + 1), 1, "line 3")])
    assert infer_dates(shapes) is None


def test_a_date_of_another_format_among_iso_dates_is_a_misfit_and_no_question() -> None:
    cells = [date(2024, 1, day).isoformat() for day in range(1, 31)]
    outcome = inferred(*cells, "03/04/2024")
    assert outcome == DatesFound(DateNotation("iso"), (Misfit("03/04/2024", "line 32", 1),))


def test_iso_dates_among_dates_of_another_format_are_read_with_them() -> None:
    assert inferred("31.12.2024", "2024-12-31") == found("%d.%m.%Y")
    assert isinstance(inferred("03.04.2024", "2024-12-31"), DatesUnclear)


def test_the_days_of_cells_of_nine_numbers_are_compared_too() -> None:
    """A date with a time, a fraction and an offset: no cell of a date has more numbers."""
    later = " 14:30:00.123+01:00"
    day_first, month_first = ("%d/%m/%Y %H:%M:%S.%f%z", "%m/%d/%Y %H:%M:%S.%f%z")
    assert inferred(f"03/04/2024{later}", f"31/12/2024{later}") == found(day_first)
    assert inferred(f"03/04/2024{later}", f"12/31/2024{later}") == found(month_first)
    assert inferred(f"03/04/2024{later}") == DatesUnclear(
        (DateNotation(day_first), DateNotation(month_first)),
        f"'03/04/2024{later}' may be 3 April 2024 ({day_first}) or 4 March 2024 ({month_first}): no "
        f"cell has a day above 12",
    )
