"""The article's learning procedure as its formulas stand: one row at a time, in plain lists.

Slow, and sharing no code with nntrain, which the tests compare with it. Layers i = 1..L have
weights w_i and biases b_i; y_0 is a row of x, and its targets are y_true.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Vector = list[float]
Matrix = list[Vector]
RowOrder = Callable[[int], Sequence[int]]
"""The rows of an epoch, counted from 1, in the order in which they are visited."""


@dataclass
class Layer:
    """w has a row for each neuron of this layer and a column for each of the layer before."""

    w: Matrix
    b: Vector


@dataclass(frozen=True)
class Epoch:
    """What one epoch did; `theta` are all parameters at its end, as `flat` puts them.

    `first_not_finite` is the iteration, counted within the epoch, at which the loss or a parameter
    was first not finite; the epoch ends there.
    """

    epoch: int
    iterations: int
    loss: float
    largest_update: float
    theta: Vector
    first_not_finite: int | None


def sigmoid(z: float) -> float:
    """Equation (6), written so that e never has a large power."""
    return 1.0 / (1.0 + math.exp(-z)) if z >= 0 else math.exp(z) / (1.0 + math.exp(z))


def slope_of_tanh(z: float) -> float:
    return 1.0 - math.tanh(z) * math.tanh(z)


def softplus(z: float) -> float:
    return max(z, 0.0) + math.log1p(math.exp(-abs(z)))


def slope_of_silu(z: float) -> float:
    return sigmoid(z) + z * sigmoid(z) * (1.0 - sigmoid(z))


def slope_of_mish(z: float) -> float:
    return math.tanh(softplus(z)) + z * slope_of_tanh(softplus(z)) * sigmoid(z)


ACTIVATIONS: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * (1.0 - sigmoid(z))),
    "tanh": (math.tanh, slope_of_tanh),
    "relu": (lambda z: z if z > 0 else 0.0, lambda z: 1.0 if z > 0 else 0.0),
    "identity": (lambda z: z, lambda z: 1.0),
    "leaky_relu": (lambda z: z if z > 0 else 0.01 * z, lambda z: 1.0 if z > 0 else 0.01),
    "elu": (lambda z: z if z > 0 else math.expm1(z), lambda z: 1.0 if z > 0 else math.exp(z)),
    "softplus": (softplus, sigmoid),
    "silu": (lambda z: z * sigmoid(z), slope_of_silu),
    "mish": (lambda z: z * math.tanh(softplus(z)), slope_of_mish),
}
"""Each f(z), and its derivative df/dz."""


def random_layers(sizes: Sequence[int], seed: int) -> list[Layer]:
    """Layers of a network of these sizes n_0, …, n_L; biases are not zero either."""
    draw = random.Random(seed).uniform
    return [
        Layer(
            w=[[draw(-0.9, 0.9) for _ in range(n_in)] for _ in range(n_out)],
            b=[draw(-0.5, 0.5) for _ in range(n_out)],
        )
        for n_in, n_out in pairwise(sizes)
    ]


def flat(layers: Sequence[Layer]) -> Vector:
    """Every parameter: w_1 neuron by neuron, b_1, w_2, b_2, and so on."""
    theta: Vector = []
    for layer in layers:
        for w_of_neuron in layer.w:
            theta.extend(w_of_neuron)
        theta.extend(layer.b)
    return theta


def forward(
    layers: Sequence[Layer], activation: str, x: Sequence[float]
) -> tuple[list[Vector], list[Vector]]:
    """The forward pass of one row: z_1..z_L and y_0..y_L."""
    f = ACTIVATIONS[activation][0]
    z: list[Vector] = []
    y: list[Vector] = [list(x)]
    for i, layer in enumerate(layers, start=1):
        z_i = []
        for w_of_neuron, b_of_neuron in zip(layer.w, layer.b, strict=True):
            total = b_of_neuron
            for weight, y_before in zip(w_of_neuron, y[i - 1], strict=True):
                total += weight * y_before
            z_i.append(total)
        z.append(z_i)
        y.append(list(z_i) if i == len(layers) else [f(z_j) for z_j in z_i])
    return z, y


def loss_of_row(y_pred: Vector, y_true: Sequence[float]) -> float:
    """Equation (5) for one row: half the squared error, summed over the targets."""
    total = 0.0
    for predicted, true in zip(y_pred, y_true, strict=True):
        total += (predicted - true) * (predicted - true)
    return 0.5 * total


def outer(column: Vector, row: Vector) -> Matrix:
    """The matrix column · rowᵀ."""
    return [[c * r for r in row] for c in column]


def backward(
    layers: Sequence[Layer],
    activation: str,
    z: list[Vector],
    y: list[Vector],
    y_true: Sequence[float],
) -> list[Layer]:
    """The backward pass of one row: ∂ℓ/∂w_i and ∂ℓ/∂b_i, for i = 1..L."""
    slope = ACTIVATIONS[activation][1]
    gradient: list[Layer] = []
    delta = [predicted - true for predicted, true in zip(y[-1], y_true, strict=True)]
    for i in range(len(layers), 0, -1):
        gradient.insert(0, Layer(w=outer(delta, y[i - 1]), b=delta))
        if i > 1:
            w = layers[i - 1].w
            back = [0.0] * len(y[i - 1])
            for j, delta_j in enumerate(delta):
                for k in range(len(back)):
                    back[k] += w[j][k] * delta_j
            delta = [back[k] * slope(z[i - 2][k]) for k in range(len(back))]
    return gradient


def gradient_of(
    layers: Sequence[Layer],
    activation: str,
    x: Sequence[Vector],
    y_true: Sequence[Vector],
    sample_weights: Sequence[float] | None = None,
) -> tuple[float, list[Layer]]:
    """The loss ℓ and its gradient, each summed over the rows of a batch.

    A row that weighs 2 counts twice.
    """
    weighs = [1.0] * len(x) if sample_weights is None else sample_weights
    loss = 0.0
    total = [Layer([[0.0] * len(w) for w in layer.w], [0.0] * len(layer.b)) for layer in layers]
    for x_row, y_row, weighs_row in zip(x, y_true, weighs, strict=True):
        z, y = forward(layers, activation, x_row)
        loss += weighs_row * loss_of_row(y[-1], y_row)
        of_row = backward(layers, activation, z, y, y_row)
        for sum_layer, layer in zip(total, of_row, strict=True):
            for j, w_of_neuron in enumerate(layer.w):
                sum_layer.b[j] += weighs_row * layer.b[j]
                for k, value in enumerate(w_of_neuron):
                    sum_layer.w[j][k] += weighs_row * value
    return loss, total


def update(layers: Sequence[Layer], gradient: Sequence[Layer], alpha: float, m: int) -> None:
    """w := w - α (1/m) ∂ℓ/∂w and b := b - α (1/m) ∂ℓ/∂b, in place."""
    for layer, slope in zip(layers, gradient, strict=True):
        for j in range(len(layer.b)):
            layer.b[j] -= alpha * (slope.b[j] / m)
            for k in range(len(layer.w[j])):
                layer.w[j][k] -= alpha * (slope.w[j][k] / m)


def split(rows: Sequence[int], batch_mode: str, batch_size: int) -> list[list[int]]:
    """The rows of each batch of an epoch."""
    if batch_mode == "batch":
        return [list(rows)]
    if batch_mode == "stochastic":
        return [[row] for row in rows]
    made: list[list[int]] = []
    for row in rows:
        if not made or len(made[-1]) == batch_size:
            made.append([])
        made[-1].append(row)
    return made


def train(
    layers: list[Layer],
    x: Sequence[Vector],
    y_true: Sequence[Vector],
    *,
    activation: str,
    alpha: float,
    epochs: int,
    batch_mode: str = "batch",
    batch_size: int = 1,
    tau: float = 0.0,
    order: RowOrder | None = None,
    sample_weights: Sequence[float] | None = None,
) -> list[Epoch]:
    """Train the layers in place; file order where `order` is None.

    Ends after an epoch that moved every parameter by less than tau, or that was not finite.
    """
    weighs = [1.0] * len(x) if sample_weights is None else sample_weights
    done: list[Epoch] = []
    iterations = 0
    for epoch in range(1, epochs + 1):
        before = flat(layers)
        rows = list(range(len(x))) if order is None else list(order(epoch))
        loss = 0.0
        first_not_finite = None
        for number, batch in enumerate(split(rows, batch_mode, batch_size), start=1):
            loss_of_batch, gradient = gradient_of(
                layers,
                activation,
                [x[row] for row in batch],
                [y_true[row] for row in batch],
                [weighs[row] for row in batch],
            )
            update(layers, gradient, alpha, len(batch))
            loss += loss_of_batch
            iterations += 1
            if not all(math.isfinite(value) for value in [loss_of_batch, *flat(layers)]):
                first_not_finite = number
                break
        theta = flat(layers)
        largest_update = max(abs(new - old) for new, old in zip(theta, before, strict=True))
        done.append(
            Epoch(epoch, iterations, loss / len(x), largest_update, theta, first_not_finite)
        )
        if first_not_finite is not None or largest_update < tau:
            break
    return done
