"""The benchmarks run: a small round of what needs no peers, and the arithmetic of the table."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

BENCHMARKS = Path(__file__).parent


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


@pytest.mark.command
def test_a_commands_time_and_peak_memory_are_measured(tmp_path: Path) -> None:
    from measure import run_command

    code = "import time; block = bytearray(200_000_000); time.sleep(0.1)"
    done = run_command([sys.executable, "-c", code], tmp_path)
    assert done.seconds > 0.1
    assert done.peak > 200_000_000
    assert run_command([sys.executable, "-c", ""], tmp_path).peak < 100_000_000
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        run_command([sys.executable, "-c", "1 / 0"], tmp_path)


def test_splits_are_seeded_and_each_row_is_in_one_part_of_them() -> None:
    from accuracy import splits

    frame = pd.DataFrame({"x": range(58), "y": range(58)})
    first, second = splits(frame, "y", 2)
    for split in (first, second):
        assert len(split.test) == 6
        assert sorted([*split.train["x"], *split.test["x"]]) == list(range(58))
    assert list(first.test["x"]) != list(second.test["x"])
    for split, again in zip((first, second), splits(frame, "y", 2), strict=True):
        pd.testing.assert_frame_equal(split.train, again.train)
        pd.testing.assert_frame_equal(split.test, again.test)


def test_scores_are_means_over_splits_in_which_contenders_take_turns() -> None:
    from accuracy import Score, Split, measured

    turns = []
    frame = pd.DataFrame({"x": [1.0, 2.0], "y": [1.0, 5.0]})

    def take(name: str, split: Split) -> tuple[list[float], float]:
        turns.append((split.seed, name))
        return [0.0, 5.0 - 7.0 * split.seed], 1.0 + split.seed

    parts = [Split(frame, frame, "y", seed) for seed in (0, 1)]
    rows = measured({"t": parts}, {name: partial(take, name) for name in "ab"})
    mean = Score((0.5**0.5 + 25**0.5) / 2, 1.5)
    assert rows == {"t, 4 rows, splits: 2": {"a": mean, "b": mean}}
    assert turns == [(0, "a"), (0, "b"), (1, "a"), (1, "b")]


def test_the_table_of_accuracy_ends_with_geometric_means_of_ratios() -> None:
    from accuracy import Score, scores_as_markdown

    rows = {
        "small": {"nntrain": Score(1.0, 2.0), "other": Score(4.0, 0.031)},
        "large": {"nntrain": Score(45_600.4, 1234.5), "other": Score(45_600.4, 0.5)},
    }
    assert scores_as_markdown(rows).split("\n") == [
        "| test RMSE (seconds of a fit) | nntrain | other |",
        "| --- | --- | --- |",
        "| small | 1.000 (2.00 s) | 4.000 (0.03 s) |",
        "| large | 45,600 (1234.50 s) | 45,600 (0.50 s) |",
        "| RMSE of nntrain / of the column, geometric mean | 1.00 | 0.50 |",
    ]


@pytest.mark.command
def test_the_accuracy_of_the_textbook_recipe_is_measured_by_its_commands() -> None:
    from accuracy import OURS, by_command, measured, splits

    frame = pd.DataFrame({"x": range(40), "kind": ["a", "b"] * 20, "y": range(0, 80, 2)})
    parts = splits(frame, "y", 1)
    assert parts[0].texts == ["kind"]
    rows = measured({"line": parts}, {OURS: partial(by_command, "textbook")})
    score = rows["line, 40 rows, splits: 1"][OURS]
    spread = float(np.std(frame["y"]))
    assert 0 < score.rmse < spread / 2
    assert score.seconds > 0


def test_accuracy_without_a_peer_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    from accuracy import accuracy

    monkeypatch.setitem(sys.modules, "catboost", None)
    with pytest.raises(SystemExit, match=r"accuracy needs the extra bench: pip install"):
        accuracy(1)


def test_intervals_are_measured_beside_those_of_one_width() -> None:
    from accuracy import splits
    from intervals import LEVELS, measured

    a = np.random.default_rng(1).normal(size=1000)
    frame = pd.DataFrame({"a": a, "y": np.exp(a) * np.random.default_rng(2).normal(size=1000)})
    coverages, widths = measured(splits(frame, "y", 1)[0], "textbook").T
    assert coverages == pytest.approx(LEVELS, abs=0.15)
    assert (widths[1:] < 1).all()


def test_held_out_intervals_are_measured_on_each_source() -> None:
    from held_out_intervals import sources
    from intervals import LEVELS

    names = [(source.name, source.rows) for source in sources()]
    assert len(set(names)) == len(names) == 7
    for source in sources():
        table = source.draw(30, 1)
        assert len(table) == 30
        assert source.target in table
        pd.testing.assert_frame_equal(table, source.draw(30, 1))
    assert len(LEVELS) == 4
