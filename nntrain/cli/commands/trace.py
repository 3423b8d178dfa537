"""`nntrain trace`: one iteration with all its numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from nntrain.cli.options import (
    FILE,
    config_option,
    input_paths,
    json_option,
    one_or_more_tables,
    set_option,
    verbosity_options,
)
from nntrain.errors import UsageError
from nntrain.text import counted, json_text, printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nntrain.training.trace import IterationTrace, Trace

MOST_ROWS, MOST_COLUMNS = 6, 5
"""What is shown of a matrix; more would not fit 80 columns, or be looked at."""


@click.command()
@one_or_more_tables
@config_option
@set_option
@click.option("--row", type=click.IntRange(1), metavar="N", help="The row to learn from; 1.")
@click.option("--rows", metavar="A:B", help="The rows to learn from together, A to B.")
@click.option(
    "--iterations", type=click.IntRange(1, 1000), default=1, show_default=True, help="How many."
)
@click.option(
    "--model", "model_path", type=FILE, metavar="FILE", help="Start from this model's weights."
)
@json_option
@verbosity_options
def trace(
    data: tuple[str, ...],
    config_path: str,
    overrides: tuple[str, ...],
    row: int | None,
    rows: str | None,
    iterations: int,
    model_path: str | None,
    as_json: bool,
) -> None:
    """Work through an iteration on rows of the table DATA, number by number.

    \b
    Examples:
      nntrain trace sample_data/energy.csv -c configs/figure1.yaml
      nntrain trace sample_data/energy.csv -c configs/figure1.yaml --rows 1:3 --iterations 2
      nntrain trace sample_data/energy.csv -c configs/figure1.yaml --row 7 --json

    Forward pass, loss, backward pass and update, with the equation numbers of the article that
    nntrain follows, in the engine's own numbers: inputs and targets as the network sees them. Rows
    count from 1 among those to train on. Trains nothing else and writes nothing.
    """
    paths = input_paths(data, "trace")
    first, last = _rows(row, rows)

    from nntrain.cli.terminal import print_outline
    from nntrain.config.yaml_file import load_config
    from nntrain.model.model import load_model
    from nntrain.training.trace import Trace

    start = load_model(model_path) if model_path else None
    told = Trace(paths, load_config(config_path, overrides), first, last, start)
    if as_json:
        click.echo(json_text([_as_dict(of) for of in told.iterations(iterations)]))
        return
    print_outline(map(printable, _introduction(told, first, last, iterations)))
    for of in told.iterations(iterations):
        print_outline(_lines(of, told, several=iterations > 1))


def _rows(row: int | None, rows: str | None) -> tuple[int, int]:
    """The first and the last row asked for."""
    if rows is None:
        return row or 1, row or 1
    first, _, last = rows.partition(":")
    if row is not None or not (first.isdecimal() and last.isdecimal()) or int(first) < 1:
        raise UsageError("--rows expects A:B, such as 1:3, rows counted from 1, and no --row")
    if int(last) < int(first):
        raise UsageError(f"--rows {rows}: the last row comes before the first")
    return int(first), int(last)


def _as_dict(of: IterationTrace) -> dict[str, Any]:
    """An iteration as JSON types; matrices are lists of rows."""
    layers = [
        {name: getattr(layer, name).tolist() for name in layer.__dataclass_fields__}
        for layer in of.layers
    ]
    values = {f.name: getattr(of, f.name) for f in dataclasses.fields(of)}
    return values | {"y_true": of.y_true.tolist(), "layers": layers}


def _introduction(told: Trace, first: int, last: int, iterations: int) -> Iterator[str]:
    sizes = "-".join(map(str, told.network.layer_sizes))
    which = f"row {first}" if first == last else f"rows {first} to {last}"
    times = counted(iterations, "iteration")
    yield f"{times} of a network {sizes}, {told.network.activation}, on {which}"
    names = told.run.preprocessing.input_names
    yield f"inputs x: {_listed(names)}"
    yield f"targets y_true: {_listed(told.run.config.target)}"


def _listed(names: Sequence[str], most: int = 3) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"


def _lines(of: IterationTrace, told: Trace, *, several: bool) -> Iterator[str]:
    m, n_layers = len(of.y_true), len(of.layers)
    if several:
        yield f"\n==== iteration {of.number}"
    yield "\nFORWARD PASS"
    yield from _matrix("y_0 = x", of.layers[0].y_before)
    for i, layer in enumerate(of.layers, start=1):
        f = told.network.activation if i < n_layers else "z"
        number = "(6)" if f == "sigmoid" else "(8)" if i == n_layers else ""
        yield f"\nlayer {i}"
        yield from _matrix(f"w_{i}", layer.w)
        yield from _matrix(f"b_{i}", layer.b[None])
        yield from _matrix(f"z_{i} = w_{i} y_{i - 1} + b_{i}  (1)", layer.z)
        yield from _matrix(f"y_{i} = f(z_{i}), f = {f}  (2) {number}".rstrip(), layer.y)
    yield "\nLOSS"
    yield from _matrix("y_true", of.y_true)
    yield f"  ℓ = ½ Σ_k Σ_j (y_pred - y_true)² = {of.loss:.6g}  (5)"
    yield "\nBACKWARD PASS"
    for i, layer in reversed(list(enumerate(of.layers, start=1))):
        last = i == n_layers
        by_y = "y_pred - y_true" if last else f"w_{i + 1}ᵀ ∂ℓ/∂z_{i + 1}"
        slope = "(9)" if last else "(7)" if told.network.activation == "sigmoid" else ""
        yield f"\nlayer {i}"
        yield from _matrix(f"∂ℓ/∂y_{i} = {by_y}", layer.loss_by_y)
        yield from _matrix(f"∂ℓ/∂z_{i} = ∂ℓ/∂y_{i} ⊙ f'(z_{i})  {slope}".rstrip(), layer.loss_by_z)
        yield from _matrix(f"∂ℓ/∂w_{i} = Σ_k ∂ℓ/∂z_{i} y_{i - 1}ᵀ", layer.loss_by_w)
        yield from _matrix(f"∂ℓ/∂b_{i} = Σ_k ∂ℓ/∂z_{i}", layer.loss_by_b[None])
    hyperparameters = told.hyperparameters
    plain = f"θ := θ - α (1/m) ∂ℓ/∂θ, α = {hyperparameters.alpha:g}, m = {m}"
    yield f"\nUPDATE  {plain if hyperparameters.is_plain else 'by ' + hyperparameters.optimizer}"
    for i, layer in enumerate(of.layers, start=1):
        yield f"\nlayer {i}"
        yield from _matrix(f"w_{i}, before", layer.w)
        yield from _matrix(f"w_{i}, after", layer.new_w)
        yield from _matrix(f"b_{i}, before", layer.b[None])
        yield from _matrix(f"b_{i}, after", layer.new_b[None])
    yield f"\nℓ of the same rows: {of.loss:.6g} before the update, {of.loss_after:.6g} after it"


def _matrix(name: str, values: NDArray[Any]) -> Iterator[str]:
    """A matrix below its name and shape; of a large one the first rows and columns."""
    n_rows, n_columns = values.shape
    yield f"  {name}    {n_rows} × {n_columns}"
    for row in values[:MOST_ROWS].tolist():
        cells = "".join(f"{value:>13.6g}" for value in row[:MOST_COLUMNS])
        yield f"  {cells}{'  …' if n_columns > MOST_COLUMNS else ''}"
    if n_rows > MOST_ROWS:
        yield "              …"
