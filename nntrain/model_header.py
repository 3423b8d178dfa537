"""The header and the arrays of a model file, and the model that they say: every number checked."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Literal, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from nntrain.baseline import Baseline
from nntrain.config import Config
from nntrain.data.preprocessing import (
    CategoricalColumn,
    Feature,
    NumericColumn,
    Preprocessing,
    TargetColumn,
)
from nntrain.engine.network import Network, n_parameters
from nntrain.engine.training import EpochResult, Progress
from nntrain.metrics import Metrics
from nntrain.model import Model, Summary, Unfinished

T = TypeVar("T")

FORMAT_VERSION = 1
PROGRESS = "progress"
"""The array of a checkpoint within an epoch: the parameters as they are there."""


class UnsoundError(Exception):
    """What is wrong with a model file."""


def arrays_of(model: Model) -> dict[str, NDArray[Any]]:
    """The arrays of a model's file by name, in order."""
    arrays: dict[str, NDArray[Any]] = {}
    parameters = model.network.parameters
    for i, (w, b) in enumerate(zip(parameters.weights, parameters.biases, strict=True), start=1):
        arrays[f"w{i}"], arrays[f"b{i}"] = w, b
    if model.unfinished and model.unfinished.progress.parameters is not None:
        arrays[PROGRESS] = model.unfinished.progress.parameters
    return arrays


def header_of(model: Model) -> dict[str, Any]:
    """The header of a model's file, but for the checksum."""
    summary = dataclasses.asdict(model.summary)
    names = ("epochs_trained", "iterations", "stopped_by", "engine", "started_from")
    top = {name: summary.pop(name) for name in names}
    header = {
        "format_version": FORMAT_VERSION,
        "nntrain_version": model.nntrain_version,
        "config": model.config.as_dict(),
        "preprocessing": {
            "features": [_feature_as_dict(feature) for feature in model.preprocessing.features],
            "targets": [dataclasses.asdict(target) for target in model.preprocessing.targets],
            "missing_values": list(model.preprocessing.missing_values),
            "inputs": list(model.preprocessing.input_names),
        },
        **top,
        "summary": summary,
        "baseline": {
            name: None if values is None else values.tolist()
            for name, values in vars(model.baseline).items()
        },
    }
    if model.unfinished:
        header["checkpoint"] = _unfinished_as_dict(model.unfinished)
    return header


def _unfinished_as_dict(unfinished: Unfinished) -> dict[str, Any]:
    progress, smallest = unfinished.progress, unfinished.smallest_update
    return {
        "last": dataclasses.asdict(progress.last) if progress.last else None,
        "rows_done": progress.rows_done,
        "loss": progress.loss,
        "smallest_update": smallest if math.isfinite(smallest) else None,
        "fingerprint": unfinished.fingerprint,
    }


def _feature_as_dict(feature: Feature) -> dict[str, Any]:
    kind = "numeric" if isinstance(feature, NumericColumn) else "categorical"
    return {"kind": kind, **dataclasses.asdict(feature)}


def model_from(header: dict[str, Any], members: dict[str, NDArray[Any]]) -> Model:
    """The model of a header and its arrays. Raises `UnsoundError`, and `ConfigError`."""
    config = Config.from_dict(sound(header, "config", dict))
    preprocessing = _preprocessing_from(sound(header, "preprocessing", dict))
    if tuple(target.name for target in preprocessing.targets) != config.target:
        raise UnsoundError("config and preprocessing name different targets")
    sizes = (len(preprocessing.input_names), *config.hidden_layers, len(config.target))
    expected = {f"{letter}{i}" for letter in "wb" for i in range(1, len(sizes))} | {"header"}
    unfinished = None
    if "checkpoint" in header:
        progress = members.get(PROGRESS)
        unfinished = _unfinished_from(sound(header, "checkpoint", dict), progress)
        expected |= {PROGRESS} if progress is not None else set()
    if set(members) != expected:
        raise UnsoundError(f"it has the arrays {_listed(members)}, expects {_listed(expected)}")
    if PROGRESS in expected:
        _check_array(PROGRESS, members[PROGRESS], (n_parameters(sizes),), config.dtype)
    for i, (n_in, n_out) in enumerate(pairwise(sizes), start=1):
        _check_array(f"w{i}", members[f"w{i}"], (n_out, n_in), config.dtype)
        _check_array(f"b{i}", members[f"b{i}"], (n_out,), config.dtype)
    network = Network(sizes, config.activation, config.dtype)
    for i, (w, b) in enumerate(
        zip(network.parameters.weights, network.parameters.biases, strict=True), start=1
    ):
        w[...], b[...] = members[f"w{i}"], members[f"b{i}"]
    baseline = _baseline_from(sound(header, "baseline", dict), sizes[0], sizes[-1])
    version = sound(header, "nntrain_version", str)
    summary = _summary_from(header)
    for metrics in summary.parts().values() if unfinished is None else ():
        if set(metrics) != set(config.target):
            raise UnsoundError("its summary is of other targets")
    return Model(config, preprocessing, network, baseline, summary, unfinished, version)


