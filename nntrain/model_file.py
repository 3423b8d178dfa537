"""The model file: a NumPy archive of w1, b1, … wL, bL and a JSON header, the same bytes every time.

`numpy.load(path, allow_pickle=False)` opens it. Reading executes nothing, takes no member larger
than the file itself, and checks every shape and number against the header.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import logging
import math
import os
import re
import stat
import sys
import zipfile
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, Literal, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from nntrain import __version__
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
from nntrain.errors import ConfigError, ModelFileError
from nntrain.files import replacing
from nntrain.metrics import Metrics
from nntrain.model import Model, Summary, Unfinished

T = TypeVar("T")

log = logging.getLogger(__name__)

FORMAT_VERSION = 1
PROGRESS = "progress"
"""The array of a checkpoint within an epoch: the parameters as they are there."""
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
DAMAGE = (
    zipfile.BadZipFile,
    ValueError,
    TypeError,
    EOFError,
    NotImplementedError,
    RuntimeError,
)
"""What reading a damaged archive or array may raise."""
ARRAY_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(?P<dtype>[<>|][biufcSU]\d{1,8})', 'fortran_order': False, "
    rb"'shape': \((?P<shape>(?:\d{1,10}, ?)*(?:\d{1,10})?)\), \} *\n",
    re.DOTALL,
)


def save_model(model: Model, path: str | Path) -> None:
    """Write a model to its file, whole or not at all. Raises `OutputError`."""
    arrays = _arrays(model)
    header = header_of(model)
    header["checksum"] = _checksum(header, arrays)
    text = json.dumps(header, ensure_ascii=False, allow_nan=False)
    with replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in {"header": np.array(text), **arrays}.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", ZIP_EPOCH), member.getvalue())


def load_model(path: str | Path) -> Model:
    """The model in a file, or a checkpoint of one, which is logged.

    Raises `ModelFileError` when it is not one that this version reads.

    >>> model = nntrain.load_model("model.npz")
    """
    model = read_model(path)
    if model.unfinished:
        done, epochs = model.summary.epochs_trained, model.config.epochs
        log.warning("%s: is of an unfinished run, after epoch %d of %d", path, done, epochs)
    return model


def read_model(path: str | Path) -> Model:
    """`load_model` without a word about checkpoints."""
    members = _read_members(Path(path))
    try:
        header = _parse_header(members)
        model = _model_from(header, members)
        if header["checksum"] != _checksum(header, _arrays(model)):
            raise _UnsoundError("its checksum does not match: the content was changed or damaged")
    except _UnsoundError as error:
        raise ModelFileError(f"{path}: is not a sound model file: {error}") from None
    except ConfigError as error:
        first = str(error).split("\n")[0]
        raise ModelFileError(f"{path}: is not a sound model file: config: {first}") from None
    return model


def checksum_of(model: Model) -> str:
    """The checksum in a model's file."""
    return _checksum(header_of(model), _arrays(model))


class _UnsoundError(Exception):
    """What is wrong with a model file."""


def _arrays(model: Model) -> dict[str, NDArray[Any]]:
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


