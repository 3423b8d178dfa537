"""`nntrain explain`: the importance of columns where the answer is known, and how it is shown."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.command import Run

import nntrain
from nntrain.errors import DataError

N_ROWS = 4000


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    a, b, c = rng.normal(size=(3, N_ROWS))
    text = rng.choice(["u", "v", "w"], N_ROWS)
    gaps = np.where(rng.random(N_ROWS) < 0.3, np.nan, rng.normal(size=N_ROWS))
    y = 3 * a - 2 * b + np.where(text == "u", 1.5, 0) + np.where(np.isnan(gaps), 2.0, 0)
    return pd.DataFrame({"a": a, "b": b, "c": c, "text": text, "gaps": gaps, "y": y, "z": 100 * c})


@pytest.fixture(scope="module")
def model() -> nntrain.Model:
    """A linear model, which has learned the two formulas to the last digits."""
    config = nntrain.Config(
        target=("y", "z"), hidden_layers=(), epochs=60, optimizer="adam", alpha=0.05,
        alpha_schedule="cosine", batch_size=64,
    )  # fmt: skip
    return nntrain.fit(frame(), config)


def test_a_linear_model_loses_what_its_weights_say(model: nntrain.Model) -> None:
    """Shuffling puts x' of the same distribution in place of x: E (w x - w x')² = 2 w² var x."""
    found = nntrain.explain(model, frame(), repeats=4)
    assert max(found.rmse["y"], found.rmse["z"] / 100) < 1e-3
    table = frame()
    expected = {
        "a": 3 * table["a"].std(),
        "b": 2 * table["b"].std(),
        "text": 1.5 * (table["text"] == "u").std(),
        "gaps": 2.0 * table["gaps"].isna().std(),
        "c": 0.0,
    }
    of_y = {of.column: of for of in found.importance["y"]}
    assert [of.column for of in found.importance["y"]] == ["a", "b", "gaps", "text", "c"]
    for column, deviation in expected.items():
        assert of_y[column].mean == pytest.approx(2**0.5 * deviation, rel=0.05, abs=1e-3)
        assert of_y[column].deviation < 0.05 * max(deviation, 0.02)
    assert found.importance["z"][0].column == "c"
    assert found.importance["z"][0].mean == pytest.approx(141, rel=0.05)
    assert max(abs(of.mean) for of in found.importance["z"][1:]) < 0.1


def test_shuffles_are_seeded_and_the_table_is_not_changed(model: nntrain.Model) -> None:
    table = frame()
    found = nntrain.explain(model, table, repeats=2)
    assert nntrain.explain(model, table, repeats=2) == found
    config = dataclasses.replace(model.config, seed=1)
    assert nntrain.explain(dataclasses.replace(model, config=config), table, repeats=2) != found
    pd.testing.assert_frame_equal(table, frame())


def test_rows_count_by_their_weight(model: nntrain.Model) -> None:
    """Rows without weight could be anything."""
    table = frame().assign(w=[1.0, 0.0] * (N_ROWS // 2))
    config = dataclasses.replace(model.config, weight="w")
    weighted = dataclasses.replace(model, config=config)
    wild = table.assign(y=table["y"].where(table["w"] > 0, 1e6))
    found = nntrain.explain(weighted, wild, repeats=1)
    assert found.rmse["y"] < 1e-3
    assert found.importance["y"][0].mean == pytest.approx(3 * 2**0.5, rel=0.1)


def test_a_row_alone_cannot_be_shuffled(model: nntrain.Model) -> None:
    with pytest.raises(DataError, match="has too few rows to shuffle"):
        nntrain.explain(model, frame().iloc[:1])


def test_the_command_prints_a_table_and_json(run: Run, folder: Path, model: nntrain.Model) -> None:
    model.save("model.npz")
    frame().iloc[:300].to_csv("t.csv", index=False)
    result = run("explain", "t.csv", "--repeats", "2", "-q")
    assert (result.code, result.err) == (0, "")
    lines = result.out.split("\n")
    assert lines[0].startswith("RMSE of y: ")
    assert lines[0].endswith(", and what is lost by shuffling a column")
    assert lines[1].split() == ["column", "RMSE", "lost", "±"]
    assert lines[2].split()[0] == "a"
    found: dict[str, Any] = json.loads(run("explain", "t.csv", "--repeats", "2", "--json").out)
    assert (found["rows"], found["repeats"]) == (300, 2)
    expected = nntrain.explain(nntrain.load_model("model.npz"), "t.csv", repeats=2).as_dict()
    assert found == expected
    piped = run("explain", "--json", "--repeats", "2", stdin=(folder / "t.csv").read_text())
    assert json.loads(piped.out) == expected


def test_a_table_without_the_target_is_refused(
    run: Run, folder: Path, model: nntrain.Model
) -> None:
    model.save("model.npz")
    frame().iloc[:9].drop(columns="y").to_csv("t.csv", index=False)
    result = run("explain", "t.csv")
    assert (result.code, result.out) == (3, "")
    assert "has no column 'y'" in result.err
