"""Odd words on the command line, and errors of the system that nothing has explained: no traceback."""

from __future__ import annotations

import errno
import io
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from support.command import COMMAND, environment

import nntrain
from nntrain.cli import main as command_line
from nntrain.cli.failures import explain_system_error
from nntrain.cli.main import COMMANDS, cli, main
from nntrain.errors import DataError, OutputError
from nntrain.files.temporary import temporary_file

DIGITS = "9" * 5000
ODD = ["", "-", "0", "-1", DIGITS, "1:" + DIGITS, DIGITS + "h", "9" * 400, "1" * 5000 + "x", "1e400",
       "nan", "inf", "\udcff", "a\udcff=b", "nul\0", "x" * 300, "x/" * 3000, "a\nb", "\x1b[2J", "=", "/"]  # fmt: skip
NEEDED = {
    "init": ["t.csv"],
    "check": ["t.csv", "-m", "model.npz"],
    "cv": ["t.csv", "-c", "c.yaml", "--folds", "2"],
    "fit": ["t.csv", "-c", "c.yaml", "-m", "new.npz", "-l", "new.csv"],
    "evaluate": ["t.csv"],
    "predict": ["t.csv", "-o", "out.csv"],
    "report": ["t.csv"],
    "plot": ["loss.csv"],
    "trace": ["t.csv", "-c", "c.yaml"],
    "explain": ["t.csv"],
    "reproduce": ["t.csv"],
    "inspect": ["model.npz"],
    "guide": [],
    "completion": ["bash"],
}
"""The words with which each command works."""


@pytest.fixture
def ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table, its config, a model and the log of its run."""
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("x,y\n" + "".join(f"{7 * i % 41},{i % 13}\n" for i in range(20)))
    Path("c.yaml").write_text("target: y\nepochs: 1\nhidden_layers: [2]\nengine: numpy\n")
    assert main(["fit", "t.csv", "-c", "c.yaml", "-q"]) == 0
    return tmp_path


def lines_with_odd_words(name: str) -> Iterator[list[str]]:
    """A command's line with each odd word as the value of each option, and as an argument."""
    command = cli.get_command(click.Context(cli), name)
    assert command
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.is_flag:
            for word in ODD:
                yield [name, *NEEDED[name], parameter.opts[-1], word]
    for word in ODD[:1] + ODD[4:]:
        yield [name, word, *NEEDED[name][1:]]


@pytest.mark.heavy
@pytest.mark.parametrize("name", COMMANDS)
def test_no_word_on_the_command_line_is_a_traceback(
    ready: Path,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    n_lines = 0
    for line in lines_with_odd_words(name):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"x,y\n1,2\n2,1\n3,3\n")))
        code = main(line)
        err = capfdbinary.readouterr().err.decode()
        assert code in (0, 2, 3, 4, 5, 6, 7), (line, err)
        assert "Traceback" not in err
        assert max(map(len, err.split("\n"))) < 620, line
        assert all(part.isprintable() for part in err.split("\n")), line
        n_lines += 1
    assert n_lines > 10


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fit", "t.csv", "-c", "c.yaml", "--from", ""], "'--from': an empty text names no file"),
        (["inspect", "a\0b"], r"'[MODEL]': 'a\x00b' holds a NUL character, which no file's name can"),
        (["fit", "t.csv", "-c", "c.yaml", "--max-time", "9" * 10 + "h"],
         "'--max-time': '9999999999h' is no time; write it as 90s, 10m or 1h30m, with at most 9 digits each"),
    ],
)  # fmt: skip
def test_what_no_file_and_no_time_can_be_is_a_mistake_of_usage(
    ready: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"Error: Invalid value for {message}"


def test_a_time_of_nine_digits_is_one(ready: Path) -> None:
    assert main(["fit", "t.csv", "-c", "c.yaml", "-q", "--max-time", "999999999h"]) == 0


def test_an_empty_name_is_a_column_to_group_by_like_others(
    ready: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cv", "t.csv", "-c", "c.yaml", "--group", ""]) == 3
    assert capsys.readouterr().err == (
        "Error: t.csv: has no column '', named under --group; it has 'x', 'y'\n"
    )


def test_stdin_that_can_only_be_written_cannot_be_read(ready: Path) -> None:
    for words in (["init", "-"], ["predict"], ["fit", "-", "-c", "c.yaml"], ["plot", "-"]):
        with Path("written").open("wb") as file:
            done = subprocess.run(
                [COMMAND, *words], stdin=file, capture_output=True, text=True,
                env=environment(), check=False,
            )  # fmt: skip
        assert done.returncode == 3
        assert done.stderr == "Error: standard input: cannot be read: Bad file descriptor\n"


def test_a_file_name_of_any_bytes_is_a_file_name(ready: Path) -> None:
    table, model, page = (os.fsdecode(b"\xff\n" + name) for name in (b"t", b"m", b"p"))
    Path("t.csv").rename(table)
    steps = [
        ["fit", table, "-c", "c.yaml", "-m", model],
        ["predict", table, "-m", model, "-o", page],
        ["report", table, "-m", model, "-o", page],
        ["evaluate", table, "-m", model, "--json"],
        ["check", table, "-m", model, "--json"],
        ["inspect", model, "--json"],
    ]
    for words in steps:
        assert main(words) == 0
    assert nntrain.load_model(model).config.target == ("y",)


@pytest.mark.parametrize(
    ("error", "expected", "message"),
    [
        (OSError(errno.EIO, "Input/output error", "a.csv"), DataError, "a.csv: cannot be read: Input/output error"),
        (OSError(errno.ENOSPC, "No space left on device"), OutputError, "a file: cannot be written: No space left on device"),
        (io.UnsupportedOperation("not readable"), DataError, "a file: cannot be read: not readable"),
        (OSError(), DataError, "a file: cannot be read: OSError"),
    ],
)  # fmt: skip
def test_an_error_of_the_system_is_one_of_reading_or_of_writing(
    error: OSError, expected: type, message: str
) -> None:
    explained = explain_system_error(error)
    assert (type(explained), str(explained)) == (expected, message)


def test_an_error_on_the_way_through_what_writes_is_one_of_writing() -> None:
    with (
        pytest.raises(OSError, match="No such file") as caught,
        temporary_file(Path("nowhere/a.npz")),
    ):
        pass
    assert isinstance(explain_system_error(caught.value), OutputError)


def test_an_error_that_nothing_explained_has_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, code in ((errno.EIO, 3), (errno.ENOSPC, 7)):

        def fail(*_: object, number: int = number) -> None:
            raise OSError(number, os.strerror(number), "disk")

        monkeypatch.setattr(command_line.cli, "make_context", fail)
        assert main(["guide"]) == code
        assert capsys.readouterr().err.startswith("Error: disk: cannot be ")
