"""A model in a few words and cells, the same in the report and in the commands that print."""

from __future__ import annotations

from collections.abc import Sequence

from nntrain.config.keys import DEFAULTS, Config
from nntrain.evaluation.importance import Importance
from nntrain.model.model import Model
from nntrain.text import format_number

IMPORTANCE_HEADER = ["column", "RMSE added", "±"]


def network_text(model: Model) -> str:
    """The sizes of the layers, the activation and the precision: `8-20-1, sigmoid, float64`."""
    config = model.config
    sizes = "-".join(map(str, model.networks[0].layer_sizes))
    activation = f", {config.activation}" if config.hidden_layers else ""
    return f"{sizes}{activation}, {config.dtype}"


def changed_keys(config: Config) -> set[str]:
    """The keys of a config whose values differ from their defaults."""
    return {key for key, default in DEFAULTS.items() if getattr(config, key) != default}


def importance_rows(columns: Sequence[Importance]) -> list[list[str]]:
    """The cells under `IMPORTANCE_HEADER`, a row for each column."""
    return [
        [column.column, format_number(column.mean), format_number(column.deviation)]
        for column in columns
    ]
