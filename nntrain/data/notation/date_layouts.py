"""How the cells of a shape may write dates: the formats that fit what they look like.

A layout holds the formats that look the same, such as `%d/%m/%Y` and `%m/%d/%Y`. Numbers,
versions, network addresses, ranges and fractions have none.
"""

from __future__ import annotations

import re
from typing import TypeAlias

from nntrain.data.notation.date_codes import ISO, ISO_WITH_OFFSET, MONTH_NAME, OFFSET, WEEKDAY_NAME

Layout: TypeAlias = tuple[str, ...]

MONTH = f"(?P<month>{MONTH_NAME})"
WEEKDAY = f"(?:(?P<weekday>{WEEKDAY_NAME})(?P<comma>,?) )?"
YEAR = "(?P<year>9999|99)"
DATES: list[tuple[str, Layout]] = [
    ("9999(?P<mark>[-/.])99?(?P=mark)99?", ("%Y{mark}%m{mark}%d",)),
    ("99?(?P<mark>[-/.])99?(?P=mark)9999", ("%d{mark}%m{mark}%Y", "%m{mark}%d{mark}%Y")),
    (
        # With - and . the numbers need two digits each: 1.2.13 is a version.
        "(?:99(?P<mark>[-/.])99(?P=mark)|99?(?P<slash>/)99?/)99",
        ("%d{mark}%m{mark}%y", "%m{mark}%d{mark}%y", "%y{mark}%m{mark}%d"),
    ),
    (
        f"{WEEKDAY}99?(?P<mark>[- /]){MONTH}(?P=mark){YEAR}",
        ("{weekday}%d{mark}{month}{mark}{year}",),
    ),
    (f"{WEEKDAY}{MONTH} 99?(?P<mark>,?) {YEAR}", ("{weekday}{month} %d{mark} {year}",)),
]
MONTHS_ALONE: list[tuple[str, Layout]] = [
    ("9999(?P<mark>[-/])99", ("%Y{mark}%m",)),
    ("99?/9999", ("%m/%Y",)),
    (f"{MONTH}(?P<mark>[- ])9999", ("{month}{mark}%Y",)),
    (f"9999(?P<mark>[- ]){MONTH}", ("%Y{mark}{month}",)),
]
CLOCK = (
    "(?P<time>99?:99(?P<second>:99(?:(?P<point>[.,])9{1,9})?)?"
    "(?P<half>(?P<half_blank>[ \u00a0\u202f]?)[AP]M)?)"
)
TIME = f"(?P<before_time> |, |T){CLOCK}(?P<offset>(?P<offset_blank> ?)(?:{OFFSET}))?"


def _compiled(dates: list[tuple[str, Layout]], after: str) -> list[tuple[re.Pattern[str], Layout]]:
    """The patterns, in any case of letters, with what follows the date."""
    return [(re.compile(f"{date}{after}", re.IGNORECASE), layout) for date, layout in dates]


PATTERNS = [
    *_compiled(DATES, f"(?:{TIME})?"),
    *_compiled(MONTHS_ALONE, ""),
    *_compiled([(CLOCK, ("",))], ""),
]


def layout_of(shape: str) -> Layout:
    """The formats that cells of a shape may have; empty where they are no dates.

    >>> layout_of("99/99/9999 99:99"), layout_of("Dec 99, 9999"), layout_of("9999-99-99")
    (('%d/%m/%Y %H:%M', '%m/%d/%Y %H:%M'), ('%b %d, %Y',), ('iso',))
    >>> layout_of("9.9.99"), layout_of("99-99"), layout_of("9/9"), layout_of("99999999")
    ((), (), (), ())
    """
    if ISO.fullmatch(shape):
        return ("iso",)
    if ISO_WITH_OFFSET.fullmatch(shape):
        return ("iso with offset",)
    for pattern, formats in PATTERNS:
        found = pattern.fullmatch(shape)
        if found:
            pieces = _pieces(found.groupdict(default=""))
            time = _time_codes(found.groupdict(default=""))
            return tuple(text.format(**pieces) + time for text in formats)
    return ()


def _pieces(found: dict[str, str]) -> dict[str, str]:
    """What the places in the format of a date stand for in a shape."""
    weekday, month = found.get("weekday", ""), found.get("month", "")
    weekday_code = ("%A" if len(weekday) > 3 else "%a") + found.get("comma", "") + " "
    return {
        "weekday": weekday_code if weekday else "",
        "month": "%B" if len(month) > 4 or month.lower() in {"june", "july"} else "%b",
        "mark": found.get("mark", "") or found.get("slash", ""),
        "year": "%Y" if found.get("year") == "9999" else "%y",
    }


def _time_codes(found: dict[str, str]) -> str:
    """The codes of the time in a shape, with what stands before it; empty without one."""
    if not found.get("time"):
        return ""
    codes = found.get("before_time", "") + ("%I:%M" if found["half"] else "%H:%M")
    codes += ":%S" if found["second"] else ""
    codes += f"{found['point']}%f" if found["point"] else ""
    codes += f"{found['half_blank']}%p" if found["half"] else ""
    return codes + (f"{found['offset_blank']}%z" if found.get("offset") else "")
