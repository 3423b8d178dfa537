"""Runs that a signal, a kill or a failed write interrupts: nothing is lost, and they can go on."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import random
import re
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command import COMMAND, Run, environment
from support.resumed import CONFIG, OLDER_MODEL, TABLE, log_without_seconds, names

from nntrain.cli.main import main
from nntrain.files import temporary
from nntrain.training import run as fitting
from nntrain.training.loss_log import LossLog
from nntrain.training.run import TrainingRun


def hear_signals() -> None:
    """Handle Ctrl-C and SIGHUP, which background jobs of a shell ignore."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def lead_terminal() -> None:
    """Make standard input the terminal of a session of its own."""
    hear_signals()
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def handles(process: subprocess.Popen[str], number: int) -> bool:
    """Whether a process has a handler for a signal by now."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    (handled,) = re.findall(r"^SigCgt:\s*(\w+)$", status, re.MULTILINE)
    return bool(int(handled, 16) >> (number - 1) & 1)


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [COMMAND, "fit", TABLE, "-c", CONFIG, *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        preexec_fn=hear_signals,  # noqa: PLW1509
    )


def wait_for(is_so: Callable[[], bool], process: subprocess.Popen[str]) -> bool:
    """Wait until it is so; False when the process has ended before."""
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        if process.poll() is not None:
            return is_so()
        time.sleep(0.002)
    return True


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=["INT", "TERM", "HUP"],
)
def test_a_signal_leaves_a_checkpoint_and_says_how_to_go_on(
    run: Run, folder: Path, number: signal.Signals, code: int
) -> None:
    options = ["-s", "epochs=600", "-s", "engine=numpy"]
    assert run("fit", TABLE, "-c", CONFIG, *options, "-m", "whole.npz", "-l", "whole.csv").code == 0
    (folder / "model.npz").write_bytes(OLDER_MODEL)
    process = start(*options)
    wait_for(lambda: Path("loss.csv").exists() and Path("loss.csv").stat().st_size > 200, process)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    lines = err.splitlines()
    assert re.fullmatch(r"Error: interrupted after epoch \d+ of 600", lines[0])
    assert lines[1:] == [
        "Error: model.npz.checkpoint holds the run; the same command with --resume goes on",
        f"Error: the checkpoint is a model too: nntrain predict {TABLE} --model model.npz.checkpoint",
    ]
    assert (folder / "model.npz").read_bytes() == OLDER_MODEL
    assert names(folder) == {
        "loss.csv", "model.npz", "model.npz.checkpoint", "whole.csv", "whole.npz",
    }  # fmt: skip
    epoch = lines[0].split()[4]
    note = f"Note: model.npz.checkpoint: the checkpoint of an unfinished run, after epoch {epoch} of 600\n"
    result = run("predict", TABLE, "-m", "model.npz.checkpoint")
    assert (result.code, result.err, result.out.count("\n")) == (0, note, 1031)
    assert run("evaluate", TABLE, "-m", "model.npz.checkpoint").err.startswith(note)
    assert f"for {epoch} epochs of 600" in run("inspect", "model.npz.checkpoint").out
    assert "; unfinished; numpy engine." in run("inspect", "model.npz.checkpoint").out
    result = run("fit", TABLE, "-c", CONFIG, *options, "--resume", "-q")
    assert (result.code, result.err) == (0, "")
    assert (folder / "model.npz").read_bytes() == (folder / "whole.npz").read_bytes()
    assert log_without_seconds(folder / "loss.csv") == log_without_seconds(folder / "whole.csv")
    assert names(folder) == {"loss.csv", "model.npz", "whole.csv", "whole.npz"}


def test_a_terminal_that_is_closed_leaves_a_checkpoint(folder: Path) -> None:
    """The run shows its live line on the terminal until this is gone; then nothing can be shown."""
    ours, terminal = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, "fit", TABLE, "-c", CONFIG, "-s", "epochs=1e6", "-s", "engine=numpy"],
        stdin=terminal, stdout=terminal, stderr=terminal, preexec_fn=lead_terminal,  # noqa: PLW1509
        env=environment() | {"TERM": "xterm"},
        text=True,
    )  # fmt: skip
    os.close(terminal)
    wait_for(lambda: Path("loss.csv").exists() and Path("loss.csv").stat().st_size > 200, process)
    os.close(ours)
    assert process.wait(timeout=60) == 129
    assert names(folder) == {"loss.csv", "model.npz.checkpoint"}


def test_a_run_that_was_started_to_ignore_a_closed_terminal_goes_on(folder: Path) -> None:
    options = ["fit", TABLE, "-c", CONFIG, "-s", "epochs=300", "-s", "engine=numpy", "-q"]
    process = subprocess.Popen(
        ["nohup", COMMAND, *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=environment(), preexec_fn=hear_signals,  # noqa: PLW1509
    )  # fmt: skip
    wait_for(lambda: Path("loss.csv").exists() and Path("loss.csv").stat().st_size > 200, process)
    process.send_signal(signal.SIGHUP)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "")
    assert names(folder) == {"loss.csv", "model.npz"}


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=["TERM", "HUP"]
)
def test_a_signal_ends_any_command_with_its_name_and_code(
    folder: Path, number: signal.Signals, code: int
) -> None:
    process = subprocess.Popen(
        [COMMAND, "init", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=environment(), preexec_fn=hear_signals,  # noqa: PLW1509
    )  # fmt: skip
    wait_for(lambda: handles(process, number), process)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (code, "", f"Error: ended by {number.name}\n")


@pytest.mark.parametrize("step", ["prepare_streams", "_show_notes", "finish_stdout"])
def test_a_signal_before_or_after_the_command_itself_ends_it_in_order(
    folder: Path, step: str
) -> None:
    (folder / "early.py").write_text(
        "import os, signal\nfrom nntrain.cli import main\n"
        f"main.{step} = lambda: os.kill(os.getpid(), signal.SIGTERM)\n"
        "main.run()\n"
    )
    done = subprocess.run(
        [sys.executable, "early.py", "guide"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, env=environment(), check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (143, "Error: ended by SIGTERM\n")


def test_a_second_signal_ends_the_run_at_once(folder: Path) -> None:
    (folder / "slow.py").write_text(
        "import time\nfrom nntrain.training.run import TrainingRun\n"
        "from nntrain.cli.main import run\n"
        "TrainingRun.checkpoint = lambda self: (print('saving', flush=True), time.sleep(60))\n"
        "run()\n"
    )
    (folder / "model.npz").write_bytes(OLDER_MODEL)
    process = subprocess.Popen(
        [sys.executable, "slow.py", "fit", TABLE, "-c", CONFIG, "-s", "epochs=1e6"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        preexec_fn=hear_signals,  # noqa: PLW1509
    )
    wait_for(lambda: Path("loss.csv").exists() and Path("loss.csv").stat().st_size > 200, process)
    process.send_signal(signal.SIGINT)
    assert process.stdout
    assert process.stdout.readline() == "saving\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "Error: interrupted\n")
    assert (folder / "model.npz").read_bytes() == OLDER_MODEL
    assert names(folder) == {"loss.csv", "model.npz", "slow.py"}


def test_the_model_of_a_run_that_is_going_is_not_written_by_another(run: Run, folder: Path) -> None:
    process = start("-s", "epochs=1e7", "-s", "engine=numpy", "-l", "first.csv")
    wait_for(lambda: Path("first.csv").exists(), process)
    result = run("fit", TABLE, "-c", CONFIG)
    assert (result.code, result.err) == (
        7,
        "Error: model.npz: another run of nntrain is about to write it; wait until it ends, or "
        "name another file with --model\n",
    )
    process.kill()
    process.communicate()
    assert run("fit", TABLE, "-c", CONFIG, "-s", "epochs=1", "-q").code == 0
    assert names(folder) == {".first.csv.nntrain-lock", "first.csv", "loss.csv", "model.npz"}


CRASHES = [
    ("batch", "numpy", 12_000),
    ("batch", "compiled", 12_000),
    ("stochastic", "numpy", 200),
    ("stochastic", "compiled", 7000),
    ("mini-batch", "numpy", 2400),
    ("mini-batch", "compiled", 7000),
]


@pytest.mark.parametrize(("mode", "engine", "epochs"), CRASHES)
@pytest.mark.parametrize("times", [7, pytest.param(60, marks=pytest.mark.long)])
def test_a_run_killed_at_any_moment_ends_as_one_that_was_not(
    run: Run, folder: Path, mode: str, engine: str, epochs: int, times: int
) -> None:
    """Each time once there is a new checkpoint, and a while later."""
    epochs *= 1 + times // 10
    keys = [f"batch_mode={mode}", f"engine={engine}", f"epochs={epochs}", "checkpoint_seconds=0.05"]
    options = [word for key in keys for word in ("-s", key)]
    outputs = ["-m", "whole.npz", "-l", "whole.csv"]
    assert run("fit", TABLE, "-c", CONFIG, *options, "-q", *outputs).code == 0
    moments = random.Random(f"{mode} {engine} {times}")
    path, kills, inode = folder / "model.npz.checkpoint", 0, -1

    def is_new() -> bool:
        return path.exists() and path.stat().st_ino != inode

    for _ in range(times):
        process = start(*options, "-q", "--resume")
        if wait_for(is_new, process):
            time.sleep(moments.random() * 0.06)
        if process.poll() is None:
            process.kill()
            kills += 1
        process.communicate()
        if process.returncode == 0:
            break
        inode = path.stat().st_ino
    assert kills >= 4
    if process.returncode:
        result = run("fit", TABLE, "-c", CONFIG, *options, "-q", "--resume")
        assert (result.code, result.err) == (0, "")
    assert (folder / "model.npz").read_bytes() == (folder / "whole.npz").read_bytes()
    assert log_without_seconds(folder / "loss.csv") == log_without_seconds(folder / "whole.csv")
    assert names(folder) == {"loss.csv", "model.npz", "whole.csv", "whole.npz"}


FAULTY = """
import os, signal, sys
import nntrain.training.loss_log
from nntrain.cli.main import run

