"""The features and targets in the header of a model file, described for writing and reading."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from nntrain.config.choices import TRANSFORMS
from nntrain.data.notation.cycles import CYCLES
from nntrain.data.notation.dates import DateNotation, parse_date_format
from nntrain.data.notation.notation import Notation
from nntrain.data.notation.number_pattern import parse_number_pattern
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
DISTINCT_TEXTS = checked(
    plain_items(TEXT, "a feature's categories are not texts"),
    lambda texts: len(set(texts)) == len(texts),
    "a feature's category stands twice",
)


def _write_notation(notation: Notation | None) -> dict[str, str] | None:
    if notation is None:
        return None
    return {"dates" if isinstance(notation, DateNotation) else "numbers": notation.pattern}


def _read_notation(json: Any, key: str) -> Notation | None:
    if json is None:
        return None
    try:
        if isinstance(json, dict) and "dates" in json:
            return parse_date_format(required(json, "dates", str))
        return parse_number_pattern(required(json, "numbers", str))
    except ValueError as error:
        raise FormatError(f"its header has an invalid {key}: {error}") from None


NOTATION = Codec(_write_notation, _read_notation)
NUMERIC = record(
    NumericColumn,
    omitted={"edges": (), "notation": None, "cycles": (), "levels": ()},
    scale=SCALE,
    edges=EDGES,
    notation=NOTATION,
    cycles=plain_items(one_of(CYCLES), "a feature's cycles are not texts"),
    levels=DISTINCT_TEXTS,
)
CATEGORICAL = checked(
    record(
        CategoricalColumn,
        omitted={"rare": (), "targets": (), "encodings": ()},
        categories=CATEGORIES,
        rare=DISTINCT_TEXTS,
        targets=plain_items(TEXT, "a feature's targets are not texts"),
        encodings=plain_items(
            plain_items(NUMBER, "a feature's encodings are not finite numbers"),
            "a feature's encodings are not lists of numbers",
        ),
    ),
    lambda column: (
        not column.encodings
        or (
            len(column.encodings) == len(column.categories) + 1
            and {len(column.targets) + 1} == set(map(len, column.encodings))
        )
    ),
    "a feature's encodings are not those of its categories",
)
TARGET = checked(
    record(
        TargetColumn,
        omitted={"transform": "none", "notation": None},
        scale=SCALE,
        notation=NOTATION,
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
