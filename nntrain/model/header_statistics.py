"""The baseline and the prediction intervals in the header of a model file."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from nntrain.arrays import Matrix
from nntrain.model.records import (
    TEXT,
    WHOLE,
    Codec,
    FormatError,
    JsonObject,
    array,
    checked,
    optional,
    plain_items,
    record,
    records,
)
from nntrain.stats.baseline import Baseline
from nntrain.stats.conformal import ExpectedError, Intervals
from nntrain.stats.cross_conformal import CrossIntervals, HeldOutRows
from nntrain.stats.ridge import Ridge


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


# Intervals, whose scores (n_rows, n_targets) are an array of the file


def write_intervals(intervals: Intervals | CrossIntervals, n_inputs: int) -> dict[str, Any]:
    """The JSON object of intervals, for this many inputs."""
    scores = intervals.scores
    written: dict[str, Any] = (
        _intervals_codec(scores, n_inputs).write(intervals)
        if isinstance(intervals, Intervals)
        else _cross_intervals_codec(scores, n_inputs).write(intervals)
    )
    return written


def read_intervals(
    json: Any, scores: Matrix, n_inputs: int, n_networks: int | None
) -> Intervals | CrossIntervals:
    """The intervals in a JSON object; `n_networks` is None for those by calibration rows.

    Raises `FormatError`.
    """
    if n_networks is None:
        _check_rising(scores)
        return _intervals_codec(scores, n_inputs).read(json, "intervals")
    intervals = _cross_intervals_codec(scores, n_inputs).read(json, "intervals")
    if sum(group.rows for group in intervals.groups) != len(scores):
        raise FormatError("its scores are not those of its rows")
    if any(not _are_positions(group.networks, n_networks) for group in intervals.groups):
        raise FormatError("its intervals are of other networks")
    for part in np.split(scores, intervals.starts[1:]):
        _check_rising(part)
    return intervals


def _check_rising(scores: Matrix) -> None:
    if (scores[:1] < 0).any() or (np.diff(scores, axis=0) < 0).any():
        raise FormatError("its scores do not rise from 0 or more")


def _are_positions(networks: tuple[int, ...], n_networks: int) -> bool:
    is_rising = all(before < after for before, after in pairwise(networks))
    return is_rising and len(networks) > 0 and networks[0] >= 0 and networks[-1] < n_networks


def _expected_codecs(n_inputs: int, n_targets: int) -> dict[str, Codec[Any]]:
    return {
        **_ridge_codecs(n_inputs, n_targets),
        "lowest": array(n_targets),
        "highest": array(n_targets),
    }


def _expected_values(expected: ExpectedError) -> dict[str, Matrix | None]:
    return {
        **_ridge_values(expected.ridge),
        "lowest": expected.lowest,
        "highest": expected.highest,
    }


def _build_expected(lowest: Matrix, highest: Matrix, **ridge: Any) -> ExpectedError:
    if (lowest > highest).any():
        raise FormatError("its intervals have no valid range")
    return ExpectedError(_build_ridge(**ridge), lowest, highest)


def _intervals_codec(scores: Matrix, n_inputs: int) -> Codec[Intervals]:
    n_rows, n_targets = scores.shape
    keys: dict[str, Codec[Any]] = {
        "rows": checked(WHOLE, lambda n: n == n_rows, "its scores are not those of its rows"),
        "fingerprint": TEXT,
        **_expected_codecs(n_inputs, n_targets),
    }

    def build(rows: int, fingerprint: str, **expected: Any) -> Intervals:
        del rows  # which are those of the scores
        return Intervals(_build_expected(**expected), scores, fingerprint)

    return JsonObject(keys, omitted={"penalties": None}).codec(
        lambda intervals: {
            "rows": n_rows,
            "fingerprint": intervals.fingerprint,
            **_expected_values(intervals.expected_error),
        },
        build,
    )


_GROUPS = records(
    record(
        HeldOutRows,
        networks=plain_items(WHOLE, "its intervals are of other networks"),
        rows=checked(WHOLE, lambda n: n > 0, "its scores are not those of its rows"),
    )
)


def _cross_intervals_codec(scores: Matrix, n_inputs: int) -> Codec[CrossIntervals]:
    keys = {"groups": _GROUPS, **_expected_codecs(n_inputs, scores.shape[1])}
    return JsonObject(keys, omitted={"penalties": None}).codec(
        lambda intervals: {
            "groups": intervals.groups,
            **_expected_values(intervals.expected_error),
        },
        lambda groups, **expected: CrossIntervals(_build_expected(**expected), scores, groups),
    )
