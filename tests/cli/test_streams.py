"""Streams that are full, closed or of another encoding: errors of their own, never a traceback."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.command import COMMAND, Result, environment

import nntrain

TABLE = "x,y\n" + "".join(f"{7 * i % 41},{i % 13}\n" for i in range(40))
FULL = "No space left on device"
NEEDS_FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is full")


@pytest.fixture
def shell(folder: Path) -> Path:
    """A folder with a table, its config and its model."""
    (folder / "t.csv").write_text(TABLE)
    (folder / "c.yaml").write_text("target: y\nepochs: 2\n")
    nntrain.fit("t.csv", nntrain.load_config("c.yaml")).save("model.npz")
    return folder


def run_shell(line: str, **variables: str) -> Result:
    """Run a line of shell in which `nntrain` stands for the command."""
    done = subprocess.run(
        ["sh", "-c", line.replace("nntrain", str(COMMAND))],
        capture_output=True,
        env=environment() | variables,
        timeout=120,
        check=False,
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


@NEEDS_FULL
@pytest.mark.parametrize(
    "arguments",
    [
        "predict t.csv",
        "evaluate t.csv -q",
        "evaluate t.csv --json",
        "inspect -q",
        "inspect --json",
        "init t.csv -q",
        "cv t.csv -c c.yaml -q",
        "check t.csv -c c.yaml -q",
        "fit t.csv -c c.yaml -q --log -",
        "completion bash",
        "--help",
    ],
)
def test_a_stdout_that_takes_no_more_is_an_error_of_output(shell: Path, arguments: str) -> None:
    result = run_shell(f"nntrain {arguments} > /dev/full")
    assert result.code == 7
    assert result.err.splitlines()[-1] == f"Error: standard output: cannot be written: {FULL}"
    assert "Traceback" not in result.err


def test_a_closed_stdout_is_an_error_of_output_and_a_closed_stdin_is_empty(shell: Path) -> None:
    assert run_shell("nntrain predict t.csv >&-") == Result(
        7, "", "Error: standard output: cannot be written: Bad file descriptor\n"
    )
    assert run_shell("nntrain predict <&-") == Result(
        3,
        "",
        "Error: standard input: is empty; expects a header line with the names of the columns\n",
    )


@NEEDS_FULL
@pytest.mark.parametrize("stderr", ["2> /dev/full", "2>&-", "2>&1 | head -n 0"])
def test_messages_that_nobody_can_read_stop_no_training(shell: Path, stderr: str) -> None:
    before = (shell / "model.npz").read_bytes()
    (shell / "model.npz").unlink()
    assert run_shell(f"nntrain fit t.csv -c c.yaml {stderr}") == Result(0, "", "")
    assert (shell / "model.npz").read_bytes() == before


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16"])
def test_stdout_is_utf8_whatever_the_locale(shell: Path, encoding: str) -> None:
    plain = run_shell("nntrain evaluate t.csv")
    assert "R²" in plain.out
    assert run_shell("nntrain evaluate t.csv", PYTHONIOENCODING=encoding) == plain


def test_arguments_that_are_not_utf8_are_explained(shell: Path) -> None:
    half = '"$(printf "\\\\377")"'
    assert run_shell(f"nntrain predict t.csv --prefix {half}") == Result(
        2, "", "Error: --prefix expects UTF-8 text, found '\\udcff'\n"
    )
    assert run_shell(f"nntrain fit t.csv -c c.yaml --set target={half}") == Result(
        2,
        "",
        "Error: --set target=\\udcff: target expects a column name, found '\\udcff'\n",
    )
    assert run_shell("nntrain fit t.csv -c c.yaml --set 'missing_values=[\"\\ud800\"]'") == Result(
        2,
        "",
        'Error: --set missing_values=["\\ud800"]: missing_values expects a text, found '
        "'\\ud800'\n",
    )
