"""`nntrain explain`: how the importance of columns is shown, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.command import Run
from support.linear import linear_frame, linear_model

import nntrain

N_ROWS = 400


def frame() -> pd.DataFrame:
    return linear_frame(N_ROWS)


@pytest.fixture(scope="module")
def model() -> nntrain.Model:
    return linear_model(N_ROWS)


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
