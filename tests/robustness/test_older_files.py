"""What stood there before a run: an older model, log, checkpoint or table is not lost by mistake."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command import COMMAND, Run, environment
from support.resumed import CONFIG, OLDER_LOG, OLDER_MODEL, TABLE, log_without_seconds, names

import nntrain

FIT = ["fit", TABLE, "-c", CONFIG, "-q"]
LONG = ["-s", "epochs=1e6", "-s", "engine=numpy"]
DIVERGING = ["-s", "alpha=1e6", "-s", "activation=identity"]


@pytest.fixture
def older(folder: Path) -> Path:
    """A folder with an older model and its log, which only its owner can read."""
    (folder / "model.npz").write_bytes(OLDER_MODEL)
    (folder / "loss.csv").write_bytes(OLDER_LOG)
    for name in ("model.npz", "loss.csv"):
        (folder / name).chmod(0o600)
        os.utime(folder / name, (1e9, 1e9))
    return folder


def states(folder: Path) -> list[tuple[bytes, int, float]]:
    paths = [folder / "model.npz", folder / "loss.csv"]
    stats = [path.stat() for path in paths]
    return [
        (path.read_bytes(), status.st_mode & 0o777, status.st_mtime)
        for path, status in zip(paths, stats, strict=True)
    ]


def kill_when(is_so: Callable[[], bool], *options: str) -> None:
    """Start a long run, and kill it without warning once it is so."""
    process = subprocess.Popen([COMMAND, *FIT, *options], env=environment())
    deadline = time.monotonic() + 60
    while not is_so():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_a_run_that_fails_leaves_the_older_model_and_log_as_they_were(
    run: Run, older: Path
) -> None:
    before = states(older)
    assert run(*FIT, *DIVERGING).code == 5
    assert states(older) == before
    (older / "t.csv").write_text("x,y\n1,2\n3,four\n")
    assert run("fit", "t.csv", "-c", CONFIG, "-q").code == 3
    assert states(older) == before
    assert names(older) == {"loss.csv", "model.npz", "t.csv"}


def test_a_run_that_succeeds_keeps_modes_and_leaves_nothing_else(run: Run, older: Path) -> None:
    assert run(*FIT, "-s", "epochs=2").code == 0
    assert [mode for _, mode, _ in states(older)] == [0o600, 0o600]
    assert len((older / "loss.csv").read_text().splitlines()) == 3
    assert names(older) == {"loss.csv", "model.npz"}


def test_the_log_from_before_a_run_that_was_killed_is_back_when_the_next_one_fails(
    run: Run, older: Path
) -> None:
    before = states(older)
    kill_when(lambda: (older / "loss.csv").stat().st_size > 200, *LONG)
    assert states(older) != before
    assert run(*FIT, *DIVERGING).code == 5
    assert states(older) == before


def test_an_older_checkpoint_is_not_resumed_after_a_fresh_run_was_killed(
    run: Run, folder: Path
) -> None:
    """The fresh run is of the same config: it could be taken for the older one."""
    options = ["-s", "epochs=30"]
    assert run(*FIT, *options, "-m", "whole.npz", "-l", "whole.csv").code == 0
    assert run(*FIT, *options, "--max-time", "0s").code == 0
    checkpoint = (folder / "model.npz.checkpoint").read_bytes()
    kill_when(lambda: not (folder / "model.npz.checkpoint").exists(), *LONG)
    assert (folder / ".model.npz.checkpoint.nntrain-older").read_bytes() == checkpoint
    assert run(*FIT, *options, "--resume").code == 0
    assert log_without_seconds(folder / "loss.csv") == log_without_seconds(folder / "whole.csv")
    assert (folder / "model.npz").read_bytes() == (folder / "whole.npz").read_bytes()
    assert names(folder) == {"loss.csv", "model.npz", "whole.csv", "whole.npz"}


def test_a_run_can_be_resumed_after_a_fresh_one_that_failed(run: Run, folder: Path) -> None:
    options = ["-s", "epochs=30"]
    assert run(*FIT, *options, "-m", "whole.npz", "-l", "whole.csv").code == 0
    assert run(*FIT, *options, "--max-time", "0s").code == 0
    assert run(*FIT, *DIVERGING).code == 5
    assert run(*FIT, *options, "--resume").code == 0
    assert log_without_seconds(folder / "loss.csv") == log_without_seconds(folder / "whole.csv")
    assert (folder / "model.npz").read_bytes() == (folder / "whole.npz").read_bytes()
    assert names(folder) == {"loss.csv", "model.npz", "whole.csv", "whole.npz"}


def test_the_log_of_another_run_with_as_many_epochs_is_not_continued(
    run: Run, folder: Path
) -> None:
    options = ["-s", "epochs=30"]
    assert run(*FIT, *options, "--max-time", "0s").code == 0
    other = ["-s", "epochs=5", "-s", "seed=9", "-m", "other.npz"]
    assert run(*FIT, *other).code == 0
    before = (folder / "loss.csv").read_bytes()
    result = run(*FIT, *options, "--resume")
    assert (result.code, result.err) == (
        2,
        "Error: loss.csv: does not hold the epochs up to 1 of the run that is to be resumed; name "
        "its log with --log, - or /dev/null for one that begins with the next epoch, or start anew "
        "without --resume\n",
    )
    assert (folder / "loss.csv").read_bytes() == before


def test_a_log_that_another_run_writes_is_not_written(run: Run, folder: Path) -> None:
    (folder / "link.csv").symlink_to("loss.csv")
    process = subprocess.Popen([COMMAND, *FIT, *LONG], env=environment())
    while not (folder / "loss.csv").exists():
        time.sleep(0.01)
    result = run(*FIT, "-m", "other.npz", "-l", "link.csv")
    process.kill()
    process.wait()
    assert (result.code, result.err) == (
        7,
        "Error: link.csv: another run of nntrain is about to write it; wait until it ends, or name "
        "another file with --log\n",
    )


@pytest.mark.parametrize(("option", "noun"), [("--model", "a model"), ("--log", "a loss log")])
@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"text", b"PK\x03\x04 of another archive"])
def test_what_is_no_output_of_ours_is_not_replaced(
    run: Run, folder: Path, option: str, noun: str, content: bytes
) -> None:
    (folder / "data.csv").write_bytes(content)
    result = run(*FIT, option, "data.csv")
    assert (result.code, result.err) == (
        2,
        f"Error: data.csv: exists and is not {noun}, which would replace it; remove it, or name "
        f"another file with {option}\n",
    )
    assert (folder / "data.csv").read_bytes() == content
    assert names(folder) == {"data.csv"}


@pytest.mark.parametrize("length", [0, 100, 3000, None])
def test_a_model_may_be_replaced_also_a_damaged_or_an_empty_one(
    run: Run, folder: Path, length: int | None
) -> None:
    assert run(*FIT, "-s", "epochs=1").code == 0
    whole = (folder / "model.npz").read_bytes()
    (folder / "model.npz").write_bytes(whole[:length])
    assert run(*FIT, "-s", "epochs=1").code == 0
    assert (folder / "model.npz").read_bytes() == whole


def test_a_model_that_cannot_be_written_leaves_a_checkpoint_that_only_has_to_be_written(
    run: Run, folder: Path
) -> None:
    """The model's place is taken by a folder while the run trains."""
    process = subprocess.Popen(
        [COMMAND, *FIT, "-s", "epochs=500", "-s", "engine=numpy"],
        env=environment(), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not (folder / "loss.csv").exists():
        time.sleep(0.01)
    (folder / "model.npz").mkdir()
    _, err = process.communicate()
    assert (process.returncode, err) == (
        7, "Error: model.npz: cannot be written: Is a directory\n",
    )  # fmt: skip
    (folder / "model.npz").rmdir()
    assert names(folder) == {"loss.csv", "model.npz.checkpoint"}
    assert run(*FIT, "-s", "epochs=500", "-s", "engine=numpy", "--resume").code == 0
    assert nntrain.load_model("model.npz").summary.epochs_trained == 500
    assert names(folder) == {"loss.csv", "model.npz"}


# Streams as outputs, and inputs by another name


def test_a_model_to_a_pipe_has_the_bytes_of_one_in_a_file(run: Run, folder: Path) -> None:
    os.mkfifo("pipe")
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(Path("pipe").read_bytes()))
    reader.start()
    options = ["-s", "epochs=1"]
    assert run(*FIT, *options, "-m", "pipe").code == 0
    reader.join()
    assert run(*FIT, *options).code == 0
    assert received == [(folder / "model.npz").read_bytes()]


