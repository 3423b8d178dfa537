"""The loss and the gradient of a batch: forward and backward pass, in blocks of rows if large.

A gradient is a sum over rows. A large batch is cut into blocks whose activations stay in the cache,
and several threads share the blocks. The blocks' gradients are added in their order, so that the
result does not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nntrain.engine.activations import ACTIVATIONS, Activation
from nntrain.engine.batches import Batch
from nntrain.engine.network import (
    Network,
    Parameters,
    Workspace,
    backward,
    forward,
    rows_per_block,
)
from nntrain.engine.row_blocks import blocks
from nntrain.engine.worker_pool import WorkerPool


class BatchGradient:
    """Computes the gradient ∂ℓ/∂θ of batches of up to `batch_rows` rows.

    `vector` (n_parameters,) holds the gradient of the last batch.
    """

    def __init__(
        self,
        network: Network,
        batch_rows: int,
        pool: WorkerPool,
        activations: Mapping[str, Activation] = ACTIVATIONS,
    ) -> None:
        self.network = network
        self.pool = pool
        self.block_rows = rows_per_block(network, batch_rows)
        total = Parameters(network.layer_sizes, np.zeros_like(network.parameters.vector))
        self.vector = total.vector
        n_whole = min(batch_rows, self.block_rows)
        self._whole = Workspace(network, n_whole, total, activations)
        n_blocks = -(-batch_rows // self.block_rows)
        n_workers = min(pool.threads, n_blocks) if n_blocks > 1 else 0
        self._workspaces = [
            Workspace(network, self.block_rows, activations=activations) for _ in range(n_workers)
        ]

    def compute(self, batch: Batch) -> float:
        """The loss ℓ of a batch, summed over its rows; leaves its gradient in `vector`."""
        x, y, weights = batch
        n_rows = len(x)
        if n_rows > self.block_rows:
            return self._compute_in_blocks(batch)
        workspace = self._whole if n_rows == self._whole.n_rows else self._whole.for_rows(n_rows)
        forward(x, workspace)
        return backward(x, y, workspace, weights)

    def _compute_in_blocks(self, batch: Batch) -> float:
        x, y, weights = batch
        block_slices = list(blocks(len(x), self.block_rows))
        losses = [0.0] * len(block_slices)

        def work(worker: int, block: int) -> None:
            rows = block_slices[block]
            workspace = self._workspaces[worker].for_rows(rows.stop - rows.start)
            forward(x[rows], workspace)
            row_weights = None if weights is None else weights[rows]
            losses[block] = backward(x[rows], y[rows], workspace, row_weights)

        def add(worker: int, block: int) -> None:
            gradient = self._workspaces[worker].gradient.vector
            if block == 0:
                self.vector[:] = gradient
            else:
                np.add(self.vector, gradient, self.vector)

        self.pool.run(len(block_slices), work, add)
        return sum(losses)
