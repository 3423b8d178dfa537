"""What training looks like: a live line on a terminal, plain lines elsewhere, and the summary."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Mapping
from types import TracebackType

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from nntrain.cli.text import printable
from nntrain.engine.training import EpochResult
from nntrain.errors import counted
from nntrain.metrics import Metrics
from nntrain.model import Model

PLAIN_LINE_SECONDS = 5.0

STOPPED_BY = {
    "epochs": "all epochs are done",
    "tau": "the last epoch moved no weight or bias by τ = {tau:g} or more",
}


class TrainingDisplay:
    """Shows epochs as they end; a context manager around the training loop."""

    def __init__(self, epochs: int, *, quiet: bool = False) -> None:
        console = Console(stderr=True)
        self._epochs = epochs
        self._began = self._last_line = time.perf_counter()
        self._quiet = quiet
        self._live: Progress | None = None
        if not quiet and sys.stderr.isatty() and not console.is_dumb_terminal:
            self._live = Progress(
                TextColumn("epoch {task.completed:,.0f} of {task.total:,.0f}"),
                BarColumn(bar_width=None),
                TextColumn("{task.fields[figures]}"),
                TimeRemainingColumn(compact=True),
                console=console,
                transient=True,
                expand=True,
            )
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

    def show(self, result: EpochResult) -> None:
        """Show one epoch."""
        now = time.perf_counter()
        if self._live:
            figures = f"{_figures(result)}, {self._speed(result, now)}"
            self._live.update(self._task, completed=result.epoch, figures=figures)
        elif not self._quiet and now - self._last_line >= PLAIN_LINE_SECONDS:
            self._last_line = now
            left = (now - self._began) / result.epoch * (self._epochs - result.epoch)
            click.echo(
                f"epoch {result.epoch:,} of {self._epochs:,}: {_figures(result)}, "
                f"{self._speed(result, now)}, {left:,.0f} s left",
                err=True,
            )

    def _speed(self, result: EpochResult, now: float) -> str:
        return f"{result.epoch / max(now - self._began, 1e-9):,.3g} epochs/s"


def _figures(result: EpochResult) -> str:
    return f"loss {result.loss:.4g}, largest update {result.largest_update:.2g}"


def print_summary(model: Model, data: str, model_path: str, log_path: str) -> None:
    """What was trained, why it stopped, how good it is, what was written and what to type next."""
    summary, network = model.summary, model.network
    reason = STOPPED_BY[summary.stopped_by].format(tau=model.config.tau)
    rows, inputs = counted(summary.rows, "row"), counted(network.layer_sizes[0], "input")
    weights = counted(network.parameters.vector.size, "weight")
    lines = [
        f"Trained on {rows} with {inputs} and {weights} (biases included).",
        f"Stopped after epoch {summary.epochs_trained:,} of {model.config.epochs:,}: {reason}.",
        *_error_table(summary.validation, summary.training),
    ]
    written = [model_path] if log_path == "-" else [model_path, log_path]
    lines.append(f"Wrote {' and '.join(written)}.")
    table = "new.csv" if data == "-" else data
    options = "" if model_path == "model.npz" else f" --model {shlex.quote(model_path)}"
    lines.append(f"Next: nntrain predict {shlex.quote(table)}{options} > predictions.csv")
    for line in lines:
        click.echo(printable(line), err=True)


def _figure(value: float) -> str:
    """Four digits that count, and no exponent for the sizes that targets have."""
    return f"{value:,.0f}" if 1e4 <= value < 1e12 else f"{value:.4g}"


def _error_table(validation: Mapping[str, Metrics], training: Mapping[str, Metrics]) -> list[str]:
    rows = [["error on", "target", "RMSE", "R²", "RMSE of the mean"]]
    for part, metrics in (("validation", validation), ("training", training)):
        for target, of in metrics.items():
            r2 = "-" if of.r2 is None else f"{of.r2:.3f}"
            rows.append([part, target, _figure(of.rmse), r2, _figure(of.mean_rmse)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  "
        + "  ".join(
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
