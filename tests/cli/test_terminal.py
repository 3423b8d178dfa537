"""What a terminal shows, and what a pipe gets: a live line, colours, widths and control characters."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from pathlib import Path

import pytest
from support.command import COMMAND, Run, environment

FIT = ["fit", "sample_data/concrete.csv", "-c", "configs/mini-batch.yaml", "--set", "epochs=300"]
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-9]m")
STYLE = re.compile(r"\x1b\[[0-9;]*m")


def on_terminal(
    *arguments: str, columns: int = 80, stdout: bool = False, **variables: str
) -> tuple[int, str]:
    """Run a command with stderr (or stdout) on a terminal; its exit code and what was shown."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    plain = {k: v for k, v in environment().items() if k not in ("COLUMNS", "NO_COLOR", "TERM")}
    process = subprocess.Popen(
        [COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=theirs if stdout else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL if stdout else theirs,
        env=plain | {"TERM": "xterm-256color"} | variables,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            data = os.read(ours, 1 << 16)
        except OSError:  # how Linux says that the other side has closed
            break
        if not data:
            break
        shown += data
    os.close(ours)
    return process.wait(60), shown.decode()


@pytest.mark.usefixtures("folder")
def test_trace_has_bold_headings_and_coloured_names_on_a_terminal() -> None:
    arguments = ["trace", "sample_data/energy.csv", "-c", "configs/figure1.yaml"]
    _, shown = on_terminal(*arguments, stdout=True)
    lines = shown.replace("\r\n", "\n").split("\n")
    assert "\x1b[1mFORWARD PASS\x1b[0m" in lines
    assert "\x1b[36m  y_0 = x    1 × 3\x1b[0m" in lines
    assert "        2.04178            1     -1.76045" in lines
    _, plain = on_terminal(*arguments, stdout=True, NO_COLOR="1", TERM="dumb")
    assert STYLE.sub("", shown) == plain
    assert max(map(len, plain.split("\r\n"))) <= 80


@pytest.mark.usefixtures("folder")
def test_fit_shows_a_live_line_on_a_terminal() -> None:
    code, shown = on_terminal(*FIT)
    assert code == 0
    assert re.search(r"epoch\s+\d+/300", shown)
    assert "epochs/s" in shown
    assert any(spark in shown for spark in "▁▂▃▄▅▆▇█")
    assert "\r" in shown.replace("\r\n", "")
    assert "Wrote model.npz and loss.csv." in shown


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("option", ["--no-progress", "--quiet"])
def test_no_live_line_is_shown_when_it_is_not_wanted(option: str) -> None:
    code, shown = on_terminal(*FIT, option)
    assert code == 0
    assert "epochs/s" not in shown
    assert "\r" not in shown.replace("\r\n", "")
    assert ("Trained on" in shown) == (option == "--no-progress")


@pytest.mark.usefixtures("folder")
def test_no_color_and_a_dumb_terminal_are_respected() -> None:
    assert COLOUR.search(on_terminal(*FIT)[1])
    assert not COLOUR.search(on_terminal(*FIT, NO_COLOR="1")[1])
    code, shown = on_terminal(*FIT, TERM="dumb")
    assert code == 0
    assert "\x1b" not in shown
    assert "Trained on 1,030 rows" in shown


@pytest.mark.usefixtures("folder")
def test_tables_fit_the_width_of_the_terminal() -> None:
    assert on_terminal(*FIT)[0] == 0
    for columns in (80, 40):
        for command in (["inspect"], ["evaluate", "sample_data/concrete.csv", "--by", "age_days"]):
            code, shown = on_terminal(*command, columns=columns, stdout=True)
            assert code == 0
            lines = re.sub(r"\x1b\[[0-9;]*m", "", shown).split("\r\n")
            tables = [
                line
                for line in lines
                if not line.startswith(("Network", "Trained", "Computed", "Penalty"))
            ]
            assert max(map(len, tables)) <= columns


@pytest.mark.parametrize(
    "command",
    [
        FIT,
        ["cv", *FIT[1:4], "--folds", "2", "--set", "epochs=2"],
        ["evaluate", "sample_data/concrete.csv"],
        ["inspect", "--weights"],
        ["check", "sample_data/concrete.csv", "-m", "model.npz"],
        ["init", "sample_data/concrete.csv"],
        ["predict", "sample_data/concrete.csv"],
    ],
)
def test_a_pipe_gets_neither_colour_nor_control_characters_unless_colour_is_forced(
    run: Run, folder: Path, command: list[str]
) -> None:
    assert run(*FIT, "-q").code == 0
    plain = run(*command)
    assert plain.out + plain.err
    assert not set(plain.out + plain.err) & {"\x1b", "\r", "\b"}
    for variables in ({"FORCE_COLOR": "1"}, {"FORCE_COLOR": "1", "NO_COLOR": "1"}):
        done = subprocess.run(
            [COMMAND, *command], capture_output=True, text=True, check=True,
            env=environment() | variables, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        has_tables = command[0] not in ("init", "predict")
        shown = done.stdout + done.stderr
        assert bool(STYLE.search(shown)) == (has_tables and "NO_COLOR" not in variables)
        assert not set(STYLE.sub("", shown)) & {"\x1b", "\r", "\b"}


def test_a_table_cannot_steer_the_terminal(run: Run, folder: Path) -> None:
    (folder / "t.csv").write_text('"a\x1b[31m",b,y\n1,5,2\n2,5,3\n3,5,9\n')
    (folder / "c.yaml").write_text("target: y\nepochs: 1\n")
    assert run("fit", "t.csv", "-c", "c.yaml").code == 0
    result = run("inspect")
    assert "\x1b" not in result.out
    assert "a\\x1b[31m" in result.out
    wrong = run("predict", stdin='"a\x1b[31m"\n"\x1b[2J"\n')
    assert wrong.code == 3
    assert "\x1b" not in wrong.err


def test_every_exit_code_is_what_the_readme_says(run: Run, folder: Path) -> None:
    # 1 is a bug, and 129, 130 and 143 are signals: see test_interrupted_runs.
    diverging = ["--set", "alpha=1e9", "--set", "activation=identity"]
    commands = {
        0: ["--version"],
        2: ["fit", "sample_data/concrete.csv"],
        3: ["init", "none.csv"],
        4: ["inspect", "none.npz"],
        5: [*FIT, *diverging],
        6: ["evaluate", "sample_data/concrete.csv", "--fail-if", "rmse>0"],
        7: [*FIT, "-m", "none/model.npz"],
    }
    assert run(*FIT, "-q").code == 0
    assert {code: run(*command).code for code, command in commands.items()} == {
        code: code for code in commands
    }
