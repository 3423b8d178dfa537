"""The piecewise linear encoding, the log of a target, and clamped predictions."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from support.command import Run
from support.transforms import CONFIG, frame

import nntrain
from nntrain.data.preprocessing.columns import NumericColumn
from nntrain.training.run import TrainingRun


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
    run = TrainingRun.from_table(table, config)
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
    standard = TrainingRun.from_table(
        table, dataclasses.replace(config, numeric_encoding="standard")
    )
    both = [names.index(name) for name in standard.preprocessing.input_names]
    np.testing.assert_array_equal(x[:, both], standard.samples.x)


def test_numbers_beyond_those_of_training_are_at_the_ends_of_their_bins() -> None:
    table = frame()
    run = TrainingRun.from_table(table, CONFIG)
    (column,) = [f for f in run.preprocessing.features if f.name == "skewed"]
    assert isinstance(column, NumericColumn)
    values = np.tile([[float("nan"), 1.0, 0.0, 0.0, 0.0]], (2, 1))
    values[:, 0] = [-1e9, 1e9]
    x = np.empty((2, len(run.preprocessing.input_names)))
    run.preprocessing.encode(values, x)
    assert x[:, 1:5].tolist() == [[-1.0] * 4, [1.0] * 4]


# The target


def test_a_network_learns_the_logarithm_and_predicts_in_the_unit() -> None:
    table = frame()
    config = dataclasses.replace(CONFIG, target_transform="log", epochs=0)
    logged = table.assign(y=np.log(table["y"]))
    run = TrainingRun.from_table(table, config)
    plain = TrainingRun.from_table(logged, dataclasses.replace(config, target_transform="none"))
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
