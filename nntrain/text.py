"""Numbers, names, counts and tables as text for people.

`format_*` functions give a number as text, the others a name, a line or a whole table.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

LONGEST_LINE = 500
LONGEST_CELL = 200
"""Longer cells of a table are cut: every other cell of their column would be padded as wide."""


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """A count with its noun.

    >>> counted(1, "row"), counted(1030, "row"), counted(2, "category", "categories")
    ('1 row', '1,030 rows', '2 categories')
    """
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def quoted(names: list[str] | tuple[str, ...], most: int = 8) -> str:
    """Names for a message, in quotes; of very many the first `most`.

    >>> quoted(["a", "b"]), quoted(["a", "b", "c", "d"], most=2)
    ("'a', 'b'", "'a', 'b' and 2 more")
    """
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def format_number(value: float | None) -> str:
    """A number with four significant digits, without an exponent below 10¹²; `-` for None.

    >>> format_number(0.123456), format_number(51234.5), format_number(1030), format_number(None)
    ('0.1235', '51,234', '1,030', '-')
    """
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e12 else f"{value:.4g}"


def format_ratio(value: float | None) -> str:
    """R², a coverage or another ratio with three decimals; `-` for None.

    >>> format_ratio(0.91249), format_ratio(None)
    ('0.912', '-')
    """
    if value is None:
        return "-"
    return f"{value:.3f}" if abs(value) < 1e4 else f"{value:.3g}"


def format_distinct(values: Sequence[float]) -> list[str]:
    """Numbers with four digits, or as many as it takes to tell different ones apart.

    >>> format_distinct([1.0, 2.5]), format_distinct([1.00001, 1.00002])
    (['1', '2.5'], ['1.00001', '1.00002'])
    """
    texts: list[str] = []
    for digits in range(4, 18):
        texts = [
            f"{value:,.0f}" if 1e4 <= abs(value) < 1e7 and digits < 7 else f"{value:,.{digits}g}"
            for value in values
        ]
        if len(set(texts)) == len(set(values)):
            break
    return texts


def format_with_difference(difference: float, values: Sequence[float]) -> list[str]:
    """Values, and last their difference, with the same decimals: enough to check it by eye.

    >>> format_with_difference(0.0123, [5.0, 4.9877])
    ['5.00000', '4.98770', '0.01230']
    """
    decimals = 4
    if difference:
        decimals = min(max(3 - math.floor(math.log10(abs(difference))), 0), 15)
    numbers = [*values, difference]
    if max(map(abs, numbers)) >= 1e12:
        return [f"{value:.6g}" for value in numbers]
    return [f"{value:,.{decimals}f}" for value in numbers]


def distinct_names(paths: Sequence[str]) -> list[str]:
    """The file names of paths, each with as many folders before it as tell it from the others.

    A path that is named again gets its number; `-` is standard input.

    >>> distinct_names(["runs/a/loss.csv", "runs/b/loss.csv", "new.csv", "new.csv", "-"])
    ['a/loss.csv', 'b/loss.csv', 'new.csv', 'new.csv (2)', 'standard input']
    """
    all_parts = [("standard input",) if path == "-" else PurePath(path).parts for path in paths]
    names: list[str] = []
    for i, parts in enumerate(all_parts):
        others = {other for other in all_parts if other != parts}
        n = 1
        while n < len(parts) and any(other[-n:] == parts[-n:] for other in others):
            n += 1
        n_before = all_parts[:i].count(parts)
        number = f" ({n_before + 1})" if n_before else ""
        names.append("/".join(parts[-n:]).replace("//", "/") + number)
    return names


def shortened(line: str) -> str:
    """A line of bounded length: the start and the end of a longer one.

    >>> len("word " * 200), len(shortened("word " * 200))
    (1000, 493)
    """
    if len(line) <= LONGEST_LINE:
        return line
    return f"{line[: LONGEST_LINE - 200]} … {line[-190:]}"


def printable(text: str) -> str:
    r"""The text with control characters escaped, so that a table's cells cannot steer a terminal.

    >>> print(printable("red\x1b[31m\n"))
    red\x1b[31m\n
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def printable_cell(text: str) -> str:
    """A table's cell or column name, printable, and cut where nobody would read on.

    >>> len(printable_cell("x" * 1000))
    201
    """
    return printable(text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…")


def json_text(value: Any) -> str:
    r"""A value as strict JSON on one line, with every character escaped that does not print.

    JSON has no infinite or undefined numbers: they become null.

    >>> print(json_text({"city": "Zürich", "note": "a\u2028b", "rmse": math.inf}))
    {"city": "Zürich", "note": "a\u2028b", "rmse": null}
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(_with_nulls(value), ensure_ascii=False, allow_nan=False)
    return escaped_json(text)


def _with_nulls(value: Any) -> Any:
    """The same JSON value with None for each number that is not finite."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _with_nulls(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_nulls(item) for item in value]
    return value


def escaped_json(text: str) -> str:
    r"""The same JSON with every character escaped that could steer a terminal.

    >>> print(escaped_json('"a\x7fb"'))
    "a\u007fb"
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """A table as lines of plain text: the first `left` columns left-aligned, the others right.

    >>> for line in aligned(["rows", "RMSE"], [["training", "5.2"], ["validation", "10.4"]]):
    ...     print(line)
    rows        RMSE
    training     5.2
    validation  10.4
    """
    cells = [list(map(printable_cell, row)) for row in [header, *rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