def _unfinished_from(values: dict[str, Any], parameters: NDArray[Any] | None) -> Unfinished:
    last, rows_done = values.get("last"), sound(values, "rows_done", int)
    if rows_done < 0 or (rows_done > 0) != (parameters is not None):
        raise UnsoundError(f"its checkpoint's 'rows_done' does not go with the array {PROGRESS!r}")
    progress = Progress(
        None if last is None else _epoch_from(last),
        rows_done,
        sound(values, "loss", float),
        parameters,
    )
    smallest = _optional_float(values, "smallest_update")
    return Unfinished(
        progress, math.inf if smallest is None else smallest, sound(values, "fingerprint", str)
    )


def _epoch_from(values: Any) -> EpochResult:
    stopped_by = sound(values, "stopped_by", str)
    if stopped_by not in ("", "epochs", "tau"):
        raise UnsoundError("its checkpoint has an unsound 'stopped_by'")
    return EpochResult(
        sound(values, "epoch", int),
        sound(values, "iterations", int),
        sound(values, "loss", float),
        _optional_float(values, "validation_loss"),
        sound(values, "largest_update", float),
        cast("Literal['', 'epochs', 'tau']", stopped_by),
    )


def _listed(names: Iterable[str], most: int = 20) -> str:
    shown = sorted(names)
    return str(shown) if len(shown) <= most else f"{shown[:most]} and {len(shown) - most:,} more"


def _baseline_from(values: dict[str, Any], n_inputs: int, n_targets: int) -> Baseline:
    means = _matrix(values, "means", (n_targets,))
    if means is None:
        raise UnsoundError("its baseline has no means")
    weights = _matrix(values, "weights", (n_targets, n_inputs))
    return Baseline(means, weights, _matrix(values, "intercepts", (n_targets,)))


def _matrix(values: dict[str, Any], key: str, shape: tuple[int, ...]) -> NDArray[Any] | None:
    if values.get(key) is None:
        return None
    try:
        array = np.array(values[key], dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        raise UnsoundError(f"its baseline has unsound {key}") from None
    if array.shape != shape or not np.isfinite(array).all():
        raise UnsoundError(f"its baseline has unsound {key}")
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
    targets = [_record(TargetColumn, item) for item in sound(values, "targets", list)]
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
        return _record(NumericColumn, rest)
    if kind != "categorical":
        raise UnsoundError(f"a feature of the unknown kind {kind!r}")
    categories = sound(rest, "categories", list)
    if not categories or not all(isinstance(category, str) for category in categories):
        raise UnsoundError("a feature's categories are not texts")
    if len(set(categories)) < len(categories):
        raise UnsoundError("a feature's category stands twice")
    return CategoricalColumn(sound(rest, "name", str), tuple(categories))


TYPES = {"str": str, "float": float, "int": int, "bool": bool}


def _record(cls: type[T], values: Any) -> T:
    """A frozen dataclass of plain fields from JSON, every type checked and every number finite."""
    fields = dataclasses.fields(cls)  # type: ignore[arg-type]
    return cls(**{f.name: sound(values, f.name, TYPES[str(f.type)]) for f in fields})


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
        stopped_by=sound(header, "stopped_by", str),
        engine=sound(header, "engine", str),
        started_from=_optional_text(header, "started_from"),
        rows=sound(values, "rows", int),
        validation_rows=sound(values, "validation_rows", int),
        loss=_optional_float(values, "loss"),
        validation_loss=_optional_float(values, "validation_loss"),
        training=metrics("training"),
        validation=metrics("validation"),
    )


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
