"""Networks that do not fit into memory are refused before they are made."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.command import COMMAND, Run, environment

import nntrain
from nntrain import memory_limit
from nntrain.engine.network import Network
from nntrain.errors import OutOfMemoryError
from nntrain.report.measure import measure_report
from nntrain.training.memory_use import networks_memory

LAYERS = (1500, 1500)
FRAME = pd.DataFrame({"x": np.arange(40.0), "y": np.arange(40.0)})


def test_networks_beyond_the_memory_are_refused_with_the_keys_to_lower(
    run: Run, folder: Path
) -> None:
    FRAME.to_csv("t.csv", index=False)
    (folder / "c.yaml").write_text("target: y\nhidden_layers: [1000000]\nensemble: 1000\n")
    result = run("fit", "t.csv", "-c", "c.yaml", "-q")
    assert result.code == 2
    assert result.err.startswith("Error: to train 1,000 networks of 3,000,001 weights take 1")
    assert result.err.endswith(" GB more; lower hidden_layers or ensemble, or set dtype: float32\n")
    wide = run("fit", "t.csv", "-c", "c.yaml", "-q", "--set", "ensemble=1", "--set",
               "hidden_layers=[1000000, 1000000]", "--set", "dtype=float32")  # fmt: skip
    assert (wide.code, wide.err.endswith(" GB more; lower hidden_layers\n")) == (2, True)


def test_a_run_that_fits_is_not_refused_and_one_byte_less_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = nntrain.Config(target=("y",), epochs=0, hidden_layers=(50, 50), ensemble=3)
    needed = networks_memory(config, (1, 50, 50, 1))
    monkeypatch.setattr(memory_limit, "memory_left", lambda: needed)
    nntrain.fit(FRAME, config)
    monkeypatch.setattr(memory_limit, "memory_left", lambda: needed - 1)
    with pytest.raises(OutOfMemoryError, match="lower hidden_layers or ensemble"):
        nntrain.fit(FRAME, config)
    nntrain.fit(FRAME, nntrain.Config(**config.as_dict() | {"dtype": "float32"}))


# A process counts what its parent took before it: a small one stands between.
MEASURE = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(process.pid, 0)
assert status == 0
print(usage.ru_maxrss)
"""


def peak_of_fit(keys: Mapping[str, object]) -> int:
    """The largest memory in bytes of a fit that writes a checkpoint after each epoch."""
    fixed = {"epochs": 2, "engine": "numpy", "threads": 2, "checkpoint_seconds": 0}
    overrides = [f"--set={name}={value}" for name, value in {**fixed, **keys}.items()]
    fit = [str(COMMAND), "fit", "t.csv", "-c", "c.yaml", "-q", *overrides]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *fit],
        capture_output=True, text=True, check=True, env=environment(),
    )  # fmt: skip
    return int(done.stdout) * 1024


@pytest.mark.heavy
@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"optimizer": "adam"},
        {"ensemble": 4},
        {"ensemble": 4, "optimizer": "adam", "dtype": "float32"},
    ],
)
def test_the_estimate_is_near_the_peak_that_is_measured(
    folder: Path, keys: dict[str, object]
) -> None:
    FRAME.to_csv("t.csv", index=False)
    (folder / "c.yaml").write_text("target: y\n")
    measured = peak_of_fit({"hidden_layers": list(LAYERS), **keys}) - peak_of_fit({})
    config = nntrain.Config(target=("y",), threads=2, hidden_layers=LAYERS, **keys)  # type: ignore[arg-type]
    estimate = networks_memory(config, (1, *LAYERS, 1))
    assert 0.7 < measured / estimate < 1.3, (measured, estimate)


def test_a_network_of_many_weights_predicts() -> None:
    network = Network((3, 1000, 1000, 1))
    network.initialize(np.random.default_rng(0))
    x = np.arange(30.0).reshape(10, 3)
    assert network.predict(x).shape == (10, 1)


def test_rows_that_are_kept_and_do_not_fit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = nntrain.fit(FRAME, nntrain.Config(target=("y",), epochs=1))
    monkeypatch.setattr(memory_limit, "memory_left", lambda: 100)
    for measure in (nntrain.explain, measure_report):
        with pytest.raises(OutOfMemoryError) as caught:
            measure(model, FRAME)
        assert str(caught.value) == (
            "the DataFrame: all its rows are needed, and take 0.00 GB, and this process may take "
            "0.00 GB more; name fewer rows"
        )
