"""What intervals take in a model file: kept whole, and refused where it is unsound."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from support.forging import forge
from support.intervals import CONFIG, LEVELS, even, made, uneven

import nntrain
from nntrain.errors import ModelFileError


def test_a_model_file_keeps_all_that_intervals_take(tmp_path: Path) -> None:
    table = made(100, 12, uneven).assign(z=lambda of: of["y"] * of["a"])
    model = nntrain.fit(table, replace(CONFIG, target=("y", "z"), dtype="float32"))
    model.save(tmp_path / "m.npz")
    again = nntrain.load_model(tmp_path / "m.npz")
    for level in LEVELS:
        pd.testing.assert_frame_equal(
            again.predict(table, interval=level), model.predict(table, interval=level)
        )
    again.save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "m.npz").read_bytes()
    with np.load(tmp_path / "m.npz") as archive:
        assert archive["scores"].shape == (30, 2)
        header = json.loads(archive["header"].item())
    assert header["intervals"]["rows"] == 30


Arrays = dict[str, NDArray[Any]]

UNSOUND_SCORES: dict[str, Callable[[Arrays], object]] = {
    "none": lambda arrays: arrays.pop("scores"),
    "fewer": lambda arrays: arrays.update(scores=arrays["scores"][1:]),
    "falling": lambda arrays: arrays.update(scores=arrays["scores"][::-1].copy()),
    "negative": lambda arrays: arrays.update(scores=arrays["scores"] - 1e6),
    "not finite": lambda arrays: arrays["scores"].fill(math.inf),
    "single precision": lambda arrays: arrays.update(scores=arrays["scores"].astype("float32")),
}

UNSOUND_HEADERS: dict[str, Callable[[dict[str, Any]], object]] = {
    "no intervals": lambda header: header.pop("intervals"),
    "a config without": lambda header: header["config"].update(calibration_fraction=0),
    "no rows": lambda header: header["intervals"].pop("rows"),
    "no lowest": lambda header: header["intervals"].pop("lowest"),
    "lowest above highest": lambda header: header["intervals"].update(lowest=[1e9]),
    "weights of texts": lambda header: header["intervals"].update(weights=[["a", "b"]]),
    "weights too few": lambda header: header["intervals"].update(weights=[[1.0]]),
    "fingerprint a number": lambda header: header["intervals"].update(fingerprint=1),
}


@pytest.fixture
def saved(tmp_path: Path) -> bytes:
    """The bytes of a model file with intervals, which an edit that changes nothing leaves sound."""
    path = tmp_path / "m.npz"
    nntrain.fit(made(60, 15, even), replace(CONFIG, epochs=1)).save(path)
    content = path.read_bytes()
    forge(path, content)
    assert nntrain.load_model(path).intervals is not None
    return content


def refusal(path: Path) -> str:
    with pytest.raises(ModelFileError) as caught:
        nntrain.load_model(path)
    return str(caught.value)


@pytest.mark.parametrize("edit", UNSOUND_SCORES.values(), ids=UNSOUND_SCORES.keys())
def test_a_file_of_unsound_scores_is_refused(tmp_path: Path, saved: bytes, edit: Any) -> None:
    forge(tmp_path / "m.npz", saved, edit_arrays=edit)
    assert refusal(tmp_path / "m.npz").startswith(f"{tmp_path}/m.npz: is not a valid model file: ")


@pytest.mark.parametrize("edit", UNSOUND_HEADERS.values(), ids=UNSOUND_HEADERS.keys())
def test_a_header_of_unsound_intervals_is_refused(tmp_path: Path, saved: bytes, edit: Any) -> None:
    forge(tmp_path / "m.npz", saved, edit)
    assert refusal(tmp_path / "m.npz").startswith(f"{tmp_path}/m.npz: is not a valid model file: ")
