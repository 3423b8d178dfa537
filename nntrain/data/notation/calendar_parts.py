"""Parts of the calendar of many moments at once: the day in the year, the month, the weekday.

Moments are seconds since 1970 (n,), as `DateNotation.number` gives them, to the microsecond. The
calendar is the Gregorian one, before its introduction too. NaN gives NaN.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Vector

Moments: TypeAlias = NDArray[Any]
"""Moments or days as NumPy has them, NaT for none."""
FIRST_WEEKDAY = 3
"""1970 began on a Thursday."""


def day_of_year_fraction(seconds: Vector) -> Vector:
    """The part of its year that has passed at each moment (n,), from 0 to below 1."""
    moments = _moments(seconds)
    years = moments.astype("datetime64[Y]")
    begins = years.astype("datetime64[us]")
    length = (years + 1).astype("datetime64[us]") - begins
    return _numbers(moments - begins) / _numbers(length)


def month(seconds: Vector) -> Vector:
    """The month of each moment (n,), from 0 for January to 11 for December."""
    months = _moments(seconds).astype("datetime64[M]")
    return _numbers(months - months.astype("datetime64[Y]").astype("datetime64[M]"))


def day_of_month(seconds: Vector) -> Vector:
    """The day of the month of each moment (n,), from 0 for the first."""
    days = _moments(seconds).astype("datetime64[D]")
    return _numbers(days - days.astype("datetime64[M]").astype("datetime64[D]"))


def day_of_week(seconds: Vector) -> Vector:
    """The day of the week of each moment (n,), from 0 for Monday to 6 for Sunday."""
    days = _numbers(_moments(seconds).astype("datetime64[D]") - np.datetime64(0, "D"))
    return np.mod(days + FIRST_WEEKDAY, 7)


def is_weekend(seconds: Vector) -> Vector:
    """1 for each moment (n,) on a Saturday or Sunday, 0 for one on another day."""
    days = day_of_week(seconds)
    return np.where(np.isnan(days), np.nan, days > 4)


def seconds_of_day(seconds: Vector) -> Vector:
    """The seconds from midnight to each moment (n,)."""
    moments = _moments(seconds)
    midnights = moments.astype("datetime64[D]").astype("datetime64[us]")
    return _numbers(moments - midnights) / 1e6


def _moments(seconds: Vector) -> Moments:
    """Seconds since 1970 as moments, to the microsecond, without the rounding of a product."""
    present = ~np.isnan(seconds)
    known = np.where(present, seconds, 0.0)
    whole = np.floor(known)
    microseconds = whole.astype(np.int64) * 10**6 + np.rint((known - whole) * 1e6).astype(np.int64)
    moments = microseconds.astype("datetime64[us]")
    moments[~present] = np.datetime64("NaT")
    return moments


def _numbers(durations: Moments) -> Vector:
    """Durations as numbers in their own unit, NaN for none."""
    numbers = durations.astype(np.int64).astype(np.float64)
    return np.where(np.isnat(durations), np.nan, numbers)
