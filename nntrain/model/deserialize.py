"""The model that a file's header and arrays say, every number of them checked."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, TypeVar, cast, get_args

import numpy as np
from numpy.typing import NDArray

from nntrain.config.choices import TRANSFORMS
from nntrain.config.keys import Config
from nntrain.data.preprocessing.columns import (
    CategoricalColumn,
    Feature,
    NumericColumn,
    TargetColumn,
)
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.engine.network import Network, n_parameters
from nntrain.engine.optimizers import OPTIMIZERS
from nntrain.engine.progress import Best, EpochResult, Progress, Reason
from nntrain.model.model import Model
from nntrain.model.serialize import BEST, PROGRESS, REMEMBERED, SCORES
from nntrain.model.summary import Summary, Unfinished
from nntrain.stats.baseline import Baseline
from nntrain.stats.conformal import ExpectedError, Intervals
from nntrain.stats.metrics import Metrics
from nntrain.stats.ridge import Ridge

T = TypeVar("T")


class UnsoundError(Exception):
    """What is wrong with a model file."""


def model_from(header: dict[str, Any], members: dict[str, NDArray[Any]]) -> Model:
    """The model of a header and its arrays. Raises `UnsoundError`, and `ConfigError`."""
    config = Config.from_dict(sound(header, "config", dict))
    preprocessing = _preprocessing_from(sound(header, "preprocessing", dict))
    if tuple(target.name for target in preprocessing.targets) != config.target:
        raise UnsoundError("config and preprocessing name different targets")
    sizes = (len(preprocessing.input_names), *config.hidden_layers, len(config.target))
    shapes: dict[str, tuple[int, ...]] = {}
    for i, (n_in, n_out) in enumerate(pairwise(sizes), start=1):
        shapes |= {f"w{i}": (n_out, n_in), f"b{i}": (n_out,)}
    stands = _stands(sound(header, "checkpoint", dict), config) if "checkpoint" in header else None
    if stands:
        shapes |= _checkpoint_shapes(stands, config, n_parameters(sizes))
    of_intervals = sound(header, "intervals", dict) if "intervals" in header else None
    if (of_intervals is not None) != (config.calibration_fraction > 0 and stands is None):
        raise UnsoundError("its config and its intervals contradict each other")
    of_networks = dict(members)
    scores = of_networks.pop(SCORES, None) if of_intervals is not None else None
    parts = _parts(shapes, of_networks, config)
    networks = []
    for j in range(config.ensemble):
        network = Network(sizes, config.activation, config.dtype)
        for i, (w, b) in enumerate(
            zip(network.parameters.weights, network.parameters.biases, strict=True), start=1
        ):
            w[...], b[...] = parts[f"w{i}"][j], parts[f"b{i}"][j]
        networks.append(network)
    unfinished = _unfinished_from(header["checkpoint"], stands, parts) if stands else None
    baseline = _baseline_from(sound(header, "baseline", dict), sizes[0], sizes[-1])
    intervals = _intervals_from(of_intervals, scores, sizes) if of_intervals is not None else None
    version = sound(header, "nntrain_version", str)
    summary = _summary_from(header)
    for metrics in summary.parts().values() if unfinished is None else ():
        if set(metrics) != set(config.target):
            raise UnsoundError("its summary is of other targets")
    return Model(
        config, preprocessing, tuple(networks), baseline, summary, intervals, unfinished, version
    )


def _parts(
    shapes: dict[str, tuple[int, ...]], members: dict[str, NDArray[Any]], config: Config
) -> dict[str, list[NDArray[Any]]]:
    """The arrays, of these names and shapes, each taken apart into those of the networks."""
    expected = shapes.keys() | {"header"}
    if set(members) != expected:
        raise UnsoundError(f"it has the arrays {_listed(members)}, expects {_listed(expected)}")
    n = config.ensemble
    for name, shape in shapes.items():
        _check_array(name, members[name], shape if n == 1 else (n, *shape), config.dtype)
    return {name: [members[name]] if n == 1 else list(members[name]) for name in shapes}


def _stands(values: dict[str, Any], config: Config) -> list[dict[str, Any]]:
    """Where each network of a checkpoint stands, as it is in the header."""
    stands = [values] if config.ensemble == 1 else sound(values, "networks", list)
    if len(stands) != config.ensemble or not all(isinstance(of, dict) for of in stands):
        raise UnsoundError("its checkpoint is of another number of networks")
    return stands


def _checkpoint_shapes(
    stands: list[dict[str, Any]], config: Config, n: int
) -> dict[str, tuple[int, ...]]:
    """The arrays that a checkpoint has beside the weights, of networks of n parameters."""
    n_remembered = OPTIMIZERS[config.optimizer].n_remembered
    has = {
        PROGRESS: any(of.get("rows_done") for of in stands),
        REMEMBERED: n_remembered > 0,
        BEST: any(of.get("best") is not None for of in stands),
    }
    return {name: (n_remembered, n) if name == REMEMBERED else (n,) for name in has if has[name]}


def _unfinished_from(
    values: dict[str, Any], stands: list[dict[str, Any]], parts: dict[str, list[NDArray[Any]]]
) -> Unfinished:
    progress = []
    for j, of in enumerate(stands):
        arrays = [
            parts[name][j] if name in parts else None for name in (PROGRESS, REMEMBERED, BEST)
        ]
        progress.append(_progress_from(of, *arrays, member=j + 1 if len(stands) > 1 else 0))
    smallest = _optional_float(values, "smallest_update")
    fingerprint = sound(values, "fingerprint", str)
    return Unfinished(tuple(progress), math.inf if smallest is None else smallest, fingerprint)


def _progress_from(
    values: dict[str, Any],
    parameters: NDArray[Any] | None,
    state: NDArray[Any] | None,
    best_parameters: NDArray[Any] | None,
    *,
    member: int,
) -> Progress:
    last, rows_done = values.get("last"), sound(values, "rows_done", int)
    if rows_done < 0:
        raise UnsoundError("its checkpoint's 'rows_done' is out of range")
    best = None
    if values.get("best") is not None:
        if best_parameters is None:
            raise UnsoundError("its checkpoint lacks the parameters of its best epoch")
        of_best = sound(values, "best", dict)
        best = Best(
            sound(of_best, "epoch", int), sound(of_best, "validation_loss", float), best_parameters
        )
    return Progress(
        None if last is None else _epoch_from(last, member),
        rows_done,
        sound(values, "loss", float),
        parameters if rows_done else None,
        state,
        best,
    )


def _epoch_from(values: Any, member: int) -> EpochResult:
    stopped_by = sound(values, "stopped_by", str)
    if stopped_by not in get_args(Reason):
        raise UnsoundError("its checkpoint has an unsound 'stopped_by'")
    return EpochResult(
        sound(values, "epoch", int),
        sound(values, "iterations", int),
        sound(values, "loss", float),
        _optional_float(values, "validation_loss"),
        sound(values, "largest_update", float),
        cast("Reason", stopped_by),
        member,
    )


def _listed(names: Iterable[str], most: int = 20) -> str:
    shown = sorted(names)
    return str(shown) if len(shown) <= most else f"{shown[:most]} and {len(shown) - most:,} more"


def _baseline_from(values: dict[str, Any], n_inputs: int, n_targets: int) -> Baseline:
    means = _matrix(values, "means", (n_targets,))
    if means is None:
        raise UnsoundError("its baseline has no means")
    inputs = _matrix(values, "inputs", (n_inputs,))
    return Baseline(means, inputs, _ridge_from(values, n_inputs, n_targets))


def _ridge_from(values: dict[str, Any], n_inputs: int, n_targets: int) -> Ridge | None:
    weights = _matrix(values, "weights", (n_targets, n_inputs))
    intercepts = _matrix(values, "intercepts", (n_targets,))
    return None if weights is None or intercepts is None else Ridge(weights, intercepts)


def _intervals_from(
    values: dict[str, Any], scores: NDArray[Any] | None, sizes: Sequence[int]
) -> Intervals:
    n_rows, n_inputs, n_targets = sound(values, "rows", int), sizes[0], sizes[-1]
    if scores is None or n_rows < 1:
        raise UnsoundError("its intervals have no scores")
    _check_array(SCORES, scores, (n_rows, n_targets), "float64")
    if (scores[:1] < 0).any() or (np.diff(scores, axis=0) < 0).any():
        raise UnsoundError("its scores do not rise from 0 or more")
    lowest, highest = (_matrix(values, key, (n_targets,)) for key in ("lowest", "highest"))
    if lowest is None or highest is None or (lowest > highest).any():
        raise UnsoundError("its intervals have no sound range")
    expected = ExpectedError(_ridge_from(values, n_inputs, n_targets), lowest, highest)
    return Intervals(expected, scores, sound(values, "fingerprint", str))


def _matrix(values: dict[str, Any], key: str, shape: tuple[int, ...]) -> NDArray[Any] | None:
    if values.get(key) is None:
        return None
    try:
        array = np.array(values[key], dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        raise UnsoundError(f"its header has unsound {key}") from None
    if array.shape != shape or not np.isfinite(array).all():
        raise UnsoundError(f"its header has unsound {key}")
    return array


def _check_array(name: str, array: NDArray[Any], shape: tuple[int, ...], dtype: str) -> None:
    if array.shape != shape or array.dtype != np.dtype(dtype):
        raise UnsoundError(
            f"{name} is {array.dtype} of shape {array.shape}, its header says {dtype} of {shape}"
        )
    if not np.isfinite(array).all():
        raise UnsoundError(f"{name} holds a number that is not finite")


def _preprocessing_from(values: dict[str, Any]) -> Preprocessing:
    missing = sound(values, "missing_values", list)
    if not all(isinstance(value, str) for value in missing):
        raise UnsoundError("missing_values holds something other than texts")
    targets = [_target_from(item) for item in sound(values, "targets", list)]
    preprocessing = Preprocessing(
        tuple(_feature_from(item) for item in sound(values, "features", list)),
        tuple(targets),
        tuple(missing),
    )
    if list(preprocessing.input_names) != sound(values, "inputs", list):
        raise UnsoundError("its inputs are not those of its features")
    return preprocessing


def _feature_from(values: Any) -> Feature:
    kind = sound(values, "kind", str)
    rest = {key: value for key, value in values.items() if key != "kind"}
    if kind == "numeric":
        edges = tuple(sound(rest, "edges", list)) if "edges" in rest else ()
        if not all(isinstance(edge, float) and math.isfinite(edge) for edge in edges):
            raise UnsoundError("a feature's edges are not finite numbers")
        if not all(low < high for low, high in pairwise(edges)):
            raise UnsoundError("a feature's edges do not rise")
        return _record(NumericColumn, rest, edges=edges)
    if kind != "categorical":
        raise UnsoundError(f"a feature of the unknown kind {kind!r}")
    categories = sound(rest, "categories", list)
    if not categories or not all(isinstance(category, str) for category in categories):
        raise UnsoundError("a feature's categories are not texts")
    if len(set(categories)) < len(categories):
        raise UnsoundError("a feature's category stands twice")
    return CategoricalColumn(sound(rest, "name", str), tuple(categories))


TYPES = {"str": str, "float": float, "int": int, "bool": bool}


def _record(cls: type[T], values: Any, **known: Any) -> T:
    """A frozen dataclass of plain fields from JSON, every type checked and every number finite.

    `known` are fields that are checked already.
    """
    fields = [f for f in dataclasses.fields(cls) if f.name not in known]  # type: ignore[arg-type]
    read: dict[str, Any] = {f.name: sound(values, f.name, TYPES[str(f.type)]) for f in fields}
    return cls(**read, **known)


def _target_from(values: Any) -> TargetColumn:
    transform = values.get("transform", "none") if isinstance(values, dict) else ""
    if not isinstance(transform, str) or transform not in TRANSFORMS:
        raise UnsoundError("a target has an unknown 'transform'")
    target = _record(TargetColumn, values, transform=transform)
    if target.minimum > target.maximum:
        raise UnsoundError("a target's minimum is above its maximum")
    return target


def sound(values: Any, key: str, kind: type[T]) -> T:
    """A value of this type, finite and in its range. Raises `UnsoundError`."""
    value = values.get(key) if isinstance(values, dict) else None
    if kind is float and type(value) is int and abs(value) <= sys.float_info.max:
        value = float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise UnsoundError(f"its header lacks a sound {key!r}")
    if isinstance(value, float) and (not math.isfinite(value) or (key == "scale" and value <= 0)):
        raise UnsoundError(f"its header has {key!r} out of range")
    return value


def _summary_from(header: dict[str, Any]) -> Summary:
    values = sound(header, "summary", dict)

    def metrics(part: str) -> dict[str, Metrics]:
        return {str(name): _metrics_from(item) for name, item in sound(values, part, dict).items()}

    return Summary(
        epochs_trained=sound(header, "epochs_trained", int),
        iterations=sound(header, "iterations", int),
        stopped_by=_stopped_by_from(header),
        engine=sound(header, "engine", str),
        started_from=_optional_text(header, "started_from"),
        rows=sound(values, "rows", int),
        validation_rows=sound(values, "validation_rows", int),
        loss=_optional_float(values, "loss"),
        validation_loss=_optional_float(values, "validation_loss"),
        training=metrics("training"),
        validation=metrics("validation"),
        kept_epochs=_kept_epochs_from(header),
        fingerprint=_optional_text(header, "fingerprint"),
        versions=_versions_from(header),
    )


def _stopped_by_from(header: dict[str, Any]) -> str:
    stopped_by = sound(header, "stopped_by", str)
    if stopped_by not in (*get_args(Reason), "time"):
        raise UnsoundError(f"its 'stopped_by' is {stopped_by!r}")
    return stopped_by


def _kept_epochs_from(header: dict[str, Any]) -> tuple[int, ...]:
    epochs = sound(header, "kept_epochs", list) if "kept_epochs" in header else []
    if not all(type(epoch) is int and epoch > 0 for epoch in epochs):
        raise UnsoundError("its 'kept_epochs' are not whole numbers above 0")
    return tuple(epochs)


def _versions_from(header: dict[str, Any]) -> dict[str, str]:
    versions = sound(header, "versions", dict) if "versions" in header else {}
    if not all(isinstance(version, str) for version in versions.values()):
        raise UnsoundError("its 'versions' are not texts")
    return versions


def _metrics_from(values: Any) -> Metrics:
    return Metrics(
        rows=sound(values, "rows", int),
        rmse=sound(values, "rmse", float),
        mae=sound(values, "mae", float),
        r2=_optional_float(values, "r2"),
        largest_error=sound(values, "largest_error", float),
        mean_rmse=sound(values, "mean_rmse", float),
        ridge_rmse=_optional_float(values, "ridge_rmse"),
    )


def _optional_float(values: Any, key: str) -> float | None:
    present = isinstance(values, dict) and values.get(key) is not None
    return sound(values, key, float) if present else None


def _optional_text(values: Any, key: str) -> str | None:
    present = isinstance(values, dict) and values.get(key) is not None
    return sound(values, key, str) if present else None
