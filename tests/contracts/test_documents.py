"""README.md, the help texts and the changelog say what is so: commands run, tables match the code."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from support.command import COMMAND, ROOT, Run, environment
from support.documents import README, with_parts

from nntrain import __version__
from nntrain.cli.main import COMMANDS, cli
from nntrain.config.keys import MEANINGS, VALUE_TYPES
from nntrain.errors import EXIT_CODES

TEXT = README.read_text()


def loaded(command: str) -> click.Command:
    found = cli.get_command(click.Context(cli), command)
    assert found is not None
    return found


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", TEXT, re.S)


def test_the_generated_parts_are_up_to_date() -> None:
    assert with_parts(TEXT) == TEXT, "run: python tests/readme.py"


def test_the_first_two_blocks_are_the_two_commands_and_ci_runs_them() -> None:
    install, test = blocks("sh")
    assert install.count("\n") == test.count("\n") == 1
    assert "nntrain fit sample_data/" in install
    assert "nntrain predict sample_data/" in install
    assert test.rstrip().endswith("-m pytest")
    ci = (ROOT / ".ci/run").read_text()
    assert "$(readme_command 0)" in ci
    assert "$(readme_command 1)" in ci


@pytest.mark.parametrize("block", blocks("console"))
def test_the_commands_of_a_console_block_print_what_it_shows(folder: Path, block: str) -> None:
    (folder / "model.npz").symlink_to(fitted(folder))
    commands = re.split(r"^\$ ", block, flags=re.M)[1:]
    assert commands
    for each in commands:
        command, _, shown = each.partition("\n")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            capture_output=True,
            text=True,
            env=environment() | {"PATH": f"{COMMAND.parent}:/usr/bin:/bin"},
            check=True,
        )
        if shown:
            assert done.stdout + done.stderr == shown


def fitted(folder: Path, *keys: str) -> Path:
    """A model of concrete.csv, for commands that take one from an earlier block."""
    path = folder / f"fitted-{'-'.join(keys)}.npz"
    arguments = [
        "sample_data/concrete.csv",
        "-c",
        "configs/mini-batch.yaml",
        "-q",
        "-l",
        str(path.with_suffix(".csv")),
        *(f"--set={key}" for key in keys),
    ]
    subprocess.run([COMMAND, "fit", *arguments, "-m", path], env=environment(), check=True)
    return path


def test_the_python_block_runs(folder: Path) -> None:
    (block,) = blocks("python")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", block], capture_output=True, check=True
    )
    assert (done.stdout, done.stderr) == (b"", b"")
    assert (folder / "model.npz").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_and_command_stands_in_the_help_with_an_example(
    run: Run, command: str
) -> None:
    result = run(command, "--help")
    assert (result.code, result.err) == (0, "")
    examples = result.out.partition("Examples:\n")[2].partition("\nOptions:")[0]
    assert f"nntrain {command}" in examples
    for option in loaded(command).params:
        if isinstance(option, click.Option):
            assert option.help
            assert all(name in result.out for name in option.opts)
    assert run(command, "-h") == result


@pytest.mark.parametrize("command", COMMANDS)
def test_the_examples_of_the_help_run(
    folder: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = loaded(command).help or ""
    examples = text.partition("Examples:\n")[2].partition("\n\n")[0].strip().split("\n")
    assert examples
    monkeypatch.setenv("HOME", str(folder))
    (folder / ".config/fish/completions").mkdir(parents=True)
    (folder / "model.npz").symlink_to(fitted(folder))
    (folder / "ensemble.npz").symlink_to(fitted(folder, "ensemble=2"))
    (folder / "calibrated.npz").symlink_to(fitted(folder, "calibration_fraction=0.2"))
    (folder / "loss.csv").symlink_to(folder / "fitted-.csv")
    (folder / "new.csv").symlink_to(ROOT / "sample_data/concrete.csv")
    for example in examples:
        subprocess.run(
            ["bash", "-euo", "pipefail", "-c", example],
            capture_output=True,
            env=environment() | {"PATH": f"{COMMAND.parent}:/usr/bin:/bin"},
            check=True,
        )


def test_the_help_of_fit_names_every_config_key_with_its_meaning(run: Run) -> None:
    out = run("fit", "--help").out
    for name, value_type in VALUE_TYPES.items():
        assert f"  {name}: {value_type.expects} (" in out
        assert f"      {MEANINGS[name]}\n" in out + "\n"


def test_the_list_of_commands_cuts_no_sentence_short(run: Run) -> None:
    lines = run("--help").out.partition("Commands:\n")[2].split("\n")[: len(COMMANDS)]
    assert [line.split()[0] for line in lines] == list(COMMANDS)
    assert all(line.endswith(".") and not line.endswith("..") for line in lines)


def test_the_help_names_every_exit_code(run: Run) -> None:
    out = run("--help").out
    assert all(f"{code:>3}  {meaning}" in out for code, meaning in EXIT_CODES.items())
    assert run().out == "" or "Usage: nntrain" in run().out


def test_the_version_is_that_of_the_package(run: Run) -> None:
    assert run("--version").out == f"nntrain {__version__}\n"


def test_help_and_version_import_neither_pandas_nor_numpy() -> None:
    code = (
        "import sys; from nntrain.cli.main import main; main(sys.argv[1:]);"
        "print([m for m in ('numpy', 'pandas', 'numba', 'rich') if m in sys.modules])"
    )
    for arguments in (["--help"], ["--version"], ["fit", "--help"], ["predict", "--help"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
        )
        assert done.stdout.endswith("[]\n")


def test_the_map_of_the_package_names_every_module() -> None:
    package = TEXT.partition("## The package\n")[2]
    for path in (ROOT / "nntrain").rglob("*.py"):
        if not path.name.startswith("__"):
            assert path.stem in package, f"{path.name} is not in the README's map"


def test_every_command_stands_in_the_readme() -> None:
    assert all(f"nntrain {command}" in TEXT for command in COMMANDS)


def test_shell_words_of_the_readme_are_sound() -> None:
    for block in blocks("console"):
        for line in re.findall(r"^\$ (.*)$", block, re.M):
            assert shlex.split(line)


def test_every_promise_names_tests_that_there_are() -> None:
    section = README.read_text().split("## What is promised\n")[1].split("\n## ")[0]
    named = re.findall(r"`(test_\w+)`", section)
    tests = "".join(path.read_text() for path in README.parent.glob("tests/*/test_*.py"))
    assert len(named) > 10
    assert [name for name in named if f"def {name}(" not in tests] == []
