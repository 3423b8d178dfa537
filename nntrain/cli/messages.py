"""Lines that commands print on stderr for a person: errors, notes, findings, the next command."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from nntrain.cli.options import is_quiet
from nntrain.data.readers.dialect import PLAIN, Dialect
from nntrain.text import printable, shortened

if TYPE_CHECKING:
    from nntrain.diagnostics.finding import Finding


def print_error(message: str) -> None:
    """Print an error on stderr: `Error: ` before each line, except the indented ones it quotes."""
    for line in message.split("\n"):
        mark = "" if line.startswith("    ") else "Error: "
        click.echo(mark + printable(line), err=True)


def print_note(message: str, label: str = "Note") -> None:
    """Print a note on stderr: something that was decided or left out, not an error."""
    click.echo(f"{label}: {printable(shortened(message))}", err=True)


def print_findings(findings: Iterable[Finding]) -> None:
    """Print what a diagnosis found on stderr, one `Look: ` line each, unless quiet."""
    for finding in () if is_quiet() else findings:
        print_note(str(finding), "Look")


def print_next_command(*words: str | Sequence[str], then: str = "") -> None:
    """Print on stderr the command to type next, unless quiet.

    Lists among the words are flattened. `then` is shell syntax that follows, such as ` > FILE`.
    """
    flat = [word for group in words for word in ([group] if isinstance(group, str) else group)]
    if not is_quiet():
        command = " ".join(shlex.quote(word) for word in ("nntrain", *flat))
        click.echo(printable(f"Next: {command}{then}"), err=True)


def model_options(model_path: str) -> list[str]:
    """The option that names this model file in a next command; none for the default file.

    >>> model_options("model.npz"), model_options("a.npz")
    ([], ['--model', 'a.npz'])
    """
    return [] if model_path == "model.npz" else ["--model", model_path]


def set_options(overrides: Sequence[str]) -> list[str]:
    """The `--set` options of this command, to repeat in a next command.

    >>> set_options(["epochs=5", "alpha=1"])
    ['--set', 'epochs=5', '--set', 'alpha=1']
    """
    return [word for override in overrides for word in ("--set", override)]


def reading_options(dialect: Dialect) -> list[str]:
    r"""The options that make a next command read a table in this dialect.

    >>> reading_options(PLAIN), reading_options(Dialect("\t", ","))
    ([], ['--delimiter', 'tab', '--decimal', ','])
    """
    options = []
    if dialect.delimiter is not None:
        options += ["--delimiter", "tab" if dialect.delimiter == "\t" else dialect.delimiter]
    if dialect.decimal != PLAIN.decimal:
        options += ["--decimal", dialect.decimal]
    if dialect.encoding != PLAIN.encoding:
        options += ["--encoding", dialect.encoding]
    return options
