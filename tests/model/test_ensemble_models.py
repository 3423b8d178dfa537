"""A model of several networks: what they predict together, and its file."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.ensembles import CONFIG, fitted, frame

import nntrain
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.open import ReadOptions
from nntrain.model.serialize import model_header
from nntrain.training.run import TrainingRun


def test_predictions_are_the_mean_of_the_networks_and_the_spread_their_deviation() -> None:
    model, table = fitted(), frame()
    each = [
        dataclasses.replace(model, networks=(network,)).predict(table).to_numpy()
        for network in model.networks
    ]
    np.testing.assert_allclose(model.predict(table), np.mean(each, axis=0), rtol=1e-14)
    run = TrainingRun.from_table(table, CONFIG)
    np.testing.assert_allclose(model.predict_each(run.samples.x), each, rtol=1e-14)
    assert np.std(each, axis=0).min() > 0


def test_the_spread_of_huge_predictions_is_finite() -> None:
    table = frame().assign(y=np.linspace(1e302, 1e304, 50))
    model = nntrain.fit(table, dataclasses.replace(CONFIG, target=("y",), ignore=("z",)))
    cells = CellFormat(model.preprocessing.missing_values, ".")
    with model.predicting(table, ReadOptions(cells)) as (_, parts):
        spread = np.concatenate([part.spread for part in parts])
    assert np.isfinite(spread).all()
    assert spread.max() > 1e299


def test_arrays_have_an_axis_for_the_networks_and_read_back(tmp_path: Path) -> None:
    model = fitted(dtype="float32")
    model.save(tmp_path / "m.npz")
    with np.load(tmp_path / "m.npz", allow_pickle=False) as archive:
        assert sorted(archive) == [
            "b1",
            "b2",
            "b3",
            "header",
            "row_hashes",
            "scores",
            "w1",
            "w2",
            "w3",
        ]
        assert archive["w1"].shape == (3, 4, 2)
        assert archive["b3"].shape == (3, 2)
        for j, network in enumerate(model.networks):
            np.testing.assert_array_equal(archive["w2"][j], network.parameters.weights[1])
        header = json.loads(archive["header"].item())
    assert header["kept_epochs"] == list(model.summary.kept_epochs)
    loaded = nntrain.load_model(tmp_path / "m.npz")
    assert loaded.summary == model.summary
    pd.testing.assert_frame_equal(loaded.predict(frame()), model.predict(frame()))


def test_one_network_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    model = fitted(ensemble=1, keep="last")
    model.save(tmp_path / "m.npz")
    with np.load(tmp_path / "m.npz", allow_pickle=False) as archive:
        assert archive["w1"].shape == (4, 2)
    header = model_header(model.parts)
    assert "kept_epochs" not in header
    assert "edges" not in header["preprocessing"]["features"][0]
    assert "transform" not in header["preprocessing"]["targets"][0]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"ensemble": 2}, "w1 is float64 of shape (3, 4, 2), its header says float64 of (2, 4, 2)"),
        ({"ensemble": 1}, "w1 is float64 of shape (3, 4, 2), its header says float64 of (4, 2)"),
    ],
)
def test_a_file_of_another_number_of_networks_is_refused(
    keys: dict[str, Any], message: str, tmp_path: Path
) -> None:
    model = fitted()
    config = dataclasses.replace(model.config, **keys)
    forged = dataclasses.replace(model, config=config, intervals=None)
    forged.save(tmp_path / "m.npz")
    with pytest.raises(nntrain.NntrainError) as caught:
        nntrain.load_model(tmp_path / "m.npz")
    assert message in str(caught.value)
