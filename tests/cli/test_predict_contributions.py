"""`nntrain predict --explain`: the columns it adds, and names that it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.command import Run
from support.contributions import CONFIG, explained, frame

import nntrain


@pytest.fixture
def model(folder: Path) -> nntrain.Model:
    """A model of t.csv, in the folder."""
    frame(3).to_csv(folder / "t.csv", index=False)
    model = nntrain.fit(folder / "t.csv", CONFIG)
    model.save(folder / "model.npz")
    return model


def test_the_command_adds_contributions(run: Run, folder: Path, model: nntrain.Model) -> None:
    options = ["--explain", "--keep", "text", "--format", "jsonl", "--on-bad-row", "blank"]
    rows = frame(3).drop(columns="y").head(2).to_csv(index=False) + "a,b,c,d\n"
    done = run("predict", *options, "--prefix", "p_", stdin=rows)
    assert done.code == 0
    first, _, bad = map(json.loads, done.out.splitlines())
    expected = explained(model, frame(3).head(1)).iloc[0]
    assert list(first) == [
        "text", "p_y", "p_y_baseline",
        "contribution_x0", "contribution_x1", "contribution_x2", "contribution_text",
    ]  # fmt: skip
    np.testing.assert_allclose(list(first.values())[1:], expected, rtol=1e-9)
    assert list(bad.values()) == ["d", None, None, None, None, None, None]


def test_two_output_columns_of_one_name_are_refused(run: Run, folder: Path) -> None:
    table = frame(3).rename(columns={"x0": "z_x2"}).assign(z=1.0 * np.arange(300))
    config = replace(CONFIG, target=("y", "y_baseline"))
    nntrain.fit(table.rename(columns={"z": "y_baseline"}), config).save(folder / "model.npz")
    done = run("predict", "--explain", stdin=table.to_csv(index=False))
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "Error: two columns would be called 'predicted_y_baseline', as the model's columns are "
        "called; rename one of them before nntrain fit\n"
    )


def test_a_column_of_the_table_with_the_name_of_a_contribution_is_refused(
    run: Run, model: nntrain.Model
) -> None:
    table = frame(3).assign(contribution_x0=0).to_csv(index=False)
    done = run("predict", "--explain", "--append", "--prefix", "p_", stdin=table)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "Error: --append would write two columns called 'contribution_x0'; leave that of DATA out "
        "with --keep\n"
    )
