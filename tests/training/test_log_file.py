"""The file of a loss log: how a resumed run continues it, and the older log of a run that fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.resumed import OLDER_LOG

from nntrain.engine.progress import EpochResult
from nntrain.errors import OutputError, UsageError
from nntrain.training.log_file import LogFile, check_is_log, cut_log
from nntrain.training.loss_log import line_of

HEADER = "epoch,iterations,loss,validation_loss,largest_update,seconds\n"
MEMBER_HEADER = HEADER.replace("epoch,", "epoch,member,")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def lines(*epochs: int) -> str:
    return "".join(f"{epoch},{4 * epoch},0.5,,0.1,{epoch}.250\n" for epoch in epochs)


@pytest.mark.parametrize(
    ("content", "left", "seconds"),
    [
        (lines(1, 2), lines(1, 2), 2.25),
        (lines(1, 2, 3, 4), lines(1, 2), 2.25),
        (lines(1, 2) + "3,12,0.", lines(1, 2), 2.25),
        (lines(1, 2) + "no epoch\n" + lines(3), lines(1, 2), 2.25),
        (lines(1), None, None),
        (lines(1) + "2,8,0.5,,0.1,2.250", None, None),
        (lines(2, 3), None, None),
        ("", None, None),
    ],
)
def test_a_log_is_cut_after_the_epochs_that_are_done(
    tmp_path: Path, content: str, left: str | None, seconds: float | None
) -> None:
    path = tmp_path / "loss.csv"
    path.write_text(HEADER + content)
    assert cut_log(str(path), 2) == seconds
    assert path.read_text() == HEADER + (content if left is None else left)


def test_a_log_of_an_ensemble_is_cut_after_the_last_network(tmp_path: Path) -> None:
    path = tmp_path / "loss.csv"
    kept = "1,1,4,0.5,,0.1,0.250\n1,2,4,0.5,,0.1,0.250\n2,2,8,0.5,,0.1,0.500\n"
    path.write_text(f"{MEMBER_HEADER}{kept}3,2,12,0.5,,0.1,0.750\n")
    assert cut_log(str(path), 2, networks=2) == 0.5
    assert path.read_text() == MEMBER_HEADER + kept
    assert cut_log(str(path), 2, networks=1) is None


def test_no_log_is_none_to_cut(tmp_path: Path) -> None:
    assert cut_log(str(tmp_path / "none.csv"), 2) is None
    assert cut_log(str(tmp_path), 2) is None


def test_a_log_of_several_networks_is_cut_after_an_epoch(tmp_path: Path) -> None:
    path = tmp_path / "loss.csv"
    names = "epoch,member,iterations,loss,validation_loss,largest_update,seconds\n"
    lines = [
        f"{epoch},{member},1,1.0,,1.0,{epoch}.{member}00\n"
        for epoch in (1, 2, 3)
        for member in (1, 3)
    ]
    whole = names + "".join(lines)
    path.write_text(whole)
    assert cut_log(str(path), 2, 3) == 2.3
    assert path.read_text() == names + "".join(lines[:4])
    for other in (whole.replace("2,1,1", "4,1,1"), whole.replace("member,", ""), names):
        path.write_text(other)
        assert cut_log(str(path), 2, 3) is None
        assert path.read_text() == other


def test_a_log_of_another_run_is_not_cut(tmp_path: Path) -> None:
    """The number of epochs is the same; a loss is not."""
    path = tmp_path / "loss.csv"
    path.write_text(HEADER + lines(1, 2, 3))
    assert cut_log(path, 2, last=[line_of(EpochResult(2, 8, 0.25, None, 0.1, ""))]) is None
    assert path.read_text() == HEADER + lines(1, 2, 3)
    assert cut_log(path, 2, last=[line_of(EpochResult(2, 8, 0.5, None, 0.1, ""))]) == 2.25


# The older log


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """An older log, which only its owner can read, a day old."""
    path = tmp_path / "loss.csv"
    path.write_bytes(OLDER_LOG)
    path.chmod(0o600)
    os.utime(path, (1e9, 1e9))
    return path


def is_older(path: Path) -> bool:
    status = path.stat()
    return (path.read_bytes(), status.st_mode & 0o777, status.st_mtime) == (OLDER_LOG, 0o600, 1e9)


def test_an_older_log_is_back_after_a_run_that_failed(older: Path) -> None:
    log_file = LogFile(older)
    with log_file.open_new() as file:
        file.write("new")
        file.flush()
        assert (older.read_text(), older.stat().st_mode & 0o777) == ("new", 0o600)
    log_file.fail(is_resumable=False)
    assert is_older(older)
    assert names(older.parent) == ["loss.csv"]


def test_an_older_log_is_gone_after_a_run_that_succeeded(older: Path) -> None:
    log_file = LogFile(older)
    with log_file.open_new() as file:
        file.write("new")
    log_file.succeed()
    log_file.fail(is_resumable=False)
    assert older.read_text() == "new"
    assert names(older.parent) == ["loss.csv"]


def test_a_log_that_was_not_opened_is_left_as_it_is(older: Path) -> None:
    LogFile(older).fail(is_resumable=True)
    assert is_older(older)
    assert names(older.parent) == ["loss.csv"]


def test_the_log_of_a_failed_run_that_can_be_resumed_is_kept_and_continued(older: Path) -> None:
    log_file = LogFile(older)
    with log_file.open_new() as file:
        file.write(HEADER + lines(1, 2))
    log_file.fail(is_resumable=True)
    assert is_older(older)
    assert names(older.parent) == [".loss.csv.nntrain-resumable", "loss.csv"]
    again = LogFile(older)
    again.recover(is_finished=False, is_resumable=True)
    opened = again.open_after(2, 1, ["2,8,0.5,,0.1"])
    assert opened is not None
    with opened[0] as file:
        file.write(lines(3))
    assert older.read_text() == HEADER + lines(1, 2, 3)
    again.fail(is_resumable=True)
    assert is_older(older)
    last = LogFile(older)
    opened = last.open_after(3, 1, [])
    assert opened is not None
    opened[0].close()
    last.succeed()
    assert older.read_text() == HEADER + lines(1, 2, 3)
    assert names(older.parent) == ["loss.csv"]


@pytest.mark.parametrize("is_resumable", [False, True])
@pytest.mark.parametrize("is_written", [False, True])
def test_the_older_log_of_a_run_that_was_killed_is_back(
    older: Path, is_resumable: bool, is_written: bool
) -> None:
    """Killed after its log was opened, or between the two steps of opening it."""
    LogFile(older).open_new().close()
    if not is_written:
        older.unlink()
    LogFile(older).recover(is_finished=False, is_resumable=is_resumable)
    assert is_older(older)
    kept = [".loss.csv.nntrain-resumable"] if is_resumable and is_written else []
    assert names(older.parent) == [*kept, "loss.csv"]


def test_the_log_of_a_run_killed_after_its_model_was_written_stays(older: Path) -> None:
    LogFile(older).open_new().close()
    LogFile(older).recover(is_finished=True, is_resumable=False)
    assert older.read_bytes() == b""
    assert names(older.parent) == ["loss.csv"]


def test_a_link_to_a_log_stays_a_link(older: Path) -> None:
    link = older.with_name("link.csv")
    link.symlink_to(older)
    log_file = LogFile(link)
    log_file.open_new().close()
    log_file.fail(is_resumable=False)
    assert link.is_symlink()
    assert is_older(older)


def test_a_log_in_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        LogFile(tmp_path / "none" / "loss.csv").open_new()
    assert str(caught.value) == (
        f"{tmp_path / 'none' / 'loss.csv'}: cannot be written: No such file or directory"
    )


def test_a_log_to_a_device_is_written_and_not_replaced() -> None:
    log_file = LogFile("/dev/null")
    log_file.recover(is_finished=False, is_resumable=False)
    with log_file.open_new() as file:
        file.write("x")
    log_file.fail(is_resumable=False)
    log_file.succeed()
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("content", [b"", OLDER_LOG, b"epoch,member,"])
def test_a_log_may_be_replaced_by_a_log(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "loss.csv"
    check_is_log(path)
    path.write_bytes(content)
    check_is_log(path)


def test_what_is_no_log_is_not_replaced_by_one(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("precious")
    with pytest.raises(UsageError) as caught:
        check_is_log(path)
    assert str(caught.value) == (
        f"{path}: exists and is not a loss log, which would replace it; remove it, or name another "
        f"file with --log"
    )
