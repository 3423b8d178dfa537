"""Progress on stderr while a network trains: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from nntrain.engine.progress import EpochResult

PLAIN_LINE_SECONDS = 5.0
LIVE_LINE_SECONDS = 0.1
"""The least time between two plain lines, and between two updates of the live line."""
MAX_LOSSES = 1024
"""The sparkline is drawn from at most this many losses, however many epochs there are."""
SPARKS = "▁▂▃▄▅▆▇█"
SPARKLINE_WIDTHS = (12, 8, 4)
"""Widths of the sparkline in characters; the first is taken that leaves room for the numbers."""
TIME_WIDTH = 10
"""Characters that the time left takes beside the other columns of the live line."""


class TrainingDisplay:
    """Shows epochs as they end; a context manager around the training loop.

    `epochs` is the number planned; `title` stands before each line. Nothing is shown unless
    `shown`.
    """

    def __init__(self, epochs: int, *, shown: bool = True, title: str = "") -> None:
        console = Console(stderr=True)
        self._epochs = epochs
        self._title = title
        self._began = self._last_line = time.perf_counter()
        self._shown = shown
        self._losses: list[float] = []
        self._loss_every = 1
        self._epochs_before: int | None = None
        self._live: Progress | None = None
        if shown and sys.stderr.isatty() and not console.is_dumb_terminal:
            columns = [
                TextColumn(title + "epoch {task.completed:,.0f}/{task.total:,.0f}"),
                *([BarColumn(bar_width=None)] if console.width >= 100 else []),
                TextColumn("{task.fields[numbers]}"),
                TimeRemainingColumn(compact=True),
            ]
            self._live = Progress(*columns, console=console, transient=True, expand=True)
            self._task = self._live.add_task("", total=epochs, numbers="")

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
        """Show one epoch: the result of each network, whose mean loss is shown."""
        epoch = replace(
            results[0],
            loss=sum(result.loss for result in results) / len(results),
            largest_update=max(result.largest_update for result in results),
        )
        now = time.perf_counter()
        if self._epochs_before is None:  # a resumed run begins after epoch 1
            self._epochs_before = epoch.epoch - 1
        if self._live:
            self._keep_loss(epoch)
        seconds = LIVE_LINE_SECONDS if self._live else PLAIN_LINE_SECONDS
        if not self._shown or now - self._last_line < seconds:
            return
        self._last_line = now
        epochs_per_second = (epoch.epoch - self._epochs_before) / max(now - self._began, 1e-9)
        if self._live:
            numbers = self._numbers_that_fit(self._live, epoch, epochs_per_second)
            self._live.update(self._task, completed=epoch.epoch, numbers=numbers)
        else:
            seconds_left = (self._epochs - epoch.epoch) / epochs_per_second
            click.echo(
                f"{self._title}epoch {epoch.epoch:,}/{self._epochs:,}: "
                f"{_numbers(epoch, epochs_per_second)}, {seconds_left:,.0f} s left",
                err=True,
            )

    def _keep_loss(self, epoch: EpochResult) -> None:
        """Keep the losses of evenly spaced epochs, at most `MAX_LOSSES` of them."""
        if epoch.epoch % self._loss_every == 0 or not self._losses:
            self._losses.append(epoch.loss)
        if len(self._losses) > MAX_LOSSES:
            self._losses = self._losses[::2]
            self._loss_every *= 2

    def _numbers_that_fit(
        self, live: Progress, epoch: EpochResult, epochs_per_second: float
    ) -> str:
        """As much about an epoch as there is room for, beside its number and the time left."""
        counter = f"{self._title}epoch {epoch.epoch:,}/{self._epochs:,}"
        room = live.console.width - len(counter) - TIME_WIDTH
        losses = [*self._losses, epoch.loss]
        loss = f"loss {epoch.loss:.4g}"
        choices = [
            f"{sparkline(losses, width)} {_numbers(epoch, epochs_per_second)}"
            for width in SPARKLINE_WIDTHS
        ]
        choices.append(f"{sparkline(losses, SPARKLINE_WIDTHS[-1])} {loss}")
        return next((text for text in choices if len(text) <= room), loss)


def sparkline(values: Sequence[float], width: int) -> str:
    """A chart of some values in one line of `width` characters, right-aligned.

    Of more values than characters, each character shows the last one of its stretch.

    >>> sparkline([8, 4, 2, 1, 1], 8)
    '   █▄▂▁▁'
    """
    n = min(width, len(values))
    shown = [values[(i + 1) * len(values) // n - 1] for i in range(n)]
    low, high = min(shown), max(shown)
    scale = (len(SPARKS) - 1) / (high - low) if high > low else 0.0
    return "".join(SPARKS[round((value - low) * scale)] for value in shown).rjust(width)


def _numbers(epoch: EpochResult, epochs_per_second: float) -> str:
    return (
        f"loss {epoch.loss:.4g}, largest update {epoch.largest_update:.2g}, "
        f"{epochs_per_second:,.0f} epochs/s"
    )
