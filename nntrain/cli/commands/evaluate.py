"""`nntrain evaluate`: a model's errors on a table with the true values."""

from __future__ import annotations

import click

from nntrain.cli.conditions import check_conditions, fail_if_option, parse_conditions
from nntrain.cli.messages import path_word, print_findings, print_next_command
from nntrain.cli.options import (
    dialect_options,
    input_paths,
    interval_option,
    json_option,
    model_option,
    tables_or_stdin,
    unseen_only_option,
    verbosity_options,
)
from nntrain.data.readers.dialect import Dialect
from nntrain.text import json_text


@click.command()
@tables_or_stdin
@model_option
@click.option("--by", metavar="COLUMN", help="Also measure the rows with each text in this column.")
@fail_if_option
@interval_option
@unseen_only_option
@json_option
@dialect_options
@verbosity_options
def evaluate(
    data: tuple[str, ...],
    model_path: str,
    by: str | None,
    conditions: tuple[str, ...],
    interval: float | None,
    unseen_only: bool,
    as_json: bool,
    dialect: Dialect,
) -> None:
    """Measure a model's errors on the table DATA, in the target's unit.

    \b
    Examples:
      nntrain evaluate sample_data/concrete.csv
      nntrain evaluate sample_data/concrete.csv --by age_days --json
      nntrain evaluate sample_data/concrete.csv --fail-if 'rmse>20' --fail-if 'r2<0.1'
      nntrain evaluate sample_data/concrete.csv -m calibrated.npz --interval 0.9
      nntrain evaluate sample_data/concrete.csv -m calibrated.npz --unseen-only

    DATA needs the true values. Beside the model's errors stand the RMSE of always predicting the
    training mean and that of a ridge regression, both fitted to the training rows by `nntrain fit`,
    never to DATA.

    Metrics for --fail-if: rows, rmse, mae, r2, largest_error, mean_rmse, ridge_rmse; with
    --interval also coverage (the part of the rows whose true value lies within the interval) and
    mean_width. With several targets, name the target too: target.rmse.

    Rows that the model learned from are known again, in any order and among others. If they are
    many, a warning says so: errors on new rows are larger. --unseen-only leaves them out. What the
    model keeps for this is told by nntrain guide files.

    Lines that begin with `Look:` name problems that the errors or the rows show, each with the
    --set of `nntrain fit` to try. With --json they are listed under findings.
    """
    paths = input_paths(data, "evaluate")

    from nntrain.cli.metrics_table import print_metrics
    from nntrain.evaluation.evaluate import evaluate as evaluate_model
    from nntrain.model.model import load_model

    model = load_model(model_path)
    fail_if = parse_conditions(
        conditions, model.config.target, owner="model", has_intervals=interval is not None
    )
    evaluation = evaluate_model(
        model, paths, by, interval=interval, dialect=dialect, unseen_only=unseen_only
    )
    if as_json:
        click.echo(json_text(evaluation.as_dict()))
    else:
        print_metrics(by or "rows of", {"all": evaluation.targets, **evaluation.groups})
        print_findings(evaluation.findings)
    check_conditions(fail_if, evaluation.targets)
    if not as_json:
        print_next_command("inspect", [] if model_path == "model.npz" else [path_word(model_path)])
