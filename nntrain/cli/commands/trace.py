"""`nntrain trace`: show all numbers of an iteration."""

from __future__ import annotations

import dataclasses
import re
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
    from nntrain.arrays import Array
    from nntrain.engine.hyperparameters import Hyperparameters
    from nntrain.training.trace import IterationTrace, Trace

ROWS = re.compile(r"(\d{1,18}):(\d{1,18})", re.ASCII)
"""Two row numbers, of no more digits than a count of rows can have."""
MOST_ROWS, MOST_COLUMNS = 6, 5
"""The most rows and columns to show of a matrix; more would not fit 80 columns."""


@click.command()
@one_or_more_tables
@config_option
@set_option
@click.option(
    "--row", type=click.IntRange(1), metavar="N", help="The row to learn from; else row 1."
)
@click.option("--rows", metavar="A:B", help="The rows A to B, to learn from as one batch.")
@click.option(
    "--iterations",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="The number of iterations.",
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
    """Show every number of a training iteration on rows of the table DATA.

    \b
    Examples:
      nntrain trace sample_data/energy.csv -c configs/figure1.yaml
      nntrain trace sample_data/energy.csv -c configs/figure1.yaml --rows 1:3 --iterations 2
      nntrain trace sample_data/energy.csv -c configs/figure1.yaml --row 7 --json

    Shows the forward pass, the loss, the backward pass and the update as the engine computes them,
    with the equation numbers of the article that nntrain follows. Inputs and targets are as the
    network sees them. Rows count from 1 among the training rows. Writes no files.
    """
    paths = input_paths(data, "trace")
    first, last = _rows(row, rows)

    from nntrain.cli.terminal import print_outline
    from nntrain.config.yaml_file import load_config
    from nntrain.model.model import load_model
    from nntrain.training.trace import Trace

    start = load_model(model_path) if model_path else None
    tracing = Trace(paths, load_config(config_path, overrides), first, last, start)
    if as_json:
        traced = tracing.iterations(iterations)
        click.echo(json_text([_as_dict(iteration) for iteration in traced]))
        return
    print_outline(map(printable, _introduction(tracing, first, last, iterations)))
    for iteration in tracing.iterations(iterations):
        if iterations > 1:
            print_outline([f"\n==== iteration {iteration.number}"])
        print_outline(_lines(iteration, tracing))


def _rows(row: int | None, rows: str | None) -> tuple[int, int]:
    """The first and the last row that --row or --rows asks for."""
    if rows is None:
        return row or 1, row or 1
    match = ROWS.fullmatch(rows)
    first, last = map(int, match.groups()) if match else (0, 0)
    if row is not None or first < 1:
        raise UsageError("--rows expects A:B, such as 1:3, rows counted from 1, and no --row")
    if last < first:
        raise UsageError(f"--rows {rows}: the last row comes before the first")
    return first, last


def _as_dict(iteration: IterationTrace) -> dict[str, Any]:
    """An iteration as JSON types; matrices are lists of rows."""
    return {
        "number": iteration.number,
        "y_true": iteration.y_true.tolist(),
        "layers": [
            {field.name: getattr(layer, field.name).tolist() for field in dataclasses.fields(layer)}
            for layer in iteration.layers
        ],
        "loss": iteration.loss,
        "loss_after": iteration.loss_after,
    }


def _introduction(tracing: Trace, first: int, last: int, iterations: int) -> Iterator[str]:
    """The lines before the first iteration: the network, the rows, the columns."""
    sizes = "-".join(map(str, tracing.network.layer_sizes))
    which = f"row {first}" if first == last else f"rows {first} to {last}"
    times = counted(iterations, "iteration")
    yield f"{times} of a network {sizes}, {tracing.network.activation}, on {which}"
    names = tracing.run.preprocessing.input_names
    yield f"inputs x: {_listed(names)}"
    yield f"targets y_true: {_listed(tracing.run.config.target)}"


def _listed(names: Sequence[str], most: int = 3) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"


def _lines(iteration: IterationTrace, tracing: Trace) -> Iterator[str]:
    """The steps of an iteration with their matrices; headings and names are less indented."""
    yield from _forward_lines(iteration, tracing.network.activation)
    yield "\nLOSS"
    yield from _matrix("y_true", iteration.y_true)
    yield f"  ℓ = ½ Σ_k Σ_j (y_pred - y_true)² = {iteration.loss:.6g}  (5)"
    yield from _backward_lines(iteration, tracing.network.activation)
    yield from _update_lines(iteration, tracing.hyperparameters)
    losses = f"{iteration.loss:.6g} before the update, {iteration.loss_after:.6g} after it"
    yield f"\nℓ of the same rows: {losses}"


def _forward_lines(iteration: IterationTrace, activation: str) -> Iterator[str]:
    yield "\nFORWARD PASS"
    yield from _matrix("y_0 = x", iteration.layers[0].y_before)
    for i, layer in enumerate(iteration.layers, start=1):
        is_last = i == len(iteration.layers)
        f = "z" if is_last else activation
        equation = "(6)" if f == "sigmoid" else "(8)" if is_last else ""
        yield f"\nlayer {i}"
        yield from _matrix(f"w_{i}", layer.w)
        yield from _matrix(f"b_{i}", layer.b[None])
        yield from _matrix(f"z_{i} = w_{i} y_{i - 1} + b_{i}  (1)", layer.z)
        yield from _matrix(f"y_{i} = f(z_{i}), f = {f}  (2) {equation}".rstrip(), layer.y)


def _backward_lines(iteration: IterationTrace, activation: str) -> Iterator[str]:
    yield "\nBACKWARD PASS"
    for i, layer in reversed(list(enumerate(iteration.layers, start=1))):
        is_last = i == len(iteration.layers)
        loss_by_y = "y_pred - y_true" if is_last else f"w_{i + 1}ᵀ ∂ℓ/∂z_{i + 1}"
        equation = "(9)" if is_last else "(7)" if activation == "sigmoid" else ""
        loss_by_z = f"∂ℓ/∂y_{i} ⊙ f'(z_{i})  {equation}".rstrip()
        yield f"\nlayer {i}"
        yield from _matrix(f"∂ℓ/∂y_{i} = {loss_by_y}", layer.loss_by_y)
        yield from _matrix(f"∂ℓ/∂z_{i} = {loss_by_z}", layer.loss_by_z)
        yield from _matrix(f"∂ℓ/∂w_{i} = Σ_k ∂ℓ/∂z_{i} y_{i - 1}ᵀ", layer.loss_by_w)
        yield from _matrix(f"∂ℓ/∂b_{i} = Σ_k ∂ℓ/∂z_{i}", layer.loss_by_b[None])


def _update_lines(iteration: IterationTrace, hyperparameters: Hyperparameters) -> Iterator[str]:
    alpha, m = hyperparameters.alpha, len(iteration.y_true)
    plain = f"θ := θ - α (1/m) ∂ℓ/∂θ, α = {alpha:g}, m = {m}"
    yield f"\nUPDATE  {plain if hyperparameters.is_plain else 'by ' + hyperparameters.optimizer}"
    for i, layer in enumerate(iteration.layers, start=1):
        yield f"\nlayer {i}"
        yield from _matrix(f"w_{i}, before", layer.w)
        yield from _matrix(f"w_{i}, after", layer.new_w)
        yield from _matrix(f"b_{i}, before", layer.b[None])
        yield from _matrix(f"b_{i}, after", layer.new_b[None])


def _matrix(name: str, values: Array) -> Iterator[str]:
    """A matrix below its name and shape; only the first rows and columns of a large one."""
    n_rows, n_columns = values.shape
    yield f"  {name}    {n_rows} × {n_columns}"
    for row in values[:MOST_ROWS].tolist():
        cells = "".join(f"{value:>13.6g}" for value in row[:MOST_COLUMNS])
        yield f"  {cells}{'  …' if n_columns > MOST_COLUMNS else ''}"
    if n_rows > MOST_ROWS:
        yield "              …"
