"""`nntrain reproduce`: whether a model comes out again."""

from __future__ import annotations

import click

from nntrain.cli.options import (
    FILE,
    input_paths,
    is_quiet,
    model_option,
    one_or_more_tables,
    progress_option,
    verbosity_options,
)
from nntrain.errors import CheckFailedError
from nntrain.text import counted


@click.command()
@one_or_more_tables
@model_option
@click.option(
    "--validation",
    "validation_path",
    type=FILE,
    metavar="FILE",
    help="The table that the model was validated by, if it was by another.",
)
@progress_option
@verbosity_options
def reproduce(
    data: tuple[str, ...], model_path: str, validation_path: str | None, no_progress: bool
) -> None:
    """Make a model again from the table DATA, and say whether it is identical.

    \b
    Examples:
      nntrain reproduce sample_data/concrete.csv
      nntrain reproduce sample_data/concrete.csv --model model.npz && echo as promised

    Trains by the config in the model, with the engine that made it, to the epoch where that run
    stopped. Prints `identical`, or exits with code 6 and the first difference: the data, a version,
    or a weight. A model made with --from cannot be made from data alone. Writes nothing.
    """
    paths = input_paths(data, "reproduce")

    from nntrain.cli.training_display import TrainingDisplay
    from nntrain.model.archive import read_model
    from nntrain.training.reproduce import Reproduction

    again = Reproduction(read_model(model_path), paths, validation_path)
    if not again.has_other_data:
        epochs = again.model.summary.epochs_trained
        with TrainingDisplay(epochs, shown=not (is_quiet() or no_progress)) as display:
            for results in again.epochs():
                display.show(results)
    if difference := again.difference():
        raise CheckFailedError(f"{model_path} is not what {' '.join(paths)} makes: {difference}")
    n_epochs = counted(again.run.epochs_done, "epoch")
    click.echo(f"identical: {n_epochs} give the same weights to the last bit")
