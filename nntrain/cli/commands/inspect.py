"""`nntrain inspect`: the content of a model file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from nntrain.cli.messages import model_options, print_next_command
from nntrain.cli.options import FILE, json_option, verbosity_options
from nntrain.config.keys import Config
from nntrain.config.yaml_text import as_yaml
from nntrain.text import counted, format_number, json_text, printable

if TYPE_CHECKING:
    from nntrain.data.preprocessing.columns import Feature, TargetColumn
    from nntrain.model.model import Model


@click.command()
@click.argument("model_path", type=FILE, metavar="[MODEL]", default="model.npz")
@click.option("--weights", is_flag=True, help="Print the weights and biases of every layer.")
@json_option
@verbosity_options
def inspect(model_path: str, weights: bool, as_json: bool) -> None:
    """Show the content of the model file MODEL; without a name, of model.npz.

    \b
    Examples:
      nntrain inspect
      nntrain inspect model.npz --weights
      nntrain inspect --json
    """
    from nntrain.model.model import load_model
    from nntrain.model.serialize import model_header

    model = load_model(model_path)
    if as_json:
        content = model_header(model.parts)
        click.echo(json_text(content | (_weights_as_json(model) if weights else {})))
        return
    _print_model(model)
    if weights:
        _print_weights(model)
    print_next_command("predict", "new.csv", model_options(model_path), then=" > predictions.csv")


def _weights_as_json(model: Model) -> dict[str, Any]:
    """The weights and the biases of every layer; for an ensemble, of each network in turn."""
    from nntrain.model.serialize import model_arrays

    arrays, n_layers = model_arrays(model.parts), len(model.networks[0].parameters.weights)
    return {
        name: [arrays[f"{letter}{i + 1}"].tolist() for i in range(n_layers)]
        for name, letter in (("weights", "w"), ("biases", "b"))
    }


def _print_model(model: Model) -> None:
    from nntrain.cli.metrics_table import print_metrics
    from nntrain.cli.terminal import print_table

    _print_summary(model)
    print_metrics("rows of", model.summary.parts())
    click.echo()
    rows = [_feature_cells(feature) for feature in model.preprocessing.features]
    rows += [_target_cells(target) for target in model.preprocessing.targets]
    print_table(["column", "type", "missing", "minimum", "maximum", "mean"], rows, left=2)
    click.echo()
    title = "Config, * where it differs from the default"
    print_table(["key", "value"], _config_rows(model.config), title=title, left=2)


def _print_summary(model: Model) -> None:
    """What the networks are and how they were trained, in a few sentences."""
    from nntrain.model.summary import epochs_listed
    from nntrain.report.description import (
        arithmetic_text,
        intervals_text,
        network_text,
        ridge_text,
    )

    network, summary, config = model.networks[0], model.summary, model.config
    weights = counted(network.parameters.vector.size, "weight")
    several = f"{len(model.networks)} networks" if len(model.networks) > 1 else "Network"
    each = " each" if len(model.networks) > 1 else ""
    click.echo(f"{several} {network_text(model)}: {weights}{each} (biases included).")
    click.echo(
        f"Trained on {counted(summary.rows, 'row')} for "
        f"{counted(summary.epochs_trained, 'epoch')} of {config.epochs:,}, "
        f"{counted(summary.iterations, 'iteration')}; "
        + ("unfinished" if model.unfinished else printable(f"stopped by {summary.stopped_by}"))
        + printable(f"; {summary.engine} engine.")
        + (f"\nKept the weights of {epochs_listed(summary)}." if summary.kept_epochs else "")
    )
    if summary.versions:
        click.echo(printable(f"Computed by {arithmetic_text(summary.versions)}."))
    if penalties := ridge_text(model):
        click.echo(printable(f"Penalty of the ridge regression beside it: {penalties}."))
    if interval_rows := intervals_text(model):
        click.echo(f"Intervals by {interval_rows}.")


def _feature_cells(feature: Feature) -> list[str]:
    from nntrain.data.preprocessing.columns import CategoricalColumn

    if isinstance(feature, CategoricalColumn):
        n_categories = counted(len(feature.categories), "category", "categories")
        return [feature.name, n_categories, "-", "-", "-", "-"]
    range_and_mean = (feature.minimum, feature.maximum, feature.mean)
    shown = format_number if feature.kind == "number" else feature.shown
    return [
        feature.name,
        feature.kind,
        f"{feature.missing_rate:.1%}",
        *map(shown, range_and_mean),
    ]


def _target_cells(target: TargetColumn) -> list[str]:
    target_range = map(format_number, (target.minimum, target.maximum))
    return [target.name, "target", "-", *target_range, "-"]


def _config_rows(config: Config) -> list[list[str]]:
    """The keys of a config with their values; a star marks those that differ from their default."""
    from nntrain.report.description import changed_keys

    changed = changed_keys(config)
    return [
        [f"{key} *" if key in changed else key, as_yaml(value)]
        for key, value in config.as_dict().items()
    ]


def _print_weights(model: Model) -> None:
    for j, network in enumerate(model.networks, start=1):
        which = f"Network {j}, " if len(model.networks) > 1 else ""
        layers = zip(network.parameters.weights, network.parameters.biases, strict=True)
        for i, (w, b) in enumerate(layers, start=1):
            click.echo(f"\n{which}w{i} {w.shape}, a row for each neuron; b{i} {b.shape}")
            for row, bias in zip(w.tolist(), b.tolist(), strict=True):
                cells = " ".join(f"{value:12.6g}" for value in row)
                click.echo(printable(f"{cells}  | {bias:12.6g}"))
