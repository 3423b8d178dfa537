"""The summary and the checkpoint in the header of a model file.

Each record is described once, for writing and for reading; `header_features` has the preprocessing
and `header_statistics` the baseline and the intervals.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, get_args

import numpy as np

from nntrain.engine.progress import Best, EpochResult, Progress, Reason
from nntrain.model.records import (
    NUMBER,
    TEXT,
    WHOLE,
    Codec,
    JsonObject,
    checked,
    mapping,
    one_of,
    optional,
    plain_items,
    record,
    required,
)
from nntrain.model.summary import Summary

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
