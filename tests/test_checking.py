"""`check` and `inspect`: what would come of a table, and what is in a model, without running either."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import Run

import nntrain

TRAINING = "size,color,price\n" + "".join(
    f"{i},{'red' if i % 3 else 'blue'},{2 * i + i % 3}\n" for i in range(1, 40)
)
NEW = "size,color\n1,red\n50,green\n,green\n7,pink\n"


@pytest.fixture
def model(folder: Path) -> nntrain.Model:
    """train.csv, c.yaml and model.npz in the folder."""
    (folder / "train.csv").write_text(TRAINING)
    (folder / "c.yaml").write_text("target: price\nepochs: 3\nalpha: 0.05\n")
    (folder / "new.csv").write_text(NEW)
    model = nntrain.fit("train.csv", nntrain.load_config("c.yaml"))
    model.save("model.npz")
    return model


@pytest.mark.usefixtures("model")
def test_check_with_a_model_names_what_training_had_not_seen(run: Run) -> None:
    result = run("check", "new.csv", "-m", "model.npz")
    assert result.code == 0
    header = ["column", "type", "new", "categories", "missing", "out", "of", "range", "bad"]
    assert result.out.split("\n")[0].split() == header
    assert result.out.split("\n")[1].split() == ["size", "number", "-", "1", "1", "-"]
    assert "'green' (2), 'pink' (1)" in result.out.split("\n")[2]
    assert result.out.split("\n")[3:] == [
        "Warning: 'size': 1 missing cell, none in training; taken as the training mean",
        "Warning: 'size': 1 number outside the range of training, 1 to 39",
        "Warning: 'color': 3 cells of 2 categories not seen in training",
        "nntrain predict would work on this table: 4 rows, 3 warnings.",
        "",
    ]
    assert result.err == "Next: nntrain predict new.csv\n"


@pytest.mark.usefixtures("model")
def test_check_gives_one_json_object(run: Run) -> None:
    result = run("check", "new.csv", "-m", "model.npz", "--json")
    assert (result.code, result.err) == (0, "")
    found = json.loads(result.out)
    assert list(found) == ["works", "rows", "columns", "warnings", "error"]
    assert (found["works"], found["rows"], found["error"]) == (True, 4, "")
    assert found["columns"] == [
        {
            "name": "size", "use": "feature", "type": "number", "missing": 1,
            "new_categories": {}, "outside_range": 1, "bad": 0,
        },
        {
            "name": "color", "use": "feature", "type": "text, 2 categories", "missing": 0,
            "new_categories": {"green": 2, "pink": 1}, "outside_range": 0, "bad": 0,
        },
    ]  # fmt: skip
    assert len(found["warnings"]) == 3


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize(
    ("table", "options", "code", "message"),
    [
        ("size,color\n1,red\n", ["-m", "model.npz", "--strict"], 0, ""),
        ("size,color\n99,red\n", ["-m", "model.npz", "--strict"], 6, "--strict: 1 warning"),
        ("size,color\nbig,red\n", ["-m", "model.npz"], 3, "t.csv, line 2, column 'size': expects a "
         "number, found 'big'"),
        ("color\nred\n", ["-m", "model.npz"], 3, "t.csv: has no column 'size', which the model needs; "
         "its header line was read as one column, 'color'; name the delimiter"),
        (TRAINING, ["-c", "c.yaml", "--strict"], 0, ""),
        (TRAINING + ",red,1\n", ["-c", "c.yaml", "--strict"], 6, "--strict: 1 warning"),
        (TRAINING + "1,red,\n", ["-c", "c.yaml"], 3, "t.csv, line 41, column 'price': the target is "
         "missing; fill it in, remove the row, or leave out every row without a target: --set "
         "missing_target=skip"),
        (TRAINING, [], 2, "check needs either --config, for fit, or --model, for predict"),
        (TRAINING, ["-c", "c.yaml", "-m", "model.npz"], 2, "check needs either --config, for fit, or "
         "--model, for predict"),
        (TRAINING, ["-m", "model.npz", "--set", "alpha=1"], 2, "--set goes with --config"),
    ],
)  # fmt: skip
def test_the_exit_code_tells_whether_it_would_work(
    run: Run, folder: Path, table: str, options: list[str], code: int, message: str
) -> None:
    (folder / "t.csv").write_text(table)
    before = sorted(folder.iterdir())
    result = run("check", "t.csv", *options, "-q")
    assert result.code == code
    assert result.err == (f"Error: {message}\n" if message else "")
    assert sorted(folder.iterdir()) == before


@pytest.mark.usefixtures("model")
def test_check_with_a_config_says_how_each_column_would_be_used(run: Run, folder: Path) -> None:
    (folder / "t.csv").write_text(
        "id,c,size,price\n" + "".join(f"r{i},5,{i},{i % 7}\n" for i in range(9))
    )
    (folder / "c.yaml").write_text("target: price\nignore: [id]\n")
    result = run("check", "t.csv", "-c", "c.yaml")
    assert result.code == 0
    assert [line.split() for line in result.out.split("\n")[:5]] == [
        ["column", "use", "type", "missing"],
        ["id", "left", "out", "text,", "9", "different", "-"],
        ["c", "feature", "number", "-"],
        ["size", "feature", "number", "-"],
        ["price", "target", "number", "-"],
    ]
    assert result.out.split("\n")[5:] == [
        "Warning: left out the column 'c': it is constant",
        "nntrain fit would work on this table: 9 rows, 1 warning.",
        "",
    ]


def test_inspect_shows_the_network_the_columns_and_what_was_set(
    run: Run, model: nntrain.Model
) -> None:
    result = run("inspect")
    assert result.code == 0
    lines = result.out.split("\n")
    assert lines[0] == "Network 3-16-1, sigmoid, float64: 81 weights (biases included)."
    assert lines[1] == "Trained on 39 rows for 3 epochs of 3, 6 iterations; stopped by epochs."
    cells = [line.split() for line in lines]
    assert ["size", "number", "0.0%", "1", "39", "20"] in cells
    assert ["color", "2", "categories", "-", "-", "-", "-"] in cells
    assert ["alpha", "*", "0.05"] in cells
    assert ["epochs", "*", "3"] in cells
    assert ["batch_size", "32"] in cells
    assert result.err == "Next: nntrain predict new.csv > predictions.csv\n"


def test_inspect_gives_the_header_as_json_and_the_weights(run: Run, model: nntrain.Model) -> None:
    found = json.loads(run("inspect", "model.npz", "--json", "--weights").out)
    with np.load("model.npz", allow_pickle=False) as archive:
        header = json.loads(archive["header"].item())
        assert found.pop("weights") == [archive["w1"].tolist(), archive["w2"].tolist()]
        assert found.pop("biases") == [archive["b1"].tolist(), archive["b2"].tolist()]
    header.pop("checksum")
    assert found == header
    text = run("inspect", "--weights").out
    assert "\nw1 (16, 3), a row for each neuron; b1 (16,)\n" in text
    assert f"{model.network.parameters.weights[0][0, 0]:12.6g}" in text


def test_inspect_without_a_model_exits_4(run: Run) -> None:
    result = run("inspect")
    assert (result.code, result.out) == (4, "")
    assert result.err == (
        "Error: model.npz: there is no such model file; make one with `nntrain fit`, or name another "
        "with --model\n"
    )
