"""The summary, the statistics and the checkpoint in the header of a model file.

Each record is described once, for writing and for reading; `header_features` has the preprocessing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, get_args

import numpy as np

from nntrain.arrays import Matrix
from nntrain.engine.progress import Best, EpochResult, Progress, Reason
from nntrain.model.records import (
    NUMBER,
    TEXT,
    WHOLE,
    Codec,
    JsonObject,
    array,
    checked,
    mapping,
    one_of,
    optional,
    plain_items,
    record,
    required,
)
from nntrain.model.summary import Summary
from nntrain.stats.baseline import Baseline
from nntrain.stats.conformal import ExpectedError, Intervals
from nntrain.stats.ridge import Ridge

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
        "penalties": optional(array(n_targets)),
    }


def _ridge_values(ridge: Ridge | None) -> dict[str, Matrix | None]:
    return {
        "weights": ridge.weights if ridge else None,
        "intercepts": ridge.intercepts if ridge else None,
        "penalties": ridge.penalties if ridge else None,
    }


def _build_ridge(
    weights: Matrix | None, intercepts: Matrix | None, penalties: Matrix | None
) -> Ridge | None:
    if weights is None or intercepts is None:
        return None
    return Ridge(weights, intercepts, penalties)


def baseline_codec(n_inputs: int, n_targets: int) -> Codec[Baseline]:
    """How a baseline is written and read, for this many inputs and targets."""
    keys: dict[str, Codec[Any]] = {
        "means": array(n_targets),
        **_ridge_codecs(n_inputs, n_targets),
        "inputs": optional(array(n_inputs)),
    }
    return JsonObject(keys, omitted={"inputs": None, "penalties": None}).codec(
        lambda baseline: {
            "means": baseline.means,
            **_ridge_values(baseline.ridge),
            "inputs": baseline.inputs,
        },
        lambda means, inputs, **ridge: Baseline(means, inputs, _build_ridge(**ridge)),
    )


def intervals_codec(scores: Matrix, n_inputs: int) -> Codec[Intervals]:
    """How intervals are written and read, without their `scores` (n_rows, n_targets).

    The scores are an array of the file.
    """
    n_rows, n_targets = scores.shape
    keys: dict[str, Codec[Any]] = {
        "rows": checked(WHOLE, lambda n: n == n_rows, "its scores are not those of its rows"),
        "fingerprint": TEXT,
        **_ridge_codecs(n_inputs, n_targets),
        "lowest": array(n_targets),
        "highest": array(n_targets),
    }

    def take(intervals: Intervals) -> dict[str, Any]:
        expected = intervals.expected_error
        return {
            "rows": n_rows,
            "fingerprint": intervals.fingerprint,
            **_ridge_values(expected.ridge),
            "lowest": expected.lowest,
            "highest": expected.highest,
        }

    def build(rows: int, fingerprint: str, lowest: Matrix, highest: Matrix, **ridge: Any) -> Any:
        del rows  # which are those of the scores
        return Intervals(ExpectedError(_build_ridge(**ridge), lowest, highest), scores, fingerprint)

    return checked(
        JsonObject(keys, omitted={"penalties": None}).codec(take, build),
        lambda intervals: bool(
            (intervals.expected_error.lowest <= intervals.expected_error.highest).all()
        ),
        "its intervals have no valid range",
    )


# How far an unfinished run has come

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
