"""`nntrain check`: whether fit or predict would work on a table, without training or predicting."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import click

from nntrain.cli.messages import (
    model_options,
    path_word,
    print_next_command,
    reading_options,
    set_options,
)
from nntrain.cli.options import (
    FILE,
    dialect_options,
    input_paths,
    json_option,
    set_option,
    tables_or_stdin,
    verbosity_options,
)
from nntrain.config.yaml_file import load_config
from nntrain.data.readers.dialect import PLAIN, Dialect
from nntrain.errors import CheckFailedError, DataError, UsageError
from nntrain.text import counted, json_text, printable

if TYPE_CHECKING:
    from nntrain.evaluation.check import ColumnCheck, Verdict

SHOWN_CATEGORIES = 5


@click.command()
@tables_or_stdin
@click.option(
    "-c",
    "--config",
    "config_path",
    type=FILE,
    metavar="FILE",
    help="The config that fit would train by.",
)
@click.option(
    "-m",
    "--model",
    "model_path",
    type=FILE,
    metavar="FILE",
    help="The model that predict would use.",
)
@set_option
@click.option("--strict", is_flag=True, help="Exit with code 6 if there is any warning.")
@json_option
@dialect_options
@verbosity_options
def check(
    data: tuple[str, ...],
    config_path: str | None,
    model_path: str | None,
    overrides: tuple[str, ...],
    strict: bool,
    as_json: bool,
    dialect: Dialect,
) -> None:
    """Check whether fit or predict would work on the table DATA, without doing it.

    \b
    Examples:
      nntrain check sample_data/housing.csv --config configs/housing.yaml
      nntrain check sample_data/concrete.csv -c configs/concrete.yaml --set categorical=[age_days]
      nntrain check sample_data/concrete.csv --model model.npz --strict
      nntrain check sample_data/concrete.csv --model model.npz --json

    With --config it checks for fit, with --model for predict. The exit code is 0 if it would work
    and 3 if it would not. With --config, delimiter, decimal mark and encoding are
    keys of the config.

    `kind` is what a column holds, by its cells or by the config: numbers, dates or times and how
    they are written, categories, or identifiers and free text, which are left out. A warning comes
    for cells that do not fit, and for categories that differ by case or blanks alone.

    With --model, `drift` is how far the distribution of a column differs from that of the training
    rows: the population stability index. A warning comes where it is above 0.25 and above what
    chance explains for so few rows, and says which values there are more of.
    """
    paths = input_paths(data, "check")
    if (config_path is None) == (model_path is None):
        raise UsageError("check needs either --config, for fit, or --model, for predict")
    if model_path is not None and overrides:
        raise UsageError("--set goes with --config")
    if config_path is not None and dialect != PLAIN:
        raise UsageError(
            "--delimiter, --decimal and --encoding go with --model; with --config they are keys of "
            "it, as in --set delimiter=tab"
        )

    from nntrain.evaluation.check import check_with_config, check_with_model
    from nntrain.model.model import load_model

    if config_path is not None:
        check_table = partial(check_with_config, paths, load_config(config_path, overrides))
        options = ["--config", path_word(config_path), *set_options(overrides)]
    else:
        model = load_model(str(model_path))
        check_table = partial(check_with_model, paths, model, dialect)
        options = model_options(str(model_path)) + reading_options(dialect)
    purpose = "fit" if config_path is not None else "predict"
    verdict = _verdict(check_table)
    if as_json:
        click.echo(json_text(verdict.as_dict()))
    elif verdict.columns:
        _print_verdict(verdict, purpose)
    if verdict.error:
        raise DataError(verdict.error)
    if strict and verdict.warnings:
        raise CheckFailedError(f"--strict: {counted(len(verdict.warnings), 'warning')}")
    if not as_json and "-" not in paths:
        print_next_command(purpose, list(map(path_word, paths)), options)


def _verdict(check_table: Callable[[], Verdict]) -> Verdict:
    """The verdict on a table, also on one that cannot be read: --json always prints an object."""
    from nntrain.evaluation.check import Verdict

    try:
        return check_table()
    except DataError as error:
        return Verdict(0, [], [], str(error))


def _print_verdict(verdict: Verdict, command: str) -> None:
    from nntrain.cli.terminal import print_table

    if command == "fit":
        rows = [
            [c.name, c.use, c.type, c.example or "-", _format_count(c.missing)]
            for c in verdict.columns
        ]
        print_table(["column", "use", "kind", "such as", "missing"], rows, left=4)
    else:
        header = ["column", "kind", "new categories", "missing", "out of range", "bad", "drift"]
        print_table(header, [_cells(column) for column in verdict.columns], left=3)
    for warning in verdict.warnings:
        click.echo(printable(f"Warning: {warning}"))
    if verdict.error:
        click.echo(f"nntrain {command} would not work on this table.")
    else:
        warnings = counted(len(verdict.warnings), "warning")
        n_rows = counted(verdict.rows, "row")
        click.echo(f"nntrain {command} would work on this table: {n_rows}, {warnings}.")


def _cells(column: ColumnCheck) -> list[str]:
    """A column's line in the table for predict."""
    categories = list(column.new_categories.items())
    new = [f"{name!r} ({n:,})" for name, n in categories[:SHOWN_CATEGORIES]]
    if len(categories) > SHOWN_CATEGORIES:
        new.append(f"{len(categories) - SHOWN_CATEGORIES:,} more")
    counts = map(_format_count, (column.missing, column.outside_range, column.bad))
    drift = "-" if column.drift is None else f"{column.drift:.2f}"
    return [column.name, column.type, ", ".join(new) or "-", *counts, drift]


def _format_count(n: int) -> str:
    return f"{n:,}" if n else "-"
