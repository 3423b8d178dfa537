"""The header and the arrays of a model's file; `header_reading.py` makes a model of them again."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nntrain.data.preprocessing.columns import Feature, NumericColumn, TargetColumn
from nntrain.engine.progress import Progress
from nntrain.model.model import Model
from nntrain.model.summary import Unfinished
from nntrain.stats.baseline import Baseline
from nntrain.stats.conformal import Intervals
from nntrain.stats.ridge import Ridge

FORMAT_VERSION = 1
PROGRESS, REMEMBERED, BEST = "progress", "optimizer", "best"
"""The arrays of a checkpoint: the parameters within an epoch, what the optimizer remembers, and the
parameters of the best epoch."""
SCORES = "scores"
"""The array of a model with intervals: the scores of its calibration rows."""


def arrays_of(model: Model) -> dict[str, NDArray[Any]]:
    """The arrays of a model's file by name, in order; of an ensemble a network after the other."""
    layers = [network.parameters for network in model.networks]
    parts: dict[str, list[NDArray[Any]]] = {}
    for i in range(len(layers[0].weights)):
        parts[f"w{i + 1}"] = [of.weights[i] for of in layers]
        parts[f"b{i + 1}"] = [of.biases[i] for of in layers]
    if model.unfinished:
        progress = model.unfinished.progress
        if any(of.parameters is not None for of in progress):
            parts[PROGRESS] = [
                network.vector if of.parameters is None else of.parameters
                for of, network in zip(progress, layers, strict=True)
            ]
        states = [of.state for of in progress if of.state is not None and len(of.state)]
        bests = [of.best.parameters for of in progress if of.best]
        parts |= {REMEMBERED: states} if states else {}
        parts |= {BEST: bests} if bests else {}
    arrays = {name: np.stack(of) if len(of) > 1 else of[0] for name, of in parts.items()}
    return arrays | ({SCORES: model.intervals.scores} if model.intervals else {})


def header_of(model: Model) -> dict[str, Any]:
    """The header of a model's file, but for the checksum."""
    summary = dataclasses.asdict(model.summary)
    names = ("epochs_trained", "iterations", "stopped_by", "engine", "started_from")
    top = {name: summary.pop(name) for name in names}
    kept_epochs = list(summary.pop("kept_epochs"))
    top |= {"kept_epochs": kept_epochs} if kept_epochs else {}
    fingerprint, versions = summary.pop("fingerprint"), summary.pop("versions")
    top |= {"fingerprint": fingerprint, "versions": versions} if fingerprint else {}
    header = {
        "format_version": FORMAT_VERSION,
        "nntrain_version": model.nntrain_version,
        "config": model.config.as_dict(),
        "preprocessing": {
            "features": [_feature_as_dict(feature) for feature in model.preprocessing.features],
            "targets": [_target_as_dict(target) for target in model.preprocessing.targets],
            "missing_values": list(model.preprocessing.missing_values),
            "inputs": list(model.preprocessing.input_names),
        },
        **top,
        "summary": summary,
        "baseline": _baseline_as_dict(model.baseline),
    }
    if model.intervals:
        header["intervals"] = _intervals_as_dict(model.intervals)
    if model.unfinished:
        header["checkpoint"] = _unfinished_as_dict(model.unfinished)
    return header


def _baseline_as_dict(baseline: Baseline) -> dict[str, Any]:
    values: dict[str, Any] = {"means": baseline.means.tolist(), **_ridge_as_dict(baseline.ridge)}
    if baseline.inputs is not None:
        values["inputs"] = baseline.inputs.tolist()
    return values


def _ridge_as_dict(ridge: Ridge | None) -> dict[str, Any]:
    """Its `weights` and `intercepts`, null without one."""
    return {
        "weights": ridge.weights.tolist() if ridge else None,
        "intercepts": ridge.intercepts.tolist() if ridge else None,
    }


def _intervals_as_dict(intervals: Intervals) -> dict[str, Any]:
    expected = intervals.expected_error
    return {
        "rows": len(intervals.scores),
        "fingerprint": intervals.fingerprint,
        **_ridge_as_dict(expected.ridge),
        "lowest": expected.lowest.tolist(),
        "highest": expected.highest.tolist(),
    }


def _unfinished_as_dict(unfinished: Unfinished) -> dict[str, Any]:
    of_each = [_progress_as_dict(progress) for progress in unfinished.progress]
    smallest = unfinished.smallest_update
    return {
        **(of_each[0] if len(of_each) == 1 else {"networks": of_each}),
        "smallest_update": smallest if math.isfinite(smallest) else None,
        "fingerprint": unfinished.fingerprint,
    }


def _progress_as_dict(progress: Progress) -> dict[str, Any]:
    values: dict[str, Any] = {
        "last": dataclasses.asdict(progress.last) if progress.last else None,
        "rows_done": progress.rows_done,
        "loss": progress.loss,
    }
    if progress.last:
        del values["last"]["member"]
    if progress.best:
        best = {"epoch": progress.best.epoch, "validation_loss": progress.best.validation_loss}
        values["best"] = best
    return values


def _feature_as_dict(feature: Feature) -> dict[str, Any]:
    kind = "numeric" if isinstance(feature, NumericColumn) else "categorical"
    values = {"kind": kind, **dataclasses.asdict(feature)}
    if not values.get("edges", True):
        del values["edges"]
    return values


def _target_as_dict(target: TargetColumn) -> dict[str, Any]:
    values = dataclasses.asdict(target)
    if target.transform == "none":
        del values["transform"]
    return values