def dying(function, times):
    def call(*arguments, **keywords):
        nonlocal times
        times -= 1
        if times < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **keywords)
    return call

where, times = sys.argv.pop(1), int(sys.argv.pop(1))
if where == "log":
    write = nntrain.training.loss_log.LossLog._write
    def half(log, line):
        global times
        times -= 1
        if times < 0:
            log._file.write(line[: len(line) // 2])
            log._file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        write(log, line)
    nntrain.training.loss_log.LossLog._write = half
else:
    setattr(os, where, dying(getattr(os, where), times))
run()
"""


@pytest.mark.parametrize(
    ("where", "times"),
    [("fsync", 0), ("fsync", 1), ("fsync", 7), ("replace", 0), ("replace", 4), ("replace", 5),
     ("log", 0), ("log", 1), ("log", 4)],
)  # fmt: skip
def test_a_run_killed_while_it_writes_ends_as_one_that_was_not(
    run: Run, folder: Path, where: str, times: int
) -> None:
    """Of 6 epochs with a checkpoint each but the last; the model is the sixth file written."""
    options = ["-s", "epochs=6", "-s", "checkpoint_seconds=0", "-q"]
    assert run("fit", TABLE, "-c", CONFIG, *options, "-m", "whole.npz", "-l", "whole.csv").code == 0
    (folder / "faulty.py").write_text(FAULTY)
    words = [where, str(times), "fit", TABLE, "-c", CONFIG, *options]
    done = subprocess.run(
        [sys.executable, "faulty.py", *words], env=environment(), capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL
    (folder / "faulty.py").unlink()
    result = run("fit", TABLE, "-c", CONFIG, *options, "--resume")
    assert result.code == 0
    assert (folder / "model.npz").read_bytes() == (folder / "whole.npz").read_bytes()
    assert log_without_seconds(folder / "loss.csv") == log_without_seconds(folder / "whole.csv")
    assert names(folder) == {"loss.csv", "model.npz", "whole.csv", "whole.npz"}


def failing(function: Callable[..., Any], times: int, error: OSError) -> Callable[..., Any]:
    """The function, which fails from a call on."""
    calls = iter(range(10**9))

    def call(*arguments: Any, **keywords: Any) -> Any:
        if next(calls) >= times:
            raise error
        return function(*arguments, **keywords)

    return call


@pytest.mark.parametrize(
    ("number", "reason"),
    [(28, "No space left on device"), (13, "Permission denied"), (5, "Input/output error")],
)
@pytest.mark.parametrize("where", ["fsync", "replace", "open", "write", "log"])
@pytest.mark.parametrize("times", [0, 1, 2, 3])
def test_a_write_that_fails_is_exit_code_7_and_loses_no_older_file(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    where: str,
    times: int,
    number: int,
    reason: str,
) -> None:
    """Each operation on the model and its checkpoint fails in turn, then all that follow."""
    (folder / "model.npz").write_bytes(OLDER_MODEL)
    error = OSError(number, reason)
    if where == "open":
        monkeypatch.setattr(temporary, "_open_new", failing(temporary._open_new, times, error))
    elif where == "write":
        writes = failing(io.FileIO.write, 5 * times, error)

        class FullFile(io.FileIO):
            def write(self, data: Any) -> int:
                return int(writes(self, data))

        monkeypatch.setattr(temporary, "_open_new", lambda descriptor: FullFile(descriptor, "w"))
    elif where == "log":
        files_write = failing(io.TextIOWrapper.write, times, error)

        class FullText(io.TextIOWrapper):
            def write(self, text: str) -> int:
                return int(files_write(self, text))

        opened = LossLog.__init__

        def on_full_disk(log: LossLog, path: str, _file: Any, *given: Any, **named: Any) -> None:
            if _file is not None:
                _file.close()
                _file = FullText(io.FileIO(path, "w"))
            opened(log, path, _file, *given, **named)

        monkeypatch.setattr(LossLog, "__init__", on_full_disk)
    else:
        monkeypatch.setattr(os, where, failing(getattr(os, where), times, error))
    arguments = ["fit", TABLE, "-c", CONFIG, "-s", "epochs=6", "-s", "checkpoint_seconds=0", "-q"]
    code = main(arguments)
    err = capsys.readouterr().err
    assert code == 7
    assert re.fullmatch(
        rf"Error: (model\.npz(\.checkpoint)?|loss\.csv): cannot be written: {reason}\n", err
    )
    assert (folder / "model.npz").read_bytes() == OLDER_MODEL or where == "fsync"
    assert names(folder) - {"loss.csv", "model.npz", "model.npz.checkpoint"} == set()


def test_a_folder_that_vanishes_is_exit_code_7(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "out").mkdir()
    epochs = fitting.TrainingRun.epochs

    def then_vanish(run: TrainingRun, *arguments: Any) -> Iterator[Any]:
        for result in epochs(run, *arguments):
            for path in (folder / "out").iterdir():
                path.unlink()
            (folder / "out").rmdir()
            yield result

    monkeypatch.setattr(fitting.TrainingRun, "epochs", then_vanish)
    code = main(["fit", TABLE, "-c", CONFIG, "-s", "epochs=1", "-m", "out/model.npz", "-q"])
    assert code == 7
    assert capsys.readouterr().err == (
        "Error: out/model.npz: cannot be written: No such file or directory\n"
    )
