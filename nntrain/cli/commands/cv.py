"""`nntrain cv`: an honest estimate of the error, by cross-validation."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import click

from nntrain.cli.messages import print_next_command, set_options
from nntrain.cli.options import (
    FILE,
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
    "folds_asked",
    type=click.IntRange(2),
    default=5,
    show_default=True,
    help="In how many parts to cut the rows.",
)
@click.option("--group", metavar="COLUMN", help="Keep rows of one text of this column in one fold.")
@click.option(
    "--ordered",
    is_flag=True,
    help="Train on the past and score the future: rows are in the order of time.",
)
@click.option(
    "-o",
    "--output",
    type=FILE,
    metavar="FILE",
    help="Write the prediction of each row by the model that has not seen it.",
)
@interval_option
@json_option
@progress_option
@verbosity_options
def cv(
    data: tuple[str, ...],
    config_path: str,
    overrides: tuple[str, ...],
    folds_asked: int,
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
    that was trained on the other rows alone, with its own preprocessing. Saves no model.
    """
    paths = input_paths(data, "cv")
    if group is not None and ordered:
        raise UsageError("--group and --ordered cut the rows in two ways; use one of them")
    if output == "-":
        raise UsageError("stdout carries the report of cv; name a file for the predictions")
    if output is not None:
        check_output(output, [*paths, config_path])
    config = load_config(config_path, overrides)

    from nntrain.evaluation.cross_validation import as_dict, make_folds
    from nntrain.stats.conformal import NO_CALIBRATION_ROWS, check_level
    from nntrain.training.prepare import read_training_table

    if interval is not None:
        check_level(interval)
        if config.calibration_fraction == 0:
            raise UsageError(NO_CALIBRATION_ROWS)
    table = read_training_table(paths, config, group)
    folds = make_folds(table, folds_asked, config, ordered=ordered)
    results = _train(table, config, folds, interval, shown=not (is_quiet() or no_progress))
    if output is not None:
        _write_predictions(output, table, results, config)
    if as_json:
        click.echo(json_text(as_dict(results, config, interval)))
        return
    _print_results(results, config)
    if "-" not in paths:
        print_next_command("fit", paths, "--config", config_path, set_options(overrides))


def _train(
    table: TypedTable, config: Config, folds: list[Fold], interval: float | None, *, shown: bool
) -> list[FoldResult]:
    from nntrain.cli.training_display import TrainingDisplay
    from nntrain.evaluation.cross_validation import FoldRun

    if not is_verbose():
        # What preprocessing notes comes once a fold, much the same each time.
        for name in ("transform", "fit"):
            logging.getLogger(f"nntrain.data.preprocessing.{name}").setLevel(logging.ERROR)
    results = []
    for fold in folds:
        run = FoldRun(table, config, fold)
        title = f"fold {fold.number}/{len(folds)} "
        with TrainingDisplay(config.epochs, shown=shown, title=title) as display:
            for epoch in run.epochs():
                display.show(epoch)
        results.append(run.result(interval))
    return results


def _print_results(results: list[FoldResult], config: Config) -> None:
    from nntrain.cli.metrics_table import print_metrics
    from nntrain.evaluation.cross_validation import METRICS, summarize

    n_rows = sum(len(r.fold.rows) for r in results)
    ends = {}
    for target in config.target:
        estimates = summarize(results, target)
        means, errors = ["mean", f"{n_rows:,}"], ["±", ""]
        has_intervals = "coverage" in estimates
        for name in METRICS if has_intervals else METRICS[:-2]:
            show: Any = format_ratio if name in ("r2", "coverage") else format_number
            of = estimates.get(name)
            means.append(show(of.mean if of else None))
            errors.append(show(of.standard_error if of else None))
        ends[target] = [means, errors]
    print_metrics("fold", {str(r.fold.number): r.metrics for r in results}, ends=ends)


def _write_predictions(
    path: str, table: TypedTable, results: list[FoldResult], config: Config
) -> None:
    """A row for each row of the table, in order: its fold and predictions, blank without any."""
    import numpy as np

    from nntrain.cli.row_writers import row_writer

    here = np.flatnonzero(table.kept) if table.kept is not None else np.arange(len(table))
    n_rows = len(here) if table.kept is None else len(table.kept)
    fold = np.full(n_rows, "", dtype=object)
    values = np.full((n_rows, len(config.target)), np.nan)
    for result in results:
        rows = here[result.fold.rows]
        fold[rows] = str(result.fold.number)
        values[rows] = result.predictions
    writer = row_writer("csv", ["fold", *(f"predicted_{target}" for target in config.target)])
    with replacing(path) as file:
        file.write(writer.header)
        file.write(writer.rows([fold], values, np.isnan(values[:, 0]), skip=False))
