"""Which engine trains a network: NumPy, or the kernels that Numba compiles."""

from __future__ import annotations

import importlib.util
import logging
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from nntrain.engine.compiled import SwitchedOffError
from nntrain.engine.network import Network
from nntrain.errors import MissingExtraError

log = logging.getLogger(__name__)

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
    return "compiled" if pays and _works() else "numpy"


def is_small(network: Network, batch_rows: int) -> bool:
    """Whether overhead rather than matrix products takes most of the time of an iteration."""
    return batch_rows * network.parameters.vector.size <= SMALL_PRODUCTS


def check_installed(asked: str) -> None:
    """Raise `MissingExtraError` for the compiled engine where Numba is not there, or fails."""
    if asked != "compiled":
        return
    if not _has_numba():
        raise MissingExtraError(
            "engine: compiled needs the extra fast: pip install 'nntrain[fast]'; "
            "or set engine: auto"
        )
    if failure := find_failure():
        raise MissingExtraError(
            f"engine: compiled needs Numba, which fails here: {failure.reason}; {failure.remedy}, "
            f"or set engine: auto"
        )


@dataclass(frozen=True)
class Failure:
    """Why Numba cannot compile here, and what its user can do about it."""

    reason: str
    remedy: str


@cache
def find_failure() -> Failure | None:
    """Why Numba, which is installed, does not work; None if it does. Loads Numba."""
    try:
        with warnings.catch_warnings(action="ignore"):
            from nntrain.engine.compiled.trial import try_kernel  # noqa: PLC0415  (optional)

            try_kernel()
    except SwitchedOffError as error:
        return Failure(str(error), "unset it")
    except Exception as error:  # noqa: BLE001  (whatever is wrong with it, another engine can train)
        first_line = str(error).strip().partition("\n")[0].rstrip(".")
        return Failure(
            f"{type(error).__name__}: {first_line}",
            "install it anew: pip install --force-reinstall 'nntrain[fast]'",
        )
    return None


def _works() -> bool:
    """Whether Numba is there and compiles; a note says so where it is there and fails."""
    if not _has_numba():
        return False
    if failure := find_failure():
        _note_failure(failure)
    return failure is None


@cache
def _note_failure(failure: Failure) -> None:
    log.warning(
        "trained by NumPy, which is slower: Numba fails here: %s; %s, or set engine: numpy",
        failure.reason,
        failure.remedy,
    )


def _has_numba() -> bool:
    return importlib.util.find_spec("numba") is not None
