"""`nntrain inspect`: everything a model file holds, for a person and for a program."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from support.command import Result, Run
from support.ensembles import fitted
from support.transforms import CONFIG, frame

import nntrain
from nntrain.config.keys import DEFAULTS, WITHOUT_EFFECT
from nntrain.report.description import arithmetic_text

TABLE = "size,color,price\n" + "".join(
    f"{i if i % 4 else ''},{'red' if i % 3 else 'blue'},{2 * i + i % 3}\n" for i in range(1, 41)
)
DEFAULT_KEYS = """\
features              null
ignore                []
numbers               {}
date_format           {}
categorical           []
ordered               {}
weight                null
max_categories        100
min_count             1
hidden_layers *       [3, 2]
activation *          tanh
initialization        glorot_uniform
alpha                 0.1
alpha_schedule        constant
optimizer             gradient_descent
momentum              0.9
beta_1                0.9
beta_2                0.999
epsilon               1e-08
weight_decay          0
epochs *              4
batch_mode            mini-batch
batch_size            32
tau                   0
patience              null
keep                  last
ensemble              1
shuffle               true
standardize           true
numeric_encoding      standard
bins                  8
target_transform      none
clamp_predictions     false
validation_fraction   0
calibration_fraction  0
missing_values        ["", NA, "N/A", "NaN", "nan", "null", "NULL", "?"]
missing_target        error
delimiter             null
decimal               "."
encoding              utf-8
row_sketch            true
dtype                 float64
seed                  0
engine                auto
"""


@pytest.fixture
def model(folder: Path) -> nntrain.Model:
    """The model in `model.npz`."""
    (folder / "t.csv").write_text(TABLE)
    config = nntrain.Config(target=("price",), hidden_layers=(3, 2), activation="tanh", epochs=4)
    nntrain.fit("t.csv", config).save("model.npz")
    return nntrain.load_model("model.npz")


def test_the_whole_report(run: Run, model: nntrain.Model) -> None:
    of = model.summary.training["price"]
    result = run("inspect")
    figures = [f"{of.rmse:.4g}", f"{of.mae:.4g}", f"{of.r2:.3f}", f"{of.largest_error:.4g}"]
    ridge = f"{of.ridge_rmse:.4g}"
    lines = result.out.split("\n")
    assert lines[2] == f"Computed by {arithmetic_text(model.summary.versions)}."
    assert model.baseline.ridge is not None
    assert model.baseline.ridge.penalties is not None
    penalty = f"{model.baseline.ridge.penalties[0]:.4g}"
    assert lines[3] == f"Penalty of the ridge regression beside it: {penalty} for price."
    error_lines = lines[4:7]
    assert [line.split() for line in error_lines] == [
        ["Error", "of", "price"],
        ["rows", "of", "rows", "RMSE", "MAE", "R²", "max", "error", "mean's", "RMSE", "ridge's", "RMSE"],
        ["training", "40", *figures, f"{of.mean_rmse:.4g}", ridge],
    ]  # fmt: skip
    assert result.out == (
        "Network 4-3-2-1, tanh, float64: 26 weights (biases included).\n"
        "Trained on 40 rows for 4 epochs of 4, 8 iterations; stopped by epochs; numpy engine.\n"
        + "\n".join(lines[2:7])
        + "\n\n"
        "column  type          missing  minimum  maximum  mean\n"
        "size    number          25.0%        1       39    20\n"
        "color   2 categories        -        -        -     -\n"
        "price   target              -        3       81     -\n"
        "\n"
        "Config, * where it differs from the default\n"
        "key                   value\n"
        "target *              [price]\n" + DEFAULT_KEYS
    )
    assert (result.code, result.err) == (0, "Next: nntrain predict new.csv > predictions.csv\n")


def test_the_model_may_have_another_name(run: Run, folder: Path, model: nntrain.Model) -> None:
    first = run("inspect")
    (folder / "model.npz").rename(folder / "my model.npz")
    result = run("inspect", "my model.npz")
    assert (result.code, result.out) == (0, first.out)
    assert result.err == (
        "Next: nntrain predict new.csv --model 'my model.npz' > predictions.csv\n"
    )
    assert run("inspect", "my model.npz", "-q") == Result(0, first.out, "")


@pytest.mark.parametrize(
    ("changes", "marked"),
    [
        ({}, ["target"]),
        ({"hidden_layers": [], "alpha": 0.05}, ["target", "hidden_layers", "alpha"]),
        ({"hidden_layers": [16], "alpha": 0.1, "tau": 0, "seed": 0}, ["target"]),
        (
            {"features": ["size"], "missing_values": ["-"], "delimiter": ",", "seed": 7},
            ["target", "features", "missing_values", "delimiter", "seed"],
        ),
        ({"shuffle": False, "dtype": "float32"}, ["target", "shuffle", "dtype"]),
    ],
)
def test_only_what_differs_from_the_default_is_marked(
    run: Run, folder: Path, changes: dict[str, object], marked: list[str]
) -> None:
    (folder / "t.csv").write_text(TABLE.replace("\n,", "\n0,"))
    config = nntrain.Config.from_dict({"target": "price", "epochs": 200, **changes})
    nntrain.fit("t.csv", config).save("model.npz")
    lines = run("inspect").out.split("\n")
    rows = lines[lines.index("Config, * where it differs from the default") + 2 :]
    assert [row.split()[0] for row in rows if row] == [
        name for name in DEFAULTS if name not in WITHOUT_EFFECT
    ]
    assert [row.split()[0] for row in rows if re.match(r"\w+ \*", row)] == marked


def test_the_validation_rows_come_first(run: Run, folder: Path) -> None:
    config = nntrain.Config(target=("strength_mpa",), epochs=2, validation_fraction=0.2)
    nntrain.fit("sample_data/concrete.csv", config).save("model.npz")
    lines = run("inspect").out.split("\n")
    assert [line.split()[:2] for line in lines[6:8]] == [["validation", "206"], ["training", "824"]]


def test_several_targets_have_a_table_each(run: Run, folder: Path) -> None:
    config = nntrain.Config(target=("heating_load", "cooling_load"), epochs=1, tau=9.0)
    nntrain.fit("sample_data/energy.csv", config).save("model.npz")
    lines = run("inspect").out.split("\n")
    assert lines[0] == "Network 8-16-2, sigmoid, float64: 178 weights (biases included)."
    assert lines[1].endswith("1 epoch of 1, 24 iterations; stopped by tau; numpy engine.")
    assert [line for line in lines if line.startswith("Error of")] == [
        "Error of heating_load",
        "Error of cooling_load",
    ]
    assert [line.split()[:2] for line in lines if " target " in line] == [
        ["heating_load", "target"],
        ["cooling_load", "target"],
    ]


def test_weights_print_every_matrix_with_its_biases(run: Run, model: nntrain.Model) -> None:
    plain, result = run("inspect"), run("inspect", "--weights")
    assert result.err == plain.err
    assert result.out.startswith(plain.out)
    blocks = result.out[len(plain.out) :].strip("\n").split("\n\n")
    parameters = model.networks[0].parameters
    assert len(blocks) == 3
    for i, (block, w, b) in enumerate(
        zip(blocks, parameters.weights, parameters.biases, strict=True), start=1
    ):
        title, *rows = block.split("\n")
        assert title == f"w{i} {w.shape}, a row for each neuron; b{i} {b.shape}"
        numbers = [[float(cell) for cell in row.replace("|", " ").split()] for row in rows]
        assert np.array(numbers) == pytest.approx(np.column_stack([w, b]), rel=1e-5)


def test_json_is_the_header_of_the_model_file(run: Run, model: nntrain.Model) -> None:
    result = run("inspect", "--json")
    assert (result.code, result.err, result.out.count("\n")) == (0, "", 1)
    found = json.loads(result.out)
    with np.load("model.npz", allow_pickle=False) as archive:
        header = json.loads(archive["header"].item())
    assert header.pop("checksum")
    assert found == header
    assert list(found) == [
        "format_version",
        "nntrain_version",
        "config",
        "preprocessing",
        "epochs_trained",
        "iterations",
        "stopped_by",
        "engine",
        "started_from",
        "fingerprint",
        "versions",
        "summary",
        "baseline",
        "histograms",
        "row_sketch",
    ]
    assert nntrain.Config.from_dict(found["config"]) == model.config
    assert [feature["name"] for feature in found["preprocessing"]["features"]] == ["size", "color"]
    assert found["summary"]["training"]["price"] == model.summary.training["price"].as_dict()


def test_json_with_weights_holds_every_number_exactly(run: Run, model: nntrain.Model) -> None:
    result = run("inspect", "--json", "--weights")
    found = json.loads(result.out)
    parameters = model.networks[0].parameters
    for key, arrays in (("weights", parameters.weights), ("biases", parameters.biases)):
        assert found.pop(key) == [array.tolist() for array in arrays]
    assert found == json.loads(run("inspect", "--json").out)


def test_float32_weights_survive_json(run: Run, folder: Path) -> None:
    (folder / "t.csv").write_text(TABLE)
    config = nntrain.Config(target=("price",), dtype="float32", epochs=1)
    nntrain.fit("t.csv", config).save("model.npz")
    found = json.loads(run("inspect", "--json", "--weights").out)
    weights = nntrain.load_model("model.npz").networks[0].parameters.weights
    for row, array in zip(found["weights"], weights, strict=True):
        assert np.array_equal(np.array(row, dtype=np.float32), array)


@pytest.mark.parametrize("options", [[], ["--json"], ["--weights"]])
def test_a_model_that_is_not_there_is_exit_code_4(run: Run, options: list[str]) -> None:
    assert run("inspect", *options) == Result(
        4,
        "",
        "Error: model.npz: there is no such model file; make one with `nntrain fit`, or name another "
        "with --model\n",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n", "m.npz: is not a model file, or damaged: File is not a zip file"),
        (b"", "m.npz: is not a model file, or damaged: File is not a zip file"),
    ],
)
def test_a_file_that_is_no_model_is_exit_code_4(
    run: Run, folder: Path, content: bytes, message: str
) -> None:
    (folder / "m.npz").write_bytes(content)
    assert run("inspect", "m.npz") == Result(4, "", f"Error: {message}\n")


def test_inspect_shows_every_network(run: Run, folder: Path) -> None:
    fitted().save("model.npz")
    result = run("inspect", "--weights")
    assert result.code == 0
    assert result.out.startswith("3 networks 2-4-3-2, sigmoid, float64: 35 weights each (biases")
    assert result.out.count(", w1 (4, 2), a row for each neuron; b1 (4,)\n") == 3
    assert "\nKept the weights of epochs " in result.out
    content = json.loads(run("inspect", "--weights", "--json").out)
    assert np.array(content["weights"][0]).shape == (3, 4, 2)
    assert np.array(content["biases"][2]).shape == (3, 2)


def test_inspect_lists_the_inputs_of_the_bins(run: Run, folder: Path) -> None:
    nntrain.fit(frame(), CONFIG).save("model.npz")
    header = json.loads(run("inspect", "--json").out)
    feature = header["preprocessing"]["features"][0]
    assert len(feature["edges"]) == 5
    assert header["preprocessing"]["inputs"][1] == (
        f"skewed from {feature['edges'][0]:g} to {feature['edges'][1]:g}"
    )
