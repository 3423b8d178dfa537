"""A model in a few words and cells, the same in the report and in the commands that print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nntrain.config.keys import DEFAULTS, Config
from nntrain.evaluation.importance import Importance
from nntrain.model.model import Model
from nntrain.stats.conformal import Intervals
from nntrain.text import counted, format_number

LONGEST_FEATURES = 100
IMPORTANCE_HEADER = ["column", "RMSE added", "±"]


def network_text(model: Model) -> str:
    """The sizes of the layers, the activation and the precision: `8-20-1, sigmoid, float64`."""
    config = model.config
    sizes = "-".join(map(str, model.networks[0].layer_sizes))
    activation = f", {config.activation}" if config.hidden_layers else ""
    return f"{sizes}{activation}, {config.dtype}"


def arithmetic_text(versions: Mapping[str, str]) -> str:
    """What computed a model, in a line: `numpy 2.4.6, blas_kernel Haswell`; `-` if it is not known.

    Of the many features of a processor that Numba compiles for, only how many they are.
    """
    parts = [
        f"{name} {len(text.split())}" if len(text) > LONGEST_FEATURES else f"{name} {text}"
        for name, text in versions.items()
    ]
    return ", ".join(parts) or "-"


def ridge_text(model: Model) -> str:
    """The penalty of the ridge regression for each target: `12.3 for y, 0.5 for z`."""
    penalties = model.baseline.penalties(model.config.target)
    return ", ".join(f"{format_number(value)} for {name}" for name, value in penalties.items())


def intervals_text(model: Model) -> str:
    """Which rows the prediction intervals come from: `60 calibration rows`; empty without any."""
    if model.intervals is None:
        return ""
    n_rows = len(model.intervals.scores)
    if isinstance(model.intervals, Intervals):
        return counted(n_rows, "calibration row")
    return f"{counted(n_rows, 'row')} that networks held out ({model.intervals.method})"


def changed_keys(config: Config) -> set[str]:
    """The keys of a config whose values differ from their defaults."""
    return {key for key, default in DEFAULTS.items() if getattr(config, key) != default}


def importance_rows(columns: Sequence[Importance]) -> list[list[str]]:
    """The cells under `IMPORTANCE_HEADER`, a row for each column."""
    return [
        [column.column, format_number(column.mean), format_number(column.deviation)]
        for column in columns
    ]
