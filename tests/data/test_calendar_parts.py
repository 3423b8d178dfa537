"""Parts of the calendar equal those of `datetime`, and are to the microsecond."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nntrain.arrays import Vector
from nntrain.data.notation.calendar_parts import (
    day_of_week,
    day_of_year_fraction,
    is_weekend,
    month,
    seconds_of_day,
)

EPOCH = datetime(1970, 1, 1)
PARTS = [day_of_week, day_of_year_fraction, is_weekend, month, seconds_of_day]


def parts_by_datetime(moment: datetime) -> list[float]:
    """The same parts in the order of `PARTS`, by the slow and obvious way."""
    year = datetime(moment.year, 1, 1)
    length = (datetime(moment.year, 12, 31) - year) + timedelta(days=1)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return [
        moment.weekday(),
        (moment - year) / length,
        moment.weekday() in {5, 6},
        moment.month - 1,
        (moment - midnight).total_seconds(),
    ]


def parts(seconds: Vector) -> Vector:
    return np.stack([part(seconds) for part in PARTS], axis=1)


def test_every_day_of_800_years_has_the_parts_that_datetime_gives() -> None:
    moments = [datetime(1600, 1, 1, 7, 5, 3) + timedelta(days=day) for day in range(800 * 365)]
    seconds = np.array([(moment - EPOCH).total_seconds() for moment in moments])
    assert np.array_equal(
        parts(seconds), np.array([parts_by_datetime(moment) for moment in moments])
    )


@given(st.lists(st.datetimes(datetime(1698, 1, 1), datetime(2242, 12, 31)), min_size=1))
def test_parts_are_exact_to_the_microsecond(moments: list[datetime]) -> None:
    seconds = np.array([(moment - EPOCH) / timedelta(seconds=1) for moment in moments])
    assert np.array_equal(
        parts(seconds), np.array([parts_by_datetime(moment) for moment in moments])
    )


def test_the_first_and_the_last_year_have_parts() -> None:
    moments = [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)]
    seconds = np.array([(moment - EPOCH).total_seconds() for moment in moments])
    assert np.array_equal(
        parts(seconds), np.array([parts_by_datetime(moment) for moment in moments])
    )


def test_a_missing_moment_has_missing_parts_and_changes_no_other() -> None:
    both = parts(np.array([np.nan, 0.0]))
    assert np.isnan(both[0]).all()
    assert both[1].tolist() == [3.0, 0.0, 0.0, 0.0, 0.0]
    assert parts(np.array([])).shape == (0, 5)
