"""`nntrain report`: an HTML page about a model and its errors on a table."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from nntrain.cli.messages import print_findings, print_note
from nntrain.cli.options import (
    FILE,
    check_output,
    dialect_options,
    input_paths,
    is_quiet,
    model_option,
    tables_or_stdin,
    unseen_only_option,
    verbosity_options,
)
from nntrain.data.readers.dialect import Dialect
from nntrain.errors import DataError, UsageError
from nntrain.files import replacing
from nntrain.text import printable

if TYPE_CHECKING:
    from nntrain.model.model import Model
    from nntrain.training.loss_log_reader import LoggedLosses

DEFAULT_LOG = "loss.csv"


@click.command()
@tables_or_stdin
@model_option
@click.option(
    "-l",
    "--log",
    "log_path",
    type=FILE,
    metavar="FILE",
    help="The loss log of the model's run; without it loss.csv, if it is of that run.",
)
@click.option(
    "-o",
    "--output",
    default="report.html",
    show_default=True,
    type=FILE,
    metavar="FILE",
    help="Where to write the page; - for stdout.",
)
@unseen_only_option
@dialect_options
@verbosity_options
def report(
    data: tuple[str, ...],
    model_path: str,
    log_path: str | None,
    output: str,
    unseen_only: bool,
    dialect: Dialect,
) -> None:
    """Write an HTML page about a model and about its errors on the table DATA.

    \b
    Examples:
      nntrain report
      nntrain report sample_data/concrete.csv
      nntrain report sample_data/concrete.csv --model ensemble.npz --output ensemble.html
      nntrain report sample_data/concrete.csv -m calibrated.npz --unseen-only

    The page shows how the model was made, its errors in training, and its losses by epoch. With
    DATA, which needs the true values, it also shows predictions against true values, the rows with
    the largest errors, how important each column is and how predictions depend on it. If many of
    its rows are among those that the model learned from, the page says so, and --unseen-only leaves
    them out. The page is one file of HTML without scripts, and fetches nothing. It needs the extra
    report: pip install 'nntrain[report]'.
    """
    paths = input_paths(data, "report") if data else []
    _check_inputs(paths, log_path)
    if unseen_only and not paths:
        raise UsageError("--unseen-only is about the rows of a table; name one as DATA")

    from nntrain.report.extra import check_installed

    check_installed("matplotlib", "jinja2")
    check_output(output, [*paths, model_path, log_path or DEFAULT_LOG])

    from nntrain.model.model import load_model
    from nntrain.report.html import render_page
    from nntrain.report.measure import measure_report
    from nntrain.report.sections import listed_names, report_sections

    model = load_model(model_path)
    log = _loss_log(model, model_path, log_path)
    measured = measure_report(model, paths, dialect, unseen_only=unseen_only) if paths else None
    title = f"A model of {' and '.join(model.config.target)}"
    name = os.path.basename(model_path)  # noqa: PTH119
    intro = f"{name} on {listed_names(paths)}" if paths else name
    text = render_page(title, intro, report_sections(model, log, measured, paths)).encode()
    if output == "-":
        sys.stdout.buffer.write(text)
        return
    with replacing(output) as file:
        file.write(text)
    print_findings(measured.findings if measured else ())
    if not is_quiet():
        click.echo(printable(f"Wrote {output}."), err=True)


def _check_inputs(paths: list[str], log_path: str | None) -> None:
    if log_path == "-":
        input_paths(("-",), "report", "log", f"--log {DEFAULT_LOG}")
        if "-" in paths:
            raise UsageError("standard input (-) is named twice; it can be read once")


def _loss_log(model: Model, model_path: str, path: str | None) -> LoggedLosses | None:
    """The loss log of the model's run, None without one.

    A note says that the default log is left out because it is of another run. Raises `DataError`
    for a log of another run that was named with --log.
    """
    from nntrain.training.loss_log_reader import read_log

    if path is None and not os.path.isfile(DEFAULT_LOG):  # noqa: PTH113
        return None
    try:
        log = read_log(path or DEFAULT_LOG)
        _check_same_run(log, model, model_path)
    except DataError as error:
        if path is not None:
            raise
        print_note(f"the page does not show the losses by epoch: {error}")
        return None
    return log


def _check_same_run(log: LoggedLosses, model: Model, model_path: str) -> None:
    """Raise `DataError` for a log that does not end as the model's run did."""
    epochs, loss = model.summary.epochs_trained, model.summary.loss
    ends = int(log.epochs[-1]), log.last_loss, log.n_networks
    if ends != (epochs, loss, len(model.networks)):
        where = f"epoch {ends[0]:,} with the loss {log.last_loss!r}"
        raise DataError(
            f"{log.path}: is of another run than {model_path}: it ends after {where}, the model's "
            f"after epoch {epochs:,} with {loss!r}; name the log of its run with --log"
        )
