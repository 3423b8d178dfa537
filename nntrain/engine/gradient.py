"""The loss and the gradient of a batch: forward and backward pass, in blocks where it is large.

A gradient is a sum over rows. A large batch goes through in blocks whose activations stay in the
cache, on several threads; the blocks' gradients are added in their order, so that the result does
not depend on the threads.
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
    """Computes ∂ℓ/∂θ of batches of up to `batch_rows` rows into `vector` (n_parameters,)."""

    def __init__(
        self,
        network: Network,
        batch_rows: int,
        team: WorkerPool,
        activations: Mapping[str, Activation] = ACTIVATIONS,
    ) -> None:
        self.network = network
        self.team = team
        self.block_rows = rows_per_block(network, batch_rows)
        total = Parameters(network.layer_sizes, np.zeros_like(network.parameters.vector))
        self.vector = total.vector
        n_whole = min(batch_rows, self.block_rows)
        self._whole = Workspace(network, n_whole, total, activations)
        n_blocks = -(-batch_rows // self.block_rows)
        n_workers = min(team.threads, n_blocks) if n_blocks > 1 else 0
        self._workspaces = [
            Workspace(network, self.block_rows, activations=activations) for _ in range(n_workers)
        ]

    def of(self, batch: Batch) -> float:
        """The loss ℓ of a batch, summed over its rows; leaves its gradient in `vector`."""
        x, y, weights = batch
        n_rows = len(x)
        if n_rows > self.block_rows:
            return self._of_blocks(batch)
        workspace = self._whole if n_rows == self._whole.n_rows else self._whole.of(n_rows)
        forward(x, workspace)
        return backward(x, y, workspace, weights)

    def _of_blocks(self, batch: Batch) -> float:
        x, y, weights = batch
        rows_of = list(blocks(len(x), self.block_rows))
        losses = [0.0] * len(rows_of)

        def work(worker: int, block: int) -> None:
            rows = rows_of[block]
            workspace = self._workspaces[worker].of(rows.stop - rows.start)
            forward(x[rows], workspace)
            of_rows = None if weights is None else weights[rows]
            losses[block] = backward(x[rows], y[rows], workspace, of_rows)

        def add(worker: int, block: int) -> None:
            gradient = self._workspaces[worker].gradient.vector
            if block == 0:
                self.vector[:] = gradient
            else:
                np.add(self.vector, gradient, self.vector)

        self.team.run(len(rows_of), work, add)
        return sum(losses)
