"""What a terminal shows: a live line while training, and tables that fit its width.

Away from a terminal the same comes as plain lines, without colour or control characters; tables
are styled there too if FORCE_COLOR says so.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from types import TracebackType

import click
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from nntrain.engine.progress import EpochResult
from nntrain.text import aligned, printable_cell

PLAIN_LINE_SECONDS = 5.0
LIVE_LINE_SECONDS = 0.1
MOST_LOSSES = 1024
TIME_WIDTH = 10
"""What the time left takes beside the other columns of the live line."""
SPARKS = "▁▂▃▄▅▆▇█"
SPARKLINE_WIDTH = 12
MIN_WIDTH = 12
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
    """Print a table; all but its first `left` columns are aligned to the right."""
    console = Console(stderr=err)
    if not (_is_terminal(err=err) or _is_forced()) or console.is_dumb_terminal:
        for line in [*([printable_cell(title)] if title else []), *aligned(header, rows, left)]:
            click.echo(line, err=err)
        return
    if _least_width(header, rows, left) > console.width:
        for line in [*([title] if title else []), *_stacked(header, rows)]:
            click.echo(printable_cell(line), err=err)
        return
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
    console.print(f"\n[bold]{escape(printable_cell(title))}[/bold]" if title else "")
    console.print(table)


def print_markdown(text: str) -> None:
    """Print Markdown: laid out and styled on a terminal, as it is written elsewhere."""
    from rich.markdown import Markdown  # only here: it takes as long to load as the rest of rich

    console = Console()
    if not (_is_terminal(err=False) or _is_forced()) or console.is_dumb_terminal:
        click.echo(text, nl=False)
        return
    for is_table, lines in groupby(text.splitlines(), lambda line: line.startswith("| ")):
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
    """Print lines that are indented by what they are: headings, names of what follows, the rest.

    In a terminal headings are bold and names are coloured; elsewhere all is plain.
    """
    console = Console(highlight=False)
    is_styled = (_is_terminal(err=False) or _is_forced()) and not console.is_dumb_terminal
    for line in lines:
        if not is_styled:
            click.echo(line)
            continue
        text = line.lstrip("\n")
        indent = len(text) - len(text.lstrip())
        style = {0: "bold", 2: "cyan"}.get(indent, "")
        console.print(Text(line, style), soft_wrap=True)


def _least_width(header: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> int:
    """The width below which a table would have to cut figures."""
    width = 2 * (len(header) - 1)
    for i, name in enumerate(header):
        longest = max(map(len, [*name.split(), *(row[i] for row in rows)]))
        width += min(longest, MIN_WIDTH) if i < left else longest
    return width


def _stacked(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table too wide for its terminal: a line for each cell that is not empty."""
    lines = []
    for row in rows:
        first, *others = zip(header, row, strict=True)
        lines.append(f"{first[0]}: {first[1]}")
        lines += [f"  {name}: {cell}" for name, cell in others if cell]
    return lines


def _is_terminal(*, err: bool) -> bool:
    return (sys.stderr if err else sys.stdout).isatty()


def _is_forced() -> bool:
    """Whether tables are to be styled even where no terminal shows them."""
    return bool(os.environ.get("FORCE_COLOR")) and not os.environ.get("NO_COLOR")


class TrainingDisplay:
    """Shows epochs as they end; a context manager around the training loop."""

    def __init__(self, epochs: int, *, shown: bool = True, title: str = "") -> None:
        console = Console(stderr=True)
        self._epochs = epochs
        self._title = title
        self._began = self._last_line = time.perf_counter()
        self._shown = shown
        self._losses: list[float] = []
        self._loss_every = 1
        self._first: int | None = None
        self._live: Progress | None = None
        if shown and _is_terminal(err=True) and not console.is_dumb_terminal:
            columns = [
                TextColumn(title + "epoch {task.completed:,.0f}/{task.total:,.0f}"),
                *([BarColumn(bar_width=None)] if console.width >= 100 else []),
                TextColumn("{task.fields[figures]}"),
                TimeRemainingColumn(compact=True),
            ]
            self._live = Progress(*columns, console=console, transient=True, expand=True)
            self._task = self._live.add_task("", total=epochs, figures="")

    def __enter__(self) -> TrainingDisplay:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()

    def show(self, results: Sequence[EpochResult]) -> None:
        """Show one epoch, of an ensemble the mean loss of its networks."""
        result = replace(
            results[0],
            loss=sum(of.loss for of in results) / len(results),
            largest_update=max(of.largest_update for of in results),
        )
        now = time.perf_counter()
        if self._first is None:
            self._first = result.epoch - 1
        if self._live:
            self._keep_loss(result)
        seconds = LIVE_LINE_SECONDS if self._live else PLAIN_LINE_SECONDS
        if not self._shown or now - self._last_line < seconds:
            return
        self._last_line = now
        speed = (result.epoch - self._first) / max(now - self._began, 1e-9)
        if self._live:
            self._live.update(
                self._task, completed=result.epoch, figures=self._live_figures(result, speed)
            )
        else:
            left = (self._epochs - result.epoch) / speed
            click.echo(
                f"{self._title}epoch {result.epoch:,}/{self._epochs:,}: {_figures(result)}, "
                f"{speed:,.0f} epochs/s, {left:,.0f} s left",
                err=True,
            )

    def _keep_loss(self, result: EpochResult) -> None:
        """Keep the losses of evenly spaced epochs, not too many of them."""
        if result.epoch % self._loss_every == 0 or not self._losses:
            self._losses.append(result.loss)
        if len(self._losses) > MOST_LOSSES:
            self._losses = self._losses[::2]
            self._loss_every *= 2

    def _live_figures(self, result: EpochResult, speed: float) -> str:
        """As much about an epoch as there is room for, beside its number and the time left."""
        assert self._live
        epochs = f"{self._title}epoch {result.epoch:,}/{self._epochs:,}"
        room = self._live.console.width - len(epochs) - TIME_WIDTH
        loss = f"loss {result.loss:.4g}"
        for width in (12, 8, 4):
            line = sparkline([*self._losses, result.loss], width)
            figures = f"{line} {_figures(result)}, {speed:,.0f} epochs/s"
            if len(figures) <= room:
                return figures
        line = f"{sparkline([*self._losses, result.loss], 4)} {loss}"
        return line if len(line) <= room else loss


def sparkline(values: Sequence[float], width: int = SPARKLINE_WIDTH) -> str:
    """The course of some values in a few characters, each the last value of its stretch."""
    n = min(width, len(values))
    shown = [values[(i + 1) * len(values) // n - 1] for i in range(n)]
    low, high = min(shown), max(shown)
    scale = (len(SPARKS) - 1) / (high - low) if high > low else 0.0
    return "".join(SPARKS[round((value - low) * scale)] for value in shown).rjust(width)


def _figures(result: EpochResult) -> str:
    return f"loss {result.loss:.4g}, largest update {result.largest_update:.2g}"
