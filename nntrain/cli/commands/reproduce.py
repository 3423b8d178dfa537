"""`nntrain reproduce`: train a model again and compare."""

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
    help="The table that `nntrain fit --validation` named, if it did.",
)
@progress_option
@verbosity_options
def reproduce(
    data: tuple[str, ...], model_path: str, validation_path: str | None, no_progress: bool
) -> None:
    """Train a model again on the table DATA, and say whether it is identical.

    \b
    Examples:
      nntrain reproduce sample_data/concrete.csv
      nntrain reproduce sample_data/concrete.csv --model model.npz && echo as promised

    Trains with the config and the engine of the model, up to the epoch where its run stopped.
    Prints `identical`, or exits with code 6 and the first difference: the data, or a weight, with
    all that computes otherwise: versions, BLAS kernels, processor, variables. A model made with
    --from cannot be reproduced. Writes no files.
    """
    paths = input_paths(data, "reproduce")

    from nntrain.cli.training_display import TrainingDisplay
    from nntrain.model.model import read_model
    from nntrain.training.reproduce import Reproduction

    reproduction = Reproduction(read_model(model_path), paths, validation_path)
    if not reproduction.has_other_data:
        epochs = reproduction.model.summary.epochs_trained
        with TrainingDisplay(epochs, shown=not (is_quiet() or no_progress)) as display:
            for results in reproduction.epochs():
                display.show(results)
    if difference := reproduction.difference():
        raise CheckFailedError(f"{model_path} is not what {' '.join(paths)} makes: {difference}")
    n_epochs = counted(reproduction.run.epochs_done, "epoch")
    click.echo(f"identical: {n_epochs} give the same weights to the last bit")
