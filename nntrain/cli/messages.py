"""Plain text for a person."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from nntrain.cli.options import is_quiet
from nntrain.text import printable, shortened

if TYPE_CHECKING:
    from nntrain.diagnostics.finding import Finding


def print_error(message: str) -> None:
    """Print an error on stderr, each of its lines marked, but for what it quotes indented."""
    for line in message.split("\n"):
        mark = "" if line.startswith("    ") else "Error: "
        click.echo(mark + printable(line), err=True)


def print_note(message: str, kind: str = "Note") -> None:
    """Print a note on stderr: something that was decided or left out, no error."""
    click.echo(f"{kind}: {printable(shortened(message))}", err=True)


def print_findings(findings: Iterable[Finding]) -> None:
    """Print what is amiss on stderr, a line for each finding."""
    for finding in () if is_quiet() else findings:
        print_note(str(finding), kind="Look")


def print_next_command(*words: str | Sequence[str], then: str = "") -> None:
    """Print the next command to type on stderr; a list among the words may be empty."""
    flat = [word for each in words for word in ([each] if isinstance(each, str) else each)]
    if not is_quiet():
        command = " ".join(shlex.quote(word) for word in ("nntrain", *flat))
        click.echo(printable(f"Next: {command}{then}"), err=True)


def model_options(model_path: str) -> list[str]:
    """The option that names a model, unless it is the default one."""
    return [] if model_path == "model.npz" else ["--model", model_path]


def set_options(overrides: Sequence[str]) -> list[str]:
    """The options that set keys as this command was told to."""
    return [word for override in overrides for word in ("--set", override)]


def reading_options(delimiter: str | None, decimal: str) -> list[str]:
    """The options that have a table read as this one was."""
    named = [] if delimiter is None else ["--delimiter", "tab" if delimiter == "\t" else delimiter]
    return named if decimal == "." else [*named, "--decimal", decimal]
