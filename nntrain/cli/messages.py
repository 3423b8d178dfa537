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

    Lists among the words are flattened. `then` is shell syntax that follows, such as ` > FILE`. A
    command with a word that cannot be pasted, such as a name with a line break, is left out.
    """
    if is_quiet():
        return
    flat = [word for group in words for word in ([group] if isinstance(group, str) else group)]
    if odd := [word for word in flat if not is_pasteable(word)]:
        print_note(
            f"the next command, nntrain {flat[0]}, is not shown: {odd[0]!r} holds characters that "
            f"no quotes carry through every terminal and shell"
        )
    else:
        click.echo(f"Next: {command_line(flat)}{then}", err=True)


def is_pasteable(word: str) -> bool:
    """Whether a word is the same after it was printed, copied, and pasted into a shell.

    A control character is not, nor are bytes that are no UTF-8: not every `sh` knows `$'..'`.
    """
    return word.isprintable()


def command_line(words: Sequence[str]) -> str:
    """The `nntrain` command with these words, quoted for sh, bash and zsh.

    >>> command_line(["predict", "my table.csv"])
    "nntrain predict 'my table.csv'"
    """
    return " ".join(map(shell_word, ("nntrain", *words)))


def shell_word(word: str) -> str:
    """A word in quotes, where it needs them, so that a shell takes it as it is.

    >>> print(shell_word("t.csv"), shell_word("$HOME!.csv"), shell_word("=t.csv"))
    t.csv '$HOME!.csv' '=t.csv'
    """
    quoted = shlex.quote(word)
    # zsh takes `=t.csv` for the place of a command.
    return f"'{word}'" if quoted.startswith("=") else quoted


def path_word(path: str) -> str:
    """A file's name that no command takes for an option: `./` before one that begins with `-`.

    >>> path_word("-x.csv"), path_word("x.csv"), path_word("-")
    ('./-x.csv', 'x.csv', '-')
    """
    return f"./{path}" if path.startswith("-") and path != "-" else path


def model_options(model_path: str) -> list[str]:
    """The option that names this model file in a next command; none for the default file.

    >>> model_options("model.npz"), model_options("a.npz")
    ([], ['--model', 'a.npz'])
    """
    return [] if model_path == "model.npz" else ["--model", path_word(model_path)]


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
