"""A row's numbers do not depend on the other rows, whichever kernel multiplies matrices."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from support.command import environment

from nntrain.engine import network as network_module
from nntrain.engine.activations import ACTIVATIONS
from nntrain.engine.network import Network, Workspace, forward, prediction_block_rows
from nntrain.engine.row_blocks import apply_in_blocks, blocks, padded_size
from nntrain.stats.ridge import Ridge
from nntrain.stats.shapley import all_orders

KERNELS = ("Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX")
NEEDED = {"Nehalem": "sse4_2", "Sandybridge": "avx", "Haswell": "avx2", "Zen": "avx2"}
"""The feature that a processor needs to run a kernel; SkylakeX needs AVX-512."""
SIZES = [(8, 16, 1), (3, 5, 2), (1, 1), (20, 64, 64, 1), (136, 128, 128, 3), (33, 203, 7, 1)]


def kernels_of_this_machine() -> list[str]:
    """The kernels that OpenBLAS can be told to run here."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return []
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n")
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    return [name for name in KERNELS if NEEDED.get(name, "avx512vl") in flags]


def block_slices(n_inputs: int, n_rows: int = 600) -> np.ndarray:
    return np.random.default_rng(n_inputs).normal(size=(n_rows, n_inputs))


def network_of(sizes: tuple[int, ...], activation: str, dtype: str) -> Network:
    network = Network(sizes, activation, dtype)
    network.initialize(np.random.default_rng(0))
    return network


def check_all() -> None:
    """Every shape, precision and activation, in other orders and pieces; raises where one differs."""
    for sizes in SIZES:
        for dtype in ("float32", "float64"):
            check(network_of(sizes, "sigmoid", dtype).predict, block_slices(sizes[0]).astype(dtype))
    for activation in ACTIVATIONS:
        check(network_of((5, 9, 2), activation, "float64").predict, block_slices(5))
    for n_outputs in (1, 2, 7, 200, 213):
        weights = np.random.default_rng(1).normal(size=(n_outputs, 33))
        check(Ridge(weights, np.ones(n_outputs)).predict, block_slices(33))
    shares = all_orders(6)[1]
    check(lambda x: (shares @ x[:, :, None])[:, :, 0], block_slices(64))


def check(predict, x) -> None:  # type: ignore[no-untyped-def]
    whole = predict(x)
    order = np.random.default_rng(2).permutation(len(x))
    np.testing.assert_array_equal(predict(x[order]), whole[order])
    np.testing.assert_array_equal(predict(np.asfortranarray(x)), whole)
    for size in (1, 63, 300):
        few = x[: 2 * size]
        parts = [predict(few[start : start + size]) for start in range(0, len(few), size)]
        np.testing.assert_array_equal(np.concatenate(parts), whole[: len(few)])


@pytest.mark.parametrize("kernel", ["", *kernels_of_this_machine()])
def test_a_row_is_predicted_alike_whatever_stands_beside_it(kernel: str) -> None:
    code = "import test_row_blocks; test_row_blocks.check_all()"
    variables = environment() | ({"OPENBLAS_CORETYPE": kernel} if kernel else {})
    variables["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_check_finds_rows_that_depend_on_their_number() -> None:
    def scaled_by_size(x: np.ndarray) -> np.ndarray:
        return x * (1.0 + len(x) * 2.0**-52)

    with pytest.raises(AssertionError):
        check(scaled_by_size, block_slices(3))


def test_a_wide_product_is_padded_size_to_whole_lanes() -> None:
    assert [padded_size(n) for n in (1, 7, 64, 65, 128, 203)] == [1, 7, 64, 72, 128, 208]


def test_blocks_equal_one_product_to_rounding() -> None:
    for sizes in SIZES:
        network = network_of(sizes, "tanh", "float64")
        x = block_slices(sizes[0], 77)
        whole = forward(x, Workspace(network, 77))
        np.testing.assert_allclose(network.predict(x), whole, rtol=1e-12, atol=1e-13)
        np.testing.assert_array_equal(network.predict(x, threads=3), network.predict(x))


def test_every_block_is_whole_and_in_double_precision() -> None:
    seen: list[tuple[object, ...]] = []

    def first_column(worker: int, block: np.ndarray) -> np.ndarray:
        seen.append((worker, block.shape, str(block.dtype), block[-1].tolist()))
        return block[:, :1].copy()

    x = np.arange(14, dtype=np.float32).reshape(7, 2)
    outputs = apply_in_blocks(x, 4, 1, [partial(first_column, 0)])
    assert outputs[:, 0].tolist() == [0, 2, 4, 6, 8, 10, 12]
    assert seen == [(0, (4, 2), "float64", [6, 7]), (0, (4, 2), "float64", [0, 0])]
    assert apply_in_blocks(x[:0], 4, 3, [partial(first_column, 0)]).shape == (0, 3)


def test_the_rows_of_a_block_are_the_networks_alone_to_decide() -> None:
    block_rows = [prediction_block_rows(Network(sizes)) for sizes in SIZES]
    assert block_rows == [512, 512, 512, 128, 128, 128]
    n_parameters = [sum((a + 1) * b for a, b in pairwise(sizes)) for sizes in SIZES]
    assert network_module.PREDICTION_PRODUCTS // 128 // n_parameters[3] == 0
    assert [each.stop - each.start for each in blocks(9, 4)] == [4, 4, 1]
