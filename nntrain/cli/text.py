"""Plain text for a person on stderr, and checks that commands share."""

from __future__ import annotations

import sys

import click

from nntrain.errors import UsageError


def complain(message: str) -> None:
    """Print an error, each of its lines marked."""
    for line in message.split("\n"):
        click.echo(f"Error: {printable(line)}", err=True)


def note(message: str) -> None:
    """Print a note: something that was decided or left out, no error."""
    click.echo(f"Note: {printable(message)}", err=True)


def printable(text: str) -> str:
    """The text with control characters escaped, so that a table's cells cannot steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def check_stdin(data: str, command: str) -> None:
    """Raise `UsageError` rather than wait for a table to be typed."""
    if data == "-" and sys.stdin.isatty():
        raise UsageError(
            f"standard input is a terminal; name a table (nntrain {command} data.csv) "
            f"or pipe one in"
        )
