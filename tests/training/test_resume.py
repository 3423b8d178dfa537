"""An interrupted run continues from its checkpoint to the same model, byte for byte."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.command import COMMAND, Run, environment

import nntrain
from nntrain import files
from nntrain.cli.main import main
from nntrain.cli.signals import Duration
from nntrain.engine import epoch_slices
from nntrain.engine.batches import Samples
from nntrain.errors import UsageError
from nntrain.model.model import read_model
from nntrain.training import resume as resuming
from nntrain.training import run as fitting
from nntrain.training.fingerprint import fingerprint
from nntrain.training.loss_log import LossLog
from nntrain.training.run import TrainingRun

TABLE = "sample_data/concrete.csv"
CONFIG = "configs/mini-batch.yaml"
ENGINES = ["numpy", "compiled"]
MODES = ["batch", "stochastic", "mini-batch"]


def frame(n_rows: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n_rows, 2))
    y = np.sin(x[:, 0]) + x[:, 1]
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "w": rng.random(n_rows), "y": y})


def make_config(**keys: Any) -> nntrain.Config:
    defaults: dict[str, Any] = {"target": ("y",), "epochs": 5, "hidden_layers": (4,)}
    return nntrain.Config(**(defaults | keys))


def bytes_of(model: nntrain.Model, folder: Path) -> bytes:
    model.save(folder / "saved.npz")
    return (folder / "saved.npz").read_bytes()


@pytest.fixture
def tiny_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at the signal after every iteration, and no epoch short enough to be finished."""
    monkeypatch.setattr(epoch_slices, "SLICE_SECONDS", 1e-9)
    monkeypatch.setattr(epoch_slices, "FINISH_SECONDS", -1.0)


# Within one process


PLAIN: dict[str, Any] = {}
REMEMBERING = [
    {"optimizer": "momentum", "alpha_schedule": "linear", "activation": "silu"},
    {"optimizer": "nesterov", "weight_decay": 0.01, "keep": "best", "patience": 2},
    {"optimizer": "adam", "alpha_schedule": "cosine", "keep": "best"},
    {"optimizer": "adam", "keep": "best", "patience": 1, "ensemble": 3, "tau": 0.02},
    {"ensemble": 3, "numeric_encoding": "piecewise_linear", "clamp_predictions": True},
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("mode", "dtype", "more"),
    [
        *((mode, dtype, PLAIN) for mode in MODES for dtype in ("float64", "float32")),
        *(("mini-batch", "float32", keys) for keys in REMEMBERING),
        ("stochastic", "float64", REMEMBERING[3]),
        ("batch", "float64", REMEMBERING[3]),
    ],
)
def test_a_run_paused_after_every_iteration_ends_as_one_that_was_not(
    tmp_path: Path, mode: str, engine: str, dtype: str, more: dict[str, Any], tiny_slices: None
) -> None:
    config = make_config(
        batch_mode=mode, batch_size=7, engine=engine, dtype=dtype, weight="w", epochs=3,
        validation_fraction=0.2, **more,
    )  # fmt: skip
    whole = TrainingRun.from_table(frame(), config)
    expected = list(whole.epochs())
    found, pauses = [], 0
    path = tmp_path / "checkpoint.npz"
    while True:
        run = TrainingRun.from_table(frame(), config)
        if path.exists():
            run.resume(read_model(path))
        found += list(run.epochs(lambda: True))
        if run.is_finished:
            break
        pauses += 1
        run.checkpoint().save(path)
    assert found == expected
    assert more or pauses == {"batch": 0, "stochastic": 3 * 47, "mini-batch": 3 * 6}[mode]
    assert bytes_of(run.model(), tmp_path) == bytes_of(whole.model(), tmp_path)


def test_a_checkpoint_that_lacks_something_ends_elsewhere(
    tmp_path: Path, tiny_slices: None
) -> None:
    """The comparison above can fail: without the sum of the losses so far, it does."""
    config = make_config(batch_mode="mini-batch", batch_size=7)
    whole = TrainingRun.from_table(frame(), config)
    expected = list(whole.epochs())
    run = TrainingRun.from_table(frame(), config)
    list(run.epochs(lambda: True))
    run.trainings[0].progress = dataclasses.replace(run.trainings[0].progress, loss=0.0)
    assert next(run.epochs())[0].loss != expected[0][0].loss


