"""`nntrain predict`: predictions for a table, written as its rows come in."""

from __future__ import annotations

import contextlib
import csv
import sys
from typing import IO, Any, cast

import click

from nntrain.cli.options import (
    FILE,
    check_output,
    dialect_options,
    input_paths,
    interval_option,
    model_option,
    tables_or_stdin,
    verbosity_options,
)
from nntrain.config.values import is_utf8
from nntrain.errors import UsageError
from nntrain.files import replacing
from nntrain.model.row_writers import FORMATS, ON_BAD_ROW
from nntrain.text import printable


@click.command()
@tables_or_stdin
@model_option
@click.option(
    "-o",
    "--output",
    default="-",
    type=FILE,
    metavar="FILE",
    help="Where to write the predictions; stdout without it.",
)
@click.option(
    "--spread",
    is_flag=True,
    help="Add the standard deviation of an ensemble's networks, as predicted_<target>_spread.",
)
@interval_option
@click.option(
    "--explain",
    is_flag=True,
    help="Add what each column contributes, as contribution_<column>, and the prediction that "
    "contributions are added to, as predicted_<target>_baseline.",
)
@click.option("--append", is_flag=True, help="Write every column of DATA before the predictions.")
@click.option(
    "--keep", metavar="COL,...", help="Write these columns of DATA before the predictions."
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(FORMATS)),
    default="csv",
    show_default=True,
    help="The format of the output.",
)
@click.option(
    "--prefix",
    default="predicted_",
    show_default=True,
    help="What to write before the target's name in the header.",
)
@click.option(
    "--on-bad-row",
    type=click.Choice(ON_BAD_ROW),
    default="error",
    show_default=True,
    help="For a row with a text where a number belongs, or too few or too many cells: stop with an "
    "error, skip the row, or leave its prediction blank.",
)
@click.option(
    "--safe-cells",
    is_flag=True,
    help="For spreadsheets: write an apostrophe before cells and names that begin with = + - @ tab "
    "or a line break, but for numbers, so that none is run as a formula. They then read back with "
    "the apostrophe.",
)
@dialect_options
@verbosity_options
def predict(
    data: tuple[str, ...],
    model_path: str,
    output: str,
    append: bool,
    keep: str | None,
    **options: Any,
) -> None:
    """Predict the target for each row of the table DATA, standard input without one.

    \b
    Examples:
      nntrain predict sample_data/concrete.csv > predictions.csv
      cat new.csv | nntrain predict --model model.npz > out.csv
      nntrain predict sample_data/concrete.csv --keep age_days --format jsonl | head -n 2
      tail -n +1 new.csv | nntrain predict --append --on-bad-row blank > both.csv
      nntrain predict sample_data/concrete.csv --model ensemble.npz --spread > spread.csv
      nntrain predict sample_data/concrete.csv --model calibrated.npz --interval 0.9 > bounds.csv
      nntrain predict sample_data/concrete.csv --explain | head -n 3

    Writes a row for each row of DATA, in order, as the rows come in. Columns are matched by name;
    extra columns are ignored, and the target is not needed. --interval adds
    predicted_<target>_lower and predicted_<target>_upper. By calibration rows
    (calibration_fraction), the true value of a new row lies between them with a probability of
    LEVEL or more, averaged over the training and calibration rows that could have been drawn. By
    rows that the networks of an ensemble held out, which need no calibration_fraction, the
    probability was about LEVEL wherever it was measured, and nothing is promised.

    --explain adds Shapley values: a row's contributions add up to its prediction minus the
    baseline, which is the prediction at the means of the network's inputs in training. They are
    exact for up to 10 columns; for more they are estimated by 32 seeded random orders of the
    columns.

    DATA is a CSV, JSON lines or Parquet file, also compressed, or - for standard input; several
    files are read as one table. JSON lines from a pipe are
    answered as they come, once every key that the model needs has been seen.
    """
    paths = input_paths(data, "predict")
    kept_names = _kept_names(append=append, keep=keep)
    if not is_utf8(options["prefix"]):
        raise UsageError(f"--prefix expects UTF-8 text, found {options['prefix']!r}")
    if options["safe_cells"] and options["format_name"] == "jsonl":
        raise UsageError("--safe-cells is for spreadsheets, which read --format csv or tsv")
    check_output(output, [*paths, model_path])

    from nntrain.model.model import load_model
    from nntrain.model.output_columns import Extras
    from nntrain.model.write_predictions import OutputOptions, write_predictions

    extras = Extras(**{name: options.pop(name) for name in ("spread", "interval", "explain")})
    write_predictions(
        load_model(model_path),
        paths,
        lambda: _open_output(output),
        OutputOptions(kept_names, extras, **options),
    )


def _kept_names(*, append: bool, keep: str | None) -> list[str] | None:
    """The columns of DATA to write before the predictions; None for all of them."""
    if append and keep is not None:
        raise UsageError("--append writes every column; drop it, or drop --keep")
    if append:
        return None
    try:
        return next(csv.reader([keep])) if keep else []
    except csv.Error:
        raise UsageError(
            "--keep expects names separated by commas, one with a line break in double quotes"
        ) from None


def _open_output(output: str) -> contextlib.AbstractContextManager[IO[bytes]]:
    if output == "-":
        file = cast("IO[bytes]", _Terminal()) if sys.stdout.isatty() else sys.stdout.buffer
        return contextlib.nullcontext(file)
    return replacing(output)


class _Terminal:
    """Standard output for a person: control characters are escaped, as in no other output."""

    def write(self, data: bytes) -> None:
        sys.stdout.write("".join(c if c in "\t\n" else printable(c) for c in data.decode()))

    def flush(self) -> None:
        sys.stdout.flush()
