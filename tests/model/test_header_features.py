"""Features and targets in the header of a model file: kept whole, and refused where they are unsound."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.transforms import CONFIG, frame

import nntrain
from nntrain.errors import ModelFileError
from nntrain.model.model import load_model


def test_the_encoding_is_kept_in_the_model_file(tmp_path: Path) -> None:
    model = nntrain.fit(frame(), CONFIG)
    model.save(tmp_path / "m.npz")
    loaded = load_model(tmp_path / "m.npz")
    assert loaded.preprocessing == model.preprocessing
    pd.testing.assert_frame_equal(loaded.predict(frame()), model.predict(frame()))


@pytest.mark.parametrize(
    ("edges", "found"),
    [
        ([1.0, 1.0, 2.0], "a feature's edges do not rise"),
        ([2.0, 1.0], "a feature's edges do not rise"),
        (["1", 2.0], "a feature's edges are not finite numbers"),
        ([True, 2.0], "a feature's edges are not finite numbers"),
        ({"a": 1}, "its header has no valid 'edges'"),
    ],
)
def test_unsound_edges_are_refused(edges: Any, found: str, tmp_path: Path) -> None:
    model = nntrain.fit(frame(), CONFIG)
    features = model.preprocessing.features
    first = dataclasses.replace(features[0], edges=edges)
    forged = dataclasses.replace(model.preprocessing, features=(first, *features[1:]))
    names = model.preprocessing.input_names
    forged.__dict__["input_names"] = names
    dataclasses.replace(model, preprocessing=forged).save(tmp_path / "m.npz")
    with pytest.raises(ModelFileError, match=found):
        load_model(tmp_path / "m.npz")


def test_unknown_names_in_a_header_are_refused(tmp_path: Path) -> None:
    model = nntrain.fit(frame(), CONFIG)
    target = dataclasses.replace(model.preprocessing.targets[0], transform="root")
    forged = dataclasses.replace(model.preprocessing, targets=(target,))
    dataclasses.replace(model, preprocessing=forged).save(tmp_path / "m.npz")
    with pytest.raises(ModelFileError, match="a target has an unknown 'transform'"):
        load_model(tmp_path / "m.npz")
