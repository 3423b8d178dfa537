"""Lines on stderr for a person: marked, printable, and silent when the user asked for quiet."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import click
import pytest

from nntrain.cli.messages import (
    model_options,
    print_error,
    print_findings,
    print_next_command,
    print_note,
    reading_options,
    set_options,
)
from nntrain.cli.options import (
    Verbosity,
    is_quiet,
    is_verbose,
    set_verbosity,
    verbosity_options,
)
from nntrain.data.readers.dialect import PLAIN, Dialect
from nntrain.diagnostics.finding import Finding


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Puts back what a test sets for the whole process."""
    log = logging.getLogger("nntrain")
    level = log.level
    yield
    set_verbosity(Verbosity.NORMAL)
    log.setLevel(level)


def test_each_line_of_an_error_is_marked_but_for_what_it_quotes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_error("c.yaml, line 2: alpha is wrong\n    alpha: \x1b[31m\nc.yaml: no target")
    assert capsys.readouterr() == (
        "",
        "Error: c.yaml, line 2: alpha is wrong\n    alpha: \\x1b[31m\nError: c.yaml: no target\n",
    )


def test_notes_and_findings_are_lines_with_a_label(capsys: pytest.CaptureFixture[str]) -> None:
    print_note("a\nb")
    print_findings([Finding("the loss still fell", "--set epochs=400")])
    assert capsys.readouterr().err == (
        "Note: a\\nb\nLook: the loss still fell; try --set epochs=400\n"
    )


def test_the_next_command_can_be_pasted_into_a_shell(capsys: pytest.CaptureFixture[str]) -> None:
    options = [*set_options(["target=a b"]), *model_options("model.npz")]
    print_next_command("fit", ["my table.csv"], options, [], then=" > out.csv")
    assert capsys.readouterr().err == (
        "Next: nntrain fit 'my table.csv' --set 'target=a b' > out.csv\n"
    )


def test_options_are_repeated_only_where_they_differ_from_the_default() -> None:
    assert reading_options(PLAIN) == []
    assert reading_options(Dialect(";")) == ["--delimiter", ";"]
    assert reading_options(Dialect("\t", ",", "cp1252")) == [
        "--delimiter", "tab", "--decimal", ",", "--encoding", "cp1252"
    ]  # fmt: skip
    assert model_options("other.npz") == ["--model", "other.npz"]


def test_quiet_prints_no_findings_and_no_next_command(capsys: pytest.CaptureFixture[str]) -> None:
    set_verbosity(Verbosity.QUIET)
    print_findings([Finding("the loss still fell", "--set epochs=400")])
    print_next_command("inspect")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("options", "expected", "level"),
    [
        ([], (False, False), logging.WARNING),
        (["--quiet"], (True, False), logging.ERROR),
        (["-v"], (False, True), logging.INFO),
    ],
)
def test_the_options_set_the_verbosity_and_the_level_of_the_notes(
    options: list[str], expected: tuple[bool, bool], level: int
) -> None:
    found = []

    @click.command()
    @verbosity_options
    def command() -> None:
        found.append((is_quiet(), is_verbose()))

    set_verbosity(Verbosity.NORMAL)
    command.main(options, standalone_mode=False)
    assert found == [expected]
    assert logging.getLogger("nntrain").level == level
