"""The features and targets in the header of a model file, described for writing and reading."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from nntrain.config.choices import TRANSFORMS
from nntrain.data.preprocessing.columns import (
    CategoricalColumn,
    Feature,
    NumericColumn,
    TargetColumn,
)
from nntrain.data.preprocessing.transform import Preprocessing
from nntrain.model.records import (
    NUMBER,
    TEXT,
    Codec,
    FormatError,
    JsonObject,
    checked,
    one_of,
    plain_items,
    record,
    records,
    required,
)

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


def _build(inputs: tuple[str, ...], **parts: Any) -> Preprocessing:
    preprocessing = Preprocessing(**parts)
    if preprocessing.input_names != inputs:
        raise FormatError("its inputs are not those of its features")
    return preprocessing


PREPROCESSING = JsonObject(
    {
        "features": records(Codec(_write_feature, _read_feature)),
        "targets": records(TARGET),
        "missing_values": plain_items(TEXT, "missing_values holds something other than texts"),
        "inputs": plain_items(TEXT, "its inputs are not those of its features"),
    }
).codec(
    lambda preprocessing: {
        "features": preprocessing.features,
        "targets": preprocessing.targets,
        "missing_values": preprocessing.missing_values,
        "inputs": preprocessing.input_names,
    },
    _build,
)
