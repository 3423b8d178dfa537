"""`nntrain trace`: the whole of what it prints is as kept, and wrong rows are explained."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.command import ROOT, Run

KEPT = ROOT / "tests/model/golden/trace-figure1.txt"
FIGURE1 = ["sample_data/energy.csv", "-c", "configs/figure1.yaml"]


def test_the_whole_output_for_the_articles_network(run: Run, folder: Path) -> None:
    result = run("trace", *FIGURE1)
    assert (result.code, result.err) == (0, "")
    assert result.out == KEPT.read_text(encoding="utf-8")
    assert max(map(len, result.out.split("\n"))) <= 80
    assert sorted(path.name for path in folder.iterdir()) == ["configs", "sample_data"]


def test_several_iterations_lower_the_loss(run: Run) -> None:
    result = run("trace", *FIGURE1, "--rows", "1:3", "--iterations", "2")
    assert result.code == 0
    assert "\n==== iteration 2\n" in result.out
    assert "2 iterations of a network 3-5-2, sigmoid, on rows 1 to 3\n" in result.out
    traced = json.loads(run("trace", *FIGURE1, "--rows", "1:3", "--iterations", "2", "--json").out)
    assert [iteration["number"] for iteration in traced] == [1, 2]
    assert (
        traced[0]["loss"] > traced[0]["loss_after"] == pytest.approx(traced[1]["loss"], rel=1e-12)
    )
    assert np.array(traced[0]["layers"][0]["loss_by_w"]).shape == (5, 3)


def test_large_matrices_are_cut_and_fit_the_terminal(run: Run) -> None:
    keys = ["--set", "hidden_layers=[40]", "--set", "optimizer=adam", "--rows", "1:20"]
    result = run("trace", *FIGURE1, *keys)
    assert result.code == 0
    assert max(map(len, result.out.split("\n"))) <= 80
    assert "  w_1    40 × 3\n" in result.out
    assert "\nUPDATE  by adam\n" in result.out
    assert len(result.out.split("\n")) < 200


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rows", "3"], "--rows expects A:B, such as 1:3, rows counted from 1, and no --row"),
        (["--rows", "0:3"], "--rows expects A:B, such as 1:3, rows counted from 1, and no --row"),
        (["--rows", "4:3"], "--rows 4:3: the last row comes before the first"),
        (
            ["--rows", "1:3", "--row", "1"],
            "--rows expects A:B, such as 1:3, rows counted from 1, and no --row",
        ),
    ],
)
def test_rows_that_make_no_sense_are_explained(run: Run, options: list[str], message: str) -> None:
    result = run("trace", *FIGURE1, *options)
    assert (result.code, result.out, result.err) == (2, "", f"Error: {message}\n")


if __name__ == "__main__":
    import subprocess

    KEPT.write_bytes(subprocess.check_output(["nntrain", "trace", *FIGURE1], cwd=ROOT))
