"""`nntrain cv`: estimate the error on new rows by cross-validation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nntrain.cli.conditions import check_conditions, fail_if_option, parse_conditions
from nntrain.cli.messages import path_word, print_findings, print_next_command, set_options
from nntrain.cli.options import (
    FILE,
    STDOUT,
    check_output,
    config_option,
    input_paths,
    interval_option,
    is_quiet,
    is_verbose,
    json_option,
    one_or_more_tables,
    progress_option,
    set_option,
    verbosity_options,
)
from nntrain.config.keys import Config
from nntrain.config.yaml_file import load_config
from nntrain.errors import UsageError
from nntrain.files import replacing
from nntrain.files.paths import same_stream
from nntrain.text import json_text

if TYPE_CHECKING:
    from nntrain.data.preprocessing.typed_table import TypedTable
    from nntrain.evaluation.cross_validation import Fold, FoldResult


@click.command()
@one_or_more_tables
@config_option
@set_option
@click.option(
    "--folds",
    "n_folds",
    type=click.IntRange(2),
    default=5,
    show_default=True,
    help="The number of folds to cut the rows into.",
)
@click.option(
    "--group", metavar="COLUMN", help="Keep rows with the same text in this column in one fold."
)
@click.option(
    "--ordered",
    is_flag=True,
    help="Train on earlier rows, predict later ones: the rows of DATA are in time order.",
)
@click.option(
    "-o",
    "--output",
    type=FILE,
    metavar="FILE",
    help="Write for each row the prediction of the model not trained on it.",
)
@fail_if_option
@interval_option
@json_option
@progress_option
@verbosity_options
def cv(
    data: tuple[str, ...],
    config_path: str,
    overrides: tuple[str, ...],
    n_folds: int,
    group: str | None,
    ordered: bool,
    output: str | None,
    conditions: tuple[str, ...],
    interval: float | None,
    as_json: bool,
    no_progress: bool,
) -> None:
    """Estimate the error on new rows by cross-validation on the table DATA.

    \b
    Examples:
      nntrain cv sample_data/concrete.csv -c configs/mini-batch.yaml
      nntrain cv sample_data/concrete.csv -c configs/mini-batch.yaml --folds 3 --json
      nntrain cv sample_data/concrete.csv -c configs/batch.yaml --group age_days -o folds.csv
      nntrain cv sample_data/concrete.csv -c configs/mini-batch.yaml --fail-if 'rmse>9'
      nntrain cv sample_data/concrete.csv -c configs/intervals.yaml --interval 0.9

    The rows are cut into folds at random, by the config's seed. Each fold is predicted by a model
    that was trained on the rows of the other folds, with its own preprocessing. Saves no model.

    The line `all` has the errors over the rows of all folds together. Below it, ± is the standard
    error of the mean over the folds: how far chance moves such a figure.

    A line that begins with `Look:` says that the mean or the ridge regression predicts better, with
    the --set to try. With --json it is listed under findings.

    Metrics for --fail-if, each over all folds: rows, rmse, mae, r2, largest_error, mean_rmse,
    ridge_rmse; with --interval also coverage and mean_width. With several targets, name the target
    too: target.rmse.
    """
    paths = input_paths(data, "cv")
    if group is not None and ordered:
        raise UsageError("--group and --ordered cut the rows in two ways; use one of them")
    if output is not None:
        _check_predictions_file(output, [*paths, config_path])
    config = load_config(config_path, overrides)

    from nntrain.evaluation.cross_validation import make_folds
    from nntrain.evaluation.fold_summary import pooled_metrics
    from nntrain.training.prepare import read_training_table

    if interval is not None:
        _check_interval(interval, config)
    fail_if = parse_conditions(
        conditions, config.target, owner="config", has_intervals=interval is not None
    )
    table = read_training_table(paths, config, group)
    folds = make_folds(table, n_folds, config, ordered=ordered)
    results = _train(table, config, folds, interval, shown=not (is_quiet() or no_progress))
    if output is not None:
        _write_predictions(output, table, results, config)
    _print_results(results, config, interval, as_json=as_json)
    check_conditions(fail_if, pooled_metrics(results, config))
    if not as_json and "-" not in paths:
        config_words = ["--config", path_word(config_path), *set_options(overrides)]
        print_next_command("fit", list(map(path_word, paths)), config_words)


def _check_predictions_file(output: str, inputs: list[str]) -> None:
    if output == "-" or same_stream(output, STDOUT):
        raise UsageError("stdout carries the report of cv; name a file for the predictions")
    check_output(output, inputs)


def _check_interval(level: float, config: Config) -> None:
    """Raise `UsageError` where the models of the folds will have no intervals of this level."""
    from nntrain.stats.conformal import NO_INTERVALS, check_level

    check_level(level)
    if not config.has_rows_for_intervals:
        raise UsageError(NO_INTERVALS)


def _train(
    table: TypedTable, config: Config, folds: list[Fold], interval: float | None, *, shown: bool
) -> list[FoldResult]:
    """Train a model for each fold, and measure it on the fold."""
    from nntrain.cli.training_display import TrainingDisplay
    from nntrain.data.notes import ignore_note, log_note
    from nntrain.evaluation.cross_validation import FoldRun

    results = []
    for fold in folds:
        # The notes on preprocessing are much the same for each fold.
        run = FoldRun(table, config, fold, log_note if is_verbose() else ignore_note)
        title = f"fold {fold.number}/{len(folds)} "
        with TrainingDisplay(config.epochs, shown=shown, title=title) as display:
            for epoch_results in run.epochs():
                display.show(epoch_results)
        results.append(run.result(interval))
    return results


def _print_results(
    results: list[FoldResult], config: Config, interval: float | None, *, as_json: bool
) -> None:
    """Print the results as JSON; or as tables, and then what is wrong."""
    from nntrain.cli.metrics_table import print_folds
    from nntrain.evaluation.fold_summary import find_problems, pooled_metrics, results_as_dict

    if as_json:
        click.echo(json_text(results_as_dict(results, config, interval)))
        return
    pooled = pooled_metrics(results, config)
    print_folds({str(result.fold.number): result.metrics for result in results}, pooled)
    print_findings(find_problems(results, pooled))


def _write_predictions(
    path: str, table: TypedTable, results: list[FoldResult], config: Config
) -> None:
    """Write the fold and the predictions of each row of the table, in its order.

    Rows without a target or of weight 0 were in no fold, and stay blank.
    """
    import numpy as np

    from nntrain.model.row_writers import row_writer

    row_numbers = np.flatnonzero(table.kept) if table.kept is not None else np.arange(len(table))
    n_rows = len(row_numbers) if table.kept is None else len(table.kept)
    fold = np.full(n_rows, "", dtype=object)
    values = np.full((n_rows, len(config.target)), np.nan)
    for result in results:
        rows = row_numbers[result.fold.rows]
        fold[rows] = str(result.fold.number)
        values[rows] = result.predictions
    writer = row_writer("csv", ["fold"], [f"predicted_{target}" for target in config.target])
    with replacing(path) as file:
        file.write(writer.header)
        file.write(writer.rows([fold], values, np.isnan(values[:, 0]), skip=False))
