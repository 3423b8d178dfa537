"""The codes of a date format, such as `%d.%m.%Y`: what each stands for, and which cells they match.

Names of months and weekdays are English, whatever the language of the system.
"""

from __future__ import annotations

import re
from functools import cache

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTH_NAME = "Sept|" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in MONTHS)
WEEKDAY_NAME = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in WEEKDAYS)
OFFSET = "Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?"
FRACTION = "[0-9]{1,9}"

CODES = {
    "%Y": ("year", "[0-9]{4}"),
    "%y": ("year", "[0-9]{2}"),
    "%m": ("month", "[0-9]{1,2}"),
    "%b": ("month", MONTH_NAME),
    "%B": ("month", MONTH_NAME),
    "%d": ("day", "[0-9]{1,2}"),
    "%a": ("weekday", WEEKDAY_NAME),
    "%A": ("weekday", WEEKDAY_NAME),
    "%H": ("hour", "[0-9]{1,2}"),
    "%I": ("hour", "[0-9]{1,2}"),
    "%M": ("minute", "[0-9]{2}"),
    "%S": ("second", "[0-9]{2}"),
    "%f": ("fraction", FRACTION),
    "%p": ("half", "[AP]M"),
    "%z": ("offset", OFFSET),
}
"""For each code the part of a moment that it stands for, and a pattern of its text."""

OF_DIGITS = {code for code, (_, pattern) in CODES.items() if pattern.startswith("[0-9]")}

PARTS = {
    "year": "a year (%Y or %y)",
    "month": "a month (%m, %b or %B)",
    "day": "a day (%d)",
    "weekday": "a weekday (%a or %A)",
    "hour": "an hour (%H, or %I with %p)",
    "minute": "minutes (%M)",
    "second": "seconds (%S)",
    "fraction": "a fraction of a second (%f)",
    "half": "AM or PM (%p)",
    "offset": "an offset from UTC (%z)",
}
NEEDS = {
    "year": "month",
    "month": "year",
    "day": "month",
    "weekday": "day",
    "minute": "hour",
    "second": "minute",
    "fraction": "second",
    "half": "hour",
    "offset": "hour",
}
"""What a part says nothing without."""
READ = ("year", "month", "day", "hour", "minute", "second", "fraction", "half", "offset")
"""The groups of every pattern; those that a format lacks match nothing."""

CODE = re.compile(r"([.,]%f|%.?)", re.DOTALL)
BLANKS = "[ \u00a0\u202f]+"
"""Some programs put a no-break space before AM and PM."""
ISO_DAY = "(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
ISO_TIME = (
    "(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
    f"(?::(?P<second>[0-9]{{2}})(?:[.,](?P<fraction>{FRACTION}))?)?"
)


def codes_of(date_format: str) -> list[str]:
    """The codes of a format in their order, known or not.

    >>> codes_of("%d.%m.%Y %H:%M:%S.%f")
    ['%d', '%m', '%Y', '%H', '%M', '%S', '%f']
    """
    return [code[-2:] for code in CODE.split(date_format)[1::2]]


def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern in any case of letters, with a group for each part of a moment."""
    absent = "".join(f"(?P<{part}>)" for part in READ if f"(?P<{part}>" not in pattern)
    return re.compile(pattern + absent, re.IGNORECASE | re.ASCII)


ISO = compiled(f"{ISO_DAY}(?:[T ]{ISO_TIME})?")
ISO_WITH_OFFSET = compiled(f"{ISO_DAY}[T ]{ISO_TIME} ?(?P<offset>{OFFSET})")
TIME = compiled(ISO_TIME)


@cache
def pattern_of(date_format: str) -> re.Pattern[str]:
    """The pattern of the cells that are written in a format; their numbers may be too large.

    Days, months and hours have one digit or two, but two where digits follow each other. A
    fraction may be absent: programs leave it out where it is 0.
    """
    pieces = CODE.split(date_format)
    pattern = ""
    for i, piece in enumerate(pieces):
        if i % 2 == 0:
            pattern += BLANKS.join(map(re.escape, re.split(r"\s+", piece)))
        elif len(piece) > 2:
            pattern += f"(?:{re.escape(piece[0])}(?P<fraction>{FRACTION}))?"
        else:
            part, digits = CODES[piece]
            if _touches_digits(pieces, i):
                digits = digits.replace("{1,2}", "{2}")
            pattern += f"(?P<{part}>{digits})"
    return compiled(pattern)


def _touches_digits(pieces: list[str], i: int) -> bool:
    """Whether the code before or after this one is of digits, with nothing between them."""
    before = i > 2 and not pieces[i - 1] and pieces[i - 2] in OF_DIGITS
    after = i + 2 < len(pieces) and not pieces[i + 1] and pieces[i + 2] in OF_DIGITS
    return before or after


def check_codes(date_format: str) -> None:
    """Raise a ValueError that says what is wrong with the codes of a format, if anything is."""
    codes = codes_of(date_format)
    if not codes:
        advice = "a date such as 31.12.2024 is %d.%m.%Y"
        raise ValueError(f"{date_format!r} has no codes such as %d, %m and %Y: {advice}")
    for code in codes:
        if code not in CODES:
            raise ValueError(f"{date_format!r} has {code!r}, and the codes are {', '.join(CODES)}")
    parts = [CODES[code][0] for code in codes]
    for part in parts:
        if parts.count(part) > 1:
            raise ValueError(f"{date_format!r} has {PARTS[part]} twice")
        needed = NEEDS.get(part)
        if needed and needed not in parts:
            raise ValueError(f"{date_format!r} has {PARTS[part]} but not {PARTS[needed]}")
    _check_time(date_format, codes, parts)


def _check_time(date_format: str, codes: list[str], parts: list[str]) -> None:
    """Raise a ValueError if the codes of a time do not make one, or not with those of the date."""
    if ("%I" in codes) != ("%p" in codes):
        raise ValueError(f"{date_format!r} must have %I together with %p, or else %H")
    if "hour" in parts and "year" in parts and "day" not in parts:
        raise ValueError(f"{date_format!r} has {PARTS['hour']} but not {PARTS['day']}")
    if "year" not in parts and "minute" not in parts:
        raise ValueError(f"{date_format!r} has {PARTS['hour']} but not {PARTS['minute']}")
    if "year" not in parts and "offset" in parts:
        raise ValueError(f"{date_format!r} has {PARTS['offset']} but not {PARTS['day']}")
