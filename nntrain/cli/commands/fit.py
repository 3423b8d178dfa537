"""`nntrain fit`: train a model on a table."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nntrain.cli.messages import (
    model_options,
    print_error,
    print_findings,
    print_next_command,
    print_note,
    reading_options,
)
from nntrain.cli.options import (
    FILE,
    config_option,
    input_paths,
    is_quiet,
    one_or_more_tables,
    progress_option,
    set_option,
    verbosity_options,
)
from nntrain.cli.signals import Duration, Stop, exit_by
from nntrain.config.keys import MEANINGS, VALUE_TYPES
from nntrain.config.yaml_file import load_config
from nntrain.config.yaml_text import default_text
from nntrain.errors import UsageError
from nntrain.files import explained, locked, same_file, try_output
from nntrain.text import counted, printable

if TYPE_CHECKING:
    from nntrain.diagnostics.finding import Finding
    from nntrain.model.model import Model
    from nntrain.training.checkpoint import Checkpointer
    from nntrain.training.loss_log import LossLog
    from nntrain.training.run import TrainingRun


def _config_help() -> str:
    """Every config key with its meaning, for `--help`."""
    lines = ["\b", "Config keys (YAML, one `key: value` a line; also with --set):"]
    for name, meaning in MEANINGS.items():
        lines += [
            f"  {name}: {VALUE_TYPES[name].expects} ({default_text(name)})",
            f"      {meaning}",
        ]
    return "\n".join(lines)


@click.command(epilog=_config_help())
@one_or_more_tables
@config_option
@click.option(
    "-m",
    "--model",
    "model_path",
    default="model.npz",
    show_default=True,
    type=FILE,
    metavar="FILE",
    help="Where to write the model.",
)
@click.option(
    "-l",
    "--log",
    "log_path",
    default="loss.csv",
    show_default=True,
    type=FILE,
    metavar="FILE",
    help="Where to write the loss of each epoch; - for stdout.",
)
@set_option
@click.option(
    "--validation",
    "validation_path",
    type=FILE,
    metavar="FILE",
    help="Another table, as the validation rows.",
)
@click.option("--resume", is_flag=True, help="Go on from the checkpoint of an interrupted run.")
@click.option(
    "--from",
    "start_path",
    type=FILE,
    metavar="MODEL",
    help="Start from the weights and the preprocessing of this model.",
)
@click.option(
    "--max-time",
    type=Duration(),
    metavar="TIME",
    help="Stop after the first epoch that ends later than this, such as 90s, 10m or 1h30m.",
)
@progress_option
@verbosity_options
def fit(
    data: tuple[str, ...],
    config_path: str,
    model_path: str,
    log_path: str,
    overrides: tuple[str, ...],
    validation_path: str | None,
    resume: bool,
    start_path: str | None,
    max_time: float | None,
    no_progress: bool,
) -> None:
    """Train a model on the table DATA.

    \b
    Examples:
      nntrain fit sample_data/concrete.csv --config configs/concrete.yaml
      nntrain fit sample_data/concrete.csv -c configs/concrete.yaml --set epochs=50 --set alpha=0.05
      cat sample_data/concrete.csv | nntrain fit - -c configs/concrete.yaml --log - | tail -n 1
      nntrain fit sample_data/concrete.csv -c configs/concrete.yaml --resume --max-time 10m

    DATA is a CSV file (.gz, .bz2 and .xz too), .jsonl, .parquet, or - for standard input; several
    files with the same columns are read as one table.

    While it runs, its checkpoint is kept beside the model. After Ctrl-C, a kill or a crash the same
    command with --resume goes on from there and ends with the same model, byte for byte; without a
    checkpoint it starts the run.

    What was measured to be amiss stands in lines that begin with `Look:`, each with the --set to
    try: an error above that of a ridge regression, a loss that still fell or oscillates, an early
    stop, overfitting, a skewed target, a column that alone tells the target.
    """
    paths = input_paths(data, "fit")
    others = [path for path in (config_path, validation_path, start_path) if path]
    _check_outputs(model_path, log_path, [path for path in (*paths, *others) if path != "-"])
    config = load_config(config_path, overrides)

    from nntrain.diagnostics.diagnose import diagnose
    from nntrain.model.archive import load_model
    from nntrain.training.checkpoint import Checkpointer
    from nntrain.training.run import TrainingRun

    stop = Stop(max_time)
    with locked(model_path):
        for path in (model_path, *([log_path] if log_path != "-" else [])):
            try_output(path)
        start = load_model(start_path) if start_path else None
        run = TrainingRun.on(paths, config, validation_path, start)
        checkpointer = Checkpointer(run, model_path, config.checkpoint_seconds)
        checkpointer.begin(resume=resume)
        with stop:
            shown = not (is_quiet() or no_progress)
            is_over = _train(run, checkpointer, stop, log_path, shown=shown)
        if stop.is_signalled():
            _print_interruption(run, checkpointer, model_path)
            exit_by(stop.number)
        model = run.model("" if is_over else "time")
        model.save(model_path)
        if is_over:
            checkpointer.remove()
    if not is_quiet():
        _print_summary(model, diagnose(run, model))
        written = [model_path] if log_path == "-" else [model_path, log_path]
        click.echo(printable(f"Wrote {' and '.join(written)}."), err=True)
        if not is_over and checkpointer.path:
            path = printable(str(checkpointer.path))
            click.echo(f"{path} stays; the same command with --resume goes on.", err=True)
    next_table = ["new.csv"] if "-" in paths else paths
    options = model_options(model_path) + reading_options(config.delimiter, config.decimal)
    print_next_command("predict", next_table, options, then=" > predictions.csv")


def _train(
    run: TrainingRun, checkpointer: Checkpointer, stop: Stop, log_path: str, *, shown: bool
) -> bool:
    """Train until all is done, a signal comes or the time is over; whether all is done."""
    from nntrain.cli.training_display import TrainingDisplay

    networks = len(run.trainings)
    title = f"{networks} networks, " if networks > 1 else ""
    display = TrainingDisplay(run.config.epochs, shown=shown, title=title)
    with _open_log(log_path, run.epochs_done, networks) as log, display:
        began = time.perf_counter()
        for results in run.epochs(stop.is_signalled):
            log.add(results, time.perf_counter() - began)
            display.show(results)
            if stop.is_signalled() or stop.is_time_over():
                break
            if not run.is_over and checkpointer.is_due():
                log.sync()
                checkpointer.save()
        is_over = run.is_over
        if not is_over or stop.is_signalled():
            log.sync()
            checkpointer.save()
    return is_over


def _check_outputs(model_path: str, log_path: str, inputs: list[str]) -> None:
    """Raise an error for outputs that collide, before any work is done."""
    if model_path == "-":
        raise UsageError("a model is not written to stdout; name a file with --model")
    outputs = [("--model", model_path)] + ([("--log", log_path)] if log_path != "-" else [])
    for option, path in outputs:
        for used in inputs:
            if same_file(path, used):
                raise UsageError(f"{option} {path} would overwrite an input of this run")
    if len(outputs) == 2 and same_file(model_path, log_path):
        raise UsageError(f"--model and --log are the same file, {model_path}")


@contextlib.contextmanager
def _open_log(path: str, epochs: int, networks: int) -> Iterator[LossLog]:
    """The log of a run, cut after the epochs that a resumed one has behind it."""
    from nntrain.training.loss_log import LossLog, cut_log

    if path == "-":
        # A descriptor of its own, so that a reader who leaves takes only the log with it.
        stdout = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", newline="")
        with LossLog("standard output", stdout, networks=networks) as log:
            yield log
        return
    seconds = cut_log(path, epochs, networks) if epochs else None
    if epochs and seconds is None:
        print_note(f"{path}: does not hold the epochs up to {epochs:,}; begins with the next one")
    with explained(path):
        mode = "w" if seconds is None else "a"
        file = open(path, mode, encoding="utf-8", newline="")  # noqa: PTH123, SIM115
    with LossLog(path, file, seconds, networks=networks) as log:
        yield log


def _print_interruption(run: TrainingRun, checkpointer: Checkpointer, model_path: str) -> None:
    """Where an interrupted run stands, and what can be done with it."""
    part = run.part_of_next
    within = f" and {part:.0%} of the next" if part else ""
    print_error(f"interrupted after epoch {run.epochs_done:,} of {run.config.epochs:,}{within}")
    path = checkpointer.path
    if path is None:
        print_error(
            f"{model_path} is no file that a checkpoint could stand beside: the run is lost"
        )
        return
    print_error(f"{path} holds the run; the same command with --resume goes on")
    print_error(f"as it is, it is a model too: nntrain predict --model {shlex.quote(str(path))}")


def _print_summary(model: Model, findings: list[Finding]) -> None:
    """What was trained, why it stopped, how good it is and what is amiss."""
    from nntrain.cli.metrics_table import print_metrics
    from nntrain.model.summary import STOPPED_BY, epochs_listed

    summary, network, config = model.summary, model.networks[0], model.config
    reason = STOPPED_BY[summary.stopped_by].format(
        tau=config.tau, patience=counted(config.patience or 0, "epoch")
    )
    rows, inputs = counted(summary.rows, "row"), counted(network.layer_sizes[0], "input")
    weights = counted(network.parameters.vector.size, "weight")
    of_each = f"{len(model.networks)} networks of " if len(model.networks) > 1 else ""
    click.echo(
        f"Trained on {rows} with {inputs} and {of_each}{weights} (biases included).", err=True
    )
    if model.intervals:
        n_kept = counted(len(model.intervals.scores), "row")
        click.echo(f"Kept {n_kept} for prediction intervals (predict --interval).", err=True)
    epochs = f"epoch {summary.epochs_trained:,} of {config.epochs:,}"
    kept = f"; kept the weights of {epochs_listed(summary)}" if summary.kept_epochs else ""
    click.echo(f"Stopped after {epochs}: {reason}{kept}.", err=True)
    print_metrics("rows of", summary.parts(), err=True)
    print_findings(findings)
