"""The learning procedure compiled by Numba: the kernels of the compiled engine.

For small networks, where the overhead of each NumPy call rules, these repeat `network.forward`,
`network.backward` and the update as loops over plain numbers. A batch goes through in blocks of
`width` rows side by side, stored a neuron at a time (n_neurons, width), so that the inner loops run
over rows and the compiler can do several rows at once. A single row has loops of its own, in
`learn_by_row`. Sizes and positions are unsigned, so that Numba need not check for negative indices.

What is compiled is kept by `cache.py`, which must know every file that goes into it. Importing this
module raises `ImportError` without Numba.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from nntrain.arrays import Array
from nntrain.engine.activations import LARGE, LEAK
from nntrain.engine.compiled.cache import keep_compiled
from nntrain.engine.compiled.exp import exp
from nntrain.engine.denormals import DOUBLE, LOWEST, SINGLE, SMALLEST, SMALLEST_SQUARE

OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "boundscheck": False}


def compiled(function: Any) -> Any:
    """Compile a kernel whose sums may be added in another order, and products fused.

    NaN and infinity keep their meaning.
    """
    return keep_compiled(njit(**OPTIONS, fastmath={"reassoc", "contract", "nsz"})(function))


def exact(function: Any) -> Any:
    """Compile a kernel that adds in the order that is written: a loss, in the order of its rows.

    What is compiled into such a function is computed as strictly as the function itself, and
    whether it is compiled into it may depend on the cache.
    """
    return keep_compiled(njit(**OPTIONS)(function))


Size: Any = np.uint64
MANY_INPUTS = Size(48)
"""From this many inputs on, a layer's gradient is added along the inputs, below along the rows."""
ZERO, ONE, TWO, THREE, FOUR = map(Size, range(5))


def _numbered(*names: str) -> dict[str, Any]:
    """The number by which the kernels know each name."""
    return {name: Size(i) for i, name in enumerate(names)}


ACTIVATION_NUMBERS = _numbered(
    "identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus", "silu", "mish"
)
_, SIGMOID, TANH, RELU, LEAKY_RELU, ELU, SOFTPLUS, SILU, MISH = ACTIVATION_NUMBERS.values()
OPTIMIZER_NUMBERS = _numbered("gradient_descent", "momentum", "nesterov", "adam")
GRADIENT_DESCENT, _, NESTEROV, ADAM = OPTIMIZER_NUMBERS.values()
SCHEDULE_NUMBERS = _numbered("constant", "cosine", "linear")
_, COSINE, LINEAR = SCHEDULE_NUMBERS.values()
LOWEST_64, LOWEST_32 = LOWEST[DOUBLE], LOWEST[SINGLE]
SMALLEST_64, SMALLEST_32 = SMALLEST[DOUBLE], SMALLEST[SINGLE]
SQUARE_64, SQUARE_32 = SMALLEST_SQUARE[DOUBLE], SMALLEST_SQUARE[SINGLE]


class Layers(NamedTuple):
    """The layer sizes n_0, …, n_L, the rows that go through side by side, and the activation."""

    sizes: Array
    width: Any
    activation: Any


class Workspace(NamedTuple):
    """y, z and δ of all layers, one after another, and room for one y_i with rows first.

    Each is flat. Layer i takes n_i · width numbers: `width` rows of its first neuron, then of the
    next. `z` is empty where no derivative is taken from it.
    """

    y: Array
    z: Array
    delta: Array
    transposed: Array


class SampleArrays(NamedTuple):
    """The samples x (n_rows, n_inputs), y_true (n_rows, n_outputs), weights (n_rows, 1) or (0, 1).

    `order` is the row at each position of an epoch; empty where a position is the row itself.
    """

    x: Array
    y_true: Array
    weights: Array
    order: Array


class Rule(NamedTuple):
    """How parameters are updated; the fields that `Hyperparameters` has too are named alike."""

    n_iterations: int
    optimizer: Any
    alpha_schedule: Any
    alpha: float
    weight_decay: float
    momentum: float
    beta_1: float
    beta_2: float
    epsilon: float


