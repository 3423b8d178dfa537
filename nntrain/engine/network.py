"""A feed-forward network and its two passes: forward to predictions, backward to the gradient.

All weights and biases are views into one vector, and the gradient mirrors it, so that an update, a
copy or a comparison is one operation whatever the depth. Samples are rows: where the article has a
column vector y for one sample, an array here has a row for each sample.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Array
from nntrain.engine.activations import ACTIVATIONS, Activation
from nntrain.engine.initialization import INITIALIZATIONS
from nntrain.engine.loss import half_squared_error
from nntrain.engine.row_blocks import apply_in_blocks, padded_size

BLOCK_BYTES = 1 << 20
"""About the size of the activations of a block of rows, so that they stay in the cache."""

SPLIT_PRODUCTS = 1 << 24
"""From this many multiplications on, a batch is worth cutting into two blocks for two threads."""

PREDICTION_PRODUCTS = 1 << 19
"""About how many multiplications it takes to predict a block of rows."""


class Parameters:
    """All weights and biases: one contiguous `vector` (n_parameters,), with views of each layer.

    `weights[i - 1]` is w_i (n_i, n_{i-1}), a row for each neuron; `biases[i - 1]` is b_i (n_i,),
    for layers i = 1..L: the matrices of equations (3) and (4).
    """

    def __init__(self, layer_sizes: Sequence[int], vector: Array) -> None:
        if vector.shape != (n_parameters(layer_sizes),):
            raise ValueError(f"{vector.shape} parameters for the layers {list(layer_sizes)}")
        self.vector = vector
        self.weights: list[Array] = []
        self.biases: list[Array] = []
        start = 0
        for n_in, n_out in pairwise(layer_sizes):
            end = start + n_out * n_in
            self.weights.append(vector[start:end].reshape(n_out, n_in))
            self.biases.append(vector[end : end + n_out])
            start = end + n_out


def n_parameters(layer_sizes: Sequence[int]) -> int:
    """How many weights and biases a network with these layer sizes has."""
    return sum(n_out * (n_in + 1) for n_in, n_out in pairwise(layer_sizes))


class Network:
    """Layers n_0 (inputs), n_1, …, n_L (outputs), fully connected; all parameters start at zero.

    `activation` is the function f of the hidden layers; the output layer is linear, equation (8).
    """

    def __init__(
        self, layer_sizes: Sequence[int], activation: str = "sigmoid", dtype: str = "float64"
    ) -> None:
        self.layer_sizes = tuple(layer_sizes)
        self.activation = activation
        self.parameters = Parameters(
            self.layer_sizes, np.zeros(n_parameters(layer_sizes), dtype=dtype)
        )

    def __repr__(self) -> str:
        sizes = "-".join(map(str, self.layer_sizes))
        return f"<Network {sizes} {self.activation} {self.dtype}>"

    @property
    def dtype(self) -> np.dtype[Any]:
        """The precision of every parameter, input and output."""
        return self.parameters.vector.dtype

    def initialize(self, rng: np.random.Generator, initialization: str = "glorot_uniform") -> None:
        """Draw the weights by one of `INITIALIZATIONS`; set the biases to zero."""
        for w, b in zip(self.parameters.weights, self.parameters.biases, strict=True):
            w[:] = INITIALIZATIONS[initialization](rng, w.shape)
            b[:] = 0.0

    def predict(self, x: Array, threads: int = 1) -> NDArray[np.float64]:
        """Outputs (n_rows, n_outputs) for inputs x (n_rows, n_inputs), in double precision.

        A row's outputs are the same to the last bit whichever other rows are predicted with it
        (`row_blocks`). Inputs near the largest double may give an output that is not finite.
        """
        network, block_rows = _padded(self), prediction_block_rows(self)
        n_workers = min(threads, max(1, -(-len(x) // block_rows)))
        workspaces = [Workspace(network, block_rows) for _ in range(n_workers)]
        functions = [partial(forward, workspace=workspace) for workspace in workspaces]
        return apply_in_blocks(x, block_rows, self.layer_sizes[-1], functions)

    def loss(
        self, x: Array, y_true: Array, weights: Array | None = None, threads: int = 1
    ) -> float:
        """The mean over rows of ½ Σ_j (y_pred - y_true)², each multiplied by its weight."""
        y_pred = self.predict(x, threads)
        return half_squared_error(y_pred, y_true, np.empty_like(y_pred), weights) / len(x)


def _padded(network: Network) -> Network:
    """The network in double precision, its wide layers padded with neurons of weight 0."""
    n_inputs, *others = network.layer_sizes
    padded = Network((n_inputs, *map(padded_size, others)), network.activation)
    if padded.dtype == network.dtype and padded.layer_sizes == network.layer_sizes:
        return network
    own, new = network.parameters, padded.parameters
    for w, padded_w in zip(own.weights, new.weights, strict=True):
        padded_w[: w.shape[0], : w.shape[1]] = w
    for b, padded_b in zip(own.biases, new.biases, strict=True):
        padded_b[: len(b)] = b
    return padded


def prediction_block_rows(network: Network) -> int:
    """How many rows a network predicts in one block; depends on the network alone."""
    products = PREDICTION_PRODUCTS / network.parameters.vector.size
    block_rows = 1 << max(0, round(math.log2(products)))
    return min(max(block_rows, 128), 512)


def rows_per_block(network: Network, n_rows: int) -> int:
    """How many rows go into one block of a training batch of `n_rows` rows.

    This depends on the network and `n_rows` alone, never on the machine; so do the results.
    """
    bytes_per_row = network.dtype.itemsize * sum(network.layer_sizes[1:])
    block_rows = 1 << max(4, round(math.log2(BLOCK_BYTES / bytes_per_row)))
    if n_rows * network.parameters.vector.size >= SPLIT_PRODUCTS:
        block_rows = min(block_rows, -(-n_rows // 2))
    return block_rows


class Workspace:
    """The arrays that the two passes of `n_rows` rows write to, allocated once.

    `y[i - 1]` and `delta[i - 1]` are y_i and δ_i (n_rows, n_i), for layers i = 1..L; `gradient` has
    ∂ℓ/∂w_i and ∂ℓ/∂b_i of every layer, laid out as the parameters are. `layers` collects for each
    layer these arrays, the network's parameters, and z_i where the derivative is computed from it.
    """

    def __init__(
        self,
        network: Network,
        n_rows: int,
        gradient: Parameters | None = None,
        activations: Mapping[str, Activation] = ACTIVATIONS,
    ) -> None:
        sizes, dtype = network.layer_sizes, network.dtype
        self.network = network
        self.n_rows = n_rows
        self.activations = activations
        self.gradient = gradient or Parameters(sizes, np.zeros_like(network.parameters.vector))
        self.ones = np.ones(n_rows, dtype)
        self.y: list[Array] = [np.empty((n_rows, n), dtype) for n in sizes[1:]]
        if n_rows == 1:
            # For one row, δ_i is ∂ℓ/∂b_i itself.
            self.delta: list[Array] = [b[None] for b in self.gradient.biases]
        else:
            self.delta = [np.empty((n_rows, n), dtype) for n in sizes[1:]]
        self.layers = [self._layer(i) for i in range(len(sizes) - 1)]
        self._smaller: Workspace | None = None

    def _layer(self, i: int) -> Layer:
        parameters, is_last = self.network.parameters, i == len(self.y) - 1
        activation = self.activations["identity" if is_last else self.network.activation]
        return Layer(
            w=parameters.weights[i],
            w_transposed=parameters.weights[i].T,
            b=parameters.biases[i][None],
            y=self.y[i],
            delta=self.delta[i],
            delta_transposed=self.delta[i].T,
            gradient_w=self.gradient.weights[i],
            gradient_b=self.gradient.biases[i],
            activation=activation,
            z=np.empty_like(self.y[i]) if activation.needs_z else None,
        )

    def for_rows(self, n_rows: int) -> Workspace:
        """The workspace for this many rows: itself, or another one that shares the gradient."""
        if n_rows == self.n_rows:
            return self
        if self._smaller is None or self._smaller.n_rows != n_rows:
            self._smaller = Workspace(self.network, n_rows, self.gradient, self.activations)
        return self._smaller


@dataclass(frozen=True, slots=True)
class Layer:
    """The arrays of one layer i that the passes use; m rows, n neurons, n_in in the layer before.

    The output layer is linear, equation (8), so its activation is the identity.
    """

    w: Array  # (n, n_in)
    w_transposed: Array  # (n_in, n)
    b: Array  # (1, n)
    y: Array  # (m, n)
    delta: Array  # (m, n)
    delta_transposed: Array  # (n, m)
    gradient_w: Array  # (n, n_in)
    gradient_b: Array  # (n,)
    activation: Activation
    z: Array | None  # (m, n)


def forward(x: Array, workspace: Workspace) -> Array:
    """The forward pass: y_L (n_rows, n_L) for inputs x (n_rows, n_0).

    Leaves every y_i in the workspace.
    """
    y = x
    for layer in workspace.layers:
        z = layer.y
        y.dot(layer.w_transposed, z)
        np.add(z, layer.b, z)  # (1): z_i = w_i y_{i-1} + b_i
        if layer.z is not None:
            layer.z[:] = z
        layer.activation.apply(z)  # (2): y_i = f(z_i)
        y = z
    return y


def backward(x: Array, y_true: Array, workspace: Workspace, weights: Array | None = None) -> float:
    """The backward pass after `forward` on the same x: the loss ℓ summed over the rows.

    Leaves the gradient of ℓ in `workspace.gradient`, and overwrites y and z in the workspace.
    Sample `weights` are (n_rows, 1).
    """
    layers, is_one_row = workspace.layers, workspace.n_rows == 1
    last = layers[-1]
    loss = half_squared_error(last.y, y_true, last.delta, weights)  # δ_L = y_pred - y_true
    for i in range(len(layers) - 1, -1, -1):
        layer = layers[i]
        y_before = layers[i - 1].y if i else x
        layer.delta_transposed.dot(y_before, layer.gradient_w)  # ∂ℓ/∂w_i = Σ_k δ_i y_{i-1}ᵀ
        if not is_one_row:
            workspace.ones.dot(layer.delta, layer.gradient_b)  # ∂ℓ/∂b_i = Σ_k δ_i
        if i:
            before = layers[i - 1]
            layer.delta.dot(layer.w, before.delta)
            y_or_z = y_before if before.z is None else before.z
            before.activation.backpropagate(before.delta, y_or_z)
            # δ_{i-1} = (w_iᵀ δ_i) ⊙ f'(z_{i-1})
    return loss
