"""`nntrain guide`: the list of guides, and each guide on a terminal and in a pipe."""

from __future__ import annotations

import re
import subprocess
import unicodedata
from importlib import resources

import pytest
from support.command import COMMAND, ROOT, Run, environment

from nntrain.cli.commands.guide import GUIDES, guide_title
from nntrain.config.keys import VALUE_TYPES

STYLE = re.compile(r"\x1b\[[0-9;]*m")


def printed(*arguments: str, **variables: str) -> str:
    done = subprocess.run(
        [COMMAND, "guide", *arguments],
        capture_output=True,
        env=environment() | variables,
        check=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout


def test_without_a_name_every_guide_is_listed_with_its_title_on_one_line() -> None:
    header, *lines = printed().splitlines()
    assert header.split() == ["guide", "about"]
    assert [line.split(maxsplit=1) for line in lines] == [
        [name, guide_title(name)] for name in GUIDES
    ]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("name", GUIDES)
def test_in_a_pipe_a_guide_is_its_file_byte_for_byte(name: str) -> None:
    done = subprocess.run(
        [COMMAND, "guide", name], capture_output=True, env=environment(), check=True, timeout=60
    )
    assert done.stdout == (ROOT / f"nntrain/guides/{name}.md").read_bytes()
    assert done.stdout == resources.files("nntrain").joinpath("guides", f"{name}.md").read_bytes()


def test_on_a_terminal_a_guide_is_laid_out_in_its_width() -> None:
    shown = printed("tables", FORCE_COLOR="1", COLUMNS="60", TERM="xterm-256color")
    assert STYLE.search(shown)
    plain = STYLE.sub("", shown)
    assert max(map(len, plain.splitlines())) <= 60
    assert guide_title("tables") in " ".join(plain.split())
    assert "## " not in plain
    assert "`" not in plain


def test_on_a_terminal_a_table_cuts_no_name_short() -> None:
    shown = printed("config", FORCE_COLOR="1", COLUMNS="80", TERM="xterm-256color")
    lines = STYLE.sub("", shown).splitlines()
    assert set(VALUE_TYPES) <= {line.split()[0] for line in lines if line.strip()}
    assert max(map(width, lines)) <= 80


def width(line: str) -> int:
    """The columns that a line takes; an accent such as that of v̂ takes none of its own."""
    return sum(not unicodedata.combining(character) for character in line)


def test_no_color_and_a_dumb_terminal_get_the_markdown() -> None:
    text = (ROOT / "nntrain/guides/tables.md").read_text()
    assert printed("tables", FORCE_COLOR="1", NO_COLOR="1") == text
    assert printed("tables", FORCE_COLOR="1", TERM="dumb") == text


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("confg", "did you mean config?"),
        ("table", "did you mean tables?"),
        ("xyz", "`nntrain guide` lists the guides"),
        ("../guides/config", "`nntrain guide` lists the guides"),
        ("", "`nntrain guide` lists the guides"),
    ],
)
def test_an_unknown_guide_is_an_error_with_the_near_name(run: Run, name: str, remedy: str) -> None:
    result = run("guide", name)
    assert (result.code, result.out) == (2, "")
    assert result.err == f"Error: there is no guide '{name}': {remedy}\n"


def test_a_shell_completes_the_names_of_guides() -> None:
    asked = {
        "_NNTRAIN_COMPLETE": "bash_complete",
        "COMP_WORDS": "nntrain guide a",
        "COMP_CWORD": "2",
    }
    done = subprocess.run(
        [COMMAND], capture_output=True, text=True, env=environment() | asked, check=True, timeout=60
    )
    assert done.stdout.split() == ["plain,accuracy", "plain,algorithm", "plain,architecture"]
