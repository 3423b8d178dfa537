"""`nntrain reproduce`: the model comes out again to the last bit, or the first difference is named."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.command import ROOT, Run

import nntrain
from nntrain.training.run import TrainingRun

TABLE = "sample_data/concrete.csv"
CONFIG = "configs/mini-batch.yaml"
FIT = ["fit", TABLE, "-c", CONFIG, "-q"]


def table() -> pd.DataFrame:
    return pd.read_csv(ROOT / TABLE).iloc[:200]


def fitted(**keys: Any) -> nntrain.Model:
    defaults: dict[str, Any] = {"target": ("strength_mpa",), "epochs": 6, "hidden_layers": (5,)}
    return nntrain.fit(table(), nntrain.Config(**(defaults | keys)))


@pytest.mark.parametrize(
    "keys",
    [
        [],
        ["--set", "batch_mode=stochastic", "--set", "epochs=4", "--set", "engine=compiled"],
        ["--set", "tau=0.02", "--set", "batch_mode=batch"],
        ["--set", "ensemble=3", "--set", "validation_fraction=0.2", "--set", "keep=best",
         "--set", "patience=2", "--set", "optimizer=adam", "--set", "alpha=0.01"],
    ],
    ids=str,
)  # fmt: skip
def test_a_model_comes_out_again(run: Run, folder: Path, keys: list[str]) -> None:
    assert run(*FIT, *keys).code == 0
    before = (folder / "model.npz").read_bytes()
    result = run("reproduce", TABLE)
    assert (result.code, result.err) == (0, "")
    assert re.fullmatch(
        r"identical: \d+ epochs? give the same weights to the last bit\n", result.out
    )
    assert (folder / "model.npz").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == [
        "configs", "loss.csv", "model.npz", "sample_data",
    ]  # fmt: skip


def test_a_run_that_its_time_ended_is_repeated_to_that_epoch(run: Run) -> None:
    assert run(*FIT, "--set", "epochs=100000", "--max-time", "1s").code == 0
    epochs = nntrain.load_model("model.npz").summary.epochs_trained
    assert 0 < epochs < 100_000
    assert run("reproduce", TABLE, "-q").out.startswith(f"identical: {epochs:,} epoch")


def test_other_data_is_the_first_difference(run: Run, folder: Path) -> None:
    assert run(*FIT, "--set", "epochs=3").code == 0
    lines = (ROOT / TABLE).read_text().split("\n")
    lines[5] = lines[60]
    (folder / "other.csv").write_text("\n".join(lines))
    result = run("reproduce", "other.csv")
    assert (result.code, result.out) == (6, "")
    assert result.err == (
        "Error: model.npz is not what other.csv makes: data: these are not the rows that the model "
        "was trained on and validated by\n"
    )


def test_a_model_validated_by_another_table_needs_it(run: Run, folder: Path) -> None:
    table().iloc[:50].to_csv("v.csv", index=False)
    assert run(*FIT, "--set", "epochs=3", "--validation", "v.csv").code == 0
    result = run("reproduce", TABLE)
    assert (result.code, result.err) == (
        2,
        "Error: the model was validated by another table; name it with --validation\n",
    )
    assert run("reproduce", TABLE, "--validation", "v.csv").out.startswith("identical: 3 epochs")


def test_a_model_that_data_alone_cannot_make_says_so(run: Run, folder: Path) -> None:
    assert run(*FIT, "--set", "epochs=3").code == 0
    again = [*FIT, "--set", "epochs=3", "--from", "model.npz", "-m", "tuned.npz"]
    assert run(*again).code == 0
    result = run("reproduce", TABLE, "-m", "tuned.npz")
    assert (result.code, result.err) == (
        2,
        "Error: the model was made with --from, by weights that it does not hold; the data alone "
        "cannot make it again\n",
    )
    TrainingRun.from_table(table(), nntrain.Config(target=("strength_mpa",))).checkpoint().save(
        "c.npz"
    )
    result = run("reproduce", TABLE, "-m", "c.npz")
    assert (result.code, result.err) == (
        2,
        "Error: the model is of an unfinished run; finish it first: fit --resume\n",
    )


def test_the_fingerprint_and_the_versions_are_in_the_file(run: Run, folder: Path) -> None:
    fitted(engine="compiled").save("model.npz")
    summary = nntrain.load_model("model.npz").summary
    assert summary.fingerprint is not None
    assert re.fullmatch("[0-9a-f]{64}", summary.fingerprint)
    assert {"numpy", "numba"} <= summary.versions.keys()
