"""`nntrain fit`: train a model on a table."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nntrain.cli.text import check_stdin
from nntrain.config import KINDS, MEANINGS, default_of, load_config
from nntrain.errors import UsageError
from nntrain.files import explained, same_file, try_output

if TYPE_CHECKING:
    from nntrain.loss_log import LossLog


def _config_help() -> str:
    """Every config key with its meaning, for `--help`."""
    lines = ["\b", "Config keys (YAML, one `key: value` a line; also with --set):"]
    for name, meaning in MEANINGS.items():
        lines += [f"  {name}: {KINDS[name].expects} ({default_of(name)})", f"      {meaning}"]
    return "\n".join(lines)


@click.command(epilog=_config_help())
@click.argument("data")
@click.option(
    "-c", "--config", "config_path", required=True, metavar="FILE", help="The YAML config."
)
@click.option(
    "-m",
    "--model",
    "model_path",
    default="model.npz",
    show_default=True,
    metavar="FILE",
    help="Where to write the model.",
)
@click.option(
    "-l",
    "--log",
    "log_path",
    default="loss.csv",
    show_default=True,
    metavar="FILE",
    help="Where to write the loss of each epoch; - for stdout.",
)
@click.option(
    "-s",
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a config key, whatever the file says; may be repeated.",
)
@click.option(
    "--validation",
    "validation_path",
    metavar="FILE",
    help="Another table, as the validation rows.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
def fit(
    data: str,
    config_path: str,
    model_path: str,
    log_path: str,
    overrides: tuple[str, ...],
    validation_path: str | None,
    quiet: bool,
) -> None:
    """Train a model on the table DATA: a CSV file, or - for standard input.

    \b
    Examples:
      nntrain fit sample_data/concrete.csv --config configs/concrete.yaml
      nntrain fit sample_data/concrete.csv -c configs/concrete.yaml --set epochs=50 --set alpha=0.05
      cat sample_data/concrete.csv | nntrain fit - -c configs/concrete.yaml --log - | tail -n 1
    """
    if quiet:
        logging.getLogger("nntrain").setLevel(logging.ERROR)
    check_stdin(data, "fit")
    inputs = [path for path in (data, config_path, validation_path) if path not in (None, "-")]
    _check_outputs(model_path, log_path, [str(path) for path in inputs])
    config = load_config(config_path, overrides)

    from nntrain.cli.display import TrainingDisplay, print_summary
    from nntrain.fitting import TrainingRun

    run = TrainingRun(data, config, validation_path)
    display = TrainingDisplay(config.epochs, quiet=quiet)
    with _open_log(log_path) as log, display:
        began = time.perf_counter()
        for result in run.epochs():
            log.add(result, time.perf_counter() - began)
            display.show(result)
    model = run.model()
    model.save(model_path)
    if not quiet:
        print_summary(model, data, model_path, log_path)


def _check_outputs(model_path: str, log_path: str, inputs: list[str]) -> None:
    """Raise an error for outputs that collide or cannot be written, before any work is done."""
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
    with LossLog(path, file) as log:
        yield log
