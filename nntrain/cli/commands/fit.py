"""`nntrain fit`: train a model on a table."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

import click

from nntrain.cli.messages import (
    model_options,
    print_error,
    print_findings,
    print_next_command,
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
from nntrain.cli.signals import Duration, StopSignal, exit_by
from nntrain.config.keys import KINDS, MEANINGS, default_text
from nntrain.config.yaml_file import load_config
from nntrain.errors import UsageError
from nntrain.files import same_file
from nntrain.text import counted, printable

if TYPE_CHECKING:
    from nntrain.model.model import Model
    from nntrain.training.run import TrainingRun
    from nntrain.training.session import Outcome


def _config_help() -> str:
    """The config keys with their meanings, for `--help`."""
    lines = ["\b", "Config keys (YAML, one `key: value` a line; also with --set):"]
    for name, meaning in MEANINGS.items():
        lines += [f"  {name}: {KINDS[name].expects} ({default_text(name)})", f"      {meaning}"]
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
    help="Another table, whose rows validate the training.",
)
@click.option("--resume", is_flag=True, help="Continue an interrupted run from its checkpoint.")
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

    During training, a checkpoint is saved beside the model now and then. After Ctrl-C, a kill or a
    crash, the same command with --resume continues from the checkpoint and ends with the same
    model, byte for byte. Without a checkpoint, --resume starts from the beginning.

    Lines that begin with `Look:` name a problem that was measured and the --set to try: an error
    above that of a ridge regression, a loss that still fell or oscillates, an early stop,
    overfitting, a skewed target, a column that alone predicts the target.
    """
    paths = input_paths(data, "fit")
    others = [path for path in (config_path, validation_path, start_path) if path]
    _check_outputs(model_path, log_path, [path for path in (*paths, *others) if path != "-"])
    config = load_config(config_path, overrides)

    from nntrain.cli.terminal import TrainingDisplay
    from nntrain.model.model import load_model
    from nntrain.training.session import SessionOptions, fit_session

    stop = StopSignal()
    options = SessionOptions(
        validation=validation_path,
        start=load_model(start_path) if start_path else None,
        resume=resume,
        max_seconds=max_time,
        should_stop=stop.is_received,
    )
    shown = not (is_quiet() or no_progress)
    title = f"{config.ensemble} networks, " if config.ensemble > 1 else ""
    with (
        _log_target(log_path) as log,
        fit_session(paths, config, model_path, log, options) as session,
    ):
        with stop, TrainingDisplay(config.epochs, shown=shown, title=title) as display:
            for results in session.epochs():
                display.show(results)
        outcome = session.finish()
    if outcome.model is None:
        _print_interruption(session.run, outcome, model_path)
        exit_by(stop.number)
    if not is_quiet():
        _print_summary(session.run, outcome.model)
        _print_written(outcome, model_path, log_path)
    next_table = ["new.csv"] if "-" in paths else paths
    words = model_options(model_path) + reading_options(config.delimiter, config.decimal)
    print_next_command("predict", next_table, words, then=" > predictions.csv")


def _check_outputs(model_path: str, log_path: str, inputs: list[str]) -> None:
    """Raise `UsageError` for outputs that would overwrite an input or each other."""
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
def _log_target(path: str) -> Iterator[str | IO[str]]:
    """Where to write the log: its path, or for `-` a stream to standard output."""
    if path != "-":
        yield path
        return
    # A descriptor of its own: when the reader of the log leaves, only the log must end.
    descriptor = os.dup(sys.stdout.fileno())
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
        yield stream


def _print_interruption(run: TrainingRun, outcome: Outcome, model_path: str) -> None:
    """Print how far an interrupted run came, and how to continue it."""
    fraction = run.next_epoch_fraction
    within = f" and {fraction:.0%} of the next" if fraction else ""
    print_error(f"interrupted after epoch {run.epochs_done:,} of {run.config.epochs:,}{within}")
    path = outcome.checkpoint
    if path is None:
        print_error(
            f"{model_path} is no file that a checkpoint could stand beside: the run is lost"
        )
        return
    print_error(f"{path} holds the run; the same command with --resume goes on")
    print_error(f"as it is, it is a model too: nntrain predict --model {shlex.quote(str(path))}")


def _print_written(outcome: Outcome, model_path: str, log_path: str) -> None:
    """Print the files that were written, and the checkpoint that stays."""
    written = [model_path] if log_path == "-" else [model_path, log_path]
    click.echo(printable(f"Wrote {' and '.join(written)}."), err=True)
    if outcome.checkpoint:
        path = printable(str(outcome.checkpoint))
        click.echo(f"{path} stays; the same command with --resume goes on.", err=True)


def _print_summary(run: TrainingRun, model: Model) -> None:
    """Print what was trained, why training stopped, the errors and what to look at."""
    from nntrain.cli.metrics_table import print_metrics
    from nntrain.diagnostics.diagnose import diagnose
    from nntrain.model.summary import STOPPED_BY, epochs_listed

    summary, network, config = model.summary, model.networks[0], model.config
    reason = STOPPED_BY[summary.stopped_by].format(
        tau=config.tau, patience=counted(config.patience or 0, "epoch")
    )
    rows, inputs = counted(summary.rows, "row"), counted(network.layer_sizes[0], "input")
    weights = counted(network.parameters.vector.size, "weight")
    networks = f"{len(model.networks)} networks of " if len(model.networks) > 1 else ""
    click.echo(
        f"Trained on {rows} with {inputs} and {networks}{weights} (biases included).", err=True
    )
    if model.intervals:
        n_kept = counted(len(model.intervals.scores), "row")
        click.echo(f"Kept {n_kept} for prediction intervals (predict --interval).", err=True)
    epochs = f"epoch {summary.epochs_trained:,} of {config.epochs:,}"
    kept = f"; kept the weights of {epochs_listed(summary)}" if summary.kept_epochs else ""
    click.echo(f"Stopped after {epochs}: {reason}{kept}.", err=True)
    print_metrics("rows of", summary.parts(), err=True)
    print_findings(diagnose(run, model))
