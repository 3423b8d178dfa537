"""`nntrain explain`: how the importance of columns is shown, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.command import Run

import nntrain

N_ROWS = 400


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


def test_the_command_prints_a_table_and_json(run: Run, folder: Path, model: nntrain.Model) -> None:
    model.save("model.npz")
    frame().iloc[:300].to_csv("t.csv", index=False)
    result = run("explain", "t.csv", "--repeats", "2", "-q")
    assert (result.code, result.err) == (0, "")
    lines = result.out.split("\n")
    assert lines[0].startswith("RMSE of y: ")
    assert lines[0].endswith(", and what shuffling a column adds to it")
    assert lines[1].split() == ["column", "RMSE", "added", "±"]
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
