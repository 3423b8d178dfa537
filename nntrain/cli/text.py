"""Plain text for a person."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import click

from nntrain.cli.options import is_quiet
from nntrain.errors import shortened

if TYPE_CHECKING:
    from nntrain.diagnosis import Finding

LONGEST_CELL = 200
"""Of a longer cell of a table the start is shown: every row of its column would be as wide."""


def complain(message: str) -> None:
    """Print an error on stderr, each of its lines marked, but for what it quotes indented."""
    for line in message.split("\n"):
        mark = "" if line.startswith("    ") else "Error: "
        click.echo(mark + printable(line), err=True)


def note(message: str, kind: str = "Note") -> None:
    """Print a note on stderr: something that was decided or left out, no error."""
    click.echo(f"{kind}: {printable(shortened(message))}", err=True)


def tell(findings: Iterable[Finding]) -> None:
    """Print what is amiss on stderr, a line for each finding."""
    for finding in () if is_quiet() else findings:
        note(str(finding), kind="Look")


def suggest(*words: str | Sequence[str], then: str = "") -> None:
    """Print the next command to type on stderr; a list among the words may be empty."""
    flat = [word for each in words for word in ([each] if isinstance(each, str) else each)]
    if not is_quiet():
        command = " ".join(shlex.quote(word) for word in ("nntrain", *flat))
        click.echo(printable(f"Next: {command}{then}"), err=True)


def model_options(model_path: str) -> list[str]:
    """The option that names a model, unless it is the default one."""
    return [] if model_path == "model.npz" else ["--model", model_path]


def set_options(overrides: Sequence[str]) -> list[str]:
    """The options that set keys as this command was told to."""
    return [word for override in overrides for word in ("--set", override)]


def reading_options(delimiter: str | None, decimal: str) -> list[str]:
    """The options that have a table read as this one was."""
    named = [] if delimiter is None else ["--delimiter", "tab" if delimiter == "\t" else delimiter]
    return named if decimal == "." else [*named, "--decimal", decimal]


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


def figures(values: Sequence[float]) -> list[str]:
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


def beside(error: float, values: Sequence[float]) -> list[str]:
    """Values, and the error between them, with the digits that show that it is theirs."""
    decimals = min(max(3 - math.floor(math.log10(abs(error))), 0), 15) if error else 4
    numbers = [*values, error]
    if max(map(abs, numbers)) >= 1e12:
        return [f"{of:.6g}" for of in numbers]
    return [f"{of:,.{decimals}f}" for of in numbers]


def ratio(value: float | None) -> str:
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
