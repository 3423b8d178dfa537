"""Every single call that writes fails in turn: each ends with 7, or with the whole file.

Each operation on the disk (opening, writing, flushing, renaming) fails once, or it and all that
follow it. The `long` form has every command, and every call with each error.
"""

from __future__ import annotations

import contextlib
import errno
import io
import re
from pathlib import Path

import pytest
from support.figures import tell
from support.resumed import OLDER_LOG, OLDER_MODEL, log_without_seconds, names
from support.write_faults import failing

from nntrain.cli.main import main

FULL = (errno.EIO, errno.ENOSPC, errno.EDQUOT)
OLDER = b"an older file\n"
TABLE = "x,text,y\n" + "".join(f"{i % 7}.25,t{i % 3},{i % 7 + i % 3}\n" for i in range(40))
KEPT = {"t.csv", "c.yaml", "sound.npz", "sound.csv"}
COMMANDS = {
    "predict": ["predict", "t.csv", "-m", "sound.npz", "-o", "out", "--append"],
    "json": ["predict", "t.csv", "-m", "sound.npz", "-o", "out", "--format", "jsonl"],
    "init": ["init", "t.csv", "--target", "y", "-o", "out"],
    "cv": ["cv", "t.csv", "-c", "c.yaml", "--folds", "2", "-o", "out"],
    "plot": ["plot", "sound.csv", "-o", "out"],
    "report": ["report", "t.csv", "-m", "sound.npz", "-o", "out"],
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table, a config, a model and its log."""
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(TABLE)
    Path("c.yaml").write_text(
        "target: y\nhidden_layers: [3]\nepochs: 3\ncheckpoint_seconds: 0\nengine: numpy\n"
    )
    assert call("fit", "t.csv", "-c", "c.yaml", "-m", "sound.npz", "-l", "sound.csv")[0] == 0
    return tmp_path


def call(*words: str) -> tuple[int, str]:
    """The exit code of a command line, and what it wrote to stderr."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(words))
    return code, err.getvalue()


def check_message(code: int, err: str) -> None:
    """Exit code 7 with one line that says what could not be written, or 0."""
    assert code in (0, 7)
    errors = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert len(errors) == (code == 7)
    assert not errors or re.search(r": cannot be written: [A-Z][\w/ ]+$", errors[0]), errors


KINDS = [
    pytest.param((errno.ENOSPC,), ["predict", "init", "cv"], id="short"),
    pytest.param(FULL, list(COMMANDS), id="long", marks=pytest.mark.long),
]


@pytest.mark.heavy
@pytest.mark.parametrize(("numbers", "commands"), KINDS)
def test_an_output_is_the_older_file_or_the_whole_new_one_whichever_call_fails(
    place: Path, numbers: tuple[int, ...], commands: list[str]
) -> None:
    injected = 0
    for name in commands:
        out, words = place / "out", list(COMMANDS[name])
        if name in ("plot", "report"):
            words[-1] = f"out.{'svg' if name == 'plot' else 'html'}"
            out = place / words[-1]
        assert call(*words)[0] == 0
        whole = out.read_bytes()
        for number in numbers:
            for lasting in (False, True):
                for first in range(10**6):
                    out.write_bytes(OLDER)
                    with failing(place, first, number, lasting=lasting) as faults:
                        code, err = call(*words)
                    here = (name, number, lasting, first, faults.failed[:1], err)
                    check_message(code, err)
                    assert out.read_bytes() in ({whole} if code == 0 else {OLDER, whole}), here
                    assert names(place) == KEPT | {out.name}, here
                    if not faults.failed:
                        break
                assert first >= 3
                injected += first
        out.unlink()
    tell(f"{injected} runs of {len(commands)} commands with faults injected")


@pytest.mark.heavy
@pytest.mark.parametrize(
    "numbers", [(errno.ENOSPC,), pytest.param(FULL, marks=pytest.mark.long)], ids=["short", "long"]
)
@pytest.mark.parametrize("lasting", [False, True])
def test_a_fit_loses_no_older_file_whichever_call_fails_and_goes_on_afterwards(
    place: Path, numbers: tuple[int, ...], lasting: bool
) -> None:
    """The older model and log stay, or the new model is whole; the same command then succeeds."""
    model, log = place / "model.npz", place / "loss.csv"
    aside = place / ".loss.csv.nntrain-older"
    whole = (place / "sound.npz").read_bytes()
    words, injected = ("fit", "t.csv", "-c", "c.yaml"), 0
    for number in numbers:
        for first in range(10**6):
            model.write_bytes(OLDER_MODEL)
            log.write_bytes(OLDER_LOG)
            with failing(place, first, number, lasting=lasting) as faults:
                code, err = call(*words)
            here = (number, first, faults.failed[:1], code, err)
            check_message(code, err)
            left = names(place)
            assert not [name for name in left if "part-" in name or "lock" in name], here
            assert model.read_bytes() in ({whole} if code == 0 else {OLDER_MODEL, whole}), here
            if model.read_bytes() != whole:
                kept = [each for each in (log, aside) if each.exists()]
                assert OLDER_LOG in [each.read_bytes() for each in kept], here
            code, err = call(*words, "--resume")
            assert (code, model.read_bytes()) == (0, whole), (here, err)
            assert log_without_seconds(log) == log_without_seconds(place / "sound.csv"), here
            assert names(place) == KEPT | {"model.npz", "loss.csv"}, (here, names(place))
            if not faults.failed:
                break
        assert first >= 40
        injected += first
    tell(f"{injected} runs of fit with faults injected, each followed by one that went on")


def test_a_fault_that_is_injected_is_met(tmp_path: Path) -> None:
    """Writing, flushing, renaming and opening to write are counted; half of a write is written."""
    path = tmp_path / "a"
    refused = pytest.raises(OSError, match="output error")
    with failing(tmp_path, 1, errno.EIO) as faults, path.open("wb", buffering=0) as file, refused:
        file.write(b"half")
    assert (path.read_bytes(), faults.seen, len(faults.failed)) == (b"ha", 2, 1)
    with failing(tmp_path, 99, errno.EIO) as faults:
        path.write_text("whole")
        path.replace(tmp_path / "b")
    assert (faults.seen, faults.failed) == (3, [])
