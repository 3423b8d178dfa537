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


# Intervals by rows that networks held out

ENSEMBLE = replace(CONFIG, calibration_fraction=0.0, ensemble=3, validation_fraction=0.4, epochs=2)


def test_a_model_file_keeps_all_that_intervals_by_held_out_rows_take(tmp_path: Path) -> None:
    table = made(100, 12, uneven).assign(z=lambda of: of["y"] * of["a"])
    model = nntrain.fit(table, replace(ENSEMBLE, target=("y", "z"), dtype="float32"))
    model.save(tmp_path / "m.npz")
    again = nntrain.load_model(tmp_path / "m.npz")
    for level in LEVELS:
        pd.testing.assert_frame_equal(
            again.predict(table, interval=level), model.predict(table, interval=level)
        )
    again.save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "m.npz").read_bytes()
    with np.load(tmp_path / "m.npz") as archive:
        assert archive["scores"].shape == (100, 2)
        header = json.loads(archive["header"].item())
    groups = header["intervals"]["groups"]
    assert sorted((group["networks"], group["rows"]) for group in groups) == [
        ([0], 20), ([0, 2], 20), ([1], 40), ([2], 20),
    ]  # fmt: skip


UNSOUND_GROUPS: dict[str, Callable[[dict[str, Any]], object]] = {
    "none": lambda header: header["intervals"].update(groups=[]),
    "no rows": lambda header: header["intervals"]["groups"][0].update(rows=0),
    "too many rows": lambda header: header["intervals"]["groups"][0].update(rows=1000),
    "no networks": lambda header: header["intervals"]["groups"][0].update(networks=[]),
    "a network that is not there": lambda header: header["intervals"]["groups"][0].update(
        networks=[3]
    ),
    "a network twice": lambda header: header["intervals"]["groups"][0].update(networks=[1, 1]),
    "a network below 0": lambda header: header["intervals"]["groups"][0].update(networks=[-1]),
    "lowest above highest": lambda header: header["intervals"].update(lowest=[1e9]),
    "nothing held out": lambda header: header["config"].update(validation_fraction=0, keep="last"),
    "calibration rows": lambda header: header["config"].update(calibration_fraction=0.2),
}


@pytest.fixture
def saved_ensemble(tmp_path: Path) -> bytes:
    """The bytes of the file of an ensemble with intervals."""
    path = tmp_path / "m.npz"
    nntrain.fit(made(60, 15, even), ENSEMBLE).save(path)
    content = path.read_bytes()
    forge(path, content)
    assert nntrain.load_model(path).intervals is not None
    return content


@pytest.mark.parametrize("edit", UNSOUND_GROUPS.values(), ids=UNSOUND_GROUPS.keys())
def test_a_header_of_unsound_groups_is_refused(
    tmp_path: Path, saved_ensemble: bytes, edit: Any
) -> None:
    forge(tmp_path / "m.npz", saved_ensemble, edit)
    assert refusal(tmp_path / "m.npz").startswith(f"{tmp_path}/m.npz: is not a valid model file: ")


@pytest.mark.parametrize("name", ["none", "falling", "negative", "not finite"])
def test_an_ensemble_of_unsound_scores_is_refused(
    tmp_path: Path, saved_ensemble: bytes, name: str
) -> None:
    forge(tmp_path / "m.npz", saved_ensemble, edit_arrays=UNSOUND_SCORES[name])
    assert refusal(tmp_path / "m.npz").startswith(f"{tmp_path}/m.npz: is not a valid model file: ")


def test_an_ensemble_of_an_older_version_has_no_intervals(
    tmp_path: Path, saved_ensemble: bytes
) -> None:
    def without(header: dict[str, Any]) -> None:
        del header["intervals"]
        del header["baseline"]["penalties"]

    forge(
        tmp_path / "m.npz", saved_ensemble, without, edit_arrays=lambda arrays: arrays.pop("scores")
    )
    older = nntrain.load_model(tmp_path / "m.npz")
    assert older.intervals is None
    assert older.baseline.penalties(("y",)) == {}
