"""Time of an iteration beside others: what the engines cost."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from measure import Contender, Row, medians, micro, milli
from peers import ALPHA, c_loop, products, pytorch, scikit_learn, table

from nntrain.engine.batches import Samples
from nntrain.engine.hyperparameters import Hyperparameters
from nntrain.engine.network import Network
from nntrain.engine.training import train

ENGINES: tuple[Literal["numpy", "compiled"], ...] = ("numpy", "compiled")


def ours(
    sizes: Sequence[int],
    batch: int,
    n_rows: int,
    *,
    engine: Literal["numpy", "compiled"] = "numpy",
    shuffle: bool = False,
    dtype: str = "float64",
    threads: int = 1,
) -> Contender:
    """nntrain, after an epoch to warm up: seconds for an iteration."""
    samples = Samples(*table(n_rows, sizes, dtype))
    network = Network(sizes, dtype=dtype)
    network.initialize(np.random.default_rng(0))
    hyperparameters = Hyperparameters(
        ALPHA, 10**9, batch, shuffle=shuffle, engine=engine, threads=threads
    )
    epochs = train(network, samples, hyperparameters)
    next(epochs)

    def run() -> float:
        began = time.perf_counter()
        next(epochs)
        return (time.perf_counter() - began) / -(-n_rows // batch)

    return run


def small_networks(repeats: int, scale: float) -> list[Row]:
    """Overhead per iteration: both engines beside scikit-learn, PyTorch and C."""
    rows: list[Row] = []

    def add(title: str, sizes: Sequence[int], batch: int, n_rows: int, wanted: Any) -> None:
        n_rows = max(20 * batch, int(n_rows * scale))
        contenders: dict[str, Contender] = {
            "numpy": ours(sizes, batch, n_rows),
            "numpy shuffled": ours(sizes, batch, n_rows, shuffle=True),
            "compiled": ours(sizes, batch, 10 * n_rows, engine="compiled"),
            "compiled shuffled": ours(sizes, batch, 10 * n_rows, engine="compiled", shuffle=True),
            "MLPRegressor": scikit_learn(sizes, batch, n_rows),
            "PyTorch": pytorch(sizes, batch, n_rows),
        }
        if batch == 1:
            contenders["C"] = c_loop(10 * n_rows)
        of = medians(contenders, repeats)
        for engine, than_scikit, than_torch in wanted:
            which = min(ENGINES, key=of.__getitem__) if engine == "best" else engine
            for peer, least in (("MLPRegressor", than_scikit), ("PyTorch", than_torch)):
                row = f"{title}, {engine} engine, beside {peer}"
                ratio = of[peer] / of[which]
                rows.append(Row(row, micro(of[which]), micro(of[peer]), ratio, at_least=least))
        if batch == 1:
            times = of["compiled"] / of["C"]
            what = f"{title}, compiled engine, beside a loop in C"
            rows.append(Row(what, micro(of["compiled"]), micro(of["C"]), times, at_most=2.5))
        for engine in ENGINES:
            both = of[f"{engine} shuffled"], of[engine]
            what = f"{title}, {engine} engine, shuffled beside in file order"
            rows.append(Row(what, micro(both[0]), micro(both[1]), both[0] / both[1], at_most=2))

    add("stochastic 8-16-1", (8, 16, 1), 1, 3000, [("numpy", 5.5, 16), ("compiled", 100, 300)])
    both = [("numpy", 3.4, 8), ("compiled", 10, 22)]
    add("mini-batch 32 8-50-1", (8, 50, 1), 32, 32_000, both)
    add("mini-batch 32 20-64-64-1", (20, 64, 64, 1), 32, 16_000, [("best", 2.8, 4.5)])
    return rows


def large_networks(repeats: int, scale: float) -> list[Row]:
    """Matrix products: 100-256-256-1 in single precision on two threads."""
    rows = []
    sizes = (100, 256, 256, 1)
    for batch in (256, 4096):
        n_rows = batch * max(2, int(32 * scale * (8 if batch == 256 else 1)))
        contenders: dict[str, Contender] = {
            engine: ours(sizes, batch, n_rows, engine=engine, dtype="float32", threads=2)
            for engine in ENGINES
        }
        contenders["PyTorch"] = pytorch(sizes, batch, n_rows, "float32", threads=2)
        contenders["products"] = products(sizes, batch, "float32", threads=2)
        of = medians(contenders, repeats)
        ours_by, torch, alone = min(of[e] for e in ENGINES), of["PyTorch"], of["products"]
        title = f"100-256-256-1 float32, batch {batch}, 2 threads, best engine"
        beside = f"{title}, beside PyTorch"
        rows.append(Row(beside, milli(ours_by), milli(torch), torch / ours_by, at_least=1))
        beside = f"{title}, beside its matrix products alone"
        rows.append(Row(beside, milli(ours_by), milli(alone), ours_by / alone, at_most=1.25))
    return rows


def million_rows(repeats: int, scale: float) -> list[Row]:
    """`batch` mode on a million rows: time beside PyTorch, and the memory that training takes."""
    sizes, n_rows = (8, 50, 1), int(1_000_000 * scale)
    grown = _growth(n_rows)
    matrix = n_rows * sizes[0] * 8
    of = medians(
        {
            "nntrain": ours(sizes, n_rows, n_rows, threads=2),
            "PyTorch": pytorch(sizes, n_rows, n_rows, threads=2),
        },
        repeats,
    )
    title = f"batch mode 8-50-1, {n_rows:,} rows"
    ratio = of["PyTorch"] / of["nntrain"]
    beside = f"{title}, beside PyTorch"
    cells = f"{grown / 1e6:,.0f} MB", f"{matrix / 1e6:,.0f} MB"
    return [
        Row(beside, milli(of["nntrain"]), milli(of["PyTorch"]), ratio, at_least=1),
        Row(f"{title}, memory beside the matrix's", *cells, grown / matrix, at_most=1),
    ]


GROWTH = """
import resource, sys
import numpy as np
from nntrain.engine.batches import Samples
from nntrain.engine.network import Network
from nntrain.engine.procedure import Procedure
from nntrain.engine.training import train
n = int(sys.argv[1])
samples = Samples(np.ones((n, 8)), np.ones((n, 1)))
samples.x[:, 0] = np.arange(n)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for _ in train(Network((8, 50, 1)), samples, Procedure(1e-9, 2, n, threads=2)):
    pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def _growth(n_rows: int) -> int:
    """The bytes by which peak memory rises while a process trains on rows that it has."""
    command = [sys.executable, "-c", GROWTH, str(n_rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout) * 1024
