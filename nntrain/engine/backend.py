"""Which engine trains a network: NumPy, or the kernels that Numba compiles."""

from __future__ import annotations

import importlib.util
from typing import Literal, cast

from nntrain.engine.network import Network
from nntrain.errors import MissingExtraError

SMALL_PRODUCTS = 1 << 23
"""Up to this many multiplications in an iteration, the overhead of NumPy calls takes most time."""

LOADING_COST = 50_000
"""Loading Numba takes the time that it saves in this many iterations of a tiny network."""

TINY_PRODUCTS = 160_000
"""With this many multiplications in an iteration, Numba saves twice as much in each."""

LOADING_PRODUCTS = 1 << 35
"""`LOADING_COST` for a large network, in multiplications: there Numba saves less."""


def select_engine(
    asked: str, network: Network, batch_rows: int, n_iterations: int
) -> Literal["numpy", "compiled"]:
    """The engine `asked` for; for `auto`, the faster one of those installed, by the work to do."""
    if asked != "auto":
        return cast("Literal['numpy', 'compiled']", asked)
    n_products = batch_rows * network.parameters.vector.size
    if is_small(network, batch_rows):
        pays = n_iterations * (1 + n_products / TINY_PRODUCTS) >= LOADING_COST
    else:
        pays = n_iterations * n_products >= LOADING_PRODUCTS
    return "compiled" if pays and _has_numba() else "numpy"


def is_small(network: Network, batch_rows: int) -> bool:
    """Whether overhead rather than matrix products takes most of the time of an iteration."""
    return batch_rows * network.parameters.vector.size <= SMALL_PRODUCTS


def check_installed(asked: str) -> None:
    """Raise `MissingExtraError` for the compiled engine without Numba."""
    if asked == "compiled" and not _has_numba():
        raise MissingExtraError(
            "engine: compiled needs the extra fast: pip install 'nntrain[fast]'; "
            "or set engine: auto"
        )


def _has_numba() -> bool:
    return importlib.util.find_spec("numba") is not None
