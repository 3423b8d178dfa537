"""The parts of a model from the header and the arrays of its file, every value checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from nntrain.arrays import Array
from nntrain.config.keys import Config
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.engine.network import Network, n_parameters
from nntrain.engine.optimizers import OPTIMIZERS
from nntrain.engine.progress import Progress
from nntrain.model.header import (
    PROGRESS,
    UNFINISHED,
    read_summary,
)
from nntrain.model.header_features import PREPROCESSING
from nntrain.model.header_histograms import histograms_codec
from nntrain.model.header_statistics import baseline_codec, read_intervals
from nntrain.model.parts import ModelParts
from nntrain.model.records import FormatError, required
from nntrain.model.serialize import (
    BEST_PARAMETERS,
    OPTIMIZER_STATE,
    PARAMETERS_WITHIN_EPOCH,
    ROW_HASHES,
    SCORES,
)
from nntrain.model.summary import Summary, Unfinished
from nntrain.stats.conformal import Intervals
from nntrain.stats.cross_conformal import CrossIntervals
from nntrain.stats.histogram import Histogram
from nntrain.stats.row_sketch import RowSketch

MOST_NAMES = 20
"""The most arrays that a message names."""


def model_parts(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> ModelParts:
    """The parts of a model from its header and its arrays by name.

    Raises `FormatError`, and `ConfigError` for its config.
    """
    config = Config.from_dict(required(header, "config", dict))
    preprocessing = PREPROCESSING.read(header.get("preprocessing"), "preprocessing")
    if tuple(target.name for target in preprocessing.targets) != config.target:
        raise FormatError("config and preprocessing name different targets")
    sizes = (len(preprocessing.input_names), *config.hidden_layers, len(config.target))
    progress = _read_progress(header["checkpoint"], config) if "checkpoint" in header else None
    has_intervals = "intervals" in header
    _check_intervals_expected(config, has_intervals, is_finished=progress is None)
    shapes = {**_layer_shapes(sizes), **_checkpoint_shapes(progress or [], config, sizes)}
    has_sketch = "row_sketch" in header
    others = ({SCORES} if has_intervals else set()) | ({ROW_HASHES} if has_sketch else set())
    stacks = _unstack(arrays, shapes, config, others)
    return ModelParts(
        config,
        preprocessing,
        _networks(stacks, sizes, config),
        baseline_codec(sizes[0], sizes[-1]).read(header.get("baseline"), "baseline"),
        _read_summary(header, config, is_finished=progress is None),
        _read_intervals(header["intervals"], arrays, sizes, config) if has_intervals else None,
        _unfinished(header["checkpoint"], progress, stacks) if progress else None,
        _read_row_sketch(header["row_sketch"], arrays[ROW_HASHES]) if has_sketch else None,
        required(header, "nntrain_version", str),
        _read_histograms(header, preprocessing),
    )


def _read_histograms(
    header: Mapping[str, Any], preprocessing: Preprocessing
) -> tuple[Histogram, ...]:
    """The histograms of the features; none in the file of an older version."""
    if "histograms" not in header:
        return ()
    return histograms_codec(preprocessing.features).read(header["histograms"], "histograms")


def _read_summary(header: Mapping[str, Any], config: Config, *, is_finished: bool) -> Summary:
    summary = read_summary(header)
    if is_finished and any(set(part) != set(config.target) for part in summary.parts().values()):
        raise FormatError("its summary is of other targets")
    return summary


def _check_intervals_expected(config: Config, has_intervals: bool, *, is_finished: bool) -> None:
    """Raise `FormatError` for intervals that the config does not give, or lacks.

    Models of an older version have no intervals by rows that networks held out.
    """
    must = is_finished and config.calibration_fraction > 0
    may = is_finished and config.has_rows_for_intervals
    if not must <= has_intervals <= may:
        raise FormatError("its config and its intervals contradict each other")


def _read_intervals(
    values: Any, arrays: Mapping[str, Array], sizes: Sequence[int], config: Config
) -> Intervals | CrossIntervals:
    scores = arrays[SCORES]
    n_rows = len(scores) if scores.ndim else 0
    _check_array(SCORES, scores, (n_rows, sizes[-1]), "float64")
    if n_rows == 0:
        raise FormatError("its intervals have no scores")
    are_calibrated = config.calibration_fraction > 0
    return read_intervals(values, scores, sizes[0], None if are_calibrated else config.ensemble)


def _read_row_sketch(values: Any, hashes: Array) -> RowSketch:
    _check_array(ROW_HASHES, hashes, (hashes.size,), "uint64")
    if not hashes.size or (hashes[1:] <= hashes[:-1]).any():
        raise FormatError("its row_hashes do not rise")
    return RowSketch(hashes, required(values, "complete", bool))


# Arrays


def _layer_shapes(sizes: Sequence[int]) -> dict[str, tuple[int, ...]]:
    """The shapes of the weights and biases of one network."""
    shapes: dict[str, tuple[int, ...]] = {}
    for i, (n_in, n_out) in enumerate(pairwise(sizes), start=1):
        shapes |= {f"w{i}": (n_out, n_in), f"b{i}": (n_out,)}
    return shapes


def _checkpoint_shapes(
    progress: Sequence[Progress], config: Config, sizes: Sequence[int]
) -> dict[str, tuple[int, ...]]:
    """The shapes of a checkpoint's other arrays, for one network."""
    if not progress:
        return {}
    n, n_remembered = n_parameters(sizes), OPTIMIZERS[config.optimizer].n_remembered
    shapes: dict[str, tuple[int, ...]] = {}
    if any(each.rows_done for each in progress):
        shapes[PARAMETERS_WITHIN_EPOCH] = (n,)
    if n_remembered:
        shapes[OPTIMIZER_STATE] = (n_remembered, n)
    if any(each.best for each in progress):
        shapes[BEST_PARAMETERS] = (n,)
    return shapes


