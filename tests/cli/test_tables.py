"""Tables and the progress of training, printed without a terminal and fitted to a narrow one."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from nntrain.cli import terminal, training_display
from nntrain.cli.terminal import print_outline, print_table
from nntrain.cli.training_display import MAX_LOSSES, TrainingDisplay, sparkline
from nntrain.engine.progress import EpochResult

HEADER = ["rows", "RMSE", "R²"]
ROWS = [["training", "5.2", "0.9"], ["validation", "10.4", ""]]


def epoch_result(epoch: int, loss: float) -> EpochResult:
    return EpochResult(
        epoch=epoch, iterations=epoch, loss=loss, validation_loss=None, largest_update=0.25,
        stopped_by="",
    )  # fmt: skip


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)


@pytest.mark.usefixtures("plain")
def test_a_table_away_from_a_terminal_is_plain_and_aligned(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table(HEADER, ROWS, title="Error of y")
    print_table(["a"], [], err=True)
    print_outline(["HEADING", "  name", "    1 2"])
    out, err = capsys.readouterr()
    assert out == (
        "Error of y\nrows        RMSE   R²\ntraining     5.2  0.9\nvalidation  10.4\n"
        "HEADING\n  name\n    1 2\n"
    )
    assert err == "a\n"


def test_a_table_is_styled_where_colour_is_forced_and_stacked_where_it_is_too_wide(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    print_table(HEADER, ROWS, title="Error of [y]")
    shown = capsys.readouterr().out
    assert "\x1b[1m" in shown
    assert re.sub(r"\x1b\[[0-9;]*m", "", shown).split() == [
        "Error", "of", "[y]", "rows", "RMSE", "R²", "─" * 21, "training", "5.2", "0.9",
        "validation", "10.4",
    ]  # fmt: skip
    monkeypatch.setenv("COLUMNS", "12")
    print_table(HEADER, ROWS, title="Error of y")
    assert capsys.readouterr().out == (
        "Error of y\nrows: training\n  RMSE: 5.2\n  R²: 0.9\nrows: validation\n  RMSE: 10.4\n"
    )


def test_the_least_width_leaves_numbers_whole_and_folds_names() -> None:
    assert terminal._least_width(["name", "a b"], [["x" * 40, "123"]], 1) == 2 + 12 + 3


def test_a_sparkline_shows_the_last_value_of_each_stretch() -> None:
    assert sparkline([0, 7], 2) == "▁█"
    assert sparkline([3, 3, 3], 4) == " ▁▁▁"
    assert sparkline([9, 0, 9, 1, 9, 7], 3) == "▁▂█"
    assert len(sparkline(list(range(1000)), 12)) == 12


def test_plain_progress_shows_the_mean_loss_the_speed_and_the_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter([0.0, 1.0, 10.0, 11.0])
    clock = SimpleNamespace(perf_counter=lambda: next(seconds))
    monkeypatch.setattr(training_display, "time", clock)
    with TrainingDisplay(100, title="2 networks, ") as display:
        for epoch in (1, 20, 21):  # too early, due, too early
            display.show([epoch_result(epoch, 1.0), epoch_result(epoch, 2.0)])
    assert capsys.readouterr().err == (
        "2 networks, epoch 20/100: loss 1.5, largest update 0.25, 2 epochs/s, 40 s left\n"
    )


def test_progress_that_is_not_shown_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with TrainingDisplay(2, shown=False) as display:
        display.show([epoch_result(1, 1.0)])
    assert capsys.readouterr() == ("", "")


def test_a_long_training_keeps_evenly_spaced_losses() -> None:
    display = TrainingDisplay(10_000, shown=False)
    for epoch in range(1, 10_001):
        display._keep_loss(epoch_result(epoch, float(epoch)))
    assert len(display._losses) <= MAX_LOSSES
    assert max(b - a for a, b in zip(display._losses[1:-1], display._losses[2:], strict=True)) <= 32
