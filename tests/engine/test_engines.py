"""The NumPy engine, with any threads and blocks, compared with the compiled engine.

`test_textbook.py` compares each engine with the textbook for a few epochs; here it is hundreds.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import itertools
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import njit
from numpy.typing import NDArray
from support.command import Run

import nntrain
from nntrain.engine import backend as selection
from nntrain.engine import epoch_slices
from nntrain.engine import network as network_module
from nntrain.engine.activations import ACTIVATIONS
from nntrain.engine.backend import select_engine
from nntrain.engine.batches import Samples
from nntrain.engine.compiled.exp import exp
from nntrain.engine.hyperparameters import Hyperparameters
from nntrain.engine.network import Network, rows_per_block
from nntrain.engine.progress import EpochResult
from nntrain.engine.training import train
from nntrain.errors import MissingExtraError

Array = NDArray[Any]


def learnable(n_rows: int, n_inputs: int, n_targets: int, dtype: str = "float64") -> Samples:
    """Rows whose targets are a smooth function of their inputs."""
    rng = np.random.default_rng([n_rows, n_inputs, n_targets])
    x = rng.normal(size=(n_rows, n_inputs))
    y = np.sin(x @ rng.normal(size=(n_inputs, n_targets)))
    return Samples(x.astype(dtype), y.astype(dtype))


def trained(
    sizes: tuple[int, ...],
    samples: Samples,
    hyperparameters: Hyperparameters,
    activation: str = "sigmoid",
) -> tuple[Array, list[EpochResult]]:
    """The parameters at the end, and what each epoch yielded."""
    network = Network(sizes, activation, str(samples.x.dtype))
    network.initialize(np.random.default_rng(3))
    results = list(train(network, samples, hyperparameters))
    return network.parameters.vector, results


NETWORKS: list[tuple[tuple[int, ...], str]] = [
    # Without hidden layers no activation is used.
    ((5, 1), "sigmoid"),
    *itertools.product([(3, 5, 2), (4, 9, 6, 1), (2, 3, 4, 3, 3)], ACTIVATIONS),
]


@pytest.mark.heavy
@pytest.mark.parametrize("batch_rows", [1, 7, 32, 100, 150])
@pytest.mark.parametrize(("sizes", "activation"), NETWORKS, ids=str)
def test_after_300_epochs_the_compiled_engine_is_where_numpy_is(
    sizes: tuple[int, ...], batch_rows: int, activation: str
) -> None:
    samples = learnable(150, sizes[0], sizes[-1])
    hyperparameters = Hyperparameters(0.02, 300 if batch_rows > 1 else 30, batch_rows)
    expected, numpy_results = trained(sizes, samples, hyperparameters, activation)
    hyperparameters = Hyperparameters(
        hyperparameters.alpha, hyperparameters.epochs, batch_rows, engine="compiled"
    )
    found, compiled_results = trained(sizes, samples, hyperparameters, activation)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(found / scale, expected / scale, rtol=1e-10, atol=1e-12)
    assert [r.iterations for r in compiled_results] == [r.iterations for r in numpy_results]
    np.testing.assert_allclose(
        [(r.loss, r.largest_update) for r in compiled_results],
        [(r.loss, r.largest_update) for r in numpy_results],
        rtol=1e-9,
    )


@pytest.mark.heavy
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("threads", [1, 2])
def test_for_a_large_network_too_the_compiled_engine_is_where_numpy_is(
    threads: int, activation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a large network, only the activations are compiled."""
    monkeypatch.setattr(selection, "SMALL_PRODUCTS", 0)
    monkeypatch.setattr(network_module, "BLOCK_BYTES", 64 * 15 * 8)
    samples = learnable(150, 4, 1)
    hyperparameters = Hyperparameters(0.02, 300, 100, threads=threads)
    expected, _ = trained((4, 9, 6, 1), samples, hyperparameters, activation)
    hyperparameters = dataclasses.replace(hyperparameters, engine="compiled")
    found, _ = trained((4, 9, 6, 1), samples, hyperparameters, activation)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
    if activation in ("sigmoid", "tanh"):
        assert found.tobytes() != expected.tobytes()  # it was not NumPy again


