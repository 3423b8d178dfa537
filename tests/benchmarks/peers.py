"""The same training by others: scikit-learn, PyTorch, the matrix products alone, and C."""

from __future__ import annotations

import ctypes
import itertools
import subprocess
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from measure import Contender

ALPHA = 0.01
C_SOURCE = """
#include <math.h>
#define I 8
#define H 16
double epoch(double *w1, double *b1, double *w2, double *b2, const double *x, const double *y,
             long n, double alpha) {
    double loss = 0;
    for (long r = 0; r < n; r++) {
        const double *in = x + r * I;
        double h[H], d[H], out = b2[0];
        for (int j = 0; j < H; j++) {
            double z = b1[j];
            for (int k = 0; k < I; k++) z += w1[j * I + k] * in[k];
            h[j] = z;
        }
        for (int j = 0; j < H; j++) h[j] = 1 / (1 + exp(-h[j]));
        for (int j = 0; j < H; j++) out += w2[j] * h[j];
        double error = out - y[r];
        loss += 0.5 * error * error;
        for (int j = 0; j < H; j++) d[j] = error * w2[j] * h[j] * (1 - h[j]);
        for (int j = 0; j < H; j++) w2[j] -= alpha * error * h[j];
        b2[0] -= alpha * error;
        for (int j = 0; j < H; j++) {
            for (int k = 0; k < I; k++) w1[j * I + k] -= alpha * d[j] * in[k];
            b1[j] -= alpha * d[j];
        }
    }
    return loss;
}
"""


def table(n_rows: int, sizes: Sequence[int], dtype: str) -> tuple[Any, Any]:
    """Random inputs and targets for a network."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(n_rows, sizes[0])), rng.normal(size=(n_rows, sizes[-1]))
    return x.astype(dtype), y.astype(dtype)


def scikit_learn(sizes: Sequence[int], batch: int, n_rows: int) -> Contender:
    """MLPRegressor, in file order, without momentum and penalty: seconds for an iteration."""
    from sklearn.neural_network import MLPRegressor

    x, y = table(n_rows, sizes, "float64")
    settings: dict[str, Any] = {
        "hidden_layer_sizes": tuple(sizes[1:-1]),
        "activation": "logistic",
        "solver": "sgd",
        "alpha": 0.0,
        "batch_size": batch,
        "learning_rate_init": ALPHA,
        "momentum": 0.0,
        "nesterovs_momentum": False,
        "shuffle": False,
        "max_iter": 1,
        "tol": 0.0,
    }
    few = 10 * batch

    def run() -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            began = time.perf_counter()
            MLPRegressor(**settings).fit(x[:few], y[:few, 0])
            middle = time.perf_counter()
            MLPRegressor(**settings).fit(x, y[:, 0])
            ended = time.perf_counter()
        return ((ended - middle) - (middle - began)) / (n_rows // batch - 10)

    return run


def pytorch(
    sizes: Sequence[int], batch: int, n_rows: int, dtype: str = "float64", threads: int = 1
) -> Contender:
    """PyTorch, eager: seconds for an iteration."""
    import torch

    x, y = (torch.from_numpy(array) for array in table(n_rows, sizes, dtype))
    layers: list[Any] = []
    for n_in, n_out in itertools.pairwise(sizes):
        layers += [torch.nn.Linear(n_in, n_out, dtype=getattr(torch, dtype)), torch.nn.Sigmoid()]
    network = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(network.parameters(), lr=ALPHA)

    def run() -> float:
        torch.set_num_threads(threads)
        began = time.perf_counter()
        for start in range(0, n_rows, batch):
            optimizer.zero_grad()
            error = network(x[start : start + batch]) - y[start : start + batch]
            (0.5 * (error * error).sum() / len(error)).backward()
            optimizer.step()
        return (time.perf_counter() - began) / -(-n_rows // batch)

    return run


def products(sizes: Sequence[int], batch: int, dtype: str, threads: int) -> Contender:
    """The matrix products of an iteration alone, by NumPy's BLAS on threads of its own."""
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(0)

    def random(*shape: int) -> Any:
        return rng.normal(size=shape).astype(dtype)

    layers = [
        (random(batch, n_in), random(n_out, n_in), random(batch, n_out), random(batch, n_in))
        for n_in, n_out in itertools.pairwise(sizes)
    ]
    gradients = [np.empty_like(w) for _, w, _, _ in layers]
    times = max(3, 20_000 // batch)

    def run() -> float:
        with threadpool_limits(threads, user_api="blas"):
            began = time.perf_counter()
            for _ in range(times):
                for y, w, z, _ in layers:
                    y.dot(w.T, z)
                for i in range(len(layers) - 1, -1, -1):
                    y, w, delta, delta_before = layers[i]
                    delta.T.dot(y, gradients[i])
                    if i:
                        delta.dot(w, delta_before)
            return (time.perf_counter() - began) / times

    return run


def c_loop(n_rows: int) -> Contender:
    """A loop written by hand in C for 8-16-1, a row at a time: seconds for an iteration."""
    folder = Path(tempfile.mkdtemp())
    (folder / "loop.c").write_text(C_SOURCE)
    flags = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"]
    command = ["cc", *flags, "loop.c", "-o", "loop.so", "-lm"]
    subprocess.run(command, cwd=folder, check=True)
    epoch = ctypes.CDLL(str(folder / "loop.so")).epoch
    epoch.restype = ctypes.c_double
    x, y = table(n_rows, (8, 16, 1), "float64")
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=n) * 0.3 for n in (128, 16, 16, 1)] + [x, y]

    def run() -> float:
        began = time.perf_counter()
        epoch(
            *(array.ctypes.data_as(ctypes.c_void_p) for array in arrays),
            ctypes.c_long(n_rows),
            ctypes.c_double(ALPHA),
        )
        return (time.perf_counter() - began) / n_rows

    return run
