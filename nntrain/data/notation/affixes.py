"""What stands before and after a number in a cell: a currency, a scale such as k, a unit."""

from __future__ import annotations

import re

BLANKS = " \u00a0\u202f\u2009"
"""Blanks that stand in numbers: space, no-break space, narrow no-break space, thin space."""
GAP = f"[{BLANKS}]*"
SIGNS = "+\\-\u2212\u2013"
"""Signs, as they stand in a class of characters. Before a number an en dash can only be a minus."""

CURRENCY_SIGNS = (
    "$¢-¥֏؋\u07fe\u07ff৲৳৻૱௹฿៛\u20a0-\u20c0\ua838\ufdfc\ufe69＄￠￡￥￦"
    "\U00011fdd-\U00011fe0\U0001e2ff\U0001ecb0"
)
"""Unicode's currency signs, as they stand in a class of characters."""
CURRENCY_NAMES = (
    "US$ A$ AU$ C$ CA$ HK$ NZ$ NT$ S$ R$ MX$ Rs. Rs Rp RM kr. kr Kr zł Kč Ft Fr. SFr. S/ DM "
    "USD EUR GBP JPY CNY RMB CHF CAD AUD NZD HKD SGD TWD KRW INR PKR BDT LKR IDR MYR PHP THB VND "
    "SEK NOK DKK ISK PLN CZK HUF RON BGN RSD RUB UAH TRY ILS AED SAR QAR KWD EGP ZAR NGN KES "
    "BRL MXN ARS CLP COP UYU"
)
"""Currencies in letters; codes that read as words, such as ALL or TOP, are left out."""
CURRENCY = "|".join(
    [*map(re.escape, sorted(CURRENCY_NAMES.split(), key=len, reverse=True)), f"[{CURRENCY_SIGNS}]"]
)
IS_CURRENCY = re.compile(CURRENCY)

SURE_SCALES = {
    **dict.fromkeys(("k", "K", "Tsd", "Tsd.", "thousand"), 3),
    **dict.fromkeys(("lac", "Lac", "lakh", "Lakh"), 5),
    **dict.fromkeys(("M", "MM", "mn", "Mn", "Mio", "Mio.", "mio", "million"), 6),
    **dict.fromkeys(("crore", "Crore"), 7),
    **dict.fromkeys(("B", "bn", "Bn", "BN", "Mrd", "Mrd.", "mrd", "billion"), 9),
    "trillion": 12,
}
"""What multiplies a number, whatever stands beside it, and by which power of ten."""
UNSURE_SCALES = {"m": 6, "Cr": 7, "cr": 7, "b": 9, "T": 12}
"""What multiplies an amount of money, or beside cells with a sure scale; else it is a unit."""
SCALES = SURE_SCALES | UNSURE_SCALES

LONGEST_UNIT = 12
SQUARE_OR_CUBE = re.compile(r"(?<=[A-Za-z])[23]\Z")
UNIT_STARTS = "%‰°\"'″′/"
"""What a unit may begin with, apart from letters and currency signs; it follows with no blank."""
UNIT_MARKS = UNIT_STARTS + ".·*^²³¹⁻_-"
RANKS_AND_MONTHS = (
    "st nd rd th e er ère ème eme º ª am pm a.m a.m. p.m p.m. uhr "
    "jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july "
    "august september october november december januar februar märz mär mrz mai juni juli okt "
    "oktober dez dezember janv janvier févr février mars avr avril juin juil juillet août "
    "septembre octobre novembre déc décembre ene enero febrero marzo abr abril mayo junio julio "
    "ago agosto septiembre octubre noviembre dic diciembre gen gennaio febbraio aprile mag "
    "maggio giu giugno lug luglio set settembre ott ottobre dicembre"
)
"""Ordinals, hours of the day and months: a number before them is a rank or a part of a date."""
NO_UNITS = frozenset(RANKS_AND_MONTHS.split())

WORD_BREAK = re.compile(r"[ /.,-]+")


def scale_form(suffix: str) -> str:
    """The regular expression of the scales that may stand before this suffix.

    T before a suffix is left out: it may be a thousand, as in T€.
    """
    names = [name for name in SCALES if not (suffix and name == "T")]
    return "|".join(map(re.escape, sorted(names, key=len, reverse=True)))


SCALED = re.compile(rf"({scale_form(' ')})(?: ?({CURRENCY})| (.+))")


def is_currency(text: str) -> bool:
    """Whether a text is the sign, the code or the name of a currency.

    >>> is_currency("€"), is_currency("CHF"), is_currency("T")
    (True, True, False)
    """
    return IS_CURRENCY.fullmatch(text) is not None


def is_unit(text: str) -> bool:
    """Whether a text after a number may be its unit: no rank, no month, no mark of a range.

    >>> is_unit("km/h"), is_unit("m²"), is_unit("th"), is_unit("May"), is_unit("-")
    (True, True, False, False, False)
    """
    if is_currency(text):
        return True
    if not text or len(text) > LONGEST_UNIT or text.endswith("/"):
        return False
    if not (text[0].isalpha() or text[0] in UNIT_STARTS or is_currency(text[0])):
        return False
    if not {text.casefold(), *WORD_BREAK.split(text.casefold())}.isdisjoint(NO_UNITS):
        return False
    letters = SQUARE_OR_CUBE.sub("", text.replace(" ", ""))
    return all(c.isalpha() or c in UNIT_MARKS or is_currency(c) for c in letters)


def split_rest(rest: str, takes_unsure: bool) -> tuple[str, str] | None:
    """The scale and the unit in the text after a number, each empty if absent; None if neither.

    `takes_unsure` says that an m after a number is a million, as it is after an amount of money.

    >>> split_rest("k", False), split_rest("M €", False), split_rest("m", False)
    (('k', ''), ('M', '€'), ('', 'm'))
    """
    rest = " ".join(rest.split())
    scale, suffix = rest, ""
    if match := SCALED.fullmatch(rest):
        scale, suffix = match[1], match[2] or match[3]
    takes_unsure = takes_unsure or is_currency(suffix)
    if scale in SURE_SCALES or (takes_unsure and scale in UNSURE_SCALES):
        return (scale, suffix) if not suffix or is_unit(suffix) else None
    return ("", rest) if not rest or is_unit(rest) else None
