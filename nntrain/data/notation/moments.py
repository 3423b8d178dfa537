"""Moments as seconds since 1970, from the parts that a cell is written in and back to its codes."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from nntrain.data.notation.date_codes import MONTHS, READ, WEEKDAYS

DAY = 86400
EPOCH = datetime(1970, 1, 1)
EPOCH_DAY = EPOCH.toordinal()
START, END = -62135596800, 253402300800
"""The seconds from 1970 to the start of the year 1, and to the end of the year 9999."""
MONTH_NUMBERS = {
    text: i
    for i, name in enumerate(MONTHS, start=1)
    for text in (name[:3].lower(), f"{i}", f"{i:02d}")
}


def seconds_of(found: re.Match[str]) -> float | None:
    """The seconds that the parts of a date or time come to; None if there is no such moment."""
    year, month, day, hour, minute, second, fraction, half, offset = found.group(*READ)
    days = day_number(year, month, day) if year else 0
    if days is None or not hour:
        return None if days is None else float(days * DAY)
    time = time_of_day(int(hour), int(minute or 0), int(second or 0), half)
    ahead = seconds_ahead(offset) if offset else 0
    if time is None or ahead is None:
        return None
    seconds = days * DAY + time - ahead
    # The division of whole numbers gives the nearest double, which a sum of two doubles may not be.
    return (seconds * 10**9 + int(fraction.ljust(9, "0"))) / 10**9 if fraction else float(seconds)


def day_number(year: str, month: str, day: str) -> int | None:
    """The days from 1970 to a date; years of two digits are from 1969 to 2068, as POSIX has it."""
    number = int(year)
    if len(year) == 2:
        number += 1900 if number > 68 else 2000
    try:
        return date(number, MONTH_NUMBERS[month[:3].lower()], int(day or 1)).toordinal() - EPOCH_DAY
    except (KeyError, ValueError):
        return None


def time_of_day(hour: int, minute: int, second: int, half: str) -> int | None:
    """The seconds from midnight to a time, `half` being AM, PM or empty; None if there is none."""
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return (hour * 60 + minute) * 60 + second


def seconds_ahead(offset: str) -> int | None:
    """How far a clock with an offset such as +01:00 is ahead of UTC; None if it is no offset."""
    if offset[0] not in "+-":
        return 0
    digits = offset[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23 or minutes > 59:
        return None
    return (hours * 60 + minutes) * (60 if offset[0] == "+" else -60)


def moment_of(seconds: float) -> datetime:
    """The moment so many seconds after 1970, to the microsecond, within the years 1 to 9999."""
    whole = int(seconds // 1)
    microseconds = whole * 10**6 + round((seconds - whole) * 10**6)
    within = min(max(microseconds, START * 10**6), END * 10**6 - 1)
    return EPOCH + timedelta(microseconds=within)


def code_text(moment: datetime, code: str) -> str:
    """What a code of a format stands for at a moment, in English whatever the system's language."""
    texts = {
        "%Y": f"{moment.year:04d}",
        "%y": f"{moment.year % 100:02d}",
        "%m": f"{moment.month:02d}",
        "%b": MONTHS[moment.month - 1][:3],
        "%B": MONTHS[moment.month - 1],
        "%d": f"{moment.day:02d}",
        "%a": WEEKDAYS[moment.weekday()][:3],
        "%A": WEEKDAYS[moment.weekday()],
        "%H": f"{moment.hour:02d}",
        "%I": f"{(moment.hour - 1) % 12 + 1:02d}",
        "%M": f"{moment.minute:02d}",
        "%S": f"{moment.second:02d}",
        "%f": f"{moment.microsecond:06d}",
        "%p": "PM" if moment.hour > 11 else "AM",
        "%z": "+0000",
    }
    return texts[code]


def iso_text(moment: datetime, has_offset: bool) -> str:
    """A moment as ISO 8601: the day alone at midnight, unless an offset has to follow a time."""
    if not has_offset and moment.time() == EPOCH.time():
        return moment.date().isoformat()
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    seconds = moment.replace(microsecond=0).isoformat(sep=" ")
    return f"{seconds}{fraction}{'Z' if has_offset else ''}"
