"""`nntrain inspect`: what is in a model file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from nntrain.cli.messages import model_options, print_next_command
from nntrain.cli.options import FILE, json_option, verbosity_options
from nntrain.config.keys import DEFAULTS
from nntrain.config.yaml_text import as_yaml
from nntrain.text import counted, format_number, json_text, printable

if TYPE_CHECKING:
    from nntrain.data.preprocessing.transform import Feature
    from nntrain.model.model import Model


@click.command()
@click.argument("model_path", type=FILE, metavar="[MODEL]", default="model.npz")
@click.option("--weights", is_flag=True, help="Print the weights and biases of every layer.")
@json_option
@verbosity_options
def inspect(model_path: str, weights: bool, as_json: bool) -> None:
    """Show what is in the model file MODEL, model.npz without a name.

    \b
    Examples:
      nntrain inspect
      nntrain inspect model.npz --weights
      nntrain inspect --json
    """
    from nntrain.model.archive import load_model
    from nntrain.model.serialize import arrays_of, header_of

    model = load_model(model_path)
    if as_json:
        content = header_of(model)
        if weights:
            arrays = arrays_of(model)
            for name, letter in (("weights", "w"), ("biases", "b")):
                n_layers = len(model.networks[0].parameters.weights)
                content[name] = [arrays[f"{letter}{i + 1}"].tolist() for i in range(n_layers)]
        click.echo(json_text(content))
        return
    _print_model(model)
    if weights:
        _print_weights(model)
    print_next_command("predict", "new.csv", model_options(model_path), then=" > predictions.csv")


def _print_model(model: Model) -> None:
    from nntrain.cli.metrics_table import print_metrics
    from nntrain.cli.terminal import print_table
    from nntrain.model.summary import epochs_listed

    network, summary, config = model.networks[0], model.summary, model.config
    sizes = "-".join(map(str, network.layer_sizes))
    hidden = f", {config.activation}" if config.hidden_layers else ""
    weights = counted(network.parameters.vector.size, "weight")
    several = f"{len(model.networks)} networks" if len(model.networks) > 1 else "Network"
    each = " each" if len(model.networks) > 1 else ""
    click.echo(f"{several} {sizes}{hidden}, {config.dtype}: {weights}{each} (biases included).")
    click.echo(
        f"Trained on {counted(summary.rows, 'row')} for "
        f"{counted(summary.epochs_trained, 'epoch')} of {config.epochs:,}, "
        f"{counted(summary.iterations, 'iteration')}; "
        + ("unfinished" if model.unfinished else printable(f"stopped by {summary.stopped_by}"))
        + printable(f"; {summary.engine} engine.")
        + (f"\nKept the weights of {epochs_listed(summary)}." if summary.kept_epochs else "")
    )
    if model.intervals:
        click.echo(f"Intervals by {counted(len(model.intervals.scores), 'calibration row')}.")
    print_metrics("rows of", summary.parts())
    click.echo()
    rows = [_feature_cells(feature) for feature in model.preprocessing.features]
    rows += [
        [
            target.name,
            "target",
            "-",
            format_number(target.minimum),
            format_number(target.maximum),
            "-",
        ]
        for target in model.preprocessing.targets
    ]
    print_table(["column", "type", "missing", "minimum", "maximum", "mean"], rows, left=2)
    click.echo()
    title = "Config, * where it differs from the default"
    print_table(["key", "value"], _config_rows(config.as_dict()), title=title, left=2)


def _feature_cells(feature: Feature) -> list[str]:
    from nntrain.data.preprocessing.transform import CategoricalColumn

    if isinstance(feature, CategoricalColumn):
        return [feature.name, counted(len(feature.categories), "category", "categories")] + [
            "-"
        ] * 4
    range_and_mean = (feature.minimum, feature.maximum, feature.mean)
    return [
        feature.name,
        "number",
        f"{feature.missing_rate:.1%}",
        *map(format_number, range_and_mean),
    ]


def _config_rows(values: dict[str, Any]) -> list[list[str]]:
    rows = []
    for name, value in values.items():
        default = DEFAULTS[name]
        given = tuple(value) if isinstance(value, list) else value
        rows.append([name if given == default else f"{name} *", as_yaml(value)])
    return rows


def _print_weights(model: Model) -> None:
    for j, network in enumerate(model.networks, start=1):
        which = f"Network {j}, " if len(model.networks) > 1 else ""
        layers = zip(network.parameters.weights, network.parameters.biases, strict=True)
        for i, (w, b) in enumerate(layers, start=1):
            click.echo(f"\n{which}w{i} {w.shape}, a row for each neuron; b{i} {b.shape}")
            for row, bias in zip(w.tolist(), b.tolist(), strict=True):
                cells = " ".join(f"{value:12.6g}" for value in row)
                click.echo(printable(f"{cells}  | {bias:12.6g}"))
