"""The records in the header of a model file, each described once for writing and reading."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, get_args

import numpy as np

from nntrain.arrays import Matrix
from nntrain.config.choices import TRANSFORMS
from nntrain.data.preprocessing.transform import (
    CategoricalColumn,
    Feature,
    NumericColumn,
    Preprocessing,
    TargetColumn,
)
from nntrain.engine.progress import Best, EpochResult, Progress, Reason
from nntrain.model.records import (
    NUMBER,
    TEXT,
    WHOLE,
    Codec,
    FormatError,
    JsonObject,
    array,
    checked,
    mapping,
    one_of,
    optional,
    plain_items,
    record,
    records,
    required,
)
from nntrain.model.summary import Summary
from nntrain.stats.baseline import Baseline
from nntrain.stats.conformal import ExpectedError, Intervals
from nntrain.stats.ridge import Ridge

# Preprocessing

SCALE = checked(NUMBER, lambda scale: scale > 0, "its header has 'scale' out of range")
EDGES = checked(
    plain_items(NUMBER, "a feature's edges are not finite numbers"),
    lambda edges: all(low < high for low, high in pairwise(edges)),
    "a feature's edges do not rise",
)
CATEGORIES = checked(
    checked(
        plain_items(TEXT, "a feature's categories are not texts"),
        lambda categories: len(categories) > 0,
        "a feature has no categories",
    ),
    lambda categories: len(set(categories)) == len(categories),
    "a feature's category stands twice",
)
NUMERIC = record(NumericColumn, omitted={"edges": ()}, scale=SCALE, edges=EDGES)
CATEGORICAL = record(CategoricalColumn, categories=CATEGORIES)
TARGET = checked(
    record(
        TargetColumn,
        omitted={"transform": "none"},
        scale=SCALE,
        transform=one_of(TRANSFORMS, "a target has an unknown {key!r}"),
    ),
    lambda target: target.minimum <= target.maximum,
    "a target's minimum is above its maximum",
)


def _write_feature(feature: Feature) -> dict[str, Any]:
    if isinstance(feature, NumericColumn):
        return {"kind": "numeric", **NUMERIC.write(feature)}
    return {"kind": "categorical", **CATEGORICAL.write(feature)}


def _read_feature(json: Any, key: str) -> Feature:
    kind = required(json, "kind", str)
    if kind == "numeric":
        return NUMERIC.read(json, key)
    if kind == "categorical":
        return CATEGORICAL.read(json, key)
    raise FormatError(f"a feature of the unknown kind {kind!r}")


_PREPROCESSING = JsonObject(
    {
        "features": records(Codec(_write_feature, _read_feature)),
        "targets": records(TARGET),
        "missing_values": plain_items(TEXT, "missing_values holds something other than texts"),
        "inputs": plain_items(TEXT, "its inputs are not those of its features"),
    }
)


def _write_preprocessing(preprocessing: Preprocessing) -> dict[str, Any]:
    return _PREPROCESSING.write(
        {
            "features": preprocessing.features,
            "targets": preprocessing.targets,
            "missing_values": preprocessing.missing_values,
            "inputs": preprocessing.input_names,
        }
    )


def _read_preprocessing(json: Any, key: str) -> Preprocessing:
    values = _PREPROCESSING.read(json, key)
    inputs = values.pop("inputs")
    preprocessing = Preprocessing(**values)
    if preprocessing.input_names != inputs:
        raise FormatError("its inputs are not those of its features")
    return preprocessing


PREPROCESSING = Codec(_write_preprocessing, _read_preprocessing)


# How training went

_IN_HEADER = (
    "epochs_trained",
    "iterations",
    "stopped_by",
    "engine",
    "started_from",
    "kept_epochs",
    "fingerprint",
    "versions",
)
"""The fields of a summary that are keys of the header itself; the others are under `summary`."""
_SUMMARY = record(
    Summary,
    omitted={"kept_epochs": (), "fingerprint": None, "versions": {}},
    stopped_by=one_of((*get_args(Reason), "time")),
    kept_epochs=plain_items(
        checked(WHOLE, lambda epoch: epoch > 0, "an epoch is not above 0"),
        "its 'kept_epochs' are not whole numbers above 0",
    ),
    versions=mapping(TEXT),
)


def write_summary(summary: Summary) -> dict[str, Any]:
    """The keys of the header that hold a summary."""
    values = _SUMMARY.write(summary)
    top = {name: values.pop(name) for name in _IN_HEADER if name in values}
    return {**top, "summary": values}


def read_summary(header: Mapping[str, Any]) -> Summary:
    """The summary in a header. Raises `FormatError`."""
    values = required(header, "summary", dict)
    nested = {name: value for name, value in values.items() if name not in _IN_HEADER}
    top = {name: header[name] for name in _IN_HEADER if name in header}
    return _SUMMARY.read({**nested, **top}, "summary")


# The baseline and the intervals


def _ridge_codecs(n_inputs: int, n_targets: int) -> dict[str, Codec[Any]]:
    return {
        "weights": optional(array(n_targets, n_inputs)),
        "intercepts": optional(array(n_targets)),
    }


def _ridge_values(ridge: Ridge | None) -> dict[str, Matrix | None]:
    return {
        "weights": ridge.weights if ridge else None,
        "intercepts": ridge.intercepts if ridge else None,
    }


def _take_ridge(values: dict[str, Any]) -> Ridge | None:
    """The ridge regression among the values of an object, which it is taken out of."""
    weights, intercepts = values.pop("weights"), values.pop("intercepts")
    return None if weights is None or intercepts is None else Ridge(weights, intercepts)


def baseline_codec(n_inputs: int, n_targets: int) -> Codec[Baseline]:
    """How a baseline is written and read, for this many inputs and targets."""
    keys = JsonObject(
        {
            "means": array(n_targets),
            **_ridge_codecs(n_inputs, n_targets),
            "inputs": optional(array(n_inputs)),
        },
        omitted={"inputs": None},
    )

    def write(baseline: Baseline) -> dict[str, Any]:
        return keys.write(
            {
                "means": baseline.means,
                **_ridge_values(baseline.ridge),
                "inputs": baseline.inputs,
            }
        )

    def read(json: Any, key: str) -> Baseline:
        values = keys.read(json, key)
        ridge = _take_ridge(values)
        return Baseline(values["means"], values["inputs"], ridge)

    return Codec(write, read)


def intervals_codec(scores: Matrix, n_inputs: int) -> Codec[Intervals]:
    """How intervals are written and read, without their `scores` (n_rows, n_targets).

    The scores are an array of the file.
    """
    n_rows, n_targets = scores.shape
    keys = JsonObject(
        {
            "rows": checked(WHOLE, lambda n: n == n_rows, "its scores are not those of its rows"),
            "fingerprint": TEXT,
            **_ridge_codecs(n_inputs, n_targets),
            "lowest": array(n_targets),
            "highest": array(n_targets),
        }
    )

    def write(intervals: Intervals) -> dict[str, Any]:
        expected = intervals.expected_error
        return keys.write(
            {
                "rows": n_rows,
                "fingerprint": intervals.fingerprint,
                **_ridge_values(expected.ridge),
                "lowest": expected.lowest,
                "highest": expected.highest,
            }
        )

    def read(json: Any, key: str) -> Intervals:
        values = keys.read(json, key)
        lowest, highest = values["lowest"], values["highest"]
        if (lowest > highest).any():
            raise FormatError("its intervals have no valid range")
        expected = ExpectedError(_take_ridge(values), lowest, highest)
        return Intervals(expected, scores, values["fingerprint"])

    return Codec(write, read)


# Where an unfinished run stands

_NOT_NEGATIVE = checked(WHOLE, lambda n: n >= 0, "its checkpoint's 'rows_done' is out of range")
_LAST = optional(record(EpochResult, elsewhere={"member": 0}))
_BEST = optional(record(Best, elsewhere={"parameters": np.empty(0)}))
PROGRESS = record(
    Progress,
    omitted={"best": None},
    elsewhere={"parameters": None, "state": None},
    last=_LAST,
    rows_done=_NOT_NEGATIVE,
    best=_BEST,
)
"""The progress of one network; its arrays and the network's number are not in the header."""
UNFINISHED = JsonObject(
    {
        "smallest_update": Codec[float](
            lambda value: value if math.isfinite(value) else None,
            lambda value, key: math.inf if value is None else NUMBER.read(value, key),
        ),
        "fingerprint": TEXT,
    }
)
"""The keys of a checkpoint that do not belong to one network."""
