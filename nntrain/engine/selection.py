"""Which engine trains, and on how many threads."""

from __future__ import annotations

import importlib.util
from typing import Literal, cast

from nntrain.engine.network import Network
from nntrain.errors import MissingExtraError

MOST_PRODUCTS = 1 << 20
"""Up to so many products of an input and a weight an iteration, the compiled loops are faster."""

FEWEST_ITERATIONS = 50_000
"""Fewer are done before Numba is loaded."""


def select_engine(
    asked: str, network: Network, batch_rows: int, n_iterations: int
) -> Literal["numpy", "compiled"]:
    """The engine asked for; for `auto`, by the work to do, among those installed."""
    if asked != "auto":
        return cast("Literal['numpy', 'compiled']", asked)
    is_small = batch_rows * network.parameters.vector.size <= MOST_PRODUCTS
    pays = is_small and n_iterations >= FEWEST_ITERATIONS
    return "compiled" if pays and _has_numba() else "numpy"


def check_installed(asked: str) -> None:
    """Raise `MissingExtraError` for the compiled engine without Numba."""
    if asked == "compiled" and not _has_numba():
        raise MissingExtraError(
            "engine: compiled needs the extra fast: pip install 'nntrain[fast]'; "
            "or set engine: auto"
        )


def _has_numba() -> bool:
    return importlib.util.find_spec("numba") is not None