class Updates(NamedTuple):
    """What an update works with: `state` as `optimizers.Setup` has it, `i` iterations done."""

    gradient: Array
    state: Array
    rule: Rule
    i: Any


@compiled
def learn_by_row(theta, layers, workspace, samples, start, stop, alpha, loss):
    """Plain gradient descent with an update after each row; `loss` plus the loss of the rows.

    The rows stand at the positions `start` to `stop` of the epoch.
    """
    sizes = layers.sizes
    y, delta = workspace.y, workspace.delta
    n_layers = Size(sizes.size) - ONE
    n_inputs, n_outputs = sizes[ZERO], sizes[n_layers]
    output = Size(y.size) - n_outputs
    step = theta.dtype.type(alpha)
    for position in range(start, stop):
        row = Size(samples.order[position]) if samples.order.size else position
        for k in range(n_inputs):
            y[k] = samples.x[row, k]
        y_in, w = ZERO, ZERO
        for i in range(n_layers):
            n_in, n = sizes[i], sizes[i + ONE]
            y_out, b = y_in + n_in, w + n * n_in
            for j in range(n):
                z = theta[b + j]
                for k in range(n_in):
                    z += theta[w + j * n_in + k] * y[y_in + k]
                y[y_out + j] = z
            if i + ONE < n_layers:
                activate(layers.activation, y, workspace.z, y_out, n)
            y_in, w = y_out, b + n
        for j in range(n_outputs):
            error = y[output + j] - samples.y_true[row, j]
            delta[output + j] = (
                error * samples.weights[row, ZERO] if samples.weights.size else error
            )
            loss += 0.5 * error * delta[output + j]
        for back in range(n_layers):
            i = n_layers - ONE - back
            n_in, n = sizes[i], sizes[i + ONE]
            w -= n * (n_in + ONE)
            y_out, y_in, b = y_in, y_in - n_in, w + n * n_in
            if i:
                for k in range(n_in):
                    delta[y_in + k] = ZERO
                for j in range(n):
                    d = delta[y_out + j]
                    for k in range(n_in):
                        delta[y_in + k] += theta[w + j * n_in + k] * d
                backpropagate(layers.activation, delta, y, workspace.z, y_in, n_in)
            for j in range(n):
                d = step * delta[y_out + j]
                for k in range(n_in):
                    theta[w + j * n_in + k] -= d * y[y_in + k]
                theta[b + j] -= d
    return loss


@exact
def learn_by_batch(theta, layers, workspace, samples, start, stop, batch_rows, updates, loss):
    """An update after each batch; `loss` plus the loss of the rows.

    The rows stand at the positions `start` to `stop` of the epoch.
    """
    gradient, width, i = updates.gradient, layers.width, updates.i
    first = start
    while first < stop:
        last = min(first + batch_rows, stop)
        for k in range(Size(gradient.size)):
            gradient[k] = ZERO
        block = first
        while block < last:
            n = min(width, last - block)
            narrow = Layers(layers.sizes, _enough(n, width, theta.itemsize), layers.activation)
            _gather(workspace, samples, narrow, block, n)
            _forward(theta, narrow, workspace)
            loss += _output_error(narrow, workspace, samples, block, n)
            _backward(theta, narrow, workspace, gradient)
            block += width
        i += ONE
        _update(theta, gradient, updates.state, layers.sizes, updates.rule, last - first, i)
        first = last
    return loss


@exact
def summed_loss(theta, layers, workspace, samples, n_rows):
    """The loss summed over the first `n_rows` positions."""
    width = layers.width
    loss = 0.0
    block = ZERO
    while block < n_rows:
        n = min(width, n_rows - block)
        narrow = Layers(layers.sizes, _enough(n, width, theta.itemsize), layers.activation)
        _gather(workspace, samples, narrow, block, n)
        _forward(theta, narrow, workspace)
        loss += _output_error(narrow, workspace, samples, block, n)
        block += width
    return loss


