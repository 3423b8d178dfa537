"""`nntrain init`: write a config for a table."""

from __future__ import annotations

import click

from nntrain.cli.messages import path_word, print_next_command
from nntrain.cli.options import (
    FILE,
    check_output,
    dialect_options,
    input_paths,
    one_or_more_tables,
    verbosity_options,
)
from nntrain.config.choices import RECIPES
from nntrain.data.readers.dialect import Dialect
from nntrain.files import replacing


@click.command()
@one_or_more_tables
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="COL",
    help="The column to predict, by default the last one; may be repeated.",
)
@click.option(
    "--recipe",
    type=click.Choice(list(RECIPES)),
    default="accurate",
    show_default=True,
    help="How to train: " + "; ".join(f"{name} is {line}" for name, line in RECIPES.items()) + ".",
)
@click.option(
    "-o",
    "--output",
    type=FILE,
    metavar="FILE",
    help="Where to write the config; by default to stdout.",
)
@dialect_options
@verbosity_options
def init(
    data: tuple[str, ...],
    targets: tuple[str, ...],
    recipe: str,
    output: str | None,
    dialect: Dialect,
) -> None:
    """Write a config for the table DATA that is ready to train with.

    \b
    Examples:
      nntrain init sample_data/concrete.csv > concrete.yaml
      nntrain init sample_data/housing.csv --target median_house_value -o housing.yaml
      nntrain init sample_data/concrete.csv --recipe textbook > textbook.yaml
      nntrain init sample_data/concrete.csv --quiet | grep '^#  '

    The config says what each column holds (numbers, also in notations such as $1,234.5 or 34.4%,
    dates or times, categories), leaves out columns that are constant, free text or only identify
    rows, with the reason, and lists every key with its value and meaning. A column that allows two
    readings, such as 03/04/2024, is left out too, and the config has a line for each reading to
    choose from. See nntrain guide tables.
    """
    paths = input_paths(data, "init")
    output = None if output == "-" else output
    if output is not None:
        check_output(output, paths)

    from nntrain.config.suggest import suggest_config

    text = suggest_config(paths, targets, recipe=recipe, dialect=dialect).as_yaml()
    if output is None:
        click.echo(text, nl=False)
    else:
        with replacing(output) as file:
            file.write(text.encode())
    config = output or "config.yaml"
    tables = [path_word(path) for path in paths if path != "-"] or ["data.csv"]
    print_next_command("cv", tables, "--config", path_word(config))
