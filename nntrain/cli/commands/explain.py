"""`nntrain explain`: what a model goes by."""

from __future__ import annotations

import click

from nntrain.cli.options import (
    decimal_option,
    delimiter_option,
    input_paths,
    json_option,
    model_option,
    tables_or_stdin,
    verbosity_options,
)
from nntrain.text import format_number, json_text


@click.command()
@tables_or_stdin
@model_option
@click.option(
    "--repeats",
    type=click.IntRange(1, 1000),
    default=5,
    show_default=True,
    help="How often each column is shuffled.",
)
@json_option
@delimiter_option
@decimal_option
@verbosity_options
def explain(
    data: tuple[str, ...],
    model_path: str,
    repeats: int,
    as_json: bool,
    delimiter: str | None,
    decimal: str,
) -> None:
    """Say what a model goes by on the table DATA, column by column.

    \b
    Examples:
      nntrain explain sample_data/concrete.csv
      nntrain explain sample_data/concrete.csv --repeats 10 --json

    Each column is shuffled, several times, and what that adds to the error is its importance
    (Breiman 2001): the RMSE lost in the target's unit, with the deviation over the shuffles. A
    column counts as a whole, with its categories, bins and missing cells. Of two columns that tell
    the same, each may look unimportant while the other is there.
    """
    paths = input_paths(data, "explain")

    from nntrain.cli.terminal import print_table
    from nntrain.evaluation.importance import explain as explain_model
    from nntrain.model.model import load_model

    model = load_model(model_path)
    found = explain_model(model, paths, repeats=repeats, delimiter=delimiter, decimal=decimal)
    if as_json:
        click.echo(json_text(found.as_dict()))
        return
    for target, columns in found.importance.items():
        rows = [[of.column, format_number(of.mean), format_number(of.deviation)] for of in columns]
        title = (
            f"RMSE of {target}: {format_number(found.rmse[target])}, and what it loses by shuffling"
        )
        print_table(["column", "RMSE lost", "±"], rows, title=title)
