"""Tables and outlines on stdout or stderr, styled on a terminal and fitted to its width.

Elsewhere they are plain lines without colour or control characters, unless FORCE_COLOR asks for
colour.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from itertools import groupby

import click
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from nntrain.text import aligned, printable_cell

MIN_WIDTH = 12
"""How narrow a column of text may be folded, in characters."""
LONGEST_NAME = 24
"""The first column of a Markdown table is not wrapped if its cells are at most this long."""


def print_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    title: str = "",
    left: int = 1,
    err: bool = False,
) -> None:
    """Print a table, its first `left` columns left-aligned, the others right-aligned.

    A table too wide for its terminal is printed as one line for each cell.
    """
    console = Console(stderr=err)
    titles = [printable_cell(title)] if title else []
    if not _is_styled(console, err=err):
        _print_lines([*titles, *aligned(header, rows, left)], err=err)
    elif _least_width(header, rows, left) > console.width:
        _print_lines([*titles, *map(printable_cell, _stacked(header, rows))], err=err)
    else:
        console.print(f"\n[bold]{escape(titles[0])}[/bold]" if titles else "")
        console.print(_styled_table(header, rows, left))


def _print_lines(lines: Iterable[str], *, err: bool) -> None:
    for line in lines:
        click.echo(line, err=err)


def _styled_table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for i, name in enumerate(header):
        longest = max(map(len, [name, *(row[i] for row in rows)]))
        table.add_column(
            escape(printable_cell(name)) if i < left else name.replace(" ", "\n"),
            justify="left" if i < left else "right",
            overflow="fold",
            min_width=min(longest, MIN_WIDTH) if i < left else None,
        )
    for row in rows:
        table.add_row(*(escape(printable_cell(cell)) for cell in row))
    return table


def print_markdown(text: str) -> None:
    """Print Markdown: laid out and styled on a terminal, as it is written elsewhere."""
    from rich.markdown import Markdown  # only here: it takes as long to load as the rest of rich

    console = Console()
    if not _is_styled(console, err=False):
        click.echo(text, nl=False)
        return
    for is_table, lines in groupby(text.splitlines(), lambda line: line.startswith("|")):
        if is_table:
            console.print("", _markdown_table(list(lines), console.width), "", sep="\n")
        else:
            console.print(Markdown("\n".join(lines), hyperlinks=False))


def _markdown_table(lines: Sequence[str], width: int) -> Table:
    """A Markdown table that cuts no word short, unlike those that rich makes of Markdown."""
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    header, _, *rows = cells
    is_wide = any(sum(map(len, row)) > width for row in rows)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, leading=int(is_wide))
    are_names = max(len(first) for first, *_ in rows) <= LONGEST_NAME
    for i, name in enumerate(header):
        table.add_column(_with_code(name), overflow="fold", no_wrap=i == 0 and are_names)
    for row in rows:
        table.add_row(*map(_with_code, row))
    return table


def _with_code(cell: str) -> Text:
    """The text of a Markdown cell, with its `code` coloured."""
    parts = cell.replace(r"\|", "|").split("`")
    return Text.assemble(*((part, "cyan" if i % 2 else "") for i, part in enumerate(parts)))


def print_outline(lines: Iterable[str]) -> None:
    """Print lines on stdout whose indent says what they are.

    On a terminal headings (no indent) are bold and names (two spaces) coloured; elsewhere, and
    further indented, lines are plain.
    """
    console = Console(highlight=False)
    for line in lines:
        if not _is_styled(console, err=False):
            click.echo(line)
            continue
        text = line.lstrip("\n")
        indent = len(text) - len(text.lstrip())
        style = {0: "bold", 2: "cyan"}.get(indent, "")
        console.print(Text(line, style), soft_wrap=True)


def _least_width(header: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> int:
    """The width in characters below which a table would have to cut its numbers."""
    width = 2 * (len(header) - 1)
    for i, name in enumerate(header):
        longest = max(map(len, [*name.split(), *(row[i] for row in rows)]))
        width += min(longest, MIN_WIDTH) if i < left else longest
    return width


def _stacked(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table as lines: for each row its first cell, and indented each other one, if not empty."""
    lines = []
    for row in rows:
        first, *others = zip(header, row, strict=True)
        lines.append(f"{first[0]}: {first[1]}")
        lines += [f"  {name}: {cell}" for name, cell in others if cell]
    return lines


def _is_styled(console: Console, *, err: bool) -> bool:
    """Whether output is styled: on a terminal that can, elsewhere if FORCE_COLOR is set."""
    is_terminal = (sys.stderr if err else sys.stdout).isatty()
    is_forced = bool(os.environ.get("FORCE_COLOR")) and not os.environ.get("NO_COLOR")
    return (is_terminal or is_forced) and not console.is_dumb_terminal
