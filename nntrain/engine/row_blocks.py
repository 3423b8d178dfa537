"""Rows through a function in blocks of one fixed size, so that no row depends on its neighbours.

For another number of rows a BLAS takes another kernel, which rounds in another way. A product x wᵀ
of one fixed shape in double precision gives a row the same bits wherever it stands in the block, if
a wide w has a multiple of 8 rows (`padded_size`). That was measured with OpenBLAS's kernels for
Nehalem, Sandybridge, Haswell, Zen and SkylakeX; a test holds it for those that a machine can run.
In single precision the kernel for Haswell breaks it, and that for SkylakeX breaks it from 193 rows
of w on, unless they are a multiple of 8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Array
from nntrain.engine.worker_pool import WorkerPool

Function = Callable[[Array], Array]

WIDE, LANES = 64, 8


def apply_in_blocks(
    x: Array, block_rows: int, n_outputs: int, functions: Sequence[Function]
) -> NDArray[np.float64]:
    """The outputs (n_rows, n_outputs) of a function for rows x (n_rows, n_inputs).

    The function takes blocks (block_rows, n_inputs) in double precision, the last one filled up
    with rows of zeros, and returns (block_rows, n_outputs) or more columns, which are cut off.
    `functions` are alike, one for each thread.
    """
    outputs = np.empty((len(x), n_outputs))
    block_slices = list(blocks(len(x), block_rows))
    functions = functions[: max(1, len(block_slices))]
    buffers = [np.empty((block_rows, x.shape[1])) for _ in functions]

    def work(worker: int, block: int) -> None:
        rows, buffer = block_slices[block], buffers[worker]
        n_rows = rows.stop - rows.start
        buffer[:n_rows] = x[rows]
        buffer[n_rows:] = 0.0
        outputs[rows] = functions[worker](buffer)[:n_rows, :n_outputs]

    with WorkerPool(len(functions)) as pool:
        pool.run(len(block_slices), work)
    return outputs


def blocks(n_rows: int, block_rows: int) -> Iterator[slice]:
    """Slices of at most `block_rows` rows that together are all rows, in order."""
    for start in range(0, n_rows, block_rows):
        yield slice(start, min(start + block_rows, n_rows))


def padded_size(n_outputs: int) -> int:
    """The outputs that a product of so many outputs must have, for rows not to depend on others."""
    return n_outputs if n_outputs <= WIDE else -(-n_outputs // LANES) * LANES
