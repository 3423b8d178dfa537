"""The piecewise linear encoding, the log of a target, and clamped predictions."""

from __future__ import annotations

import dataclasses
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.command import Run

import nntrain
from nntrain.data.preprocessing.columns import NumericColumn
from nntrain.errors import ModelFileError
from nntrain.model.model import load_model
from nntrain.training.run import TrainingRun

CONFIG = nntrain.Config(target=("y",), numeric_encoding="piecewise_linear", bins=4, epochs=3)


def frame(n_rows: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    skewed = np.exp(rng.normal(size=n_rows))
    return pd.DataFrame(
        {
            "skewed": skewed,
            "few": rng.choice([1.0, 2.0, 5.0], n_rows, p=[0.8, 0.1, 0.1]),
            "flag": rng.integers(0, 2, n_rows).astype(float),
            "gaps": np.where(rng.random(n_rows) < 0.2, np.nan, rng.normal(size=n_rows)),
            "text": rng.choice(["a", "b"], n_rows),
            "y": skewed * np.exp(rng.normal(size=n_rows)),
        }
    )


def slow_encoding(values: list[float], x: float, bins: int) -> list[float]:
    """Gorishniy, Rubachev, Babenko 2022, eq. 1 and 2, from 0..1 to -1..1, a bin after the other."""
    known = sorted(value for value in values if not np.isnan(value))
    x = float(np.mean(known)) if np.isnan(x) else x
    edges: list[float] = []
    for i in range(bins + 1):
        place = i / bins * (len(known) - 1)
        low = known[int(place)]
        high = known[min(int(place) + 1, len(known) - 1)]
        edge = low + (high - low) * (place - int(place))
        if not edges or edge > edges[-1]:
            edges.append(edge)
    encoded = []
    for low, high in pairwise(edges):
        part = 0.0 if x < low else 1.0 if x >= high else (x - low) / (high - low)
        encoded.append(2 * part - 1)
    return encoded if len(encoded) > 1 else []


@pytest.mark.parametrize("bins", [2, 4, 9])
def test_a_column_of_numbers_becomes_an_input_for_each_bin_too(bins: int) -> None:
    table, config = frame(), dataclasses.replace(CONFIG, bins=bins)
    run = TrainingRun.on(table, config)
    names, x = list(run.preprocessing.input_names), run.samples.x
    assert x.shape[1] == len(names)
    found: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        if " from " in name:
            found.setdefault(name.partition(" from ")[0], []).append(i)
    assert "flag" not in found
    assert len(found["skewed"]) == bins
    for name in ("skewed", "few", "gaps"):
        values = table[name].tolist()
        expected = [slow_encoding(values, value, bins) for value in values]
        places = found.get(name, [])
        assert places or not expected[0]
        np.testing.assert_allclose(x[:, places], np.reshape(expected, (60, -1)), atol=1e-12)
        assert names[places[0] - 1] == name if places else True
    standard = TrainingRun.on(table, dataclasses.replace(config, numeric_encoding="standard"))
    both = [names.index(name) for name in standard.preprocessing.input_names]
    np.testing.assert_array_equal(x[:, both], standard.samples.x)


def test_numbers_beyond_those_of_training_are_at_the_ends_of_their_bins() -> None:
    table = frame()
    run = TrainingRun.on(table, CONFIG)
    (column,) = [f for f in run.preprocessing.features if f.name == "skewed"]
    assert isinstance(column, NumericColumn)
    values = np.tile([[float("nan"), 1.0, 0.0, 0.0, 0.0]], (2, 1))
    values[:, 0] = [-1e9, 1e9]
    x = np.empty((2, len(run.preprocessing.input_names)))
    run.preprocessing.encode(values, x)
    assert x[:, 1:5].tolist() == [[-1.0] * 4, [1.0] * 4]


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


# The target


def test_a_network_learns_the_logarithm_and_predicts_in_the_unit() -> None:
    table = frame()
    config = dataclasses.replace(CONFIG, target_transform="log", epochs=0)
    logged = table.assign(y=np.log(table["y"]))
    run = TrainingRun.on(table, config)
    plain = TrainingRun.on(logged, dataclasses.replace(config, target_transform="none"))
    np.testing.assert_allclose(run.samples.y, plain.samples.y, rtol=1e-12)
    np.testing.assert_allclose(
        run.model().predict(table), np.exp(plain.model().predict(logged)), rtol=1e-12
    )
    mean = np.sqrt(np.mean((table["y"] - table["y"].mean()) ** 2))
    assert run.model().summary.training["y"].mean_rmse == pytest.approx(mean)


@pytest.mark.parametrize(("cell", "shown"), [("0", "0"), ("-2.5", "-2.5")])
def test_a_target_without_a_logarithm_is_named_with_its_line(
    run: Run, folder: Path, cell: str, shown: str
) -> None:
    (folder / "t.csv").write_text(f"x,y\n1,2\n2,{cell}\n3,4\n")
    (folder / "v.csv").write_text("x,y\n1,2\n2,3\n3,1\n")
    (folder / "c.yaml").write_text("target: y\ntarget_transform: log\nepochs: 1\n")
    message = (
        f"Error: t.csv, line 3, column 'y': the target is {shown}, which has no logarithm; correct "
        f"it, or --set target_transform=none\n"
    )
    assert run("fit", "t.csv", "-c", "c.yaml").err == message
    result = run("fit", "v.csv", "-c", "c.yaml", "--validation", "t.csv")
    assert (result.code, result.err) == (3, message)
    assert run("fit", "v.csv", "-c", "c.yaml", "-q").code == 0
    assert run("evaluate", "t.csv", "-q").code == 0  # an error is measured in the unit


def test_predictions_stay_in_the_range_of_training_where_they_are_clamped() -> None:
    table = frame()
    far = table.assign(skewed=[-1e6, 1e6] * 30)
    config = dataclasses.replace(CONFIG, numeric_encoding="standard", epochs=40, alpha=0.3)
    free = nntrain.fit(table, dataclasses.replace(config, activation="relu"))
    clamped = nntrain.fit(
        table, dataclasses.replace(config, activation="relu", clamp_predictions=True)
    )
    low, high = table["y"].min(), table["y"].max()
    predictions = free.predict(far)["predicted_y"]
    assert predictions.min() < low or predictions.max() > high
    np.testing.assert_array_equal(clamped.predict(far)["predicted_y"], predictions.clip(low, high))


def test_true_values_are_never_clamped() -> None:
    table = frame()
    beyond = table.assign(y=1000.0 + np.arange(60))
    config = dataclasses.replace(CONFIG, clamp_predictions=True)
    model = nntrain.fit(table, config, validation=beyond)
    assert model.summary.validation["y"].rmse > 900


def test_unknown_names_in_a_header_are_refused(tmp_path: Path) -> None:
    model = nntrain.fit(frame(), CONFIG)
    target = dataclasses.replace(model.preprocessing.targets[0], transform="root")
    forged = dataclasses.replace(model.preprocessing, targets=(target,))
    dataclasses.replace(model, preprocessing=forged).save(tmp_path / "m.npz")
    with pytest.raises(ModelFileError, match="a target has an unknown 'transform'"):
        load_model(tmp_path / "m.npz")


def test_inspect_lists_the_inputs_of_the_bins(run: Run, folder: Path) -> None:
    nntrain.fit(frame(), CONFIG).save("model.npz")
    header = json.loads(run("inspect", "--json").out)
    feature = header["preprocessing"]["features"][0]
    assert len(feature["edges"]) == 5
    assert header["preprocessing"]["inputs"][1] == (
        f"skewed from {feature['edges'][0]:g} to {feature['edges'][1]:g}"
    )