def _checksum(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> str:
    """SHA-256 of the header without its checksum, then of each array in order."""
    content = {key: value for key, value in header.items() if key != "checksum"}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _read_members(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of the archive, none of them larger than the file that holds it."""
    try:
        with path.open("rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ModelFileError(f"{path}: is not a regular file, which a model file is")
            return _read_archive(path, file)
    except FileNotFoundError:
        raise ModelFileError(
            f"{path}: there is no such model file; make one with `nntrain fit`, or name another "
            f"with --model"
        ) from None
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror or error}") from None
    except DAMAGE as error:
        raise ModelFileError(f"{path}: is not a model file, or damaged: {error}") from None


def _read_archive(path: Path, file: IO[bytes]) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(file) as archive:
        infos = archive.infolist()
        names = [info.filename.removesuffix(".npy") for info in infos]
        if len(set(names)) < len(names):
            raise ModelFileError(f"{path}: is not a sound model file: a member stands twice")
        for info in infos:
            if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
                raise ModelFileError(
                    f"{path}: is not a sound model file: {info.filename} is compressed"
                )
        _check_sizes(infos, os.fstat(file.fileno()).st_size)
        contents = (archive.read(info) for info in infos)
        return {name: _read_array(content) for name, content in zip(names, contents, strict=True)}


def _check_sizes(infos: list[zipfile.ZipInfo], file_size: int) -> None:
    """Raise `ValueError` where members claim more bytes than the file has; they may overlap."""
    if sum(max(info.file_size, info.compress_size) for info in infos) > file_size:
        raise ValueError("its members claim to be larger than the file")


def _read_array(data: bytes) -> NDArray[Any]:
    """An array as `save_model` writes it, of a size that is checked before it is made."""
    match = ARRAY_HEADER.match(data)
    if match is None:
        raise ValueError("a member is not an array as nntrain writes it")
    dtype = np.dtype(match["dtype"].decode())
    shape = tuple(int(size) for size in match["shape"].replace(b" ", b"").split(b",") if size)
    content = data[match.end() :]
    if math.prod(shape) * dtype.itemsize != len(content):
        raise ValueError("a member's size is not that of its shape")
    return np.frombuffer(content, dtype).reshape(shape)


def _parse_header(members: dict[str, NDArray[Any]]) -> dict[str, Any]:
    text = members.get("header")
    if text is None or text.shape != () or text.dtype.kind != "U":
        raise _UnsoundError("it has no header")
    try:
        # Not by `item()`: of numbers that are no characters it makes a SystemError.
        codec = "utf-32-be" if text.dtype.str[0] == ">" else "utf-32-le"
        characters = text.tobytes().decode(codec, "surrogatepass").rstrip("\0")
        header = json.loads(characters, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise _UnsoundError("its header is not JSON") from None
    version = header.get("format_version") if isinstance(header, dict) else None
    if type(version) is not int:
        raise _UnsoundError("its header has no format_version")
    if version != FORMAT_VERSION:
        raise _UnsoundError(
            f"its format_version is {version}, this nntrain {__version__} reads {FORMAT_VERSION}; "
            f"use the nntrain {_get(header, 'nntrain_version', str)} that wrote it, or train again"
        )
    _get(header, "checksum", str)
    return dict(header)


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _model_from(header: dict[str, Any], members: dict[str, NDArray[Any]]) -> Model:
    config = Config.from_dict(_get(header, "config", dict))
    preprocessing = _preprocessing_from(_get(header, "preprocessing", dict))
    if tuple(target.name for target in preprocessing.targets) != config.target:
        raise _UnsoundError("config and preprocessing name different targets")
    sizes = (len(preprocessing.input_names), *config.hidden_layers, len(config.target))
    expected = {f"{letter}{i}" for letter in "wb" for i in range(1, len(sizes))} | {"header"}
    unfinished = None
    if "checkpoint" in header:
        progress = members.get(PROGRESS)
        unfinished = _unfinished_from(_get(header, "checkpoint", dict), progress)
        expected |= {PROGRESS} if progress is not None else set()
    if set(members) != expected:
        raise _UnsoundError(f"it has the arrays {_listed(members)}, expects {_listed(expected)}")
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
    baseline = _baseline_from(_get(header, "baseline", dict), sizes[0], sizes[-1])
    version = _get(header, "nntrain_version", str)
    summary = _summary_from(header)
    for metrics in summary.parts().values() if unfinished is None else ():
        if set(metrics) != set(config.target):
            raise _UnsoundError("its summary is of other targets")
    return Model(config, preprocessing, network, baseline, summary, unfinished, version)


def _unfinished_from(values: dict[str, Any], parameters: NDArray[Any] | None) -> Unfinished:
    last, rows_done = values.get("last"), _get(values, "rows_done", int)
    if rows_done < 0 or (rows_done > 0) != (parameters is not None):
        raise _UnsoundError(f"its checkpoint's 'rows_done' does not go with the array {PROGRESS!r}")
    progress = Progress(
        None if last is None else _epoch_from(last),
        rows_done,
        _get(values, "loss", float),
        parameters,
    )
    smallest = _optional_float(values, "smallest_update")
    return Unfinished(
        progress, math.inf if smallest is None else smallest, _get(values, "fingerprint", str)
    )


def _epoch_from(values: Any) -> EpochResult:
    stopped_by = _get(values, "stopped_by", str)
    if stopped_by not in ("", "epochs", "tau"):
        raise _UnsoundError("its checkpoint has an unsound 'stopped_by'")
    return EpochResult(
        _get(values, "epoch", int),
        _get(values, "iterations", int),
        _get(values, "loss", float),
        _optional_float(values, "validation_loss"),
        _get(values, "largest_update", float),
        cast("Literal['', 'epochs', 'tau']", stopped_by),
    )


def _listed(names: Iterable[str], most: int = 20) -> str:
    shown = sorted(names)
    return str(shown) if len(shown) <= most else f"{shown[:most]} and {len(shown) - most:,} more"


def _baseline_from(values: dict[str, Any], n_inputs: int, n_targets: int) -> Baseline:
    means = _matrix(values, "means", (n_targets,))
    if means is None:
        raise _UnsoundError("its baseline has no means")
    weights = _matrix(values, "weights", (n_targets, n_inputs))
    return Baseline(means, weights, _matrix(values, "intercepts", (n_targets,)))


def _matrix(values: dict[str, Any], key: str, shape: tuple[int, ...]) -> NDArray[Any] | None:
    if values.get(key) is None:
        return None
    try:
        array = np.array(values[key], dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        raise _UnsoundError(f"its baseline has unsound {key}") from None
    if array.shape != shape or not np.isfinite(array).all():
        raise _UnsoundError(f"its baseline has unsound {key}")
    return array


def _check_array(name: str, array: NDArray[Any], shape: tuple[int, ...], dtype: str) -> None:
    if array.shape != shape or array.dtype != np.dtype(dtype):
        raise _UnsoundError(
            f"{name} is {array.dtype} of shape {array.shape}, its header says {dtype} of {shape}"
        )
    if not np.isfinite(array).all():
        raise _UnsoundError(f"{name} holds a number that is not finite")


def _preprocessing_from(values: dict[str, Any]) -> Preprocessing:
    missing = _get(values, "missing_values", list)
    if not all(isinstance(value, str) for value in missing):
        raise _UnsoundError("missing_values holds something other than texts")
    targets = [_record(TargetColumn, item) for item in _get(values, "targets", list)]
    preprocessing = Preprocessing(
        tuple(_feature_from(item) for item in _get(values, "features", list)),
        tuple(targets),
        tuple(missing),
    )
    if list(preprocessing.input_names) != _get(values, "inputs", list):
        raise _UnsoundError("its inputs are not those of its features")
    return preprocessing


def _feature_from(values: Any) -> Feature:
    kind = _get(values, "kind", str)
    rest = {key: value for key, value in values.items() if key != "kind"}
    if kind == "numeric":
        return _record(NumericColumn, rest)
    if kind != "categorical":
        raise _UnsoundError(f"a feature of the unknown kind {kind!r}")
    categories = _get(rest, "categories", list)
    if not categories or not all(isinstance(category, str) for category in categories):
        raise _UnsoundError("a feature's categories are not texts")
    if len(set(categories)) < len(categories):
        raise _UnsoundError("a feature's category stands twice")
    return CategoricalColumn(_get(rest, "name", str), tuple(categories))


TYPES = {"str": str, "float": float, "int": int, "bool": bool}


def _record(cls: type[T], values: Any) -> T:
    """A frozen dataclass of plain fields from JSON, every type checked and every number finite."""
    fields = dataclasses.fields(cls)  # type: ignore[arg-type]
    return cls(**{f.name: _get(values, f.name, TYPES[str(f.type)]) for f in fields})


def _get(values: Any, key: str, kind: type[T]) -> T:
    value = values.get(key) if isinstance(values, dict) else None
    if kind is float and type(value) is int and abs(value) <= sys.float_info.max:
        value = float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise _UnsoundError(f"its header lacks a sound {key!r}")
    if isinstance(value, float) and (not math.isfinite(value) or (key == "scale" and value <= 0)):
        raise _UnsoundError(f"its header has {key!r} out of range")
    return value


def _summary_from(header: dict[str, Any]) -> Summary:
    values = _get(header, "summary", dict)

    def metrics(part: str) -> dict[str, Metrics]:
        return {str(name): _metrics_from(item) for name, item in _get(values, part, dict).items()}

    return Summary(
        epochs_trained=_get(header, "epochs_trained", int),
        iterations=_get(header, "iterations", int),
        stopped_by=_get(header, "stopped_by", str),
        engine=_get(header, "engine", str),
        started_from=_optional_text(header, "started_from"),
        rows=_get(values, "rows", int),
        validation_rows=_get(values, "validation_rows", int),
        loss=_optional_float(values, "loss"),
        validation_loss=_optional_float(values, "validation_loss"),
        training=metrics("training"),
        validation=metrics("validation"),
    )


def _metrics_from(values: Any) -> Metrics:
    return Metrics(
        rows=_get(values, "rows", int),
        rmse=_get(values, "rmse", float),
        mae=_get(values, "mae", float),
        r2=_optional_float(values, "r2"),
        largest_error=_get(values, "largest_error", float),
        mean_rmse=_get(values, "mean_rmse", float),
        ridge_rmse=_optional_float(values, "ridge_rmse"),
    )


def _optional_float(values: Any, key: str) -> float | None:
    present = isinstance(values, dict) and values.get(key) is not None
    return _get(values, key, float) if present else None


def _optional_text(values: Any, key: str) -> str | None:
    present = isinstance(values, dict) and values.get(key) is not None
    return _get(values, key, str) if present else None
