"""`nntrain plot`: draw the loss curves of runs in one chart."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from nntrain.cli.options import FILE, check_output, input_paths, is_quiet, verbosity_options
from nntrain.errors import UsageError
from nntrain.files import replacing
from nntrain.text import counted, distinct_names, printable

WIDTH, HEIGHT = 640.0, 420.0
MOST_LOGS = 24


@click.command()
@click.argument("log", nargs=-1, required=True, type=FILE)
@click.option(
    "-o",
    "--output",
    default="loss.svg",
    show_default=True,
    type=FILE,
    metavar="FILE",
    help="Where to write the chart, a .svg or .png file; - for an SVG on stdout.",
)
@verbosity_options
def plot(log: tuple[str, ...], output: str) -> None:
    """Draw the loss curves of each LOG that `nntrain fit` wrote in one chart.

    \b
    Examples:
      nntrain plot loss.csv
      cp loss.csv before.csv; nntrain plot before.csv loss.csv -o curves.png
      cat loss.csv | nntrain plot - -o - > loss.svg

    The training loss is solid, the validation loss dashed; the scale is logarithmic. For an
    ensemble, the line is the mean over its networks and the band reaches from the smallest to the
    largest loss; a network that has stopped keeps its last loss. The log of a run that still
    trains is drawn up to its last epoch. Needs the extra report: pip install 'nntrain[report]'.
    """
    paths = input_paths(log, "plot", "log", "loss.csv")
    kind = _kind(output)
    if len(paths) > MOST_LOGS:
        raise UsageError(f"{len(paths)} logs are more than a chart can tell apart, {MOST_LOGS}")

    from nntrain.report.chart_file import Chart
    from nntrain.report.extra import check_installed
    from nntrain.report.loss_charts import logged_losses
    from nntrain.training.loss_log_reader import read_log

    check_installed("matplotlib")
    check_output(output, paths)
    names = map(printable, distinct_names(paths))
    logs = list(zip(names, map(read_log, paths), strict=True))
    image = Chart(logged_losses(logs), WIDTH, HEIGHT).file(kind)
    if output == "-":
        sys.stdout.buffer.write(image)
        return
    with replacing(output) as file:
        file.write(image)
    if not is_quiet():
        n_logs = counted(len(logs), "log")
        click.echo(printable(f"Wrote {output}, the curves of {n_logs}."), err=True)


def _kind(output: str) -> str:
    """The image format by the ending of the output's name, `svg` or `png`."""
    kind = "svg" if output == "-" else Path(output).suffix.lower().removeprefix(".")
    if kind not in ("svg", "png"):
        raise UsageError(f"--output {output}: expects a name that ends in .svg or .png")
    return kind
