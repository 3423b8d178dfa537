"""`nntrain fit`: train a model on a table."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import IO

import click

from nntrain.cli.fit_messages import print_interruption, print_summary, print_written
from nntrain.cli.messages import (
    model_options,
    path_word,
    print_next_command,
    reading_options,
)
from nntrain.cli.options import (
    FILE,
    STDOUT,
    check_no_input,
    config_option,
    input_paths,
    is_quiet,
    one_or_more_tables,
    progress_option,
    set_option,
    verbosity_options,
)
from nntrain.cli.signals import Duration, StopSignal, exit_by
from nntrain.config.keys import MEANINGS, VALUE_TYPES
from nntrain.config.yaml_file import load_config
from nntrain.config.yaml_text import default_text
from nntrain.errors import OutputError, UsageError
from nntrain.files import same_file
from nntrain.files.paths import descriptor_of, same_stream


def _config_help() -> str:
    """The config keys with their meanings, for `--help`."""
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
      nntrain fit sample_data/concrete.csv -c configs/mini-batch.yaml --set categorical=[age_days]
      cat sample_data/concrete.csv | nntrain fit - -c configs/concrete.yaml --log - | tail -n 1
      nntrain fit sample_data/concrete.csv -c configs/concrete.yaml --resume --max-time 10m

    DATA is a CSV, JSON lines or Parquet file, also compressed, or - for standard input; several
    files with the same columns are read as one table.

    What kind of column a column is, all of its cells decide: numbers, also written as $1,234.5 or
    34.4%, dates or times, categories, or identifiers and free text, which are left out. Notes say
    what was decided; a column that allows two readings is an error that gives the --set for each.
    The keys numbers, date_format, categorical and ordered decide instead; see nntrain guide tables.

    During training, a checkpoint is saved beside the model now and then. After Ctrl-C, a closed
    terminal, a kill or a crash, the same command with --resume continues from the checkpoint and
    ends with the same model, byte for byte. Without a checkpoint, --resume starts from the
    beginning.

    Lines that begin with `Look:` name a problem that was measured and the --set to try: an error
    above that of a ridge regression, a loss that still fell or oscillates, an early stop,
    overfitting, a skewed target, a column that alone predicts the target.
    """
    paths = input_paths(data, "fit")
    others = [path for path in (config_path, validation_path, start_path) if path]
    _check_outputs(model_path, log_path, paths, others)
    config = load_config(config_path, overrides)

    from nntrain.cli.training_display import TrainingDisplay
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
    next_table = ["new.csv"] if "-" in paths else list(map(path_word, paths))
    if outcome.model is None:
        print_interruption(session.run, outcome, model_path, next_table)
        exit_by(stop.number)
    if not is_quiet():
        print_summary(session.run, outcome.model)
        print_written(outcome, [model_path] if log_path == "-" else [model_path, log_path])
    words = model_options(model_path) + reading_options(config.dialect)
    print_next_command("predict", next_table, words, then=" > predictions.csv")


def _check_outputs(model_path: str, log_path: str, paths: list[str], others: list[str]) -> None:
    """Raise `UsageError` for outputs that would overwrite an input or each other.

    Raises `OutputError` for a folder. `paths` and `others` are the inputs, of which `others` are
    never standard input.
    """
    if model_path == "-":
        raise UsageError("a model is not written to stdout; name a file with --model")
    for path in (model_path, log_path):
        if os.path.isdir(path):  # noqa: PTH112
            raise OutputError(f"{path}: cannot be written: it is a folder")
    checkpoint, inputs = f"{model_path}.checkpoint", [*paths, *others]
    check_no_input("--model", model_path, inputs)
    check_no_input("--log", log_path, inputs)
    if log_path != "-" and same_file(checkpoint, log_path):
        raise UsageError(f"--log {log_path} is the checkpoint of --model {model_path}")
    for path in inputs:
        if path != "-" and same_file(checkpoint, path):
            raise UsageError(
                f"{path} is the checkpoint that this run writes; continue its run with --resume, "
                f"or name it otherwise"
            )
    log = STDOUT if log_path == "-" else log_path
    if same_file(model_path, log) or same_stream(model_path, log):
        raise UsageError(f"--model and --log are the same file, {model_path}")
    descriptor = descriptor_of(model_path)
    if descriptor is not None and os.isatty(descriptor):
        raise UsageError(f"--model {model_path} is a terminal; name a file with --model")


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
