"""`nntrain fit`: train a model on a table."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nntrain.cli.options import (
    FILE,
    config_option,
    is_quiet,
    one_or_more_tables,
    progress_option,
    set_option,
    tables,
    talk_options,
)
from nntrain.cli.text import model_options, printable, reading_options, suggest
from nntrain.config import KINDS, MEANINGS, default_of, load_config
from nntrain.errors import UsageError, counted
from nntrain.files import explained, same_file, try_output

if TYPE_CHECKING:
    from nntrain.loss_log import LossLog
    from nntrain.model import Model

STOPPED_BY = {
    "epochs": "all epochs are done",
    "tau": "the last epoch moved no weight or bias by τ = {tau:g} or more",
}


def _config_help() -> str:
    """Every config key with its meaning, for `--help`."""
    lines = ["\b", "Config keys (YAML, one `key: value` a line; also with --set):"]
    for name, meaning in MEANINGS.items():
        lines += [f"  {name}: {KINDS[name].expects} ({default_of(name)})", f"      {meaning}"]
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
@progress_option
@talk_options
def fit(
    data: tuple[str, ...],
    config_path: str,
    model_path: str,
    log_path: str,
    overrides: tuple[str, ...],
    validation_path: str | None,
    no_progress: bool,
) -> None:
    """Train a model on the table DATA.

    \b
    Examples:
      nntrain fit sample_data/concrete.csv --config configs/concrete.yaml
      nntrain fit sample_data/concrete.csv -c configs/concrete.yaml --set epochs=50 --set alpha=0.05
      cat sample_data/concrete.csv | nntrain fit - -c configs/concrete.yaml --log - | tail -n 1

    DATA is a CSV file (.gz, .bz2 and .xz too), .jsonl, .parquet, or - for standard input; several
    files with the same columns are read as one table.
    """
    paths = tables(data, "fit")
    inputs = [*paths, config_path, *([validation_path] if validation_path else [])]
    _check_outputs(model_path, log_path, [path for path in inputs if path != "-"])
    config = load_config(config_path, overrides)

    from nntrain.cli.display import TrainingDisplay
    from nntrain.fitting import TrainingRun

    run = TrainingRun.on(paths, config, validation_path)
    display = TrainingDisplay(config.epochs, shown=not (is_quiet() or no_progress))
    with _open_log(log_path) as log, display:
        began = time.perf_counter()
        for result in run.epochs():
            log.add(result, time.perf_counter() - began)
            display.show(result)
    model = run.model()
    model.save(model_path)
    if not is_quiet():
        _print_summary(model, [model_path] if log_path == "-" else [model_path, log_path])
    next_table = ["new.csv"] if "-" in paths else paths
    options = model_options(model_path) + reading_options(config.delimiter, config.decimal)
    suggest("predict", next_table, options, then=" > predictions.csv")


def _check_outputs(model_path: str, log_path: str, inputs: list[str]) -> None:
    """Raise an error for outputs that collide or cannot be written, before any work is done."""
    if model_path == "-":
        raise UsageError("a model is not written to stdout; name a file with --model")
    outputs = [("--model", model_path)] + ([("--log", log_path)] if log_path != "-" else [])
    for option, path in outputs:
        for used in inputs:
            if same_file(path, used):
                raise UsageError(f"{option} {path} would overwrite an input of this run")
        try_output(path)
    if len(outputs) == 2 and same_file(model_path, log_path):
        raise UsageError(f"--model and --log are the same file, {model_path}")


@contextlib.contextmanager
def _open_log(path: str) -> Iterator[LossLog]:
    from nntrain.loss_log import LossLog

    if path == "-":
        # A descriptor of its own, so that a reader who leaves takes only the log with it.
        file = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", newline="")
    else:
        with explained(path):
            file = open(path, "w", encoding="utf-8", newline="")  # noqa: PTH123, SIM115
    with LossLog("standard output" if path == "-" else path, file) as log:
        yield log


def _print_summary(model: Model, written: list[str]) -> None:
    """What was trained, why it stopped, how good it is and what was written."""
    from nntrain.cli.report import print_metrics

    summary, network = model.summary, model.network
    reason = STOPPED_BY[summary.stopped_by].format(tau=model.config.tau)
    rows, inputs = counted(summary.rows, "row"), counted(network.layer_sizes[0], "input")
    weights = counted(network.parameters.vector.size, "weight")
    click.echo(f"Trained on {rows} with {inputs} and {weights} (biases included).", err=True)
    epochs = f"epoch {summary.epochs_trained:,} of {model.config.epochs:,}"
    click.echo(f"Stopped after {epochs}: {reason}.", err=True)
    print_metrics("rows of", summary.parts(), err=True)
    click.echo(printable(f"Wrote {' and '.join(written)}."), err=True)
