"""How much memory a run's networks will take, judged before any of them is made."""

from __future__ import annotations

import numpy as np

from nntrain.config.keys import Config
from nntrain.engine.network import BLOCK_BYTES, n_parameters
from nntrain.engine.optimizers import OPTIMIZERS
from nntrain.memory_limit import check_fits
from nntrain.text import counted
from nntrain.threads import available_cores

COPIES, STATE_COPIES, BEST_COPIES = 5.0, 3.8, 1.5
"""Measured copies of a network's parameters, of each number that its optimizer remembers for one,
and of the best parameters: to work on, of the last epochs, and for a checkpoint."""

SMALLEST_BLOCK, PREDICTED_BLOCK = 16, 128
"""The fewest rows of a block in training, and in prediction."""


def check_networks_fit(config: Config, n_inputs: int, n_rows: int) -> None:
    """Raise `OutOfMemoryError` for networks that do not fit into the memory that is left.

    `n_rows` are the training rows, which are in memory already.
    """
    sizes = (n_inputs, *config.hidden_layers, len(config.target))
    n_bytes = networks_memory(config, sizes) + _held_out_memory(config, n_rows)
    smaller = "" if config.dtype == "float32" else ", or set dtype: float32"
    each = counted(n_parameters(sizes), "weight")
    networks = f"{config.ensemble:,} networks of {each} take"
    what = networks if config.ensemble > 1 else f"a network of {each} takes"
    keys = "hidden_layers or ensemble" if config.ensemble > 1 else "hidden_layers"
    check_fits(n_bytes, f"to train {what}", f"lower {keys}{smaller}")


def networks_memory(config: Config, sizes: tuple[int, ...]) -> int:
    """About how many bytes the training of all networks takes, its end included."""
    itemsize, n_weights = np.dtype(config.dtype).itemsize, n_parameters(sizes)
    n_workers = config.threads or available_cores()
    remembered = OPTIMIZERS[config.optimizer].n_remembered
    watches = config.keep == "best" or config.patience is not None
    each = COPIES + STATE_COPIES * remembered + BEST_COPIES * watches
    copies = config.ensemble * each + n_workers
    neurons = sum(sizes[1:])
    block = max(BLOCK_BYTES, SMALLEST_BLOCK * neurons * itemsize)
    workspaces = n_workers * max(2 * block, PREDICTED_BLOCK * neurons * 8)
    in_double_precision = n_weights * 8
    return int(copies * n_weights * itemsize + in_double_precision + workspaces)


def _held_out_memory(config: Config, n_rows: int) -> int:
    """The bytes of the masks and numbers of the rows that each network holds out."""
    if config.ensemble == 1 or config.validation_fraction == 0:
        return 0
    return config.ensemble * n_rows * 9
