"""The learning procedure compiled by Numba: the kernels of the compiled engine.

For small networks, whose overhead rules, it is `network.forward`, `network.backward` and the update
once more, as loops over plain numbers. Many rows go through side by side, stored a neuron at a
time (n_neurons, n_rows), so that the inner loops run over rows and the compiler can do several of
them at once. A single row has loops of its own. Sizes and places are unsigned: Numba then need not
look for negative indices.

All that `learn_by_row`, `learn_by_batch` and `summed_loss` call stands in this file: Numba keeps
what it compiled for as long as the file of the function called stays as it is. Importing it raises
`ImportError` without Numba.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from nntrain.engine.activations import LARGE, LEAK
from nntrain.engine.compiled.exp import exp
from nntrain.engine.denormals import DOUBLE, LOWEST, SINGLE, SMALLEST, SMALLEST_SQUARE

OPTIONS: dict[str, Any] = {
    "nogil": True,
    "cache": True,
    "error_model": "numpy",
    "boundscheck": False,
}
# Sums may be taken in another order and products fused; NaN and infinity stay what they are.
compiled: Any = njit(**OPTIONS, fastmath={"reassoc", "contract", "nsz"})
# A loss is summed in the order of its rows. All that is compiled into a function is taken as
# loosely as the function itself, and what is may depend on what came from the cache.
exact: Any = njit(**OPTIONS)

Size: Any = np.uint64
MANY_INPUTS = Size(48)
"""From here on a layer's gradient is added along its inputs, below along the rows."""
ZERO, ONE, TWO, THREE, FOUR = map(Size, range(5))


def _numbered(*names: str) -> dict[str, Any]:
    """Names as kernels know them."""
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


@compiled
def learn_by_row(theta, network, room, samples, order, places, alpha, loss):
    """Plain gradient descent with an update for each row; the loss with that of the rows added."""
    sizes, _, activation = network
    y, z_kept, delta, _ = room
    x, y_true, weights = samples
    start, stop = places
    n_layers = Size(sizes.size) - ONE
    n_inputs, n_outputs = sizes[ZERO], sizes[n_layers]
    output = Size(y.size) - n_outputs
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
                activate(activation, y, z_kept, out, n)
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
                backpropagate(activation, delta, y, z_kept, at, n_in)
            for j in range(n):
                d = step * delta[out + j]
                for k in range(n_in):
                    theta[w + j * n_in + k] -= d * y[at + k]
                theta[b + j] -= d
    return loss


@exact
def learn_by_batch(theta, network, room, samples, order, places, batch_rows, updates, loss):
    """An update for each batch, some rows of it side by side."""
    sizes, side, activation = network
    start, stop = places
    gradient, state, rule, i = updates
    first = start
    while first < stop:
        last = min(first + batch_rows, stop)
        for k in range(Size(gradient.size)):
            gradient[k] = ZERO
        some = first
        while some < last:
            n = min(side, last - some)
            part = (sizes, _enough(n, side, theta.itemsize), activation)
            _gather(room, samples, part, order, some, n)
            _forward(theta, part, room)
            loss += _output_error(part, room, samples, order, some, n)
            _backward(theta, part, room, gradient)
            some += side
        i += ONE
        _update(theta, gradient, state, sizes, rule, last - first, i)
        first = last
    return loss


@exact
def summed_loss(theta, network, room, samples, order, n_rows):
    """The loss summed over rows, some of them side by side."""
    sizes, side, activation = network
    loss = 0.0
    some = ZERO
    while some < n_rows:
        n = min(side, n_rows - some)
        part = (sizes, _enough(n, side, theta.itemsize), activation)
        _gather(room, samples, part, order, some, n)
        _forward(theta, part, room)
        loss += _output_error(part, room, samples, order, some, n)
        some += side
    return loss


