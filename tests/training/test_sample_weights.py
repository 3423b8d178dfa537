"""Sample weights: how much a row counts in training, and which weights are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.command import Run

import nntrain


def weighted(weights: list[float] | np.ndarray) -> nntrain.Model:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=12), "w": weights})
    frame["y"] = 3 * frame["x"] + rng.normal(size=12)
    config = nntrain.Config(
        target=("y",), weight="w", batch_mode="batch", epochs=20, standardize=False
    )
    return nntrain.fit(frame, config)


def test_weights_are_scaled_to_mean_1() -> None:
    weights = np.array([1.0, 2, 3, 4] * 3)
    ours, scaled = weighted(weights), weighted(weights * 8)
    assert (ours.networks[0].parameters.vector == scaled.networks[0].parameters.vector).all()
    alike = weighted(np.full(12, 0.25))
    plain = weighted(np.ones(12))
    assert (alike.networks[0].parameters.vector == plain.networks[0].parameters.vector).all()


def test_a_row_of_weight_2_counts_as_two_rows() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=8), "w": [1.0, 2, 1, 0, 3, 1, 0, 0]})
    frame["y"] = 3 * frame["x"] + rng.normal(size=8)
    options = {"batch_mode": "batch", "epochs": 20, "standardize": False}
    repeated = frame.loc[frame.index.repeat(frame["w"].astype(int))].drop(columns="w")
    assert len(repeated) == 8
    ours = nntrain.fit(frame, nntrain.Config(target=("y",), weight="w", **options))  # type: ignore[arg-type]
    theirs = nntrain.fit(repeated, nntrain.Config(target=("y",), **options))  # type: ignore[arg-type]
    np.testing.assert_allclose(
        ours.networks[0].parameters.vector, theirs.networks[0].parameters.vector, rtol=1e-10
    )


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("-1", "t.csv, line 3, column 'w': a weight is a finite number of 0 or more, found -1; correct "
         "the cell"),
        ("", "t.csv, line 3, column 'w': a weight is a finite number of 0 or more, found a missing "
         "cell; correct the cell"),
        ("a", "t.csv, line 3, column 'w': a weight is a finite number of 0 or more, found 'a'; correct "
         "the cell"),
        ('"1,5"', "t.csv, line 3, column 'w': a weight is a finite number of 0 or more, found '1,5'; "
         "correct the cell; is the decimal mark a comma (--decimal, or decimal in a config)?"),
        ("0", "t.csv, column 'w': every training row weighs 0"),
    ],
)  # fmt: skip
def test_weights_that_are_none_are_explained(
    run: Run, folder: Path, cell: str, message: str
) -> None:
    (folder / "t.csv").write_text(f"x,w,y\n1,0,1\n2,{cell},3\n3,0,2\n")
    (folder / "c.yaml").write_text("target: y\nweight: w\n")
    result = run("fit", "t.csv", "-c", "c.yaml")
    assert (result.code, result.err) == (3, f"Error: {message}\n")


def test_a_weight_is_no_feature_and_not_needed_at_predict(run: Run, folder: Path) -> None:
    (folder / "t.csv").write_text("x,w,y\n1,1,1\n2,0.5,3\n3,0,2\n")
    (folder / "c.yaml").write_text("target: y\nweight: w\nepochs: 1\n")
    assert run("fit", "t.csv", "-c", "c.yaml").code == 0
    assert nntrain.load_model("model.npz").preprocessing.input_names == ("x",)
    assert run("predict", stdin="x\n1\n").code == 0
