"""The same learning procedure, compiled by Numba.

For small networks, whose overhead rules, it is `network.forward`, `network.backward` and the update
once more, as loops over plain numbers. Many rows go through side by side, stored a neuron at a
time (n_neurons, n_rows), so that the inner loops run over rows and the compiler can do several of
them at once. A single row has loops of its own. Sizes and places are unsigned: Numba then need not
look for negative indices.

For large networks, whose matrix products rule, the activations alone are compiled, each into one
pass through the memory; `COMPILED_ACTIVATIONS` stand in for those of NumPy.

Importing this module raises `ImportError` without Numba.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nntrain.engine.activations import Activation
from nntrain.engine.batches import Samples
from nntrain.engine.compiled_exp import exp
from nntrain.engine.network import Network

Array = NDArray[Any]

# Sums may be taken in another order and products fused; NaN and infinity stay what they are.
compiled: Any = njit(
    nogil=True,
    cache=True,
    error_model="numpy",
    boundscheck=False,
    fastmath={"reassoc", "contract", "nsz"},
)

Size: Any = np.uint64
ZERO, ONE, TWO, THREE, FOUR = map(Size, range(5))
NO_ORDER = np.zeros(0, np.int64)
SIDE_BY_SIDE = 64
"""The most rows that go through together."""

ACTIVATION_NUMBERS = {
    name: Size(i) for i, name in enumerate(("identity", "sigmoid", "tanh", "relu"))
}
SIGMOID, TANH, RELU = (ACTIVATION_NUMBERS[name] for name in ("sigmoid", "tanh", "relu"))


class CompiledLearner:
    """Learns as `training.NumpyLearner` does, to rounding."""

    def __init__(self, network: Network, samples: Samples, alpha: float, batch_rows: int) -> None:
        dtype, sizes = network.dtype, network.layer_sizes
        lanes = 128 // dtype.itemsize  # a loop of this many rows has no rest
        n_rows = 1 if batch_rows == 1 else min(SIDE_BY_SIDE, -(-batch_rows // lanes) * lanes)
        self.samples = samples
        self.weights = np.zeros((0, 1), dtype) if samples.weights is None else samples.weights
        self.network = network
        self.alpha = alpha
        self.batch_rows = batch_rows
        shape = np.array(sizes, Size), Size(n_rows), ACTIVATION_NUMBERS[network.activation]
        # One row more is where the second of a pair goes that has no second.
        room = (sum(sizes) + 1) * n_rows
        spare = max(n_in for n_in, _ in pairwise(sizes))
        gradient = np.zeros(network.parameters.vector.size + spare, dtype)
        self._state = (*shape, np.zeros(room, dtype), np.zeros(room, dtype), gradient)

    def learn(self, order: Array | None, rows: range, loss: float) -> float:
        """See `training.Learner.learn`."""
        learn = _learn_by_row if self.batch_rows == 1 else _learn_by_batch
        samples = self.samples
        learned: float = learn(
            self.network.parameters.vector,
            *self._state,
            samples.x,
            samples.y,
            self.weights,
            NO_ORDER if order is None else order,
            (Size(rows.start), Size(rows.stop), Size(self.batch_rows)),
            self.alpha,
            loss,
        )
        return learned


@compiled
def _learn_by_row(
    theta,
    sizes,
    _side,
    activation,
    y,
    delta,
    _gradient,
    x,
    y_true,
    weights,
    order,
    rows,
    alpha,
    loss,
):
    """An update for each row."""
    start, stop, _ = rows
    n_layers = Size(sizes.size) - ONE
    n_inputs, n_outputs = sizes[ZERO], sizes[n_layers]
    output = Size(y.size) - ONE - n_outputs
    step = theta.dtype.type(alpha)
    for place in range(start, stop):
        row = Size(order[place]) if order.size else place
        for k in range(n_inputs):
            y[k] = x[row, k]
        at, w = ZERO, ZERO
        for i in range(n_layers):
            n_in, n = sizes[i], sizes[i + ONE]
            out, b = at + n_in, w + n * n_in
            for j in range(n):
                z = theta[b + j]
                for k in range(n_in):
                    z += theta[w + j * n_in + k] * y[at + k]
                y[out + j] = z
            if i + ONE < n_layers:
                _activate(activation, y, out, n)
            at, w = out, b + n
        for j in range(n_outputs):
            error = y[output + j] - y_true[row, j]
            delta[output + j] = error * weights[row, ZERO] if weights.size else error
            loss += 0.5 * error * delta[output + j]
        for back in range(n_layers):
            i = n_layers - ONE - back
            n_in, n = sizes[i], sizes[i + ONE]
            w -= n * (n_in + ONE)
            out, at, b = at, at - n_in, w + n * n_in
            if i:
                for k in range(n_in):
                    delta[at + k] = ZERO
                for j in range(n):
                    d = delta[out + j]
                    for k in range(n_in):
                        delta[at + k] += theta[w + j * n_in + k] * d
                _backpropagate(activation, delta, y, at, n_in)
            for j in range(n):
                d = step * delta[out + j]
                for k in range(n_in):
                    theta[w + j * n_in + k] -= d * y[at + k]
                theta[b + j] -= d
    return loss


@compiled
def _learn_by_batch(
    theta, sizes, side, activation, y, delta, gradient, x, y_true, weights, order, rows, alpha, loss
):
    """An update for each batch, `side` rows of it side by side."""
    start, stop, batch_rows = rows
    first = start
    while first < stop:
        last = min(first + batch_rows, stop)
        for i in range(Size(gradient.size)):
            gradient[i] = ZERO
        some = first
        while some < last:
            n = min(side, last - some)
            _gather(x, y, sizes[ZERO], order, some, n, side)
            _forward(theta, sizes, side, activation, y)
            loss += _output_error(sizes, side, y, delta, y_true, weights, order, some, n)
            _backward(theta, sizes, side, activation, y, delta, gradient)
            some += side
        step = theta.dtype.type(alpha / (last - first))
        for i in range(Size(theta.size)):
            theta[i] -= step * gradient[i]
        first = last
    return loss


@compiled
def _gather(x, y, n_inputs, order, some, n, side):
    """y_0: the inputs of n rows, those to `side` being zeros."""
    for r in range(n):
        row = Size(order[some + r]) if order.size else some + r
        for k in range(n_inputs):
            y[k * side + r] = x[row, k]
    for k in range(n_inputs):
        for r in range(n, side):
            y[k * side + r] = ZERO


@compiled
def _forward(theta, sizes, side, activation, y):
    """(1) and (2), layer by layer."""
    n_layers = Size(sizes.size) - ONE
    at, w = ZERO, ZERO
    for i in range(n_layers):
        n_in, n = sizes[i], sizes[i + ONE]
        out, b = at + n_in * side, w + n * n_in
        for j in range(n):
            for r in range(side):
                y[out + j * side + r] = theta[b + j]
        _add_products(y, out, n, theta, w, n_in, ONE, y, at, n_in, side)
        if i + ONE < n_layers:
            _activate(activation, y, out, n * side)
        at, w = out, b + n


@compiled
def _output_error(sizes, side, y, delta, y_true, weights, order, some, n):
    """(5): the loss of n rows; δ_L, zero in the rows from n on."""
    n_outputs = sizes[Size(sizes.size) - ONE]
    output = Size(y.size) - (n_outputs + ONE) * side
    loss = 0.0
    for j in range(n_outputs):
        at = output + j * side
        for r in range(n):
            row = Size(order[some + r]) if order.size else some + r
            error = y[at + r] - y_true[row, j]
            delta[at + r] = error * weights[row, ZERO] if weights.size else error
            loss += 0.5 * error * delta[at + r]
        for r in range(n, side):
            delta[at + r] = ZERO
    return loss


@compiled
def _backward(theta, sizes, side, activation, y, delta, gradient):
    """From δ_L, adds ∂ℓ/∂w_i and ∂ℓ/∂b_i of every layer to the gradient."""
    n_layers = Size(sizes.size) - ONE
    at, w = Size(y.size) - (sizes[n_layers] + ONE) * side, Size(theta.size)
    for back in range(n_layers):
        i = n_layers - ONE - back
        n_in, n = sizes[i], sizes[i + ONE]
        w -= n * (n_in + ONE)
        out, at, b = at, at - n_in * side, w + n * n_in
        _add_outer_products(gradient, w, delta, out, n, y, at, n_in, side)
        for j in range(n):
            total = gradient[b + j]
            for r in range(side):
                total += delta[out + j * side + r]
            gradient[b + j] = total
        if i:
            for r in range(at, out):
                delta[r] = ZERO
            _add_products(delta, at, n_in, theta, w, ONE, n_in, delta, out, n, side)
            _backpropagate(activation, delta, y, at, n_in * side)


@compiled
def _add_products(out, o, n_out, w, w_start, by_out, by_in, y, at, n_in, side):
    """out[j, r] += Σ_k w[j, k] y[k, r] for 2 j and 4 k at a time, so that fewer numbers travel.

    The weight of j and k stands at w_start + j by_out + k by_in.
    """
    spare = Size(out.size) - side
    for j in range(ZERO, n_out, TWO):
        p, u = o + j * side, w_start + j * by_out
        q, v = (p + side, u + by_out) if j + ONE < n_out else (spare, u)
        k = ZERO
        while k + FOUR <= n_in:
            u0, u1, u2, u3 = w[u], w[u + by_in], w[u + TWO * by_in], w[u + THREE * by_in]
            v0, v1, v2, v3 = w[v], w[v + by_in], w[v + TWO * by_in], w[v + THREE * by_in]
            a0 = at + k * side
            a1, a2, a3 = a0 + side, a0 + TWO * side, a0 + THREE * side
            for r in range(side):
                y0, y1, y2, y3 = y[a0 + r], y[a1 + r], y[a2 + r], y[a3 + r]
                out[p + r] += u0 * y0 + u1 * y1 + u2 * y2 + u3 * y3
                out[q + r] += v0 * y0 + v1 * y1 + v2 * y2 + v3 * y3
            k, u, v = k + FOUR, u + FOUR * by_in, v + FOUR * by_in
        while k < n_in:
            u0, v0, a0 = w[u], w[v], at + k * side
            for r in range(side):
                out[p + r] += u0 * y[a0 + r]
                out[q + r] += v0 * y[a0 + r]
            k, u, v = k + ONE, u + by_in, v + by_in


@compiled
def _add_outer_products(gradient, start, delta, o, n_out, y, at, n_in, side):
    """gradient[j, k] += Σ_r delta[j, r] y[k, r], for 2 j and 4 k at a time."""
    zero = gradient.dtype.type(0)
    for j in range(ZERO, n_out, TWO):
        p, e = o + j * side, start + j * n_in
        q, f = (p + side, e + n_in) if j + ONE < n_out else (p, Size(gradient.size) - n_in)
        k = ZERO
        while k + FOUR <= n_in:
            a0 = at + k * side
            a1, a2, a3 = a0 + side, a0 + TWO * side, a0 + THREE * side
            s0 = s1 = s2 = s3 = t0 = t1 = t2 = t3 = zero
            for r in range(side):
                y0, y1, y2, y3 = y[a0 + r], y[a1 + r], y[a2 + r], y[a3 + r]
                d = delta[p + r]
                s0 += d * y0
                s1 += d * y1
                s2 += d * y2
                s3 += d * y3
                d = delta[q + r]
                t0 += d * y0
                t1 += d * y1
                t2 += d * y2
                t3 += d * y3
            gradient[e + k] += s0
            gradient[e + k + ONE] += s1
            gradient[e + k + TWO] += s2
            gradient[e + k + THREE] += s3
            gradient[f + k] += t0
            gradient[f + k + ONE] += t1
            gradient[f + k + TWO] += t2
            gradient[f + k + THREE] += t3
            k += FOUR
        while k < n_in:
            a0 = at + k * side
            s0 = t0 = zero
            for r in range(side):
                s0 += delta[p + r] * y[a0 + r]
                t0 += delta[q + r] * y[a0 + r]
            gradient[e + k] += s0
            gradient[f + k] += t0
            k += ONE


@compiled
def _activate(activation, y, start, n):
    """(2): y = f(z), in place."""
    zero, one, two = y.dtype.type(0), y.dtype.type(1), y.dtype.type(2)
    if activation == SIGMOID:
        for q in range(start, start + n):
            y[q] = one / (one + exp(-y[q]))
    elif activation == TANH:
        for q in range(start, start + n):
            y[q] = one - two / (one + exp(two * y[q]))
    elif activation == RELU:
        for q in range(start, start + n):
            y[q] = zero if y[q] < zero else y[q]


@compiled
def _backpropagate(activation, delta, y, start, n):
    """Multiply delta by f'(z), in place."""
    one, zero = y.dtype.type(1), y.dtype.type(0)
    if activation == SIGMOID:
        for q in range(start, start + n):
            delta[q] *= y[q] * (one - y[q])
    elif activation == TANH:
        for q in range(start, start + n):
            delta[q] *= one - y[q] * y[q]
    elif activation == RELU:
        for q in range(start, start + n):
            delta[q] *= one if y[q] > zero else zero


def _compiled_activation(number: Any) -> Activation:
    """An activation of `_activate` and `_backpropagate`, for arrays of any shape."""

    def apply(z: Array) -> None:
        _activate(number, z.reshape(-1), ZERO, Size(z.size))

    def backpropagate(delta: Array, y: Array) -> None:
        _backpropagate(number, delta.reshape(-1), y.reshape(-1), ZERO, Size(y.size))

    return Activation(apply, backpropagate)


COMPILED_ACTIVATIONS = {
    name: _compiled_activation(number) for name, number in ACTIVATION_NUMBERS.items()
}
