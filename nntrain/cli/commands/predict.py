"""`nntrain predict`: predictions for a table, as it comes."""

from __future__ import annotations

import contextlib
import csv
import itertools
import logging
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any, cast

import click

from nntrain.cli.options import (
    FILE,
    check_output,
    decimal_option,
    delimiter_option,
    interval_option,
    model_option,
    tables,
    tables_or_stdin,
    talk_options,
)
from nntrain.cli.row_writers import FORMATS, row_writer
from nntrain.config.values import is_utf8
from nntrain.errors import DataError, UsageError
from nntrain.files import replacing
from nntrain.text import counted, printable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nntrain.model.model import Predicted
    from nntrain.model.output_columns import Added

log = logging.getLogger(__name__)

BAD_ROWS = ("error", "skip", "blank")


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
    help="Add how far the networks of an ensemble are apart, as predicted_<target>_spread.",
)
@interval_option
@click.option(
    "--explain",
    is_flag=True,
    help="Add what each column contributes, as contribution_<column>, and what that is added to, "
    "as predicted_<target>_baseline.",
)
@click.option("--append", is_flag=True, help="Write every column of DATA before the predictions.")
@click.option("--keep", metavar="COL,...", help="Write these columns of DATA before them.")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(FORMATS)),
    default="csv",
    show_default=True,
    help="How to write rows.",
)
@click.option(
    "--prefix",
    default="predicted_",
    show_default=True,
    help="What stands before the target's name in the header.",
)
@click.option(
    "--on-bad-row",
    type=click.Choice(BAD_ROWS),
    default="error",
    show_default=True,
    help="A row with a text where a number belongs, or too few or too many cells: stop, leave it "
    "out, or leave its prediction empty.",
)
@delimiter_option
@decimal_option
@talk_options
def predict(
    data: tuple[str, ...],
    model_path: str,
    output: str,
    spread: bool,
    interval: float | None,
    explain: bool,
    append: bool,
    keep: str | None,
    format_name: str,
    prefix: str,
    on_bad_row: str,
    delimiter: str | None,
    decimal: str,
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

    Writes a row for each row of DATA, in order, as it comes. Columns are matched by name; extra
    columns are ignored, and the target is not needed. --interval adds predicted_<target>_lower and
    predicted_<target>_upper: between them lies the true value of a new row with a probability of
    LEVEL or more, over all that the model could have learned and been calibrated by.
    --explain adds Shapley values: a row's contributions add up to its prediction minus the
    baseline, which is the prediction at the means of the network's inputs in training (exact up to
    10 columns, estimates by 32 seeded orders of more).

    DATA is a CSV file (.gz, .bz2 and .xz too), .jsonl, .parquet, or - for standard input; several
    files are read as one table.
    """
    paths = tables(data, "predict")
    if append and keep is not None:
        raise UsageError("--append writes every column; drop it, or drop --keep")
    if not is_utf8(prefix):
        raise UsageError(f"--prefix expects UTF-8 text, found {prefix!r}")
    check_output(output, [*paths, model_path])

    from nntrain.model.archive import load_model
    from nntrain.model.output_columns import added

    model = load_model(model_path)
    reading = model.preprocessing.read_options(
        delimiter, decimal, tolerate_bad_rows=on_bad_row != "error"
    )
    names = [prefix + target.name for target in model.preprocessing.targets]
    beside = list(added(model, names, spread=spread, interval=interval, explain=explain))
    names += [name for of in beside for name in of.names]
    with model.predicting(paths, reading) as (columns, parts):
        kept = _kept_columns(columns, append=append, keep=keep)
        _check_names([columns[i] for i in kept], names, append, format_name, prefix)
        blocks = _blocks(parts, kept, beside)
        # The first rows are predicted before anything is written, so that a table that does not
        # fit leaves no output behind.
        first = list(itertools.islice(blocks, 1))
        n_bad = 0
        with _open_output(output) as file:
            writer = row_writer(format_name, [columns[i] for i in kept] + names)
            file.write(writer.header)
            for texts, values, bad in itertools.chain(first, blocks):
                n_bad += 0 if bad is None else int(bad.sum())
                file.write(writer.rows(texts, values, bad, skip=on_bad_row == "skip"))
                file.flush()
    if n_bad:
        done = "left out" if on_bad_row == "skip" else "left without a prediction"
        log.warning("%s that could not be predicted: %s", counted(n_bad, "row"), done)


def _blocks(
    parts: Iterable[Predicted], kept: list[int], beside: list[Added]
) -> Iterator[tuple[list[NDArray[Any]], NDArray[np.float64], NDArray[np.bool_] | None]]:
    """Some rows after the other: the texts kept, the numbers, and which rows are bad if any."""
    from nntrain.model.output_columns import with_added

    for part in parts:
        texts = part.chunk.as_written(kept) if kept else []
        for rows, values in with_added(part, beside):
            bad = part.bad[rows] if part.bad is not None and part.bad[rows].any() else None
            yield [of[rows] for of in texts], values, bad


def _kept_columns(columns: Sequence[str], *, append: bool, keep: str | None) -> list[int]:
    """The positions of the columns that are written before the predictions."""
    if append:
        return list(range(len(columns)))
    from nntrain.data.checks import name_hint

    try:
        names = next(csv.reader([keep])) if keep else []
    except csv.Error:
        raise UsageError(
            "--keep expects names separated by commas, one with a line break in double quotes"
        ) from None
    for name in names:
        if name not in columns:
            raise DataError(f"--keep: DATA has no column {name!r}; {name_hint(name, columns)}")
    return [columns.index(name) for name in names]


def _check_names(
    kept: list[str], names: list[str], append: bool, format_name: str, prefix: str
) -> None:
    option = "--append" if append else "--keep"
    counts = Counter(kept)
    twice = next((name for name in kept if counts[name] > 1), None)
    if twice is not None and (format_name == "jsonl" or not append):
        raise UsageError(
            f"{option} would write two columns called {twice!r}; name each of those wanted once "
            f"with --keep"
        )
    if len(set(names)) < len(names):
        name = next(name for name in names if names.count(name) > 1)
        raise UsageError(
            f"two columns would be called {name!r}, as the model's columns are called; rename one "
            f"of them before nntrain fit"
        )
    for name in names:
        if name in counts:
            remedy = (
                "give the predictions another name with --prefix"
                if name.startswith(prefix)
                else f"leave that of DATA out {'with' if append else 'of'} --keep"
            )
            raise UsageError(f"{option} would write two columns called {name!r}; {remedy}")


def _open_output(output: str) -> contextlib.AbstractContextManager[IO[bytes]]:
    if output == "-":
        file = cast("IO[bytes]", _Terminal()) if sys.stdout.isatty() else sys.stdout.buffer
        return contextlib.nullcontext(file)
    return replacing(output)


class _Terminal:
    """Shows rows to a person: what could steer the terminal is escaped, and only there."""

    def write(self, data: bytes) -> None:
        sys.stdout.write("".join(c if c in "\t\n" else printable(c) for c in data.decode()))

    def flush(self) -> None:
        sys.stdout.flush()
