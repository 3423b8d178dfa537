"""`nntrain fit --resume`: what it goes on with, what it refuses, and what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import Run
from support.resumed import CONFIG, TABLE, log_without_seconds, names

import nntrain


def test_without_a_checkpoint_resume_starts_the_run(run: Run, folder: Path) -> None:
    result = run("fit", TABLE, "-c", CONFIG, "-s", "epochs=1", "--resume")
    assert result.code == 0
    assert result.err.startswith(
        "Note: model.npz.checkpoint: there is no checkpoint yet; the run starts from the beginning\n"
    )
    assert names(folder) == {"loss.csv", "model.npz"}


def test_a_model_that_goes_nowhere_has_no_checkpoint(run: Run, folder: Path) -> None:
    result = run("fit", TABLE, "-c", CONFIG, "-s", "epochs=1", "--resume", "-m", "/dev/null")
    assert result.code == 0
    assert result.err.startswith(
        "Note: /dev/null.checkpoint: there is no checkpoint yet; the run starts from the beginning\n"
    )
    assert names(folder) == {"loss.csv"}


def test_a_run_stops_when_its_time_is_over_and_can_go_on(run: Run, folder: Path) -> None:
    options = ["-s", "epochs=30"]
    assert run("fit", TABLE, "-c", CONFIG, *options, "-m", "whole.npz", "-l", "whole.csv").code == 0
    result = run("fit", TABLE, "-c", CONFIG, *options, "--max-time", "0s")
    assert result.code == 0
    assert "Stopped after epoch 1 of 30: the time limit was reached.\n" in result.err
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
        "Note: model.npz.checkpoint: belongs to an earlier run, which --resume would have continued; "
        "until this run has a checkpoint of its own it is .model.npz.checkpoint.nntrain-older\n"
    )


HEAD = "epoch,iterations,loss,validation_loss,largest_update,seconds\n"


@pytest.mark.parametrize(
    "content",
    [None, "other", "epoch,iterations\n1,2\n", HEAD, f"{HEAD}1,33,0.5", f"{HEAD}1,33,,,,soon\n"],
)
def test_a_log_that_lacks_the_epochs_before_is_refused_and_left(
    run: Run, folder: Path, content: str | None
) -> None:
    interrupted(run)
    (folder / "loss.csv").unlink()
    if content is not None:
        (folder / "loss.csv").write_text(content)
    command = ["fit", TABLE, "-c", CONFIG, "-s", "epochs=30", "--resume", "-q"]
    result = run(*command)
    reason = (
        "exists and is not a loss log, which would replace it; remove it, or name another file "
        "with --log"
        if content == "other"
        else "does not hold the epochs up to 1 of the run that is to be resumed; name its log with "
        "--log, - or /dev/null for one that begins with the next epoch, or start anew without "
        "--resume"
    )
    assert (result.code, result.err) == (2, f"Error: loss.csv: {reason}\n")
    if content is None:
        assert not (folder / "loss.csv").exists()
    else:
        assert (folder / "loss.csv").read_text() == content
    result = run(*command, "--log", "-")
    assert (result.code, result.out.splitlines()[1][:2]) == (0, "2,")
