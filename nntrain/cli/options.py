"""Arguments and options that several commands share, and the checks that belong to them."""

from __future__ import annotations

import functools
import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nntrain.config.choices import TEXT_ENCODINGS
from nntrain.data.readers.dialect import Dialect
from nntrain.errors import UsageError
from nntrain.files import same_file, try_output

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

STDIN, STDOUT = 0, 1
"""The descriptors of the standard streams that `-` names."""

Command = TypeVar("Command", bound=Callable[..., Any])

TABLE_HELP = (
    "DATA is a CSV, JSON lines or Parquet file, also compressed, or - for standard input; several "
    "files with the same columns are read as one table."
)


class FileName(click.Path):
    """A file's name, which shells complete; whoever opens the file checks it.

    No file has an empty name: it is what a shell makes of a variable that is not set.
    """

    def __init__(self) -> None:
        super().__init__(readable=False)

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str:
        """The name. Raises click's error of usage for one that no file can have."""
        name = os.fspath(value)
        if not name:
            self.fail("an empty text names no file", param, ctx)
        if "\0" in name:
            self.fail(f"{name!r} holds a NUL character, which no file's name can", param, ctx)
        return name


FILE = FileName()


class Verbosity(Enum):
    """How much a command prints beside its result; each value is the logging level of its notes."""

    QUIET = logging.ERROR
    NORMAL = logging.WARNING
    VERBOSE = logging.INFO


_verbosity: ContextVar[Verbosity] = ContextVar("verbosity", default=Verbosity.NORMAL)


def set_verbosity(verbosity: Verbosity) -> None:
    """Set how much is printed from here on; the library's notes follow."""
    _verbosity.set(verbosity)
    logging.getLogger("nntrain").setLevel(verbosity.value)


def is_quiet() -> bool:
    """Whether only errors are printed."""
    return _verbosity.get() is Verbosity.QUIET


def is_verbose() -> bool:
    """Whether every decision is printed, and the traceback of an error."""
    return _verbosity.get() is Verbosity.VERBOSE


def verbosity_options(command: Command) -> Command:
    """`--quiet` and `--verbose`, which take effect as they are parsed."""
    quiet = _verbosity_option(
        Verbosity.QUIET,
        "-q",
        "--quiet",
        "Print results and errors only: no notes and no next steps.",
    )
    verbose = _verbosity_option(
        Verbosity.VERBOSE,
        "-v",
        "--verbose",
        "Print every decision made on the way, and the Python traceback of an error.",
    )
    return quiet(verbose(command))


def _verbosity_option(
    verbosity: Verbosity, short: str, long: str, help_text: str
) -> Callable[[Command], Command]:
    def callback(_context: click.Context, _option: click.Parameter, is_set: bool) -> None:
        if not is_set:
            return
        if _verbosity.get() not in (Verbosity.NORMAL, verbosity):
            raise UsageError("--quiet and --verbose ask for opposite things; use one of them")
        set_verbosity(verbosity)

    return click.option(
        short,
        long,
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=callback,
        help=help_text,
    )


def _complete_keys(
    _context: click.Context, _option: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The config keys that start with what was typed, as `--set` takes them."""
    from click.shell_completion import CompletionItem

    from nntrain.config.keys import MEANINGS

    return [
        CompletionItem(f"{name}=", help=meaning)
        for name, meaning in MEANINGS.items()
        if name.startswith(incomplete)
    ]


def _parse_level(text: str | None) -> float | None:
    """The level of an interval; whether it is between 0 and 1 is checked where it is used."""
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise UsageError(
            f"--interval expects a number above 0 and below 1, such as 0.9, found {text!r}"
        ) from None


def _parse_delimiter(text: str | None) -> str | None:
    if text is None:
        return None
    from nntrain.config.scalars import Scalar
    from nntrain.config.values import character

    try:
        return str(character().read(Scalar(text, plain=False)))
    except ValueError as error:
        raise UsageError(f"--delimiter {error}") from None


one_or_more_tables = click.argument("data", nargs=-1, required=True, type=FILE)
tables_or_stdin = click.argument("data", nargs=-1, type=FILE)

config_option = click.option(
    "-c",
    "--config",
    "config_path",
    required=True,
    type=FILE,
    metavar="FILE",
    help="The YAML config.",
)
set_option = click.option(
    "-s",
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    shell_complete=_complete_keys,
    help="Set a config key, whatever the file says; may be repeated.",
)
model_option = click.option(
    "-m",
    "--model",
    "model_path",
    default="model.npz",
    show_default=True,
    type=FILE,
    metavar="FILE",
    help="The model that `nntrain fit` wrote.",
)
interval_option = click.option(
    "--interval",
    metavar="LEVEL",
    callback=lambda _context, _option, value: _parse_level(value),
    help="Add prediction intervals of this level, such as 0.9: by calibration rows, which cover "
    "at least this part of new rows; else by the rows that an ensemble's networks held out, which "
    "cover about this part (see `nntrain guide intervals`).",
)
unseen_only_option = click.option(
    "--unseen-only",
    is_flag=True,
    help="Leave out the rows of DATA that the model learned from.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
progress_option = click.option(
    "--no-progress", is_flag=True, help="Do not show progress while training."
)
delimiter_option = click.option(
    "--delimiter",
    metavar="CHARACTER",
    callback=lambda _context, _option, value: _parse_delimiter(value),
    help="What separates the cells of DATA; by default it is found in the header line.",
)
decimal_option = click.option(
    "--decimal",
    type=click.Choice([".", ","]),
    default=".",
    show_default=True,
    help="The decimal mark of DATA.",
)


encoding_option = click.option(
    "--encoding",
    type=click.Choice(list(TEXT_ENCODINGS)),
    default="utf-8",
    show_default=True,
    help="The encoding of DATA; UTF-16 with its mark is found without it.",
)


def dialect_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say how the text of DATA is written, which become one argument `dialect`."""

    @functools.wraps(command)
    def with_dialect(
        *arguments: Any, delimiter: str | None, decimal: str, encoding: str, **others: Any
    ) -> None:
        command(*arguments, dialect=Dialect(delimiter, decimal, encoding), **others)

    return delimiter_option(decimal_option(encoding_option(with_dialect)))


def input_paths(
    data: tuple[str, ...], command: str, noun: str = "table", example: str = "data.csv"
) -> list[str]:
    """The files named as input of a command; standard input (`-`) if none is.

    `noun` and `example` say in messages what the command reads. Raises `UsageError` rather than
    wait for a table to be typed into a terminal.
    """
    paths = list(data) or ["-"]
    if "-" in paths and sys.stdin.isatty():
        raise UsageError(
            f"standard input is a terminal; name a {noun} (nntrain {command} {example}) "
            f"or pipe one in"
        )
    if paths.count("-") > 1:
        raise UsageError("standard input (-) is named twice; it can be read once")
    return paths


def check_output(output: str, inputs: Sequence[str]) -> None:
    """Check, before any work is done, that an output can be written and is none of the inputs.

    Raises `UsageError` or `OutputError`. Standard streams (`-`) may be files, too.
    """
    check_no_input("--output", output, inputs)
    if output != "-":
        try_output(output)


def check_no_input(option: str, output: str, inputs: Sequence[str]) -> None:
    """Raise `UsageError` for an output that is the same file as an input, by any name."""
    written = STDOUT if output == "-" else output
    for path in inputs:
        if same_file(written, STDIN if path == "-" else path):
            if output == "-":
                raise UsageError("standard output is a file that this run reads; name another")
            raise UsageError(f"{option} {output} would overwrite an input of this run")
