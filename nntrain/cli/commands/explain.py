"""`nntrain explain`: the permutation importance of each column."""

from __future__ import annotations

import click

from nntrain.cli.options import (
    dialect_options,
    input_paths,
    json_option,
    model_option,
    tables_or_stdin,
    unseen_only_option,
    verbosity_options,
)
from nntrain.data.readers.dialect import Dialect
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
@unseen_only_option
@json_option
@dialect_options
@verbosity_options
def explain(
    data: tuple[str, ...],
    model_path: str,
    repeats: int,
    unseen_only: bool,
    as_json: bool,
    dialect: Dialect,
) -> None:
    """Measure how important each column of the table DATA is to a model.

    \b
    Examples:
      nntrain explain sample_data/concrete.csv
      nntrain explain sample_data/concrete.csv --repeats 10 --json
      nntrain explain sample_data/concrete.csv -m calibrated.npz --unseen-only

    Each column is shuffled several times. The RMSE that this adds, in the target's unit, is the
    column's permutation importance (Breiman 2001); the standard deviation over the shuffles stands
    beside it. A column is shuffled as a whole, with its categories, bins and missing cells. If two
    columns carry the same information, each may look unimportant as long as the other is there.

    DATA needs the true values. If many of its rows are among those that the model learned from, a
    warning says so; --unseen-only leaves them out. How each column contributes to the prediction of
    a single row is shown by nntrain predict --explain.
    """
    paths = input_paths(data, "explain")

    from nntrain.cli.terminal import print_table
    from nntrain.evaluation.importance import explain as explain_model
    from nntrain.model.model import load_model
    from nntrain.report.description import IMPORTANCE_HEADER, importance_rows

    model = load_model(model_path)
    explanation = explain_model(
        model, paths, repeats=repeats, dialect=dialect, unseen_only=unseen_only
    )
    if as_json:
        click.echo(json_text(explanation.as_dict()))
        return
    for target, columns in explanation.importance.items():
        rmse = format_number(explanation.rmse[target])
        title = f"RMSE of {target}: {rmse}, and what shuffling a column adds to it"
        print_table(IMPORTANCE_HEADER, importance_rows(columns), title=title)
