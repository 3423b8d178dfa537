"""The histograms of the features in the header of a model file, for writing and reading."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nntrain.data.preprocessing.columns import CategoricalColumn, Feature
from nntrain.model.records import (
    NUMBER,
    WHOLE,
    Codec,
    FormatError,
    JsonObject,
    checked,
    plain_items,
)
from nntrain.stats.histogram import CategoryBins, Histogram, NumberBins, are_rising

LARGEST_COUNT = 2**53
"""Larger whole numbers are not exact in double precision, and no table has so many rows."""
_COUNTS = plain_items(
    checked(WHOLE, lambda n: 0 <= n < LARGEST_COUNT, ""), "a histogram has an invalid count"
)
_EDGES: Codec[Any] = checked(
    plain_items(NUMBER, "a histogram's edges are not finite numbers"),
    are_rising,
    "a histogram's edges do not rise",
)


def histograms_codec(features: Sequence[Feature]) -> Codec[tuple[Histogram, ...]]:
    """How the histograms of these features are written and read, in order."""
    codecs = [_histogram_codec(feature) for feature in features]

    def write(histograms: tuple[Histogram, ...]) -> list[Any]:
        return [codec.write(each) for codec, each in zip(codecs, histograms, strict=True)]

    def read(json: Any, key: str) -> tuple[Histogram, ...]:
        if not isinstance(json, list) or len(json) != len(codecs):
            raise FormatError("its histograms are not those of its features")
        return tuple(codec.read(each, key) for codec, each in zip(codecs, json, strict=True))

    return Codec(write, read)


def _histogram_codec(feature: Feature) -> Codec[Histogram]:
    """How a histogram is written and read: by its `kept` categories or its `edges`."""
    kind: type[CategoryBins | NumberBins] = NumberBins
    key, items = "edges", _EDGES
    if isinstance(feature, CategoricalColumn):
        kind, key, items = (
            CategoryBins,
            "kept",
            _kept_codec(len(feature.categories) + bool(feature.rare)),
        )
    codec = JsonObject({key: items, "counts": _COUNTS}).codec(
        lambda histogram: {key: getattr(histogram.bins, key), "counts": histogram.counts},
        lambda counts, **bins: Histogram(kind(**bins), counts),
    )
    return checked(
        codec,
        lambda histogram: len(histogram.counts) == histogram.bins.n_bins and any(histogram.counts),
        "a histogram's counts are not those of its bins",
    )


def _kept_codec(n_categories: int) -> Codec[tuple[int, ...]]:
    """The positions of the categories that are counted apart: one or more, each once."""
    positions = plain_items(WHOLE, "a histogram has an invalid category")
    return checked(
        positions,
        lambda kept: (
            bool(kept)
            and len(set(kept)) == len(kept)
            and min(kept) >= 0
            and max(kept) < n_categories
        ),
        "a histogram has an invalid category",
    )