def test_a_pipe_without_a_reader_waits_only_after_the_work_is_checked(
    run: Run, folder: Path
) -> None:
    os.mkfifo("pipe")
    assert run("fit", "none.csv", "-c", CONFIG, "-l", "pipe").code == 3
    (folder / "model.npz").write_bytes(OLDER_MODEL)
    assert run("predict", TABLE, "-o", "pipe").code == 4


def shell(line: str) -> tuple[int, str, str]:
    """How a line of shell ends, in which `nntrain` stands for the command."""
    done = subprocess.run(
        ["sh", "-c", line.replace("nntrain", str(COMMAND))],
        capture_output=True, text=True, env=environment(), check=False, timeout=120,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_dev_stdout_is_standard_output_whatever_that_is(run: Run, folder: Path) -> None:
    assert run(*FIT, "-s", "epochs=1").code == 0
    expected = run("predict", TABLE).out
    assert shell(f"nntrain predict {TABLE} -o /dev/stdout") == (0, expected, "")
    line = f"echo before > p.csv; nntrain predict {TABLE} -o /dev/stdout >> p.csv; cat p.csv"
    assert shell(line) == (0, f"before\n{expected}", "")
    code, out, _ = shell(f"nntrain fit {TABLE} -c {CONFIG} -q -s epochs=1 -l /dev/stdout -m o.npz")
    assert (code, len(out.splitlines())) == (0, 2)
    code, out, err = shell(f"nntrain cv {TABLE} -c {CONFIG} -o /dev/stdout")
    assert (code, out, err) == (
        2, "", "Error: stdout carries the report of cv; name a file for the predictions\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nntrain predict t.csv -o hard.csv", "--output hard.csv would overwrite an input of this run"),
        ("nntrain predict - -o t.csv < t.csv", "--output t.csv would overwrite an input of this run"),
        ("nntrain predict t.csv >> t.csv", "standard output is a file that this run reads; name another"),
        ("nntrain predict t.csv -o /dev/fd/3 3>> t.csv", "--output /dev/fd/3 would overwrite an input of this run"),
        ("nntrain init t.csv -o hard.csv", "--output hard.csv would overwrite an input of this run"),
        ("nntrain cv t.csv -c c.yaml -o hard.csv", "--output hard.csv would overwrite an input of this run"),
        ("nntrain fit t.csv -c c.yaml -l hard.csv", "--log hard.csv would overwrite an input of this run"),
        ("nntrain fit - -c c.yaml -m t.csv < t.csv", "--model t.csv would overwrite an input of this run"),
        ("nntrain report t.csv -o hard.csv", "--output hard.csv would overwrite an input of this run"),
        ("nntrain plot l.svg -o hard.svg", "--output hard.svg would overwrite an input of this run"),
    ],
)  # fmt: skip
def test_an_input_is_not_overwritten_by_another_name(folder: Path, line: str, message: str) -> None:
    (folder / "t.csv").write_text("x,y\n1,2\n3,4\n")
    (folder / "l.svg").write_bytes(OLDER_LOG)
    (folder / "c.yaml").write_text("target: y\n")
    (folder / "hard.csv").hardlink_to("t.csv")
    (folder / "hard.svg").hardlink_to("l.svg")
    assert shell(line) == (2, "", f"Error: {message}\n")
    assert (folder / "t.csv").read_text() == "x,y\n1,2\n3,4\n"
    assert (folder / "l.svg").read_bytes() == OLDER_LOG