@compiled
def _enough(n, width, itemsize):
    """The least width that holds n rows and fills whole vector registers."""
    lanes = Size(128 // itemsize)
    return min(width, (n + lanes - ONE) // lanes * lanes)


@compiled
def _gather(workspace, samples, layers, block, n):
    """y_0: the inputs of the n rows from the position `block` on; zeros from there to `width`."""
    y, width, n_inputs = workspace.y, layers.width, layers.sizes[ZERO]
    for r in range(n):
        row = Size(samples.order[block + r]) if samples.order.size else block + r
        for k in range(n_inputs):
            y[k * width + r] = samples.x[row, k]
    for k in range(n_inputs):
        for r in range(n, width):
            y[k * width + r] = ZERO


@compiled
def _forward(theta, layers, workspace):
    """Equations (1) and (2), layer by layer."""
    sizes, width, y = layers.sizes, layers.width, workspace.y
    n_layers = Size(sizes.size) - ONE
    y_in, w = ZERO, ZERO
    for i in range(n_layers):
        n_in, n = sizes[i], sizes[i + ONE]
        y_out, b = y_in + n_in * width, w + n * n_in
        for j in range(n):
            for r in range(width):
                y[y_out + j * width + r] = theta[b + j]
        _add_products(y, y_out, n, theta, w, n_in, ONE, y, y_in, n_in, width)
        if i + ONE < n_layers:
            activate(layers.activation, y, workspace.z, y_out, n * width)
        y_in, w = y_out, b + n


@exact
def _output_error(layers, workspace, samples, block, n):
    """Equation (5): the loss of the n rows from the position `block` on.

    Fills δ_L, with zeros in the rows from n to `width`.
    """
    sizes, width = layers.sizes, layers.width
    y, delta = workspace.y, workspace.delta
    n_outputs = sizes[Size(sizes.size) - ONE]
    output = (_sum(sizes) - n_outputs) * width
    loss = 0.0
    for j in range(n_outputs):
        q = output + j * width
        for r in range(n):
            row = Size(samples.order[block + r]) if samples.order.size else block + r
            error = y[q + r] - samples.y_true[row, j]
            delta[q + r] = error * samples.weights[row, ZERO] if samples.weights.size else error
            loss += 0.5 * error * delta[q + r]
        for r in range(n, width):
            delta[q + r] = ZERO
    return loss


@compiled
def _sum(sizes):
    total = ZERO
    for n in sizes:
        total += n
    return total


@compiled
def _backward(theta, layers, workspace, gradient):
    """From δ_L, add ∂ℓ/∂w_i and ∂ℓ/∂b_i of every layer to the gradient."""
    sizes, width = layers.sizes, layers.width
    y, delta = workspace.y, workspace.delta
    n_layers = Size(sizes.size) - ONE
    y_in, w = (_sum(sizes) - sizes[n_layers]) * width, Size(theta.size)
    for back in range(n_layers):
        i = n_layers - ONE - back
        n_in, n = sizes[i], sizes[i + ONE]
        w -= n * (n_in + ONE)
        y_out, y_in, b = y_in, y_in - n_in * width, w + n * n_in
        if n_in < MANY_INPUTS or n < FOUR:
            _add_outer_products(gradient, w, delta, y_out, n, y, y_in, n_in, width)
        else:
            rows_first = workspace.transposed
            _transpose(y, y_in, n_in, width, rows_first)
            _add_products(gradient, w, n, delta, y_out, width, ONE, rows_first, ZERO, width, n_in)
        for j in range(n):
            total = gradient[b + j]
            for r in range(width):
                total += delta[y_out + j * width + r]
            gradient[b + j] = total
        if i:
            for q in range(y_in, y_out):
                delta[q] = ZERO
            _add_products(delta, y_in, n_in, theta, w, ONE, n_in, delta, y_out, n, width)
            backpropagate(layers.activation, delta, y, workspace.z, y_in, n_in * width)


@compiled
def _add_products(out, out_start, n_out, w, w_start, step_out, step_in, y, y_start, n_in, width):
    """out[j, r] += Σ_k w[j, k] y[k, r], for 4 j and 4 k at a time to load fewer numbers.

    The weight of j and k stands at w_start + j · step_out + k · step_in.
    """
    quads_out, quads_in = n_out - n_out % FOUR, n_in - n_in % FOUR
    for j in range(ZERO, quads_out, FOUR):
        p0 = out_start + j * width
        p1, p2, p3 = p0 + width, p0 + TWO * width, p0 + THREE * width
        a = w_start + j * step_out
        b, c, d = a + step_out, a + TWO * step_out, a + THREE * step_out
        for k in range(ZERO, quads_in, FOUR):
            a0, a1, a2, a3 = w[a], w[a + step_in], w[a + TWO * step_in], w[a + THREE * step_in]
            b0, b1, b2, b3 = w[b], w[b + step_in], w[b + TWO * step_in], w[b + THREE * step_in]
            c0, c1, c2, c3 = w[c], w[c + step_in], w[c + TWO * step_in], w[c + THREE * step_in]
            d0, d1, d2, d3 = w[d], w[d + step_in], w[d + TWO * step_in], w[d + THREE * step_in]
            q0 = y_start + k * width
            q1, q2, q3 = q0 + width, q0 + TWO * width, q0 + THREE * width
            for r in range(width):
                y0, y1, y2, y3 = y[q0 + r], y[q1 + r], y[q2 + r], y[q3 + r]
                out[p0 + r] += a0 * y0 + a1 * y1 + a2 * y2 + a3 * y3
                out[p1 + r] += b0 * y0 + b1 * y1 + b2 * y2 + b3 * y3
                out[p2 + r] += c0 * y0 + c1 * y1 + c2 * y2 + c3 * y3
                out[p3 + r] += d0 * y0 + d1 * y1 + d2 * y2 + d3 * y3
            a, b = a + FOUR * step_in, b + FOUR * step_in
            c, d = c + FOUR * step_in, d + FOUR * step_in
        for k in range(quads_in, n_in):
            a0, b0, c0, d0, q0 = w[a], w[b], w[c], w[d], y_start + k * width
            for r in range(width):
                out[p0 + r] += a0 * y[q0 + r]
                out[p1 + r] += b0 * y[q0 + r]
                out[p2 + r] += c0 * y[q0 + r]
                out[p3 + r] += d0 * y[q0 + r]
            a, b, c, d = a + step_in, b + step_in, c + step_in, d + step_in
    for j in range(quads_out, n_out):
        p0 = out_start + j * width
        for k in range(n_in):
            a0, q0 = w[w_start + j * step_out + k * step_in], y_start + k * width
            for r in range(width):
                out[p0 + r] += a0 * y[q0 + r]


@compiled
def _add_outer_products(gradient, w_start, delta, d_start, n_out, y, y_start, n_in, width):
    """gradient[j, k] += Σ_r delta[j, r] y[k, r], for 4 j and 4 k at a time."""
    zero = gradient.dtype.type(0)
    quads_out, quads_in = n_out - n_out % FOUR, n_in - n_in % FOUR
    for j in range(ZERO, quads_out, FOUR):
        p0, a = d_start + j * width, w_start + j * n_in
        p1, p2, p3 = p0 + width, p0 + TWO * width, p0 + THREE * width
        b, c, d = a + n_in, a + TWO * n_in, a + THREE * n_in
        for k in range(ZERO, quads_in, FOUR):
            q0 = y_start + k * width
            q1, q2, q3 = q0 + width, q0 + TWO * width, q0 + THREE * width
            a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = zero
            c0 = c1 = c2 = c3 = d0 = d1 = d2 = d3 = zero
            for r in range(width):
                y0, y1, y2, y3 = y[q0 + r], y[q1 + r], y[q2 + r], y[q3 + r]
                e = delta[p0 + r]
                a0, a1, a2, a3 = a0 + e * y0, a1 + e * y1, a2 + e * y2, a3 + e * y3
                e = delta[p1 + r]
                b0, b1, b2, b3 = b0 + e * y0, b1 + e * y1, b2 + e * y2, b3 + e * y3
                e = delta[p2 + r]
                c0, c1, c2, c3 = c0 + e * y0, c1 + e * y1, c2 + e * y2, c3 + e * y3
                e = delta[p3 + r]
                d0, d1, d2, d3 = d0 + e * y0, d1 + e * y1, d2 + e * y2, d3 + e * y3
            _add_four(gradient, a + k, a0, a1, a2, a3)
            _add_four(gradient, b + k, b0, b1, b2, b3)
            _add_four(gradient, c + k, c0, c1, c2, c3)
            _add_four(gradient, d + k, d0, d1, d2, d3)
        for k in range(quads_in, n_in):
            q0 = y_start + k * width
            a0 = b0 = c0 = d0 = zero
            for r in range(width):
                y0 = y[q0 + r]
                a0, b0 = a0 + delta[p0 + r] * y0, b0 + delta[p1 + r] * y0
                c0, d0 = c0 + delta[p2 + r] * y0, d0 + delta[p3 + r] * y0
            gradient[a + k] += a0
            gradient[b + k] += b0
            gradient[c + k] += c0
            gradient[d + k] += d0
    for j in range(quads_out, n_out):
        p0 = d_start + j * width
        for k in range(n_in):
            q0 = y_start + k * width
            a0 = zero
            for r in range(width):
                a0 += delta[p0 + r] * y[q0 + r]
            gradient[w_start + j * n_in + k] += a0


@compiled
def _add_four(values, start, a0, a1, a2, a3):
    values[start] += a0
    values[start + ONE] += a1
    values[start + TWO] += a2
    values[start + THREE] += a3


@compiled
def _transpose(y, y_start, n, width, out):
    """out[r, k] = y[k, r]."""
    for k in range(n):
        for r in range(width):
            out[r * n + k] = y[y_start + k * width + r]


@compiled
def _update(theta, gradient, state, sizes, rule, n_rows, i):
    """The i-th update, by the formulas of `optimizers.py`."""
    alpha = rule.alpha
    number = theta.dtype.type
    single = theta.itemsize == 4
    smallest = number(SMALLEST_32 if single else SMALLEST_64)
    square = number(SQUARE_32 if single else SQUARE_64)
    zero, mean = number(0), number(1.0 / n_rows)
    done = float(i - ONE) / rule.n_iterations
    if rule.alpha_schedule == COSINE:
        alpha *= 0.5 * (1.0 + math.cos(math.pi * done))
    elif rule.alpha_schedule == LINEAR:
        alpha *= 1.0 - done
    if rule.weight_decay > 0:
        _decay(theta, sizes, number(1.0 - alpha * rule.weight_decay))
    if rule.optimizer == GRADIENT_DESCENT:
        step = number(alpha / n_rows)
        for k in range(Size(theta.size)):
            theta[k] -= step * gradient[k]
    elif rule.optimizer != ADAM:
        _update_by_momentum(theta, gradient, state[0], rule, mean, number(alpha))
    else:
        beta_1, beta_2 = number(rule.beta_1), number(rule.beta_2)
        rest_1, root_rest_2 = number(1.0 - rule.beta_1), number(math.sqrt(1.0 - rule.beta_2))
        step = number(alpha / (1.0 - rule.beta_1 ** float(i)))
        scale = number((1.0 - rule.beta_2 ** float(i)) ** -0.5)
        eps = number(rule.epsilon)
        m, v = state[0], state[1]
        for k in range(Size(theta.size)):
            g = gradient[k] * mean
            new_m = beta_1 * m[k] + rest_1 * g
            new_m = zero if abs(new_m) < smallest else new_m
            g *= root_rest_2
            g = zero if abs(g) < smallest else g
            new_v = beta_2 * v[k] + g * g
            new_v = square if new_v < square else new_v
            m[k], v[k] = new_m, new_v
            theta[k] -= step * (new_m / (math.sqrt(new_v) * scale + eps))


@exact
def _update_by_momentum(theta, gradient, v, rule, mean, step):
    """Momentum and Nesterov's momentum: v := μ v + g, θ := θ - α v or θ - α (g + μ v).

    Exact, since with fused products a run that compiles it and one that finds it in the cache were
    seen to differ.
    """
    number = theta.dtype.type
    smallest = number(SMALLEST_32 if theta.itemsize == 4 else SMALLEST_64)
    mu, zero = number(rule.momentum), number(0)
    from_g = step if rule.optimizer == NESTEROV else zero
    from_v = step * mu if rule.optimizer == NESTEROV else step
    for k in range(Size(theta.size)):
        g = gradient[k] * mean
        new_v = mu * v[k] + g
        new_v = zero if abs(new_v) < smallest else new_v
        v[k] = new_v
        theta[k] -= from_g * g + from_v * new_v


@compiled
def _decay(theta, sizes, factor):
    """Multiply the weights by a factor; the biases stay."""
    w = ZERO
    for i in range(Size(sizes.size) - ONE):
        n_in, n = sizes[i], sizes[i + ONE]
        for k in range(w, w + n * n_in):
            theta[k] *= factor
        w += n * (n_in + ONE)


@compiled
def activate(activation, y, z, start, n):
    """Equation (2): y = f(z), in place; copies z where the derivative is taken from it."""
    number = y.dtype.type
    zero, one, two = number(0), number(1), number(2)
    low = number(LOWEST_32 if y.itemsize == 4 else LOWEST_64)
    if activation == SIGMOID:
        for q in range(start, start + n):
            y[q] = zero if y[q] < low else one / (one + exp(-y[q]))
    elif activation == TANH:
        for q in range(start, start + n):
            y[q] = one - two / (one + exp(two * y[q]))
    elif activation == RELU:
        for q in range(start, start + n):
            y[q] = zero if y[q] < zero else y[q]
    elif activation == LEAKY_RELU:
        for q in range(start, start + n):
            y[q] = number(LEAK) * y[q] if y[q] < zero else y[q]
    elif activation == ELU:
        for q in range(start, start + n):
            y[q] = math.expm1(y[q]) if y[q] < zero else y[q]
    elif activation == SOFTPLUS:
        for q in range(start, start + n):
            size = abs(y[q])
            size = -low if size > -low else size
            y[q] = (zero if y[q] < zero else y[q]) + math.log1p(exp(-size))
    elif activation == SILU:
        for q in range(start, start + n):
            z[q] = y[q]
            x = low if y[q] < low else y[q]
            y[q] = x / (one + exp(-x))
    elif activation == MISH:
        large = number(LARGE)
        for q in range(start, start + n):
            z[q] = y[q]
            x = low if y[q] < low else y[q]
            e = exp(large if x > large else x)
            t = e * (e + two)
            y[q] = x * (t / (t + two))


@compiled
def backpropagate(activation, delta, y, z, start, n):
    """Multiply δ by f'(z), in place."""
    number = y.dtype.type
    zero, one, two = number(0), number(1), number(2)
    low = number(LOWEST_32 if y.itemsize == 4 else LOWEST_64)
    if activation == SIGMOID:
        for q in range(start, start + n):
            delta[q] *= y[q] * (one - y[q])
    elif activation == TANH:
        for q in range(start, start + n):
            delta[q] *= one - y[q] * y[q]
    elif activation == RELU:
        for q in range(start, start + n):
            delta[q] *= one if y[q] > zero else zero
    elif activation == LEAKY_RELU:
        for q in range(start, start + n):
            delta[q] *= one if y[q] > zero else number(LEAK)
    elif activation == ELU:
        for q in range(start, start + n):
            delta[q] *= one if y[q] > zero else one + y[q]
    elif activation == SOFTPLUS:
        for q in range(start, start + n):
            delta[q] *= -math.expm1(-y[q])
    elif activation == SILU:
        for q in range(start, start + n):
            x = low if z[q] < low else z[q]
            sigmoid = one / (one + exp(-x))
            delta[q] *= sigmoid * (one + x * (one - sigmoid))
    elif activation == MISH:
        large = number(LARGE)
        for q in range(start, start + n):
            x = low if z[q] < low else z[q]
            e = exp(large if x > large else x)
            t = e * (e + two)
            t /= t + two
            delta[q] *= t + x * (one - t * t) * (e / (one + e))
