"""`nntrain cv`: estimate the error on new rows by cross-validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from nntrain.cli.messages import path_word, print_next_command, set_options
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
from nntrain.text import format_number, format_ratio, json_text

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
      nntrain cv sample_data/concrete.csv -c configs/intervals.yaml --interval 0.9

    The rows are cut into folds at random, by the config's seed. Each fold is predicted by a model
    that was trained on the rows of the other folds, with its own preprocessing. Saves no model.
    """
    paths = input_paths(data, "cv")
    if group is not None and ordered:
        raise UsageError("--group and --ordered cut the rows in two ways; use one of them")
    if output is not None:
        _check_predictions_file(output, [*paths, config_path])
    config = load_config(config_path, overrides)

    from nntrain.evaluation.cross_validation import make_folds, results_as_dict
    from nntrain.training.prepare import read_training_table

    if interval is not None:
        _check_interval(interval, config)
    table = read_training_table(paths, config, group)
    folds = make_folds(table, n_folds, config, ordered=ordered)
    results = _train(table, config, folds, interval, shown=not (is_quiet() or no_progress))
    if output is not None:
        _write_predictions(output, table, results, config)
    if as_json:
        click.echo(json_text(results_as_dict(results, config, interval)))
        return
    _print_results(results, config)
    if "-" not in paths:
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


def _print_results(results: list[FoldResult], config: Config) -> None:
    """Print a table for each target: a line for each fold, the means, their standard errors."""
    from nntrain.cli.metrics_table import print_metrics
    from nntrain.evaluation.cross_validation import METRICS, summarize

    n_rows = sum(len(result.fold.rows) for result in results)
    last_lines = {}
    for target in config.target:
        estimates = summarize(results, target)
        means, errors = ["mean", f"{n_rows:,}"], ["±", ""]
        has_intervals = "coverage" in estimates
        for name in METRICS if has_intervals else METRICS[:-2]:
            show: Any = format_ratio if name in ("r2", "coverage") else format_number
            estimate = estimates.get(name)
            means.append(show(estimate.mean if estimate else None))
            errors.append(show(estimate.standard_error if estimate else None))
        last_lines[target] = [means, errors]
    metrics = {str(result.fold.number): result.metrics for result in results}
    print_metrics("fold", metrics, ends=last_lines)


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