@pytest.mark.parametrize(
    "words",
    [["fit", TABLE, "-c", CONFIG, "-m"], ["fit", TABLE, "-c", CONFIG, "-l"], ["predict", "-o"],
     ["init", TABLE, "-o"], ["cv", TABLE, "-c", CONFIG, "-o"], ["report", "-o"], ["plot", "l", "-o"]],
)  # fmt: skip
def test_an_empty_name_is_explained(run: Run, words: list[str]) -> None:
    result = run(*words, "")
    assert result.code == 2
    assert result.err.endswith(": an empty text names no file\n")


def test_a_working_folder_that_was_removed_is_explained(folder: Path) -> None:
    here = "mkdir gone; cd gone; rmdir ../gone; nntrain"
    removed = "cannot be written: the working folder has been removed; change to another"
    fit = f"{here} fit {folder / TABLE} -c {folder / CONFIG}"
    assert shell(fit) == (7, "", f"Error: model.npz: {removed}\n")
    predict = f"{here} predict {folder / TABLE} -o p.csv"
    assert shell(predict) == (7, "", f"Error: p.csv: {removed}\n")
    read = f"{here} fit t.csv -c {folder / CONFIG} -m {folder}/m.npz -l {folder}/l.csv"
    assert shell(read) == (3, "", "Error: t.csv: cannot be read: No such file or directory\n")
