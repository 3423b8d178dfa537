"""What computed a model is recorded, and named where the same run gives other bytes."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from support.command import COMMAND, ROOT, environment
from support.models import BASE, FRAME, checkpoint

import nntrain
from nntrain.errors import UsageError
from nntrain.model.model import read_model
from nntrain.training import arithmetic
from nntrain.training.arithmetic import (
    COMPILED_VARIABLES,
    VARIABLES,
    describe_arithmetic,
    list_differences,
)
from nntrain.training.reproduce import Reproduction
from nntrain.training.run import TrainingRun

CONFIG = nntrain.Config.from_dict(BASE)


def test_packages_kernels_and_features_are_recorded() -> None:
    found = describe_arithmetic("numpy")
    assert found["numpy"] == np.__version__
    assert "numba" not in found
    assert {"numba", "numba_cpu", "numba_features"} <= describe_arithmetic("compiled").keys()
    assert nntrain.fit(FRAME, CONFIG).summary.versions == found
    if "openblas" in found.get("blas", "") and Path("/proc/self/maps").exists():
        assert re.fullmatch(r"\w+", found["blas_kernel"])


def test_a_variable_is_recorded_where_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, *COMPILED_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    assert not describe_arithmetic("compiled").keys() & {*VARIABLES, *COMPILED_VARIABLES}
    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE\x1b\udcff")
    monkeypatch.setenv("NUMBA_OPT", "0")
    assert describe_arithmetic("numpy")["MKL_CBWR"] == r"COMPATIBLE\x1b\udcff"
    assert "NUMBA_OPT" not in describe_arithmetic("numpy")
    assert describe_arithmetic("compiled")["NUMBA_OPT"] == "0"


def test_what_cannot_be_found_out_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: str) -> None:
        raise TypeError

    monkeypatch.setattr(np, "show_config", fail)
    monkeypatch.setattr(arithmetic, "_blas_kernel", lambda: "")
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert describe_arithmetic("numpy") == {"numpy": np.__version__}


def test_the_kernel_that_a_variable_chose_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(FRAME.to_csv(index=False))
    for kernel in ("Nehalem", "Haswell"):
        subprocess.run(
            [COMMAND, "fit", "t.csv", "-q", "-c", "/dev/stdin", "-m", f"{kernel}.npz"], cwd=tmp_path,
            input=b"target: y\nengine: numpy\nepochs: 2\n", check=True,
            env=environment() | {"OPENBLAS_CORETYPE": kernel},
        )  # fmt: skip
        versions = read_model(tmp_path / f"{kernel}.npz").summary.versions
        assert versions["OPENBLAS_CORETYPE"] == kernel
        if "blas_kernel" in versions:
            assert versions["blas_kernel"] == kernel
    shown = subprocess.run(
        [COMMAND, "inspect", "Haswell.npz"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "OPENBLAS_CORETYPE Haswell." in shown


def test_differences_are_named_one_by_one() -> None:
    before = {"numpy": "2.0", "blas": "a 1", "numpy_features": "X Y", "MKL_CBWR": "AVX"}
    now = {"numpy": "2.4", "blas": "a 1", "numpy_features": "X Z", "NUMBA_OPT": "0"}
    assert list(list_differences(before, now, "the model")) == [
        "numpy: 2.0 made the model, this is 2.4",
        "numpy_features: now without Y and with Z, unlike what made the model",
        "MKL_CBWR: AVX when the model was made, not here",
        "NUMBA_OPT: 0 here, not when the model was made",
    ]
    assert list(list_differences(now, now, "the model")) == []


def test_of_an_older_model_only_what_it_records_is_compared() -> None:
    assert list(list_differences({"numpy": "2.4"}, describe_arithmetic("numpy") | {"numpy": "2.4"}, "it")) == []  # fmt: skip
    assert list(list_differences({}, describe_arithmetic("numpy"), "it")) == []


def test_other_bytes_are_explained_by_all_that_computes_otherwise() -> None:
    model = nntrain.fit(FRAME, CONFIG)
    model.networks[0].parameters.vector[0] += 1e-9
    model.summary.versions.update(blas_kernel="Other", NUMBA_OPT="0")
    again = Reproduction(model, FRAME)
    assert list(again.epochs())
    kernel = describe_arithmetic("numpy").get("blas_kernel")
    if kernel:
        assert again.difference().startswith(
            f"blas_kernel: Other made the model, this is {kernel}; "
            f"NUMBA_OPT: 0 when the model was made, not here; w1[0, 0]: "
        )


def test_rows_that_another_kernel_encodes_are_not_said_to_be_other_rows_alone() -> None:
    model = nntrain.fit(FRAME, CONFIG)
    model.summary.versions["numpy"] = "1.0"
    assert Reproduction(model, FRAME[::-1]).difference() == (
        f"data: these are not the rows that the model was trained on and validated by, or they are "
        f"encoded otherwise: numpy: 1.0 made the model, this is {np.__version__}"
    )


def test_a_run_goes_on_under_another_arithmetic_with_a_note(
    caplog: pytest.LogCaptureFixture,
) -> None:
    saved = checkpoint(1)
    saved.summary.versions["numpy"] = "1.0"
    run = TrainingRun.from_table(FRAME, CONFIG)
    run.resume(saved)
    assert run.epochs_done == 1
    assert caplog.messages[-1:] == [
        f"numpy: 1.0 made the checkpoint, this is {np.__version__}; the last bits of the model may "
        f"be others for it"
    ]


def test_a_run_that_is_refused_names_what_computes_otherwise_too() -> None:
    saved = checkpoint(1)
    saved.summary.versions["numpy"] = "1.0"
    run = TrainingRun.from_table(FRAME, nntrain.Config.from_dict({**BASE, "seed": 1}))
    with pytest.raises(UsageError) as caught:
        run.resume(saved)
    assert str(caught.value).split("\n")[1:] == [
        "seed: 0 in the checkpoint, 1 now",
        f"numpy: 1.0 made the checkpoint, this is {np.__version__}",
    ]


def test_each_variable_that_is_recorded_is_in_the_guide() -> None:
    promises = (ROOT / "nntrain" / "guides" / "promises.md").read_text(encoding="utf-8")
    for name in (*VARIABLES, *COMPILED_VARIABLES):
        assert f"`{name}`" in promises
