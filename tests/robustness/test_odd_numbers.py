"""Odd numbers in tables and configs: no command warns, and all JSON is strict.

Seeded random cases in this process, warnings being errors. The `long` form has many more of them.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from support.odd_tables import NUMBERS, as_csv, odd_config, odd_table

from nntrain.cli.main import COMMANDS, cli, main

MODEL_OPTIONS = {"calibration_fraction": ["--interval", "0.5"], "ensemble": ["--spread"]}
JSON_LINES = ["predict", "t.csv", "--format", "jsonl", "--append", "--prefix", "p_"]
ON_CONFIG = [
    ["check", "t.csv", "-c", "c.yaml", "--json"],
    ["check", "t.csv", "-c", "c.yaml"],
    ["trace", "t.csv", "-c", "c.yaml", "--json", "--iterations", "3", "--set", "ensemble=1"],
    ["trace", "t.csv", "-c", "c.yaml", "--set", "ensemble=1"],
    ["cv", "t.csv", "-c", "c.yaml", "--json", "--folds", "2"],
    ["cv", "t.csv", "-c", "c.yaml", "--folds", "2"],
    ["init", "t.csv", "--target", "y"],
]
ON_MODEL = [
    ["evaluate", "t.csv", "--json"],
    ["evaluate", "t.csv"],
    ["explain", "t.csv", "--json", "--repeats", "1"],
    ["explain", "t.csv", "--repeats", "1"],
    ["check", "t.csv", "-m", "model.npz", "--json"],
    ["inspect", "--json", "--weights"],
    ["inspect", "--weights"],
    ["predict", "t.csv", "--explain", "--append", "--prefix", "p_"],
    [*JSON_LINES, "--explain"],
    ["predict", "far.csv", "--explain", "--on-bad-row", "blank"],
    ["predict", "far.csv", "--format", "jsonl", "--on-bad-row", "blank"],
    ["evaluate", "far.csv", "--json"],
    ["explain", "far.csv", "--json", "--repeats", "1"],
    ["check", "far.csv", "-m", "model.npz", "--json"],
    ["fit", "far.csv", "-c", "c.yaml", "--from", "model.npz", "-m", "new.npz"],
    ["reproduce", "t.csv"],
]


def commands_with_json() -> set[str]:
    """The commands that have the option --json."""
    context = click.Context(cli)
    commands = [cli.get_command(context, name) for name in COMMANDS]
    return {
        str(command.name)
        for command in commands
        if command and any("--json" in parameter.opts for parameter in command.params)
    }


def refuse(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def check_json(words: list[str], out: str) -> bool:
    """Whether a command printed JSON, all of which a strict parser took."""
    if "--json" in words:
        json.loads(out, parse_constant=refuse)
    elif "jsonl" in words:
        for line in out.splitlines():
            json.loads(line, parse_constant=refuse)
    return "--json" in words


def run(words: list[str]) -> tuple[int, str]:
    """The exit code of a command line, and what it wrote to stdout."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8", newline=""), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    assert "Traceback" not in err.getvalue()
    out.seek(0)
    return code, out.read()


def lines(keys: dict[str, object], chosen: random.Random) -> Iterator[list[str]]:
    """The command lines that use a model of a config."""
    for words in ON_MODEL:
        options = [
            option
            for key, given in MODEL_OPTIONS.items()
            if keys.get(key, 0) not in (0, 1) and words[0] in ("predict", "evaluate")
            for option in given
            if words[0] == "predict" or key == "calibration_fraction"
        ]
        yield [*words, *options]
    if chosen.random() < 0.2:
        yield ["report", "t.csv", "-o", "r.html"]
        yield ["plot", "loss.csv"]


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("seed", "n_cases"), [(0, 120), pytest.param(1, 4000, marks=pytest.mark.long)]
)
def test_no_legal_config_and_no_table_gives_a_warning_or_json_that_is_not_strict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, n_cases: int
) -> None:
    monkeypatch.chdir(tmp_path)
    seen, strict = Counter[int](), set[str]()
    for case in range(n_cases):
        chosen = random.Random(f"{seed} {case}")
        columns = odd_table(chosen)
        keys = odd_config(chosen, columns)
        far = {name: chosen.choices(NUMBERS, k=3) for name in columns}
        Path("t.csv").write_text(as_csv(columns), newline="")
        Path("far.csv").write_text(as_csv(far), newline="")
        Path("c.yaml").write_text(json.dumps(keys))
        code, _ = run(["fit", "t.csv", "-c", "c.yaml"])
        seen[code] += 1
        for words in [*ON_CONFIG, *(lines(keys, chosen) if code == 0 else ())]:
            its_code, out = run(words)
            assert its_code in (0, 2, 3, 5, 6), (case, words)
            if its_code == 0 and check_json(words, out):
                strict.add(words[0])
    assert set(seen) == {0, 2, 3, 5}
    assert seen[0] > n_cases / 10
    assert strict == commands_with_json()


def test_an_overflow_is_null_in_the_json_of_a_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("x,y\n1,1\n2,3\n3,2\n")
    Path("c.yaml").write_text(
        "target: y\nhidden_layers: []\nepochs: 0\nalpha: 1e300\ndtype: float32\nengine: numpy\n"
    )
    code, out = run(["trace", "t.csv", "-c", "c.yaml", "--json"])
    (iteration,) = json.loads(out, parse_constant=refuse)
    assert code == 0
    assert iteration["loss_after"] is None
    assert iteration["loss"] > 0
