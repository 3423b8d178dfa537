"""Commands within limits of the system: file sizes, open files, memory, threads and time.

Whatever the limit, a command ends with a code that means what happened and without a traceback, and
no older file is lost. The `long` form draws more limits.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from support.command import CommandForks, Result
from support.figures import tell
from support.resumed import OLDER_LOG, OLDER_MODEL, names

from nntrain.errors import EXIT_CODES

OLDER = b"an older file\n"
MIB = 2**20
TABLE = "x,text,y\n" + "".join(f"{i % 97}.25,t{i % 3},{i % 7 + i % 3}\n" for i in range(6000))
COMMANDS = {
    "fit": ["fit", "t.csv", "-c", "c.yaml", "-q"],
    "compiled": ["fit", "t.csv", "-c", "c.yaml", "-s", "engine=compiled", "-s", "ensemble=2"],
    "predict": ["predict", "t.csv", "-m", "sound.npz", "-o", "out", "--append"],
    "evaluate": ["evaluate", "t.csv", "-m", "sound.npz", "--json"],
    "check": ["check", "t.csv", "-c", "c.yaml"],
    "cv": ["cv", "t.csv", "-c", "c.yaml", "--folds", "2", "-o", "out"],
    "init": ["init", "t.csv", "--target", "y", "-o", "out"],
}
WRITES_OUT = ("predict", "cv", "init")
LIMITS = {
    "RLIMIT_FSIZE": (0, 1, 100, 1000, 4096, 20_000, 100_000),
    "RLIMIT_NOFILE": (3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 32),
    "RLIMIT_AS": tuple(480 * MIB + 10 * MIB * i for i in range(60)),
    "RLIMIT_NPROC": (0, 1),
    "RLIMIT_STACK": (256 * 1024, MIB),
    "RLIMIT_DATA": tuple(150 * MIB + 10 * MIB * i for i in range(60)),
    "RLIMIT_MEMLOCK": (0,),
}
"""For each limit the values to choose from. With less memory than these, libraries cannot load."""


@pytest.fixture
def place(command_forks: CommandForks, folder: Path) -> Path:
    """A folder with a table, a config and a model."""
    (folder / "t.csv").write_text(TABLE)
    (folder / "c.yaml").write_text("target: y\nhidden_layers: [3]\nepochs: 2\nengine: numpy\n")
    words = ["fit", "t.csv", "-c", "c.yaml", "-m", "sound.npz", "-l", "sound.csv"]
    assert command_forks.run(words, b"", folder).code == 0
    return folder


def check(name: str, result: Result, folder: Path, whole: dict[str, bytes]) -> None:
    """The code says what happened, each file is the older or the whole new one, nothing is left."""
    assert result.code in EXIT_CODES
    assert result.code != 1
    assert "Traceback" not in result.err
    assert (result.code == 0) == ("Error: " not in result.err)
    files = {"out": (folder / "out").read_bytes(), "model": (folder / "model.npz").read_bytes()}
    expected = {"out": {OLDER}, "model": {OLDER_MODEL}}
    changed = "out" if name in WRITES_OUT else "model" if name in ("fit", "compiled") else ""
    if changed:
        expected[changed] = {whole[name]} if result.code == 0 else {*expected[changed], whole[name]}
    for key, data in files.items():
        assert data in expected[key], key
    if files["model"] == OLDER_MODEL:
        logs = [folder / "loss.csv", folder / ".loss.csv.nntrain-older"]
        assert OLDER_LOG in [path.read_bytes() for path in logs if path.exists()]
    left = names(folder)
    assert not [each for each in left if "part-" in each or "lock" in each], left


def put_older(folder: Path) -> None:
    """Put older files where commands write, and nothing else."""
    known = {"t.csv", "c.yaml", "sound.npz", "sound.csv"}
    for name in names(folder) - known:
        (folder / name).unlink()
    (folder / "out").write_bytes(OLDER)
    (folder / "model.npz").write_bytes(OLDER_MODEL)
    (folder / "loss.csv").write_bytes(OLDER_LOG)


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("seed", "n_cases"), [(0, 12), pytest.param(1, 600, marks=pytest.mark.long)]
)
def test_no_limit_of_the_system_leads_to_a_traceback_or_loses_a_file(
    command_forks: CommandForks, place: Path, seed: int, n_cases: int
) -> None:
    codes: Counter[tuple[str, int]] = Counter()
    whole: dict[str, bytes] = {}
    for name, words in COMMANDS.items():
        put_older(place)
        assert command_forks.run(words, b"", place).code == 0
        whole[name] = (place / ("out" if name in WRITES_OUT else "model.npz")).read_bytes()
    for case in range(n_cases):
        chosen = random.Random(f"{seed} {case}")
        limit = list(LIMITS)[case % len(LIMITS)]
        value, name = chosen.choice(LIMITS[limit]), chosen.choice(list(COMMANDS))
        put_older(place)
        result = command_forks.run(COMMANDS[name], b"", place, limits={limit: value})
        try:
            check(name, result, place, whole)
        except AssertionError as error:
            error.add_note(f"{name} with {limit} of {value}: {result}")
            raise
        codes[limit, result.code] += 1
    tell(f"{n_cases} runs within limits: {dict(sorted(codes.items()))}")
    assert {("RLIMIT_FSIZE", 7), ("RLIMIT_NPROC", 0)} <= set(codes) or n_cases < 100
    assert len({code for _, code in codes}) >= 2


@pytest.mark.parametrize("n_bytes", [0, 3000])
def test_a_limit_to_the_size_of_files_is_named_and_the_older_file_stays(
    command_forks: CommandForks, place: Path, n_bytes: int
) -> None:
    put_older(place)
    limits = {"RLIMIT_FSIZE": n_bytes}
    result = command_forks.run(COMMANDS["predict"], b"", place, limits=limits)
    assert (result.code, result.err) == (7, "Error: out: cannot be written: File too large\n")
    assert (place / "out").read_bytes() == OLDER
