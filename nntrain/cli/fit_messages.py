"""What `nntrain fit` prints when it ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from nntrain.cli.messages import (
    command_line,
    is_pasteable,
    path_word,
    print_error,
    print_findings,
)
from nntrain.text import counted, printable

if TYPE_CHECKING:
    from nntrain.model.model import Model
    from nntrain.training.run import TrainingRun
    from nntrain.training.session import Outcome


def print_summary(run: TrainingRun, model: Model) -> None:
    """Print what was trained, why training stopped, the errors and what to look at."""
    from nntrain.cli.metrics_table import print_metrics
    from nntrain.diagnostics.diagnose import diagnose

    for line in _summary_lines(model):
        click.echo(line, err=True)
    print_metrics("rows of", model.summary.parts(), err=True)
    print_findings(diagnose(run, model))


def _summary_lines(model: Model) -> Iterator[str]:
    from nntrain.model.summary import STOPPED_BY, epochs_listed

    summary, network, config = model.summary, model.networks[0], model.config
    rows, inputs = counted(summary.rows, "row"), counted(network.layer_sizes[0], "input")
    weights = counted(network.parameters.vector.size, "weight")
    networks = f"{len(model.networks)} networks of " if len(model.networks) > 1 else ""
    yield f"Trained on {rows} with {inputs} and {networks}{weights} (biases included)."
    if config.calibration_fraction > 0 and model.intervals:
        n_kept = counted(len(model.intervals.scores), "row")
        yield f"Kept {n_kept} for prediction intervals (predict --interval)."
    reason = STOPPED_BY[summary.stopped_by].format(
        tau=config.tau, patience=counted(config.patience or 0, "epoch")
    )
    kept = f"; kept the weights of {epochs_listed(summary)}" if summary.kept_epochs else ""
    yield (f"Stopped after epoch {summary.epochs_trained:,} of {config.epochs:,}: {reason}{kept}.")


def print_written(outcome: Outcome, paths: list[str]) -> None:
    """Print the files that were written, and the checkpoint that stays."""
    click.echo(printable(f"Wrote {' and '.join(paths)}."), err=True)
    if outcome.checkpoint:
        checkpoint = printable(str(outcome.checkpoint))
        click.echo(f"{checkpoint} stays; the same command with --resume goes on.", err=True)


def print_interruption(
    run: TrainingRun, outcome: Outcome, model_path: str, tables: Sequence[str]
) -> None:
    """Print how far an interrupted run came, and how to continue it or predict `tables` with it."""
    fraction = run.next_epoch_fraction
    within = f" and {fraction:.0%} of the next" if fraction else ""
    print_error(f"interrupted after epoch {run.epochs_done:,} of {run.config.epochs:,}{within}")
    path = outcome.checkpoint
    if path is None:
        print_error(f"{model_path} is no regular file, so no checkpoint was kept: the run is lost")
        return
    print_error(f"{path} holds the run; the same command with --resume goes on")
    words = ["predict", *tables, "--model", path_word(str(path))]
    how = command_line(words) if all(map(is_pasteable, words)) else "nntrain predict --model"
    print_error(f"the checkpoint is a model too: {how}")
