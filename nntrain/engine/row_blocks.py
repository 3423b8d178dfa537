"""Apply a function to rows in blocks of one fixed size, so that a row's result never changes.

For another number of rows, the matrix library (BLAS) takes another kernel, which rounds
differently. With a fixed number of rows and in double precision, a product x wᵀ gives a row the
same bits wherever the row stands in the block, if a wide w has a multiple of 8 rows
(`padded_size`). This was measured with OpenBLAS's kernels for Nehalem, Sandybridge, Haswell, Zen
and SkylakeX; a test checks those that the machine can run. In single precision it is not so with
the Haswell kernel, nor with the SkylakeX kernel from 193 rows of w on, unless these are a multiple
of 8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from nntrain.arrays import Array
from nntrain.engine.worker_pool import WorkerPool

Function = Callable[[Array], Array]

WIDE, LANES = 64, 8
"""Products with more than `WIDE` outputs are padded to a multiple of `LANES`."""


def apply_in_blocks(
    x: Array, block_rows: int, n_outputs: int, functions: Sequence[Function]
) -> NDArray[np.float64]:
    """The outputs (n_rows, n_outputs) of a function for rows x (n_rows, n_inputs).

    The function takes blocks (block_rows, n_inputs) in double precision, the last one padded with
    rows of zeros. It returns (block_rows, n_outputs); further columns are cut off. `functions` has
    one copy of the function for each thread.
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
    """Slices of `block_rows` rows that cover all rows in order; the last one may be shorter."""
    for start in range(0, n_rows, block_rows):
        yield slice(start, min(start + block_rows, n_rows))


def padded_size(n_outputs: int) -> int:
    """How many outputs a product must be padded to, so that no row depends on the others."""
    return n_outputs if n_outputs <= WIDE else -(-n_outputs // LANES) * LANES