def test_an_epoch_that_is_soon_over_is_finished_first() -> None:
    run = TrainingRun.from_table(frame(), make_config(batch_mode="stochastic"))
    assert [result.epoch for (result,) in run.epochs(lambda: True)] == [1, 2, 3, 4, 5]


def test_a_checkpoint_is_a_model_of_the_last_whole_epoch(tmp_path: Path, tiny_slices: None) -> None:
    config = make_config(batch_mode="stochastic")
    run = TrainingRun.from_table(frame(), config)
    epochs = run.epochs()
    next(epochs)
    expected = run.model().predict(frame())
    run = TrainingRun.from_table(frame(), config)
    epochs = run.epochs(lambda: run.trainings[0].last is not None)
    list(epochs)
    assert run.trainings[0].progress.rows_done == 1
    run.checkpoint().save(tmp_path / "c.npz")
    pd.testing.assert_frame_equal(nntrain.load_model(tmp_path / "c.npz").predict(frame()), expected)


def test_the_fingerprint_is_of_every_number() -> None:
    x, y = np.ones((4, 2)), np.zeros((4, 1))
    samples = Samples(x, y)
    others = [
        (Samples(x.copy(), y.copy()), None, True),
        (Samples(x * 2, y), None, False),
        (Samples(x, y + 1), None, False),
        (Samples(x, y, np.ones((4, 1))), None, False),
        (Samples(x, y), Samples(x, y), False),
        (Samples(x.astype("f4"), y.astype("f4")), None, False),
        (Samples(x.reshape(2, 4), y.reshape(2, 2)), None, False),
    ]
    for other, validation, same in others:
        assert (fingerprint(other, validation) == fingerprint(samples, None)) == same


# What may differ


def refusal(before: nntrain.Config, now: nntrain.Config, table: pd.DataFrame | None = None) -> str:
    """The differences for which the checkpoint of another run, after 2 epochs, is refused."""
    run = TrainingRun.from_table(frame(), before)
    epochs = run.epochs()
    next(epochs)
    next(epochs)
    other = TrainingRun.from_table(frame() if table is None else table, now)
    try:
        other.resume(run.checkpoint())
    except UsageError as error:
        first, _, found = str(error).partition("\n")
        assert first == (
            "the checkpoint is of another run; start anew without --resume, or undo the difference:"
        )
        return found
    return ""


def test_a_run_that_differs_is_not_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    before = make_config()
    data = "the data: the rows to train on, or those held out, are not the same"
    assert refusal(before, make_config()) == ""
    assert refusal(before, make_config(alpha=0.2)) == "alpha: 0.1 in the checkpoint, 0.2 now"
    assert refusal(before, make_config(epochs=4)) == (
        "epochs: 5 in the checkpoint, 4 now; it may only grow"
    )
    assert refusal(before, make_config(epochs=50)) == ""
    assert refusal(before, make_config(tau=1e-9)) == ""
    assert refusal(before, make_config(tau=9.0)) == (
        "tau: 9 would have stopped the run before this checkpoint"
    )
    assert refusal(before, make_config(threads=1, checkpoint_seconds=0)) == ""
    assert refusal(before, make_config(), frame().iloc[::-1]) == data
    assert refusal(before, make_config(seed=1, shuffle=False)) == (
        "shuffle: True in the checkpoint, False now\nseed: 0 in the checkpoint, 1 now"
    )
    assert refusal(before, make_config(engine="compiled")) == (
        "engine: 'auto' in the checkpoint, 'compiled' now\n"
        "engine: numpy made the checkpoint, compiled would go on; set engine: numpy"
    )
    assert refusal(make_config(validation_fraction=0.2), make_config(validation_fraction=0.3)) == (
        f"validation_fraction: 0.2 in the checkpoint, 0.3 now\n{data}"
    )
    monkeypatch.setattr(resuming, "__version__", "9.9")
    assert refusal(before, make_config()) == "nntrain: 0.1.0 made the checkpoint, this is 9.9"


