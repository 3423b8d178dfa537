"""`nntrain predict`: predictions for a table, as it comes."""

from __future__ import annotations

import contextlib
import csv
import io
import logging
import sys
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

import click

from nntrain.cli.text import check_stdin
from nntrain.errors import UsageError
from nntrain.files import replacing, same_file, try_output

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@click.command()
@click.argument("data", default="-")
@click.option(
    "-m",
    "--model",
    "model_path",
    default="model.npz",
    show_default=True,
    metavar="FILE",
    help="The model that `nntrain fit` wrote.",
)
@click.option(
    "-o",
    "--output",
    default="-",
    metavar="FILE",
    help="Where to write the predictions; stdout without it.",
)
@click.option(
    "--prefix",
    default="predicted_",
    show_default=True,
    help="What stands before the target's name in the header.",
)
@click.option(
    "--delimiter",
    metavar="CHARACTER",
    help="What separates the cells of DATA; found in its header line without it.",
)
@click.option(
    "--decimal",
    type=click.Choice([".", ","]),
    default=".",
    show_default=True,
    help="The decimal mark of DATA.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
def predict(
    data: str,
    model_path: str,
    output: str,
    prefix: str,
    delimiter: str | None,
    decimal: str,
    quiet: bool,
) -> None:
    """Predict the target for each row of the table DATA: a CSV file, or - for standard input.

    Writes a CSV with a row for each row of DATA, in order. Columns are matched by name; extra
    columns are ignored, and the target is not needed.

    \b
    Examples:
      nntrain predict sample_data/concrete.csv > predictions.csv
      cat new.csv | nntrain predict --model model.npz > out.csv
    """
    if quiet:
        logging.getLogger("nntrain").setLevel(logging.ERROR)
    check_stdin(data, "predict")
    if output != "-":
        for used in (data, model_path):
            if used != "-" and same_file(output, used):
                raise UsageError(f"--output {output} would overwrite an input of this run")
        try_output(output)

    from nntrain.model_file import load_model

    model = load_model(model_path)
    header = _csv_line([prefix + target.name for target in model.preprocessing.targets])
    chunks = model.predict_chunks(data, delimiter=_character(delimiter), decimal=decimal)
    first = next(chunks, None)
    with _open_output(output) as file:
        file.write(header)
        if first is not None:
            file.write(_csv_rows(first))
        for chunk in chunks:
            file.flush()
            file.write(_csv_rows(chunk))
        file.flush()


def _character(delimiter: str | None) -> str | None:
    from nntrain.kinds import Scalar, separator

    if delimiter is None:
        return None
    try:
        return str(separator().read(Scalar(delimiter, plain=False)))
    except ValueError as error:
        raise UsageError(f"--delimiter {error}") from None


def _open_output(output: str) -> contextlib.AbstractContextManager[IO[bytes]]:
    if output == "-":
        return contextlib.nullcontext(sys.stdout.buffer)
    return replacing(output)


def _csv_line(cells: list[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue().encode()


def _csv_rows(predictions: NDArray[np.float64]) -> bytes:
    """Rows of numbers, each the shortest decimal that reads back to the same double."""
    columns = [map(repr, column) for column in predictions.T.tolist()]
    rows: Iterator[str] = map(",".join, zip(*columns, strict=True))
    return ("\n".join(rows) + "\n").encode() if len(predictions) else b""
