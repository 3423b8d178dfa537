"""How the numbers of a column are written: `$1,234.50`, `1.234,5 €`, `34.4%`, `2620 lb`, `1.2M`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from nntrain.data.notation.affixes import (
    BLANKS,
    CURRENCY,
    GAP,
    SCALES,
    SIGNS,
    UNIT_STARTS,
    is_currency,
    scale_form,
)

GROUP_MARKS = {",": ",", ".": r"\.", " ": f"[{BLANKS}]", "'": "['’]"}
GROUPS = {
    **{mark: f"[1-9][0-9]{{0,2}}(?:{form}[0-9]{{3}})+|" for mark, form in GROUP_MARKS.items()},
    "lakh": "[1-9][0-9]?(?:,[0-9]{2})*,[0-9]{3}|",
    "": "",
}
"""For each way to group digits the regular expression of numbers that are grouped so."""
MARKS = (
    *((".", grouping) for grouping in ("", ",", " ", "'", "lakh")),
    *((",", grouping) for grouping in ("", ".", " ", "'")),
)
"""Every decimal mark with every way to group digits, the simplest first."""
Scale = Literal["none", "all", "some"]
PARENTHESES = str.maketrans("", "", "()")
MARK = re.compile("[0-9]([.,])[0-9]")
SCALE_PATTERNS: dict[Scale, str] = {"none": "", "all": "k", "some": "[k]"}

IN_PARENTHESES = re.compile(r"([^()]*)\(([^()]*)\)([^()0-9]*)")
CELL = re.compile(
    rf"[{SIGNS}]?{GAP}({CURRENCY})?{GAP}(?:[{SIGNS}]{GAP})?"
    rf"((?:(?<![^\W\d_])[.,])?[0-9](?:[0-9.,'’{BLANKS}]*[0-9])?(?:[eE][+-]?[0-9]+)?(?:[.,]$)?)"
    r"([^0-9]*(?:(?<=[A-Za-z])[23])?)"
)
"""A number in a cell, between a currency and whatever follows."""


@dataclass(frozen=True)
class NumberNotation:
    """How the numbers of a column are written: their marks, and what stands before and after them.

    `decimal` and `grouping` are the marks of decimals and of groups of three digits; a blank stands
    for all kinds of blanks, and `lakh` for commas as in `12,34,567`. `prefix` is a currency;
    `suffix` is a currency, % or a unit, which does not change the number: `34.4%` is 34.4. With
    `scale`, numbers are followed by k, M or such and multiplied by it: `all` of them, or `some`,
    while a number without stands for itself.
    """

    decimal: str = "."
    grouping: str = ""
    prefix: str = ""
    suffix: str = ""
    scale: Scale = "none"

    def number(self, text: str) -> float | None:
        """The number that a text without blanks around it is, None where it is written otherwise.

        It is the double nearest to what is written. A minus may stand before the currency or after
        it, or be parentheses, as in accounts. A single 0 needs no affixes, and none needs a scale.

        >>> notation = NumberNotation(grouping=",", prefix="$")
        >>> notation.number("$1,030.50"), notation.number("($12)"), notation.number("12 kg")
        (1030.5, -12.0, None)
        """
        match = self._form.fullmatch(text)
        if match is None:
            is_zero = text == "0" or (self.scale == "all" and self._unscaled.number(text) == 0.0)
            return 0.0 if is_zero else self._in_parentheses(text)
        sign, inner_sign, digits, scale = match.groups()
        if sign and inner_sign:
            return None
        if self._to_plain:
            digits = digits.translate(self._to_plain)
        value = float(f"{digits}e{SCALES[scale]}" if scale else digits)
        return -value if (sign or inner_sign or "+") != "+" else value

    @cached_property
    def _unscaled(self) -> NumberNotation:
        return replace(self, scale="none")

    def _in_parentheses(self, text: str) -> float | None:
        """The negative number in parentheses, if a text is one."""
        match = IN_PARENTHESES.fullmatch(text)
        return self.number(f"{match[1]}-{match[2].strip()}{match[3]}".strip()) if match else None

    @cached_property
    def _to_plain(self) -> dict[int, str | None]:
        """What becomes of the marks in a number, so that Python reads it."""
        if self.decimal == "." and not self.grouping:
            return {}
        return dict.fromkeys(map(ord, f"{BLANKS}'’,.")) | {ord(self.decimal): "."}

    @cached_property
    def _form(self) -> re.Pattern[str]:
        """The cells of this notation, with groups for both signs, the digits and the scale."""
        inner_sign = f"(?:([{SIGNS}]){GAP})?" if self.prefix else "()"
        before = f"([{SIGNS}]?){GAP}{re.escape(self.prefix)}{GAP if self.prefix else ''}"
        return re.compile(f"{before}{inner_sign}({self._digits}){self._after}")

    @property
    def _digits(self) -> str:
        """The regular expression of digits and the marks between them."""
        whole = f"(?:{GROUPS[self.grouping]}[0-9]+)"
        mark = re.escape(self.decimal)
        # A mark that ends a number is none before a unit, as in `12. edition`; one that follows
        # letters may be theirs, as in `Rs.5`.
        end = "+" if self.suffix or self.scale != "none" else "*"
        exponent = "" if self.grouping or self.scale != "none" else "(?:[eE][+-]?[0-9]+)?"
        return rf"(?:{whole}(?:{mark}[0-9]{end})?|(?<![^\W\d_]){mark}[0-9]+){exponent}"

    @property
    def _after(self) -> str:
        """The regular expression of what follows the digits: the scale and the suffix."""
        suffix = f"[{BLANKS}]+".join(map(re.escape, self.suffix.split(" ")))
        blank = f"(?=[{BLANKS}])" if self._has_unit else ""
        scale = f"(?:{GAP}({scale_form(self.suffix)}){blank})"
        scale = {"none": "()", "all": scale, "some": f"{scale}?"}[self.scale]
        return f"{scale}{GAP}{suffix}"

    @property
    def _has_unit(self) -> bool:
        """Whether the suffix is no currency, so that a k is a scale only with a blank between."""
        return bool(self.suffix) and not is_currency(self.suffix)

    @property
    def takes_plain_numbers(self) -> bool:
        """Whether a number of a typed format, such as JSON, is in the unit of these cells."""
        return not self.prefix and not self.suffix and self.scale != "all"

    @property
    def pattern(self) -> str:
        """How 1234.5 is written, by which a config sets the notation; `[k]` is a k that may lack.

        For a number in lakhs 1234567.5 is, because 1234.5 would not show it.

        >>> NumberNotation(grouping=",", prefix="$", scale="some").pattern
        '$1,234.5[k]'
        """
        before, scale, after = self.prefix, SCALE_PATTERNS[self.scale], self.suffix
        if before and (before[-1].isalpha() or before[-1] == "."):
            before += " "
        if after and (after[0] not in UNIT_STARTS or (scale and self._has_unit)):
            after = f" {after}"
        whole = "12,34,567" if self.grouping == "lakh" else f"1{self.grouping}234"
        return f"{before}{whole}{self.decimal}5{scale}{after}"

    def role_of_mark(self, text: str) -> str:
        """What the first comma or point between digits of a text is in this notation.

        >>> NumberNotation(grouping=",").role_of_mark("$1,234")
        'the comma groups thousands'
        >>> NumberNotation(decimal=",").role_of_mark("$1,234")
        'the comma is the decimal mark'
        """
        match = MARK.search(text)
        if match is None:
            return "there is no mark"
        role = "is the decimal mark" if match[1] == self.decimal else "groups thousands"
        return f"the {'comma' if match[1] == ',' else 'point'} {role}"
