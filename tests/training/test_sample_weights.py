"""Sample weights: how much a row counts in training, and which weights are refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.command import Run

import nntrain
from nntrain.evaluation.importance import explain
from nntrain.model.seen_rows import SeenRows
from nntrain.report.measure import measure_report


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


UNITS = [2.0**1022, 2.0**-1066]
"""What makes the weights 1, 2 and 3 about 1e308 and 1e-320."""


@pytest.mark.parametrize("unit", UNITS, ids=["huge", "tiny"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_unit_of_weights_changes_no_byte(unit: float, dtype: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=60), "b": rng.random(60)})
    frame["y"] = frame["a"] + 0.1 * rng.normal(size=60)
    config = nntrain.Config(
        target=("y",), weight="w", epochs=4, ensemble=2, validation_fraction=0.2,
        calibration_fraction=0.3, keep="best", dtype=dtype,
    )  # fmt: skip
    weights = rng.choice([1.0, 2.0, 3.0], 60)
    found = []
    for table in (frame.assign(w=weights), frame.assign(w=weights * unit)):
        model = nntrain.fit(table, config)
        model.save(tmp_path / "m.npz")
        alone = nntrain.fit(table, dataclasses.replace(config, ensemble=1))
        report = measure_report(model, table)
        found.append((
            (tmp_path / "m.npz").read_bytes(),
            alone.summary,
            nntrain.evaluate(model, table, by="b").as_dict(),
            explain(model, table).as_dict(),
            report.targets["y"].ranges,
            [effect.means.tobytes() for effect in report.effects["y"]],
            report.findings,
            report.seen_rows,
        ))  # fmt: skip
    assert found[0] == found[1]
    assert found[0][-1] == SeenRows(60, 60, 42)


@pytest.mark.parametrize("smallest", [5e-324, 1e-320, 1.0])
def test_weights_as_far_apart_as_can_be_overflow_nowhere(smallest: float) -> None:
    weights = np.full(12, 1.7e308)
    weights[::2] = smallest
    heavy = weighted(weights)
    alone = weighted(np.array([1e-290, 1.0] * 6))
    np.testing.assert_allclose(
        heavy.networks[0].parameters.vector, alone.networks[0].parameters.vector, rtol=1e-12
    )


def test_a_command_warns_of_no_weight(run: Run, folder: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [f"{a},{a * 2 + b},1e308" for a, b in rng.normal(size=(40, 2)).round(4).tolist()]
    (folder / "t.csv").write_text("x,y,w\n" + "\n".join(rows) + "\n")
    (folder / "c.yaml").write_text("target: y\nweight: w\nepochs: 3\n")
    result = run("fit", "t.csv", "-c", "c.yaml", "-q")
    assert (result.code, result.err) == (0, "")
    for command in ("cv", "evaluate", "explain", "report"):
        config = ["-c", "c.yaml"] if command == "cv" else []
        result = run(command, "t.csv", *config)
        assert result.code == 0
        assert "RuntimeWarning" not in result.err
    tiny = (folder / "t.csv").read_text().replace("1e308", "1e-320")
    (folder / "v.csv").write_text(tiny)
    result = run("fit", "t.csv", "-c", "c.yaml", "-q", "--validation", "v.csv")
    assert (result.code, result.err) == (0, "")
