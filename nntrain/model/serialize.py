"""The parts of a model as the header and the arrays of its file; `deserialize` is the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nntrain.arrays import Array
from nntrain.engine.network import Parameters
from nntrain.engine.progress import Progress
from nntrain.model.header import (
    PROGRESS,
    UNFINISHED,
    write_summary,
)
from nntrain.model.header_features import PREPROCESSING
from nntrain.model.header_histograms import histograms_codec
from nntrain.model.header_statistics import baseline_codec, write_intervals
from nntrain.model.parts import ModelParts
from nntrain.model.summary import Unfinished

FORMAT_VERSION = 1
PARAMETERS_WITHIN_EPOCH, OPTIMIZER_STATE, BEST_PARAMETERS = "progress", "optimizer", "best"
"""The names of the arrays of a checkpoint."""
SCORES = "scores"
"""The name of the array with the scores of rows, in a model with intervals."""
ROW_HASHES = "row_hashes"
"""The name of the array with the hashes of training rows, in a model with a sketch of them."""


def model_arrays(parts: ModelParts) -> dict[str, Array]:
    """The arrays of a model's file by name, in order.

    For an ensemble, the arrays of its networks are stacked: their first axis is the network.
    """
    networks = [network.parameters for network in parts.networks]
    stacks: dict[str, list[Array]] = {}
    for i in range(len(networks[0].weights)):
        stacks[f"w{i + 1}"] = [network.weights[i] for network in networks]
        stacks[f"b{i + 1}"] = [network.biases[i] for network in networks]
    if parts.unfinished:
        stacks |= _checkpoint_arrays(parts.unfinished.progress, networks)
    arrays = {name: np.stack(each) if len(each) > 1 else each[0] for name, each in stacks.items()}
    if parts.intervals:
        arrays[SCORES] = parts.intervals.scores
    if parts.row_sketch:
        arrays[ROW_HASHES] = parts.row_sketch.hashes
    return arrays


def _checkpoint_arrays(
    progress: Sequence[Progress], networks: Sequence[Parameters]
) -> dict[str, list[Array]]:
    """The arrays that a checkpoint has in addition to the weights and biases."""
    within_epoch: list[Array] = []
    if any(each.parameters is not None for each in progress):
        within_epoch = [
            network.vector if each.parameters is None else each.parameters
            for each, network in zip(progress, networks, strict=True)
        ]
    states = [each.state for each in progress if each.state is not None and len(each.state)]
    bests = [each.best.parameters for each in progress if each.best]
    stacks = {
        PARAMETERS_WITHIN_EPOCH: within_epoch,
        OPTIMIZER_STATE: states,
        BEST_PARAMETERS: bests,
    }
    return {name: each for name, each in stacks.items() if each}


def model_header(parts: ModelParts) -> dict[str, Any]:
    """The header of a model's file, but for the checksum."""
    sizes = parts.networks[0].layer_sizes
    header = {
        "format_version": FORMAT_VERSION,
        "nntrain_version": parts.nntrain_version,
        "config": parts.config.as_dict(),
        "preprocessing": PREPROCESSING.write(parts.preprocessing),
        **write_summary(parts.summary),
        "baseline": baseline_codec(sizes[0], sizes[-1]).write(parts.baseline),
    }
    if parts.histograms:
        histograms = histograms_codec(parts.preprocessing.features)
        header["histograms"] = histograms.write(parts.histograms)
    if parts.intervals:
        header["intervals"] = write_intervals(parts.intervals, sizes[0])
    if parts.row_sketch:
        header["row_sketch"] = {"complete": parts.row_sketch.is_complete}
    if parts.unfinished:
        header["checkpoint"] = _write_unfinished(parts.unfinished)
    return header


def _write_unfinished(unfinished: Unfinished) -> dict[str, Any]:
    progress = [PROGRESS.write(each) for each in unfinished.progress]
    return {
        **(progress[0] if len(progress) == 1 else {"networks": progress}),
        **UNFINISHED.write(vars(unfinished)),
    }