def _unstack(
    arrays: Mapping[str, Array],
    shapes: Mapping[str, tuple[int, ...]],
    config: Config,
    others: set[str],
) -> dict[str, list[Array]]:
    """The arrays of each network by name; those called `others` are left to the caller.

    Raises `FormatError` where there are other names, shapes or types.
    """
    expected = shapes.keys() | others
    if set(arrays) != expected:
        found = _listed({*arrays, "header"})
        raise FormatError(f"it has the arrays {found}, expects {_listed({*expected, 'header'})}")
    n = config.ensemble
    for name, shape in shapes.items():
        _check_array(name, arrays[name], shape if n == 1 else (n, *shape), config.dtype)
    return {name: [arrays[name]] if n == 1 else list(arrays[name]) for name in shapes}


def _listed(names: Iterable[str]) -> str:
    shown = sorted(names)
    if len(shown) <= MOST_NAMES:
        return str(shown)
    return f"{shown[:MOST_NAMES]} and {len(shown) - MOST_NAMES:,} more"


def _check_array(name: str, array: Array, shape: tuple[int, ...], dtype: str) -> None:
    if array.shape != shape or array.dtype != np.dtype(dtype):
        raise FormatError(
            f"{name} is {array.dtype} of shape {array.shape}, its header says {dtype} of {shape}"
        )
    if not np.isfinite(array).all():
        raise FormatError(f"{name} holds a number that is not finite")


def _networks(
    stacks: Mapping[str, list[Array]], sizes: Sequence[int], config: Config
) -> tuple[Network, ...]:
    networks = []
    for j in range(config.ensemble):
        network = Network(sizes, config.activation, config.dtype)
        layers = zip(network.parameters.weights, network.parameters.biases, strict=True)
        for i, (w, b) in enumerate(layers, start=1):
            w[...], b[...] = stacks[f"w{i}"][j], stacks[f"b{i}"][j]
        networks.append(network)
    return tuple(networks)


# Checkpoints


def _read_progress(checkpoint: Any, config: Config) -> list[Progress]:
    """The progress of each network, without its arrays."""
    several = config.ensemble > 1
    values = required(checkpoint, "networks", list) if several else [checkpoint]
    if len(values) != config.ensemble:
        raise FormatError("its checkpoint is of another number of networks")
    return [PROGRESS.read(each, "checkpoint") for each in values]


def _unfinished(
    checkpoint: Any, progress: Sequence[Progress], stacks: Mapping[str, list[Array]]
) -> Unfinished:
    complete = tuple(
        _with_arrays(
            each,
            {name: arrays[j] for name, arrays in stacks.items()},
            member=j + 1 if len(progress) > 1 else 0,
        )
        for j, each in enumerate(progress)
    )
    return Unfinished(complete, **UNFINISHED.read(checkpoint, "checkpoint"))


def _with_arrays(progress: Progress, arrays: Mapping[str, Array], member: int) -> Progress:
    """The progress of a network with its arrays, and its number among the networks."""
    last, best = progress.last, progress.best
    return replace(
        progress,
        last=replace(last, member=member) if last else None,
        parameters=arrays[PARAMETERS_WITHIN_EPOCH] if progress.rows_done else None,
        state=arrays.get(OPTIMIZER_STATE),
        best=replace(best, parameters=arrays[BEST_PARAMETERS]) if best else None,
    )
