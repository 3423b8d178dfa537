"""The `Next:` lines: whatever a file is called, they can be pasted into a shell as they stand."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from support.command import COMMAND, ROOT, environment

from nntrain.cli.main import main
from nntrain.cli.messages import path_word, print_next_command

SHELLS = [shell for shell in ("sh", "bash", "zsh") if shutil.which(shell)]
NAMES = ["-x.csv", "--help", "my table.csv", "it's.csv", 'say "x".csv', "$HOME.csv", "`date`.csv", "wow!.csv", "!!", "a*b?.csv",
         "[ab].csv", "{a,b}.csv", "~", "~root", "a;b.csv", "a&b|c.csv", "a>b<c", "(x)", "#x", "=x.csv", "\\x.csv", "a\\", "%1",
         "é ü.csv", "表.csv", "'", '"', "''", "^x^y", "x=y", "-'$!"]  # fmt: skip
NOT_SHOWN = [
    "a\nb.csv",
    "a\tb.csv",
    "\x1b[2J.csv",
    "a\rb",
    "\x7f",
    "\udcff.csv",
    "a\u202eb",
    "a\u00a0b",
    "a\u2028b",
]
TABLE = "x,y\n" + "".join(f"{7 * i % 41},{i % 13}\n" for i in range(20))


def next_line(capsys: pytest.CaptureFixture[str]) -> str:
    """The command that the last `Next:` line shows."""
    return capsys.readouterr().err.rpartition("Next: ")[2].removesuffix("\n")


def words_in(shell: str, command: str) -> list[str]:
    """The words that a shell makes of a command of `nntrain`, in a folder with files to match."""
    script = 'nntrain() { printf "%s\\0" "$@"; }\n' + command
    done = subprocess.run([shell, "-c", script], capture_output=True, check=True)
    assert done.stderr == b""
    return os.fsdecode(done.stdout).split("\0")[:-1]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_makes_the_same_words_of_the_next_command(
    shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("aab.csv").touch()
    chosen = random.Random(0)
    characters = "".join(map(chr, range(32, 127))) + "éß表"
    random_names = ["".join(chosen.choices(characters, k=chosen.randint(1, 9))) for _ in range(300)]
    names = [*NAMES, *random_names]
    print_next_command("predict", names, "--set", "target=a b")
    assert words_in(shell, next_line(capsys)) == ["predict", *names, "--set", "target=a b"]


@pytest.mark.parametrize("name", NOT_SHOWN)
def test_a_name_that_no_quotes_carry_gives_a_note_instead(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_next_command("predict", name)
    assert capsys.readouterr().err == (
        f"Note: the next command, nntrain predict, is not shown: {name!r} holds characters that no "
        f"quotes carry through every terminal and shell\n"
    )


def test_a_name_that_looks_like_an_option_is_led_by_its_folder() -> None:
    assert [path_word(name) for name in ("-x.csv", "--", "-", "a-b", "/-x")] == [
        "./-x.csv", "./--", "-", "a-b", "/-x",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["-x.csv", "it's $HOME `x` !.csv", "-'*\" ;&.csv"])
def test_each_next_command_of_a_session_works_as_it_stands(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(TABLE)
    table, config, model, odd = name, f"{name}.yaml", f"{name}.npz", ["--set", "epochs=1"]
    session = [
        (["init", "-o", config, "--", table], "nntrain cv "),
        (["cv", "-c", config, *odd, "--folds", "2", "--", table], "nntrain fit "),
        (["check", "-c", config, *odd, "--", table], "nntrain fit "),
        (["fit", "-c", config, *odd, "-m", model, "--", table], "nntrain predict "),
        (["check", "-m", model, "--", table], "nntrain predict "),
        (["evaluate", "-m", model, "--", table], "nntrain inspect "),
        (["inspect", "--", model], "nntrain predict new.csv "),
    ]
    Path("new.csv").write_text(TABLE)
    commands = []
    for words, start in session:
        assert main(words) == 0
        commands.append(next_line(capsys))
        assert commands[-1].startswith(start)
    script = f'set -e\nnntrain() {{ "{COMMAND}" "$@" > /dev/null; }}\n' + "\n".join(commands)
    subprocess.run(
        ["sh", "-c", script], env=environment() | {"PYTHONPATH": str(ROOT)}, check=True,
        capture_output=True,
    )  # fmt: skip
