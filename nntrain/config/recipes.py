"""The recipes of `nntrain init`: config keys that train well, by the number of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

SMALL_ROWS = 2_000
FEW_ROWS = 16_000
"""Up to this many rows all epochs are worth their time; tables of more rows get fewer."""
MANY_ROWS = 50_000
BINS = ((SMALL_ROWS, 16), (FEW_ROWS, 8), (MANY_ROWS, 32))
"""(rows, bins): a table of fewer rows gets this many bins."""
BINS_OF_MANY_ROWS = 16
"""With more rows than in `BINS`, more bins would take too much memory."""


def accurate(n_rows: int) -> dict[str, Any]:
    """The keys of an ensemble that was measured to do well on many tables of this size."""
    is_small = n_rows < SMALL_ROWS
    epochs = max(8, round(256 * min(1.0, FEW_ROWS / max(n_rows, 1)) ** 0.7))
    return {
        "hidden_layers": (128, 128) if is_small else (128, 128, 128),
        "activation": "mish",
        "initialization": "lecun_normal",
        "alpha": 0.006 if is_small else 0.003,
        "alpha_schedule": "cosine",
        "optimizer": "adam",
        "beta_2": 0.95,
        "epochs": epochs,
        "batch_size": 64 if n_rows < MANY_ROWS else 256,
        "patience": epochs // 4,
        "keep": "best",
        "ensemble": 8,
        "numeric_encoding": "piecewise_linear",
        "bins": next((bins for limit, bins in BINS if n_rows < limit), BINS_OF_MANY_ROWS),
        "clamp_predictions": True,
        "validation_fraction": 0.1,
        "dtype": "float32",
    }


RECIPES: dict[str, Callable[[int], dict[str, Any]]] = {
    "accurate": accurate,
    "textbook": lambda _n_rows: {},
}
"""For each recipe a function from the number of rows to the keys that differ from the default."""
