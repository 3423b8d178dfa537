"""Whole commands: start-up, and a large CSV beside pandas."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from measure import Contender, Finished, Row, medians, run_command

ROOT = Path(__file__).parents[2]
PYTHON = Path(sys.executable)
NNTRAIN = PYTHON.with_name("nntrain")
CONFIG = "target: y\nepochs: 1\nbatch_size: 1024\nhidden_layers: [16]\n"
IN_CHUNKS = """
import pandas
for chunk in pandas.read_csv("big.csv", chunksize=50_000):
    pass
"""
IN_CHUNKS_TO_COLUMN = """
import pandas, sys
for chunk in pandas.read_csv("big.csv", chunksize=50_000):
    sys.stdout.write("\\n".join(map(repr, chunk["x0"].tolist())))
"""


def start_up(repeats: int, folder: Path) -> list[Row]:
    """`--help` beside importing click; fit and predict of a small table beside importing pandas."""
    table, config = ROOT / "sample_data/concrete.csv", ROOT / "configs/concrete.yaml"
    fit: list[str | Path] = [NNTRAIN, "fit", table, "-q", "-c", config, "-s", "epochs=1"]
    run_command(fit, folder)
    of = medians(
        {
            "click": _command([PYTHON, "-c", "import click"], folder),
            "help": _command([NNTRAIN, "--help"], folder),
            "pandas": _command([PYTHON, "-c", "import pandas"], folder),
            "fit": _command(fit, folder),
            "predict": _command([NNTRAIN, "predict", table], folder),
        },
        repeats,
    )
    rows = [_beside("nntrain --help", "import click", of["help"], of["click"], 2.5)]
    for name in ("fit", "predict"):
        title = f"{name} of concrete.csv"
        rows.append(_beside(title, "import pandas", of[name], of["pandas"], 1.5))
    return rows


def large_table(repeats: int, scale: float, folder: Path) -> list[Row]:
    """fit and predict of a million rows of 20 columns beside reading them; and their memory."""
    n_rows = int(1_000_000 * scale)
    _write_table(folder / "big.csv", n_rows)
    _write_table(folder / "twice.csv", 2 * n_rows)
    (folder / "c.yaml").write_text(CONFIG)
    peaks: dict[str, list[int]] = {}

    def noted(name: str, command: Sequence[str | Path]) -> Contender:
        def run() -> float:
            done: Finished = run_command(command, folder)
            peaks.setdefault(name, []).append(done.peak)
            return done.seconds

        return run

    of = medians(
        {
            "fit": noted("fit", [NNTRAIN, "fit", "big.csv", "-q", "-c", "c.yaml"]),
            "whole": _command([PYTHON, "-c", "import pandas; pandas.read_csv('big.csv')"], folder),
            "chunks": _command([PYTHON, "-c", IN_CHUNKS], folder),
            "predict": noted("predict", [NNTRAIN, "predict", "big.csv"]),
            "column": _command([PYTHON, "-c", IN_CHUNKS_TO_COLUMN], folder),
        },
        repeats,
    )
    twice = run_command([NNTRAIN, "predict", "twice.csv"], folder)
    size = f"{n_rows:,} × 20"
    column = "reading in chunks, writing a column"
    rows = [
        _beside(f"predict of {size}", column, of["predict"], of["column"], 1.6),
        _beside(f"fit of {size}, 1 epoch", "reading in chunks", of["fit"], of["chunks"], 2),
        _beside(f"fit of {size}, 1 epoch", "reading at once", of["fit"], of["whole"], 2),
    ]
    memory = {name: int(statistics.median(values)) for name, values in peaks.items()}
    limit = n_rows * 20 * 8 + 250_000_000
    rows += [
        _memory(f"predict of {size}, peak memory", memory["predict"], 250_000_000),
        _memory(f"predict of {2 * n_rows:,} × 20, peak memory", twice.peak, 250_000_000),
        _memory(f"fit of {size}, peak memory", memory["fit"], limit),
    ]
    return rows


def _write_table(path: Path, n_rows: int) -> None:
    """A table of 20 random columns and a target, six digits a number."""
    rng = np.random.default_rng(0)
    w = rng.normal(size=20)
    with path.open("w") as file:
        file.write(",".join([*(f"x{i}" for i in range(20)), "y"]) + "\n")
        for start in range(0, n_rows, 50_000):
            x = rng.normal(size=(min(50_000, n_rows - start), 20))
            y = x @ w + np.sin(x[:, 0])
            np.savetxt(file, np.column_stack([x, y]), fmt="%.6g", delimiter=",")


def _command(command: Sequence[str | Path], folder: Path) -> Contender:
    return lambda: run_command(command, folder).seconds


def _beside(what: str, other: str, ours: float, theirs: float, at_most: float) -> Row:
    title = f"{what}, beside {other}"
    return Row(title, f"{ours:.2f} s", f"{theirs:.2f} s", ours / theirs, at_most=at_most)


def _memory(what: str, ours: int, limit: int) -> Row:
    return Row(what, f"{ours / 1e6:,.0f} MB", f"{limit / 1e6:,.0f} MB", ours / limit, at_most=1)
