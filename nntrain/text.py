"""Numbers, names and counts as text for people."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

LONGEST_LINE = 500


def shortened(line: str) -> str:
    """A line of bounded length: of a longer one its start and its end."""
    if len(line) <= LONGEST_LINE:
        return line
    return f"{line[: LONGEST_LINE - 200]} … {line[-190:]}"


def quoted(names: list[str] | tuple[str, ...], most: int = 8) -> str:
    """Names for a message: `'a', 'b' and 3 more`."""
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """A count with its noun: `1 row`, `1,030 rows`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def format_number(value: float | None) -> str:
    """A number for a person: four digits that count, no exponent for the sizes targets have."""
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e12 else f"{value:.4g}"


LONGEST_CELL = 200

"""Of a longer cell of a table the start is shown: every row of its column would be as wide."""


def distinct_names(paths: Sequence[str]) -> list[str]:
    """The file names of paths, with as many folders before them as tell them apart.

    A path that is named again gets its number; `-` is standard input.
    """
    parts = [("standard input",) if path == "-" else PurePath(path).parts for path in paths]
    names: list[str] = []
    for i, of in enumerate(parts):
        others = {other for other in parts if other != of}
        n = 1
        while n < len(of) and any(other[-n:] == of[-n:] for other in others):
            n += 1
        again = parts[:i].count(of)
        names.append("/".join(of[-n:]).replace("//", "/") + (f" ({again + 1})" if again else ""))
    return names


def printable(text: str) -> str:
    """The text with control characters escaped, so that a table's cells cannot steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def printable_cell(text: str) -> str:
    """A cell of a table, or its name, as far as a person would read it."""
    return printable(text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…")


def json_text(value: Any) -> str:
    """A value as JSON on one line; what does not print, some of which JSON allows, is escaped."""
    return escaped_json(json.dumps(value, ensure_ascii=False))


def escaped_json(text: str) -> str:
    """JSON on one line, that means the same and holds no character that could steer a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def format_distinct(values: Sequence[float]) -> list[str]:
    """Numbers beside each other: with as many digits as tell those apart that differ."""
    texts: list[str] = []
    for digits in range(4, 18):
        texts = [
            f"{of:,.0f}" if 1e4 <= abs(of) < 1e7 and digits < 7 else f"{of:,.{digits}g}"
            for of in values
        ]
        if len(set(texts)) == len(set(values)):
            break
    return texts


def format_with_difference(error: float, values: Sequence[float]) -> list[str]:
    """Values, and the error between them, with the digits that show that it is theirs."""
    decimals = min(max(3 - math.floor(math.log10(abs(error))), 0), 15) if error else 4
    numbers = [*values, error]
    if max(map(abs, numbers)) >= 1e12:
        return [f"{of:.6g}" for of in numbers]
    return [f"{of:,.{decimals}f}" for of in numbers]


def format_ratio(value: float | None) -> str:
    """R² and the like: three decimals."""
    if value is None:
        return "-"
    return f"{value:.3f}" if abs(value) < 1e4 else f"{value:.3g}"


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """Rows of a table as lines of plain text; all but the first `left` columns to the right."""
    cells = [list(map(printable_cell, row)) for row in [header, *rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