def test_a_finished_model_is_no_checkpoint() -> None:
    run = TrainingRun.from_table(frame(), make_config())
    list(run.epochs())
    with pytest.raises(UsageError) as caught:
        TrainingRun.from_table(frame(), make_config()).resume(run.model())
    assert str(caught.value) == "that model is of a finished run; there is nothing to resume"


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_epochs_that_decide_how_alpha_falls_may_not_grow(schedule: str, tiny_slices: None) -> None:
    run = TrainingRun.from_table(frame(), make_config(alpha_schedule=schedule))
    next(run.epochs())
    longer = TrainingRun.from_table(frame(), make_config(alpha_schedule=schedule, epochs=9))
    with pytest.raises(UsageError) as caught:
        longer.resume(run.checkpoint())
    assert str(caught.value).split("\n")[1:] == [
        "epochs: 5 in the checkpoint, 9 now; it decides how α falls"
    ]


def test_more_epochs_end_as_a_run_of_so_many(tmp_path: Path) -> None:
    run = TrainingRun.from_table(frame(), make_config(epochs=3))
    list(run.epochs())
    more = TrainingRun.from_table(frame(), make_config(epochs=6))
    more.resume(run.checkpoint())
    list(more.epochs())
    whole = nntrain.fit(frame(), make_config(epochs=6))
    assert bytes_of(more.model(), tmp_path) == bytes_of(whole, tmp_path)


# Starting from another model


def test_a_run_starts_from_the_weights_and_preprocessing_of_a_model(tmp_path: Path) -> None:
    first = nntrain.fit(frame(), make_config())
    new = frame(30).assign(a=lambda table: table["a"] + 100)
    untrained = nntrain.fit(new, make_config(epochs=0), start=first)
    assert untrained.preprocessing == first.preprocessing
    pd.testing.assert_frame_equal(untrained.predict(frame()), first.predict(frame()))
    tuned = nntrain.fit(new, make_config(epochs=50), start=first)
    assert tuned.summary.training["y"].rmse < untrained.summary.training["y"].rmse
    assert tuned.summary.started_from == read_again(first, tmp_path)["checksum"]
    assert tuned.baseline.means.tolist() == pytest.approx([new["y"].mean()])


def read_again(model: nntrain.Model, folder: Path) -> dict[str, Any]:
    model.save(folder / "m.npz")
    with np.load(folder / "m.npz") as archive:
        header: dict[str, Any] = json.loads(archive["header"].item())
    return header


def test_a_model_of_another_architecture_is_no_start() -> None:
    first = nntrain.fit(frame(), make_config())
    with pytest.raises(UsageError) as caught:
        nntrain.fit(frame(), make_config(hidden_layers=(5,), activation="tanh"), start=first)
    assert str(caught.value) == (
        "the model to start from is of another architecture or other columns; make the config "
        "agree:\n"
        "hidden_layers: [4] in the model, [5] in the config\n"
        "activation: 'sigmoid' in the model, 'tanh' in the config"
    )


# The command


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"configs", "sample_data"}


def log_without_seconds(path: Path) -> list[str]:
    return [line.rpartition(",")[0] for line in path.read_text().splitlines()]


