"""Too little memory: every format ends alike, with what to do, and what is advised takes less."""

from __future__ import annotations

import gzip
import logging
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import nntrain
from nntrain.cli import main as command
from nntrain.config.keys import Config
from nntrain.data.preprocessing import encode, memory
from nntrain.engine.network import Network
from nntrain.errors import OutOfMemoryError
from nntrain.stats.ridge import fit_ridge, held_out_ridge

N = 60
FRAME = pd.DataFrame({"a": np.arange(N) % 7, "b": np.arange(N) % 5, "y": np.arange(N) % 11})
FORMATS: dict[str, Callable[[str], Any]] = {
    "t.csv": lambda path: FRAME.to_csv(path, index=False),
    "t.csv.gz": lambda path: Path(path).write_bytes(gzip.compress(FRAME.to_csv(index=False).encode())),
    "t.jsonl": lambda path: FRAME.to_json(path, orient="records", lines=True),
    "t.parquet": FRAME.to_parquet,
}  # fmt: skip
FIT = ["fit", "-c", "c.yaml", "-q"]


@pytest.fixture(autouse=True)
def in_process() -> Iterator[None]:
    """Puts back what `--quiet` sets for the whole process."""
    log = logging.getLogger("nntrain")
    level = log.level
    yield
    log.setLevel(level)


@pytest.fixture(params=FORMATS)
def table(request: pytest.FixtureRequest, folder: Path) -> str:
    """A table in each format, beside a config c.yaml."""
    FORMATS[request.param](request.param)
    (folder / "c.yaml").write_text("target: y\nepochs: 1\nhidden_layers: []\n")
    return str(request.param)


def test_a_table_larger_than_the_memory_ends_with_2_in_every_format(
    table: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(memory, "memory_limit", lambda: N * 3 * 8 - 1)
    assert command.main([*FIT, table]) == 2
    assert capsys.readouterr().err == (
        "Error: the table takes 0.00 GB as numbers, and this process may take 0.00 GB; train on fewer "
        "rows, or put columns under ignore\n"
    )
    assert not Path("model.npz").exists()
    assert command.main([*FIT, table, "--set", "ignore=[b]"]) == 0  # as advised


def test_inputs_larger_than_the_memory_end_with_2_and_half_the_precision_fits(
    table: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(encode, "memory_limit", lambda: N * 2 * 8 - 1)
    assert command.main([*FIT, table, "--set", "dtype=float64"]) == 2
    assert capsys.readouterr().err.endswith("ignore, or set dtype: float32\n")
    assert command.main([*FIT, table, "--set", "dtype=float32"]) == 0


def test_check_says_that_fit_would_not_work(
    table: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(memory, "memory_limit", lambda: 1)
    assert command.main(["check", table, "-c", "c.yaml"]) == 3
    assert "nntrain fit would not work on this table." in capsys.readouterr().out


def test_from_python_it_is_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "memory_limit", lambda: 1)
    with pytest.raises(OutOfMemoryError):
        nntrain.fit(FRAME, Config(target=("y",), epochs=1))


def raise_(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "the system gives no more"),
        (MemoryError("no room"), "no room"),
        (RuntimeError("can't start new thread"), "can't start new thread"),
    ],
)
def test_whatever_the_system_refuses_ends_with_2(
    table: str, error: Exception, said: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(memory, "long_array", lambda _: raise_(error))
    assert command.main([*FIT, table]) == 2
    assert capsys.readouterr().err == f"Error: out of memory: {said}; {command.LESS_MEMORY}\n"


def test_a_thread_that_cannot_start_ends_a_run_and_does_not_hang(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FORMATS["t.csv"]("t.csv")
    (folder / "c.yaml").write_text("target: y\nepochs: 1\n")
    refuse = RuntimeError("can't start new thread")
    monkeypatch.setattr(threading.Thread, "start", lambda _: raise_(refuse))
    assert command.main([*FIT, "t.csv"]) == 2


def test_another_runtime_error_is_a_bug(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "long_array", lambda _: raise_(RuntimeError("a bug")))
    with pytest.raises(RuntimeError, match="a bug"):
        command.main([*FIT, table])


def peak(action: Callable[[], object]) -> int:
    """The most bytes that an action takes at once."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


RNG = np.random.default_rng(0)
X: NDArray[np.float32] = RNG.normal(size=(40_000, 50)).astype(np.float32)
Y: NDArray[np.float32] = RNG.normal(size=(40_000, 1)).astype(np.float32)
AS_DOUBLES = X.size * 8
PLAIN = np.ones(50, dtype=bool)
QUARTERS = [np.arange(len(X)) % 4 == k for k in range(4)]


def test_no_step_makes_a_copy_in_double_precision_of_all_inputs() -> None:
    ridge = fit_ridge(X, Y, None, PLAIN)
    network = Network((50, 16, 1), dtype="float32")
    assert ridge is not None
    assert peak(lambda: fit_ridge(X, Y, None, PLAIN)) < AS_DOUBLES / 4
    assert peak(lambda: ridge.predict(X)) < AS_DOUBLES / 8
    assert peak(lambda: network.predict(X)) < AS_DOUBLES / 8
    assert peak(lambda: held_out_ridge(X, Y, None, PLAIN, QUARTERS)) < AS_DOUBLES / 2
    assert peak(lambda: X.astype(np.float64)) >= AS_DOUBLES  # what these would show


@pytest.mark.heavy
@pytest.mark.parametrize("ensemble", [1, 4])
def test_a_fit_in_single_precision_takes_less_than_one_in_double(ensemble: int) -> None:
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(50)]).assign(y=Y)
    config = Config(target=("y",), epochs=1, ensemble=ensemble, validation_fraction=0.25)
    configs = [replace(config, dtype=dtype) for dtype in ("float32", "float64")]
    single, double = (peak(partial(nntrain.fit, frame, each)) for each in configs)
    assert single < 0.95 * double
