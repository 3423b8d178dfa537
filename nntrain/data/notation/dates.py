"""Dates and times as numbers: how a column writes them, and the seconds from 1970 to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from nntrain.data.notation.date_codes import (
    CODE,
    ISO,
    ISO_WITH_OFFSET,
    TIME,
    check_codes,
    codes_of,
    pattern_of,
)
from nntrain.data.notation.moments import (
    END,
    START,
    code_text,
    iso_text,
    moment_of,
    seconds_of,
)

WORDS = ("iso", "iso with offset", "unix", "unix_ms")
"""Formats that are no codes: ISO 8601, all cells without or all with an offset; Unix time."""
PER_UNIT = {"unix": 1, "unix_ms": 1000}
END_OF_DAY = 86400 - 1e-6
AFTERNOON = 52200.0
LAST_AFTERNOON_OF_2024 = 1735603200.0 + AFTERNOON
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,3})?", re.IGNORECASE)
ISO_EXAMPLES = [
    day + time + offset
    for day in ("2011-10-09", "")
    for time in ("", " 08:07", "T08:07", " 08:07:06", "T08:07:06", "08:07", "08:07:06")
    for offset in ("", "Z", "+05:04")
]


@dataclass(frozen=True)
class DateNotation:
    """How the dates or times of a column are written: with codes, or by one of `WORDS`.

    A format with `%z` and the word `iso with offset` are of cells that all have an offset from
    UTC, and such cells become moments in UTC. Other cells have no offset and are taken as they
    stand, as if the clock had been that of UTC: no day lacks an hour. Beside its own format, each
    notation reads ISO 8601, in which tables of typed columns write dates.

    >>> DateNotation("%d.%m.%Y").number("31.12.2024"), DateNotation("%I:%M %p").number("2:30 PM")
    (1735603200.0, 52200.0)
    """

    format: str

    decimal: ClassVar[str] = "."

    @property
    def pattern(self) -> str:
        """The format, as a config holds it."""
        return self.format

    @property
    def has_offset(self) -> bool:
        """Whether every cell has an offset from UTC."""
        return self.format == "iso with offset" or "%z" in self.codes

    @property
    def takes_plain_numbers(self) -> bool:
        """Whether numbers of typed columns are dates: seconds or milliseconds since 1970."""
        return self.format in PER_UNIT

    @property
    def is_time(self) -> bool:
        """Whether cells are times of the day, without a date."""
        return self.format not in WORDS and not self._has("%Y", "%y")

    @property
    def has_time(self) -> bool:
        """Whether cells have a time of the day, or can have one."""
        return self.format in WORDS or self._has("%H", "%I")

    @property
    def has_day(self) -> bool:
        """Whether cells have a day, and not a month or a time alone."""
        return self.format in WORDS or self._has("%d")

    @property
    def example(self) -> str:
        """How the last day of 2024, at half past two in the afternoon, is written."""
        return self.text(AFTERNOON if self.is_time else LAST_AFTERNOON_OF_2024)

    @cached_property
    def codes(self) -> list[str]:
        """The codes of the format; empty for a word."""
        return codes_of(self.format)

    def _has(self, *codes: str) -> bool:
        """Whether one of these codes is in the format."""
        return any(code in self.codes for code in codes)

    @cached_property
    def iso_pattern(self) -> re.Pattern[str]:
        """The pattern of ISO 8601 as this notation reads it."""
        if self.is_time:
            return TIME
        return ISO_WITH_OFFSET if self.has_offset else ISO

    @cached_property
    def _own(self) -> re.Pattern[str]:
        """The pattern of the format."""
        return self.iso_pattern if self.format in WORDS else pattern_of(self.format)

    def match(self, text: str) -> re.Match[str] | None:
        """The parts of a cell that is written so, even if there is no such date; else None."""
        return self._own.fullmatch(text) or self.iso_pattern.fullmatch(text)

    def number(self, text: str) -> float | None:
        """The seconds from 1970 to what a cell says, or from midnight to a time; None if neither.

        It is None for a cell that is written otherwise, and where there is no such date. The
        number is the nearest to the exact one, which from 1698 to 2242 tells all microseconds
        apart. A weekday's name is passed over.
        """
        if self.format in PER_UNIT and NUMBER.fullmatch(text):
            seconds = float(text) / PER_UNIT[self.format]
            return seconds if START <= seconds < END else None
        found = self.match(text)
        return None if found is None else seconds_of(found)

    def text(self, seconds: float) -> str:
        """A finite number as a date or time in this notation, which may drop what is finer.

        Before the year 1 and after 9999, and before and after the day of a time, it is the first
        or the last moment.
        """
        if self.format in PER_UNIT:
            return f"{seconds * PER_UNIT[self.format]:.6f}".rstrip("0").rstrip(".")
        moment = moment_of(min(max(seconds, 0.0), END_OF_DAY) if self.is_time else seconds)
        if self.format in WORDS:
            return iso_text(moment, self.has_offset)
        return CODE.sub(lambda code: code[0][:-2] + code_text(moment, code[0][-2:]), self.format)


def parse_date_format(text: str) -> DateNotation:
    """The notation of a format as a user writes it; a ValueError says what is wrong with it.

    >>> parse_date_format("%d.%m.%Y").example, parse_date_format("ISO").format
    ('31.12.2024', 'iso')
    """
    if text.strip().lower() in WORDS:
        return DateNotation(text.strip().lower())
    notation = DateNotation(text.strip())
    check_codes(notation.format)
    for example in ISO_EXAMPLES:
        own = pattern_of(notation.format).fullmatch(example)
        iso = notation.iso_pattern.fullmatch(example)
        if own and iso and seconds_of(own) != seconds_of(iso):
            reason = "otherwise than ISO 8601, which every format reads too"
            advice = "the cells have to be written in another way"
            raise ValueError(f"{notation.format!r} reads {example!r} {reason}: {advice}")
    return notation