def hear_ctrl_c() -> None:
    """Handle Ctrl-C, which background jobs of a shell ignore."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [COMMAND, "fit", TABLE, "-c", CONFIG, *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        preexec_fn=hear_ctrl_c,  # noqa: PLW1509
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
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
)
def test_a_signal_leaves_a_checkpoint_and_says_how_to_go_on(
    run: Run, folder: Path, number: signal.Signals, code: int
) -> None:
    options = ["-s", "epochs=600", "-s", "engine=numpy"]
    assert run("fit", TABLE, "-c", CONFIG, *options, "-m", "whole.npz", "-l", "whole.csv").code == 0
    (folder / "model.npz").write_text("older")
    process = start(*options)
    wait_for(lambda: Path("loss.csv").exists() and Path("loss.csv").stat().st_size > 200, process)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    lines = err.splitlines()
    assert re.fullmatch(r"Error: interrupted after epoch \d+ of 600", lines[0])
    assert lines[1:] == [
        "Error: model.npz.checkpoint holds the run; the same command with --resume goes on",
        "Error: as it is, it is a model too: nntrain predict --model model.npz.checkpoint",
    ]
    assert (folder / "model.npz").read_text() == "older"
    assert names(folder) == {
        "loss.csv", "model.npz", "model.npz.checkpoint", "whole.csv", "whole.npz",
    }  # fmt: skip
    epoch = lines[0].split()[4]
    note = f"Note: model.npz.checkpoint: is of an unfinished run, after epoch {epoch} of 600\n"
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


def test_a_second_signal_ends_the_run_at_once(folder: Path) -> None:
    (folder / "slow.py").write_text(
        "import time\nfrom nntrain.training.run import TrainingRun\n"
        "from nntrain.cli.main import run\n"
        "TrainingRun.checkpoint = lambda self: (print('saving', flush=True), time.sleep(60))\n"
        "run()\n"
    )
    (folder / "model.npz").write_text("older")
    process = subprocess.Popen(
        [sys.executable, "slow.py", "fit", TABLE, "-c", CONFIG, "-s", "epochs=1e6"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        preexec_fn=hear_ctrl_c,  # noqa: PLW1509
    )
    wait_for(lambda: Path("loss.csv").exists() and Path("loss.csv").stat().st_size > 200, process)
    process.send_signal(signal.SIGINT)
    assert process.stdout
    assert process.stdout.readline() == "saving\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "Error: interrupted\n")
    assert (folder / "model.npz").read_text() == "older"
    assert names(folder) == {"loss.csv", "model.npz", "slow.py"}


def test_without_a_checkpoint_resume_starts_the_run(run: Run, folder: Path) -> None:
    result = run("fit", TABLE, "-c", CONFIG, "-s", "epochs=1", "--resume")
    assert result.code == 0
    assert result.err.startswith(
        "Note: model.npz.checkpoint: there is no checkpoint to resume; starts the run\n"
    )
    assert names(folder) == {"loss.csv", "model.npz"}


def test_a_model_that_goes_nowhere_has_no_checkpoint(run: Run, folder: Path) -> None:
    result = run("fit", TABLE, "-c", CONFIG, "-s", "epochs=1", "--resume", "-m", "/dev/null")
    assert result.code == 0
    assert result.err.startswith(
        "Note: /dev/null.checkpoint: there is no checkpoint to resume; starts the run\n"
    )
    assert names(folder) == {"loss.csv"}


def test_a_run_stops_when_its_time_is_over_and_can_go_on(run: Run, folder: Path) -> None:
    options = ["-s", "epochs=30"]
    assert run("fit", TABLE, "-c", CONFIG, *options, "-m", "whole.npz", "-l", "whole.csv").code == 0
    result = run("fit", TABLE, "-c", CONFIG, *options, "--max-time", "0s")
    assert result.code == 0
    assert "Stopped after epoch 1 of 30: the time is over.\n" in result.err
    assert "model.npz.checkpoint stays; the same command with --resume goes on.\n" in result.err
    assert nntrain.load_model("model.npz").summary.stopped_by == "time"
    assert names(folder) == {
        "loss.csv", "model.npz", "model.npz.checkpoint", "whole.csv", "whole.npz",
    }  # fmt: skip
    result = run("fit", TABLE, "-c", CONFIG, *options, "--max-time", "1h", "--resume")
    assert result.err.startswith("Note: model.npz.checkpoint: goes on after epoch 1\n")
    assert (folder / "model.npz").read_bytes() == (folder / "whole.npz").read_bytes()
    assert log_without_seconds(folder / "loss.csv") == log_without_seconds(folder / "whole.csv")
    assert names(folder) == {"loss.csv", "model.npz", "whole.csv", "whole.npz"}


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("1h30m", 5400), ("7", 7)]
)
def test_times_are_written_as_people_write_them(text: str, seconds: int) -> None:
    assert Duration().convert(text, None, None) == seconds


def test_a_time_that_is_none_is_a_usage_error(run: Run) -> None:
    result = run("fit", TABLE, "-c", CONFIG, "--max-time", "soon")
    assert result.code == 2
    assert "'soon' is no time; write it as 90s, 10m or 1h30m" in result.err


def interrupted(run: Run) -> None:
    """Leave the checkpoint of a run of 30 epochs after the first."""
    assert run("fit", TABLE, "-c", CONFIG, "-s", "epochs=30", "--max-time", "0s", "-q").code == 0


def test_a_run_that_differs_is_refused_and_leaves_the_checkpoint(run: Run, folder: Path) -> None:
    interrupted(run)
    before = (folder / "model.npz.checkpoint").read_bytes()
    result = run("fit", TABLE, "-c", CONFIG, "-s", "epochs=30", "-s", "alpha=0.3", "--resume")
    assert (result.code, result.err) == (
        2,
        "Error: the checkpoint is of another run; start anew without --resume, or undo the "
        "difference:\nError: alpha: 0.1 in the checkpoint, 0.3 now\n",
    )
    assert (folder / "model.npz.checkpoint").read_bytes() == before


def test_a_damaged_checkpoint_is_an_error_and_stays(run: Run, folder: Path) -> None:
    interrupted(run)
    path = folder / "model.npz.checkpoint"
    whole = path.read_bytes()
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    for damaged in (whole[:-100], b"", flipped):
        path.write_bytes(damaged)
        result = run("fit", TABLE, "-c", CONFIG, "-s", "epochs=30", "--resume")
        assert result.code == 4
        assert result.err.startswith("Error: model.npz.checkpoint: is not ")
        assert path.read_bytes() == damaged


def test_a_run_beside_an_older_checkpoint_says_so(run: Run) -> None:
    interrupted(run)
    result = run("fit", TABLE, "-c", CONFIG, "-s", "epochs=2")
    assert result.err.startswith(
        "Note: model.npz.checkpoint: is of an earlier run, which --resume would go on with\n"
    )


HEAD = "epoch,iterations,loss,validation_loss,largest_update,seconds\n"


@pytest.mark.parametrize(
    "content",
    [None, "other", "epoch,iterations\n1,2\n", HEAD, f"{HEAD}1,33,0.5", f"{HEAD}1,33,,,,soon\n"],
)
def test_a_log_that_lacks_the_epochs_before_begins_with_the_next(
    run: Run, folder: Path, content: str | None
) -> None:
    interrupted(run)
    (folder / "loss.csv").unlink()
    if content is not None:
        (folder / "loss.csv").write_text(content)
    result = run("fit", TABLE, "-c", CONFIG, "-s", "epochs=30", "--resume")
    assert result.code == 0
    assert (
        "Note: loss.csv: does not hold the epochs up to 1; begins with the next one\n" in result.err
    )
    assert log_without_seconds(folder / "loss.csv")[1].startswith("2,")


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
    assert names(folder) == {"first.csv", "loss.csv", "model.npz"}


def test_the_command_starts_from_a_model(run: Run, folder: Path) -> None:
    assert run("fit", TABLE, "-c", CONFIG, "-s", "epochs=20", "-m", "a.npz", "-q").code == 0
    result = run("fit", TABLE, "-c", CONFIG, "-s", "epochs=0", "--from", "a.npz", "-q")
    assert (result.code, result.err) == (0, "")
    first, second = (nntrain.load_model(name) for name in ("a.npz", "model.npz"))
    np.testing.assert_array_equal(
        first.networks[0].parameters.vector, second.networks[0].parameters.vector
    )
    result = run("fit", TABLE, "-c", CONFIG, "--from", "model.npz")
    assert result.err == "Error: --model model.npz would overwrite an input of this run\n"


# Killed


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


# Writing fails


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
    (folder / "model.npz").write_text("older")
    error = OSError(number, reason)
    if where == "open":
        monkeypatch.setattr(files, "_open_new", failing(files._open_new, times, error))
    elif where == "write":
        writes = failing(io.FileIO.write, 5 * times, error)

        class FullFile(io.FileIO):
            def write(self, data: Any) -> int:
                return int(writes(self, data))

        monkeypatch.setattr(files, "_open_new", lambda path: FullFile(path, "w"))
    elif where == "log":
        files_write = failing(io.TextIOWrapper.write, times, error)

        class FullText(io.TextIOWrapper):
            def write(self, text: str) -> int:
                return int(files_write(self, text))

        opened = LossLog.__init__

        def on_full_disk(log: LossLog, path: str, _file: Any, *given: Any, **named: Any) -> None:
            _file.close()
            opened(log, path, FullText(io.FileIO(path, "w")), *given, **named)

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
    assert (folder / "model.npz").read_text() == "older" or where == "fsync"
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
