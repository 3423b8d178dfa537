"""The benchmarks run: a small round of what needs no peers, and the arithmetic of the table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent / "benchmarks"


@pytest.fixture(autouse=True)
def _import_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def test_a_small_round_of_whole_commands_prints_its_table() -> None:
    command = [
        sys.executable,
        str(BENCHMARKS),
        "start",
        "table",
        "--repeats",
        "1",
        "--scale",
        "0.001",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = done.stdout.split("\n")
    assert "cores, Python 3." in lines[0]
    assert lines[2] == "| what | nntrain | beside | ratio | wanted | met |"
    names = [line.split(" | ")[0].removeprefix("| ") for line in lines[4:] if line]
    assert names == [
        "nntrain --help, beside import click",
        "fit of concrete.csv, beside import pandas",
        "predict of concrete.csv, beside import pandas",
        "predict of 1,000 × 20, beside reading in chunks, writing a column",
        "fit of 1,000 × 20, 1 epoch, beside reading in chunks",
        "fit of 1,000 × 20, 1 epoch, beside reading at once",
        "predict of 1,000 × 20, peak memory",
        "predict of 2,000 × 20, peak memory",
        "fit of 1,000 × 20, peak memory",
    ]


def test_a_part_that_does_not_exist_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, BENCHMARKS, "smal"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.endswith("error: no such part: smal\n")


def test_an_iteration_of_each_engine_takes_some_time() -> None:
    from training import ours

    for batch in (1, 8):
        for shuffle in (False, True):
            assert ours((3, 5, 2), batch, 64, shuffle=shuffle)() > 0
            assert ours((3, 5, 2), batch, 64, shuffle=shuffle, engine="compiled")() > 0


def test_contenders_take_turns_and_the_median_counts() -> None:
    from measure import medians

    turns = []
    values = {"a": iter([3.0, 1.0, 2.0]), "b": iter([9.0, 9.0, 100.0])}

    def take(name: str) -> float:
        turns.append(name)
        return next(values[name])

    assert medians({"a": lambda: take("a"), "b": lambda: take("b")}, 3) == {"a": 2.0, "b": 9.0}
    assert turns == ["a", "b"] * 3


def test_a_row_says_whether_what_is_wanted_is_met() -> None:
    from measure import Row

    assert Row("w", "1", "6", 6.0, at_least=5.5).cells() == ["w", "1", "6", "6.00", "≥ 5.5", "yes"]
    assert Row("w", "1", "5", 5.0, at_least=5.5).cells()[-1] == "no"
    assert Row("w", "1", "5", 1.2, at_most=1.25).cells()[-2:] == ["≤ 1.25", "yes"]
    assert Row("w", "1", "5", 1.3, at_most=1.25).cells()[-1] == "no"


def test_a_commands_time_and_peak_memory_are_measured(tmp_path: Path) -> None:
    from measure import run_command

    code = "import time; block = bytearray(200_000_000); time.sleep(0.1)"
    done = run_command([sys.executable, "-c", code], tmp_path)
    assert done.seconds > 0.1
    assert done.peak > 200_000_000
    assert run_command([sys.executable, "-c", ""], tmp_path).peak < 100_000_000
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        run_command([sys.executable, "-c", "1 / 0"], tmp_path)
