"""Runs of random configs on random tables, killed at random moments and gone on with.

The system ends each run wherever it stands, after a time drawn from all of its length, its start
and its end too. The `long` form tries more configs.
"""

from __future__ import annotations

import json
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.command import CommandForks, Result
from support.figures import tell
from support.resumed import CONFIG, OLDER_LOG, OLDER_MODEL, TABLE, log_without_seconds, names
from support.sound_tables import as_csv, as_json_lines, sound_config, sound_table

KILLED = -signal.SIGALRM
MOST_KILLS = 8
DIVERGING = [
    "fit", TABLE, "-c", CONFIG, "-q", "-s", "alpha=1e6", "-s", "activation=identity",
]  # fmt: skip
Fit = Callable[..., Result]


def lengths(short: int, long: int) -> pytest.MarkDecorator:
    """The seed and the number of cases: a short form, and a long one that is asked for."""
    marked = pytest.param(1, long, marks=pytest.mark.long)
    return pytest.mark.parametrize(("seed", "n_cases"), [(0, short), marked])


def long_config(chosen: random.Random) -> dict[str, Any]:
    """A config of a run that takes a while, with many checkpoints."""
    keys = sound_config(chosen)
    is_slow = keys.get("batch_mode") == "stochastic" or keys.get("batch_size", 32) < 10
    engine = chosen.choice(("numpy", "compiled"))
    by_speed = (1, 4) if engine == "numpy" else (5, 40)
    return keys | {
        "engine": engine,
        "epochs": 25 * chosen.randrange(*by_speed) * (1 if is_slow else 4),
        "alpha": keys["alpha"] / 10,
        "keep": keys.get("keep", "last"),
        "checkpoint_seconds": chosen.choice((0, 0.01, 0.05)),
    }


def check_nothing_is_lost(folder: Path, whole: bytes) -> None:
    """The older model and log are there, or the new model, whole."""
    model = (folder / "model.npz").read_bytes()
    assert model in (OLDER_MODEL, whole)
    if model == OLDER_MODEL:
        logs = [folder / name for name in ("loss.csv", ".loss.csv.nntrain-older")]
        assert OLDER_LOG in [path.read_bytes() for path in logs if path.exists()]


def some_moment(chosen: random.Random, seconds: float, kills: int) -> float:
    """Any moment of a run, and every other time one of its middle.

    In the first part of a run it has written nothing, and behind the last it has ended.
    """
    part = chosen.random()
    return (0.3 + part / 2 if kills % 2 == 0 else part) * seconds


def attack(fit: Fit, folder: Path, chosen: random.Random, seconds: float) -> Counter[str]:
    """How often a run was killed, with a checkpoint, and how often a run that failed came between."""
    whole, kills, done = (folder / "whole.npz").read_bytes(), 0, Counter(runs=1)
    (folder / "model.npz").write_bytes(OLDER_MODEL)
    (folder / "loss.csv").write_bytes(OLDER_LOG)
    result = fit("--resume", killed_after=some_moment(chosen, seconds, 0))
    while result.code == KILLED:
        kills += 1
        done["kills"] += 1
        done["checkpoints"] += (folder / "model.npz.checkpoint").exists()
        check_nothing_is_lost(folder, whole)
        if chosen.random() < 0.2 and (folder / "model.npz").read_bytes() == OLDER_MODEL:
            done["failures"] += 1
            assert fit(words=DIVERGING).code == 5
            assert (folder / "loss.csv").read_bytes() == OLDER_LOG
            check_nothing_is_lost(folder, whole)
        moment = some_moment(chosen, seconds, kills) if kills < MOST_KILLS else None
        result = fit("--resume", killed_after=moment)
    assert (result.code, result.err) == (0, "")
    assert (folder / "model.npz").read_bytes() == whole
    log, other = folder / "loss.csv", folder / "whole.csv"
    assert log_without_seconds(log) == log_without_seconds(other)
    return done


@pytest.mark.heavy
@lengths(3, 200)
def test_a_run_of_any_config_killed_at_any_moment_ends_as_one_that_was_not(
    command_forks: CommandForks, folder: Path, seed: int, n_cases: int
) -> None:
    done, refused = Counter[str](), list[str]()
    for case in range(n_cases):
        chosen = random.Random(f"{seed} {case}")
        for name in names(folder):
            (folder / name).unlink()
        columns, keys = sound_table(chosen), long_config(chosen)
        table = folder / chosen.choice(("t.csv", "t.jsonl"))
        is_csv = table.suffix == ".csv"
        text = as_csv(columns, chosen) if is_csv else as_json_lines(columns)
        table.write_text(text, "utf-8", newline="")
        (folder / "c.yaml").write_text(json.dumps(keys))

        def fit(*more: str, words: list[str] | None = None, **how: Any) -> Result:
            own = ["fit", table.name, "-c", "c.yaml", "-q", *more]  # noqa: B023
            return command_forks.run(words or own, b"", folder, **how)

        began = time.monotonic()
        result = fit("-m", "whole.npz", "-l", "whole.csv")
        seconds = time.monotonic() - began
        if result.code != 0:
            assert result.code in (2, 3, 5), (case, result)
            refused.append(result.err)
            continue
        try:
            done += attack(fit, folder, chosen, seconds)
        except AssertionError as error:
            error.add_note(f"case {case} of seed {seed}: {keys}")
            raise
        left = {table.name, "c.yaml", "whole.npz", "whole.csv", "model.npz", "loss.csv"}
        assert names(folder) == left, case
    tell(
        f"{done['kills']} kills, {done['checkpoints']} of them after a checkpoint, of {done['runs']} "
        f"runs that trained, of {n_cases}; "
        f"{done['failures']} times a run that failed came between"
    )
    assert done["runs"] >= 3 * n_cases / 4 - 1, refused
    assert done["kills"] >= done["runs"]
    assert done["checkpoints"] >= done["kills"] / 10