@pytest.mark.parametrize("batch_rows", [1, 20])
def test_the_compiled_engine_in_single_precision_is_near_numpy(batch_rows: int) -> None:
    samples = learnable(100, 4, 2, "float32")
    vectors = [
        trained((4, 8, 2), samples, Hyperparameters(0.05, 20, batch_rows, engine=engine))[0]
        for engine in ("numpy", "compiled")
    ]
    assert vectors[1].dtype == np.float32
    np.testing.assert_allclose(vectors[0], vectors[1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("batch_rows", [1, 6])
def test_slices_of_an_epoch_change_nothing(
    batch_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = learnable(40, 3, 1)
    for engine in ("numpy", "compiled"):
        hyperparameters = Hyperparameters(0.1, 4, batch_rows, engine=engine)
        expected, results = trained((3, 4, 1), samples, hyperparameters)
        with monkeypatch.context() as patched:
            patched.setattr(epoch_slices, "SLICE_SECONDS", 1e-9)  # a batch a slice
            found, sliced = trained((3, 4, 1), samples, hyperparameters)
        assert found.tobytes() == expected.tobytes()
        assert sliced == results


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("batch_rows", "optimizer"), [(64, "adam"), (1, "gradient_descent")])
def test_slices_change_no_bit_of_a_loss_that_is_summed_over_many_rows(
    batch_rows: int, optimizer: str, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = learnable(900, 40, 1, dtype)
    hyperparameters = Hyperparameters(0.003, 3, batch_rows, optimizer=optimizer, engine="compiled")
    _, expected = trained((40, 64, 64, 1), samples, hyperparameters, "mish")
    monkeypatch.setattr(epoch_slices, "SLICE_SECONDS", 1e-9)
    _, sliced = trained((40, 64, 64, 1), samples, hyperparameters, "mish")
    assert sliced == expected


@pytest.mark.parametrize("optimizer", ["adam", "momentum"])
def test_a_run_that_compiles_and_one_that_finds_it_compiled_give_the_same_bytes(
    optimizer: str, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(folder / "cache"))
    keys = [
        f"optimizer={optimizer}",
        "engine=compiled",
        "epochs=2",
        "ensemble=2",
        "checkpoint_seconds=1000",
    ]
    files = []
    for name in ("cold", "warm"):
        options = [option for key in keys for option in ("--set", key)]
        config = ["-c", "configs/accurate.yaml", "-q", "-m", f"{name}.npz", "-l", f"{name}.csv"]
        assert run("fit", "sample_data/concrete.csv", *config, *options).code == 0
        log = [line.rpartition(",")[0] for line in (folder / f"{name}.csv").read_text().split("\n")]
        files.append(((folder / f"{name}.npz").read_bytes(), log))
    assert files[0] == files[1]


def test_a_slice_is_short_however_long_the_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every batch moves the clock on by a tenth of a slice."""
    pace = epoch_slices.EpochSlicer(10)
    now = 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    lengths = []
    for rows in pace.slices(0, 100_000):
        lengths.append(len(rows) // 10)
        now += lengths[-1] * epoch_slices.SLICE_SECONDS / 10
    assert sum(lengths) == 10_000
    assert max(lengths) <= 20
    assert np.median(lengths) == pytest.approx(10, abs=1)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_number_of_threads_does_not_change_a_bit(weighted: bool) -> None:
    """60,000 rows of this network are many blocks."""
    samples = learnable(60_000, 6, 2)
    if weighted:
        samples = Samples(samples.x, samples.y, np.random.default_rng(0).random((60_000, 1)))
    procedures = [Hyperparameters(0.5, 3, 60_000, threads=threads) for threads in (1, 2, 3, 7)]
    assert 60_000 / rows_per_block(Network((6, 20, 2)), 60_000) > 7
    found = [trained((6, 20, 2), samples, hyperparameters) for hyperparameters in procedures]
    assert len({vector.tobytes() for vector, _ in found}) == 1
    assert all(results == found[0][1] for _, results in found)


def test_two_threads_share_a_batch_worth_it() -> None:
    network = Network((100, 256, 256, 1), dtype="float32")
    assert rows_per_block(network, 256) == 128
    assert rows_per_block(network, 64) == 512
    assert rows_per_block(network, 4096) == 512


def test_the_size_of_blocks_changes_no_more_than_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = learnable(5000, 6, 2)
    vectors = []
    for block_bytes in (1 << 12, 1 << 16, 1 << 30):
        monkeypatch.setattr(network_module, "BLOCK_BYTES", block_bytes)
        vectors.append(trained((6, 20, 2), samples, Hyperparameters(0.5, 20, 5000, threads=2))[0])
    for vector in vectors[1:]:
        np.testing.assert_allclose(vector, vectors[0], rtol=1e-11)
    assert len({vector.tobytes() for vector in vectors}) > 1


def test_a_comparison_of_bytes_sees_another_order_of_adding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    samples = learnable(60_000, 6, 2)
    expected = trained((6, 20, 2), samples, Hyperparameters(0.5, 3, 60_000))[0]
    monkeypatch.setattr(np, "add", lambda a, b, out: np.subtract(a, -b, out))
    same = trained((6, 20, 2), samples, Hyperparameters(0.5, 3, 60_000))[0]
    assert same.tobytes() == expected.tobytes()
    reversed_rows = Samples(samples.x[::-1].copy(), samples.y[::-1].copy())
    assert trained((6, 20, 2), reversed_rows, Hyperparameters(0.5, 3, 60_000))[0].tobytes() != (
        expected.tobytes()
    )


# exp


@njit
def exp_of_all(x, y):  # type: ignore[no-untyped-def]
    for i in range(x.size):
        y[i] = exp(x[i])


@pytest.mark.parametrize(("dtype", "limit"), [("float64", 708.0), ("float32", 87.0)])
def test_the_compiled_exp_is_within_two_units_of_the_last_place(dtype: str, limit: float) -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate(
        [np.linspace(-limit, limit, 200_001), rng.normal(size=100_000), [0.0, -0.0, 1e-300]]
    ).astype(dtype)
    y = np.empty_like(x)
    exp_of_all(x, y)
    exact = np.exp(x.astype(np.longdouble))
    errors = np.abs(y - exact) / np.spacing(exact.astype(dtype))
    assert errors.max() < 2
    assert y[-3:].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_compiled_exp_is_finite_at_infinity_and_nan_at_nan(dtype: str) -> None:
    x = np.array([-np.inf, -1e30, 1e30, np.inf, np.nan], dtype)
    y = np.empty_like(x)
    exp_of_all(x, y)
    assert (y[:2] < 1e-37).all()
    assert (y[2:4] > 1e37).all()
    assert np.isfinite(y[:4]).all()
    assert np.isnan(y[4])


# Selection


@pytest.mark.parametrize(
    ("asked", "sizes", "batch_rows", "n_iterations", "engine"),
    [
        ("auto", (8, 16, 1), 1, 50_000, "compiled"),
        ("auto", (8, 16, 1), 1, 49_000, "numpy"),
        ("auto", (8, 16, 1), 32, 49_000, "compiled"),
        ("auto", (72, 128, 128, 1), 64, 5_000, "compiled"),
        ("auto", (72, 128, 128, 1), 64, 3_000, "numpy"),
        ("auto", (100, 256, 256, 1), 256, 1_000, "numpy"),
        ("auto", (100, 256, 256, 1), 256, 2_000, "compiled"),
        ("numpy", (8, 16, 1), 1, 50_000, "numpy"),
        ("compiled", (100, 256, 256, 1), 256, 1, "compiled"),
    ],
)
def test_the_engine_is_chosen_by_the_work_to_do(
    asked: str, sizes: tuple[int, ...], batch_rows: int, n_iterations: int, engine: str
) -> None:
    assert select_engine(asked, Network(sizes), batch_rows, n_iterations) == engine


def test_without_numba_auto_is_numpy_and_compiled_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def find_spec(name: str) -> None:
        assert name == "numba"

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    assert select_engine("auto", Network((8, 16, 1)), 1, 10**6) == "numpy"
    with pytest.raises(MissingExtraError) as caught:
        selection.check_installed("compiled")
    assert str(caught.value) == (
        "engine: compiled needs the extra fast: pip install 'nntrain[fast]'; or set engine: auto"
    )


def test_a_model_says_which_engine_made_it(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("a,y\n" + "".join(f"{i},{i * i}\n" for i in range(20)))
    for engine in ("numpy", "compiled"):
        config = nntrain.Config(target=("y",), epochs=2, engine=engine, threads=2)
        nntrain.fit(table, config).save(tmp_path / "m.npz")
        model = nntrain.load_model(tmp_path / "m.npz")
        assert model.summary.engine == engine
        assert model.config.threads is None  # it cannot change the result, and is not kept
