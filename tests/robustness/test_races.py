"""Several processes on the same files at the same time: each reader sees a whole file, old or new.

Writers run the same commands over and over in processes of their own, each with its own model;
readers know the bytes that each of them writes. The `long` form goes on for longer.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import environment
from support.figures import tell
from support.resumed import log_without_seconds, names

import nntrain
from nntrain.cli.main import main

TABLE = "x,text,y\n" + "".join(f"{i % 97}.25,t{i % 3},{i % 7 + i % 3}\n" for i in range(2000))
REPEAT = """
import json, sys, time
from nntrain.cli.main import main
words, seconds, waits = json.loads(sys.argv[1])
codes, end = [], time.monotonic() + seconds
while time.monotonic() < end:
    codes.append(main(words))
    time.sleep(waits)
print(json.dumps(codes))
"""
"""A program that runs a command line over and over, and prints the exit codes."""

LENGTHS = pytest.mark.parametrize("seconds", [1.5, pytest.param(40.0, marks=pytest.mark.long)])


def fit_words(seed: int) -> list[str]:
    return ["fit", "t.csv", "-c", "c.yaml", "-q", "-s", f"seed={seed}", "-s", f"epochs={seed + 2}"]


def predict_words(seed: int) -> list[str]:
    return ["predict", "t.csv", "-m", f"{seed}.npz", "--append", "-q"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table, and for two seeds a model, its log and its predictions."""
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(TABLE)
    Path("c.yaml").write_text("target: y\nhidden_layers: [3]\nengine: numpy\nbatch_size: 500\n")
    for seed in (0, 1):
        assert main([*fit_words(seed), "-m", f"{seed}.npz", "-l", f"{seed}.csv"]) == 0
        assert main([*predict_words(seed), "-o", f"p{seed}"]) == 0
    return tmp_path


def call(*words: str) -> tuple[int, bytes, str]:
    """The exit code of a command line, and what it wrote to stdout and stderr."""
    buffer, err = io.BytesIO(), io.StringIO()
    out = io.TextIOWrapper(buffer, "utf-8", newline="")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(words))
    out.flush()
    return code, buffer.getvalue(), err.getvalue()


@contextlib.contextmanager
def repeating(*lines: list[str], seconds: float, waits: float = 0.0) -> Iterator[list[list[int]]]:
    """Run each command line over and over, side by side; at the end, all their exit codes."""
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", REPEAT, json.dumps([words, seconds, waits])],
            env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for words in lines
    ]  # fmt: skip
    codes: list[list[int]] = []
    try:
        yield codes
    finally:
        for program in programs:
            out, err = program.communicate(timeout=seconds + 60)
            assert "Traceback" not in err, err
            codes.append(json.loads(out))


def wholes(folder: Path, *files: str) -> set[bytes]:
    return {(folder / name).read_bytes() for name in files}


@pytest.mark.heavy
@LENGTHS
def test_a_reader_of_a_file_that_two_write_sees_one_or_the_other_whole(
    place: Path, seconds: float
) -> None:
    whole, path, seen = wholes(place, "p0", "p1"), place / "out", Counter[bytes]()
    path.write_bytes((place / "p0").read_bytes())
    lines = [[*predict_words(seed), "-o", "out"] for seed in (0, 1)]
    with repeating(*lines, seconds=seconds) as codes:
        end = time.monotonic() + seconds + 2
        while time.monotonic() < end:
            seen[path.read_bytes()] += 1
            time.sleep(0.0005)
    assert set(seen) <= whole
    assert [set(of_writer) for of_writer in codes] == [{0}, {0}]
    assert path.read_bytes() in whole
    assert names(place) == {
        "t.csv",
        "c.yaml",
        "0.npz",
        "0.csv",
        "1.npz",
        "1.csv",
        "p0",
        "p1",
        "out",
    }
    tell(f"{seen.total()} readings of a file that was written {sum(map(len, codes))} times")


@pytest.mark.heavy
@LENGTHS
def test_a_table_that_is_replaced_meanwhile_is_read_whole_or_refused(
    place: Path, seconds: float
) -> None:
    """Each table has the predictions of its own model, so that what is read is told apart."""
    evaluate = ["evaluate", "-m", "0.npz", "--json", "-q", "--by", "predicted_y"]
    whole = {call(*evaluate, table)[1].replace(table.encode(), b"out") for table in ("p0", "p1")}
    assert len(whole) == 2
    (place / "out").write_bytes((place / "p0").read_bytes())
    lines, seen = [[*predict_words(seed), "-o", "out"] for seed in (0, 1)], Counter[int]()
    with repeating(*lines, seconds=seconds) as codes:
        end = time.monotonic() + seconds + 2
        while time.monotonic() < end:
            code, out, err = call(*evaluate, "out")
            assert code in (0, 3)
            assert out in whole if code == 0 else "out" in err
            seen[code] += 1
    assert [set(of_writer) for of_writer in codes] == [{0}, {0}]
    assert seen[0] > 0
    tell(f"{seen.total()} evaluations of a replaced table, {seen[3]} of them refused")


@pytest.mark.heavy
@LENGTHS
def test_a_model_that_is_replaced_meanwhile_predicts_as_the_old_or_the_new_one(
    place: Path, seconds: float
) -> None:
    """Two fits write the model: one that comes while the other runs ends with 7, as it should."""
    whole = wholes(place, "p0", "p1")
    models, model = wholes(place, "0.npz", "1.npz"), place / "model.npz"
    model.write_bytes((place / "0.npz").read_bytes())
    seen = Counter[bytes]()
    with repeating(*map(fit_words, (0, 1)), seconds=seconds, waits=0.003) as codes:
        end = time.monotonic() + seconds + 2
        while time.monotonic() < end:
            assert model.read_bytes() in models
            code, out, err = call("predict", "t.csv", "--append", "-q")
            assert (code, err) == (0, "")
            seen[out] += 1
    assert set(seen) <= whole
    assert {code for of_writer in codes for code in of_writer} <= {0, 7}
    assert any(0 in of_writer for of_writer in codes)
    (last,) = [seed for seed in "01" if nntrain.load_model(f"{seed}.npz").checksum
               == nntrain.load_model(model).checksum]  # fmt: skip
    log, other = place / "loss.csv", place / f"{last}.csv"
    assert log_without_seconds(log) == log_without_seconds(other)
    left = names(place) - {"t.csv", "c.yaml", "0.npz", "0.csv", "1.npz", "1.csv", "p0", "p1"}
    assert left == {"model.npz", "loss.csv"}
    fits = Counter(code for of_writer in codes for code in of_writer)
    tell(
        f"{seen.total()} predictions, {fits[0]} fits that wrote the model, {fits[7]} that were refused"
    )


def test_a_half_written_file_would_be_seen(place: Path) -> None:
    """The bytes that readers compare with differ from each other and from a part of them."""
    first, second = wholes(place, "p0", "p1")
    assert first[: len(first) // 2] not in {first, second}