@compiled
def _enough(n, side, itemsize):
    """As few rows side by side as n rows take; a loop of so many has no rest."""
    lanes = Size(128 // itemsize)
    return min(side, (n + lanes - ONE) // lanes * lanes)


@compiled
def _gather(room, samples, network, order, some, n):
    """y_0: the inputs of n rows, those to `side` being zeros."""
    sizes, side, _ = network
    y, x, n_inputs = room[0], samples[0], sizes[ZERO]
    for r in range(n):
        row = Size(order[some + r]) if order.size else some + r
        for k in range(n_inputs):
            y[k * side + r] = x[row, k]
    for k in range(n_inputs):
        for r in range(n, side):
            y[k * side + r] = ZERO


@compiled
def _forward(theta, network, room):
    """(1) and (2), layer by layer."""
    sizes, side, activation = network
    y, z_kept, _, _ = room
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
            activate(activation, y, z_kept, out, n * side)
        at, w = out, b + n


@exact
def _output_error(network, room, samples, order, some, n):
    """(5): the loss of n rows; δ_L, zero in the rows from n on."""
    sizes, side, _ = network
    y, _, delta, _ = room
    _, y_true, weights = samples
    n_outputs = sizes[Size(sizes.size) - ONE]
    output = (_sum(sizes) - n_outputs) * side
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
def _sum(sizes):
    total = ZERO
    for n in sizes:
        total += n
    return total


@compiled
def _backward(theta, network, room, gradient):
    """From δ_L, adds ∂ℓ/∂w_i and ∂ℓ/∂b_i of every layer to the gradient."""
    sizes, side, activation = network
    y, z_kept, delta, transposed = room
    n_layers = Size(sizes.size) - ONE
    at, w = (_sum(sizes) - sizes[n_layers]) * side, Size(theta.size)
    for back in range(n_layers):
        i = n_layers - ONE - back
        n_in, n = sizes[i], sizes[i + ONE]
        w -= n * (n_in + ONE)
        out, at, b = at, at - n_in * side, w + n * n_in
        if n_in < MANY_INPUTS or n < FOUR:
            _add_outer_products(gradient, w, delta, out, n, y, at, n_in, side)
        else:
            _transpose(y, at, n_in, side, transposed)
            _add_products(gradient, w, n, delta, out, side, ONE, transposed, ZERO, side, n_in)
        for j in range(n):
            total = gradient[b + j]
            for r in range(side):
                total += delta[out + j * side + r]
            gradient[b + j] = total
        if i:
            for r in range(at, out):
                delta[r] = ZERO
            _add_products(delta, at, n_in, theta, w, ONE, n_in, delta, out, n, side)
            backpropagate(activation, delta, y, z_kept, at, n_in * side)


@compiled
def _add_products(out, o, n_out, w, w_start, by_out, by_in, y, at, n_in, side):
    """out[j, r] += Σ_k w[j, k] y[k, r] for 4 j and 4 k at a time, so that fewer numbers travel.

    The weight of j and k stands at w_start + j by_out + k by_in.
    """
    quads_out, quads_in = n_out - n_out % FOUR, n_in - n_in % FOUR
    for j in range(ZERO, quads_out, FOUR):
        p0 = o + j * side
        p1, p2, p3 = p0 + side, p0 + TWO * side, p0 + THREE * side
        a = w_start + j * by_out
        b, c, d = a + by_out, a + TWO * by_out, a + THREE * by_out
        for k in range(ZERO, quads_in, FOUR):
            a0, a1, a2, a3 = w[a], w[a + by_in], w[a + TWO * by_in], w[a + THREE * by_in]
            b0, b1, b2, b3 = w[b], w[b + by_in], w[b + TWO * by_in], w[b + THREE * by_in]
            c0, c1, c2, c3 = w[c], w[c + by_in], w[c + TWO * by_in], w[c + THREE * by_in]
            d0, d1, d2, d3 = w[d], w[d + by_in], w[d + TWO * by_in], w[d + THREE * by_in]
            q0 = at + k * side
            q1, q2, q3 = q0 + side, q0 + TWO * side, q0 + THREE * side
            for r in range(side):
                y0, y1, y2, y3 = y[q0 + r], y[q1 + r], y[q2 + r], y[q3 + r]
                out[p0 + r] += a0 * y0 + a1 * y1 + a2 * y2 + a3 * y3
                out[p1 + r] += b0 * y0 + b1 * y1 + b2 * y2 + b3 * y3
                out[p2 + r] += c0 * y0 + c1 * y1 + c2 * y2 + c3 * y3
                out[p3 + r] += d0 * y0 + d1 * y1 + d2 * y2 + d3 * y3
            a, b, c, d = a + FOUR * by_in, b + FOUR * by_in, c + FOUR * by_in, d + FOUR * by_in
        for k in range(quads_in, n_in):
            a0, b0, c0, d0, q0 = w[a], w[b], w[c], w[d], at + k * side
            for r in range(side):
                out[p0 + r] += a0 * y[q0 + r]
                out[p1 + r] += b0 * y[q0 + r]
                out[p2 + r] += c0 * y[q0 + r]
                out[p3 + r] += d0 * y[q0 + r]
            a, b, c, d = a + by_in, b + by_in, c + by_in, d + by_in
    for j in range(quads_out, n_out):
        p0 = o + j * side
        for k in range(n_in):
            a0, q0 = w[w_start + j * by_out + k * by_in], at + k * side
            for r in range(side):
                out[p0 + r] += a0 * y[q0 + r]


@compiled
def _add_outer_products(gradient, start, delta, o, n_out, y, at, n_in, side):
    """gradient[j, k] += Σ_r delta[j, r] y[k, r], for 4 j and 4 k at a time."""
    zero = gradient.dtype.type(0)
    quads_out, quads_in = n_out - n_out % FOUR, n_in - n_in % FOUR
    for j in range(ZERO, quads_out, FOUR):
        p0, a = o + j * side, start + j * n_in
        p1, p2, p3 = p0 + side, p0 + TWO * side, p0 + THREE * side
        b, c, d = a + n_in, a + TWO * n_in, a + THREE * n_in
        for k in range(ZERO, quads_in, FOUR):
            q0 = at + k * side
            q1, q2, q3 = q0 + side, q0 + TWO * side, q0 + THREE * side
            a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = zero
            c0 = c1 = c2 = c3 = d0 = d1 = d2 = d3 = zero
            for r in range(side):
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
            q0 = at + k * side
            a0 = b0 = c0 = d0 = zero
            for r in range(side):
                y0 = y[q0 + r]
                a0, b0 = a0 + delta[p0 + r] * y0, b0 + delta[p1 + r] * y0
                c0, d0 = c0 + delta[p2 + r] * y0, d0 + delta[p3 + r] * y0
            gradient[a + k] += a0
            gradient[b + k] += b0
            gradient[c + k] += c0
            gradient[d + k] += d0
    for j in range(quads_out, n_out):
        p0 = o + j * side
        for k in range(n_in):
            q0 = at + k * side
            a0 = zero
            for r in range(side):
                a0 += delta[p0 + r] * y[q0 + r]
            gradient[start + j * n_in + k] += a0


@compiled
def _add_four(values, at, a0, a1, a2, a3):
    values[at] += a0
    values[at + ONE] += a1
    values[at + TWO] += a2
    values[at + THREE] += a3


@compiled
def _transpose(y, at, n, side, out):
    """out[r, k] = y[k, r]."""
    for k in range(n):
        for r in range(side):
            out[r * n + k] = y[at + k * side + r]


@compiled
def _update(theta, gradient, state, sizes, rule, n_rows, i):
    """Iteration i of the updates in `optimizers.py`."""
    optimizer, schedule, n_iterations, alpha, weight_decay, momentum, betas, epsilon = rule
    number = theta.dtype.type
    single = theta.itemsize == 4
    smallest = number(SMALLEST_32 if single else SMALLEST_64)
    square = number(SQUARE_32 if single else SQUARE_64)
    zero, mean = number(0), number(1.0 / n_rows)
    done = float(i - ONE) / n_iterations
    if schedule == COSINE:
        alpha *= 0.5 * (1.0 + math.cos(math.pi * done))
    elif schedule == LINEAR:
        alpha *= 1.0 - done
    if weight_decay > 0:
        _decay(theta, sizes, number(1.0 - alpha * weight_decay))
    if optimizer == GRADIENT_DESCENT:
        step = number(alpha / n_rows)
        for k in range(Size(theta.size)):
            theta[k] -= step * gradient[k]
    elif optimizer != ADAM:
        mu, step = number(momentum), number(alpha)
        from_g = step if optimizer == NESTEROV else zero
        from_v = step * mu if optimizer == NESTEROV else step
        v = state[0]
        for k in range(Size(theta.size)):
            g = gradient[k] * mean
            of_v = mu * v[k] + g
            of_v = zero if abs(of_v) < smallest else of_v
            v[k] = of_v
            theta[k] -= from_g * g + from_v * of_v
    else:
        beta_1, beta_2 = number(betas[0]), number(betas[1])
        rest_1, root_rest_2 = number(1.0 - betas[0]), number(math.sqrt(1.0 - betas[1]))
        step = number(alpha / (1.0 - betas[0] ** float(i)))
        scale = number((1.0 - betas[1] ** float(i)) ** -0.5)
        eps = number(epsilon)
        m, v = state[0], state[1]
        for k in range(Size(theta.size)):
            g = gradient[k] * mean
            of_m = beta_1 * m[k] + rest_1 * g
            of_m = zero if abs(of_m) < smallest else of_m
            g *= root_rest_2
            g = zero if abs(g) < smallest else g
            of_v = beta_2 * v[k] + g * g
            of_v = square if of_v < square else of_v
            m[k], v[k] = of_m, of_v
            theta[k] -= step * (of_m / (math.sqrt(of_v) * scale + eps))


@compiled
def _decay(theta, sizes, factor):
    """The weights times a factor; biases stay."""
    at = ZERO
    for i in range(Size(sizes.size) - ONE):
        n_in, n = sizes[i], sizes[i + ONE]
        for k in range(at, at + n * n_in):
            theta[k] *= factor
        at += n * (n_in + ONE)


@compiled
def activate(activation, y, z, start, n):
    """(2): y = f(z), in place; keeps z where the derivative is taken from it."""
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
    """Multiply delta by f'(z), in place."""
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
