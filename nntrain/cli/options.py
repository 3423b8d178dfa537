"""Arguments and options that several commands share."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nntrain.errors import UsageError
from nntrain.files import same_file, try_output

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Command = TypeVar("Command", bound=Callable[..., Any])
Decorator = Callable[[Command], Command]

TABLE_HELP = (
    "DATA is a CSV file (.gz, .bz2 and .xz too), .jsonl, .parquet, or - for standard input; "
    "several files with the same columns are read as one table."
)

FILE = click.Path(readable=False)
"""A file's name, which shells complete; whether it can be read is told where it is read."""


def _complete_keys(
    _context: click.Context, _option: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The config keys that begin so, as `--set` takes them."""
    from click.shell_completion import CompletionItem

    from nntrain.config.keys import MEANINGS

    return [
        CompletionItem(f"{name}=", help=meaning)
        for name, meaning in MEANINGS.items()
        if name.startswith(incomplete)
    ]


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
    callback=lambda _context, _option, value: _level(value),
    help="With prediction intervals of this level, such as 0.9 (calibration_fraction).",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
progress_option = click.option(
    "--no-progress", is_flag=True, help="Do not show epochs while they pass."
)
delimiter_option = click.option(
    "--delimiter",
    metavar="CHARACTER",
    callback=lambda _context, _option, value: _character(value),
    help="What separates the cells of DATA; found in its header line without it.",
)
decimal_option = click.option(
    "--decimal",
    type=click.Choice([".", ","]),
    default=".",
    show_default=True,
    help="The decimal mark of DATA.",
)


def verbosity_options(command: Command) -> Command:
    """`--quiet` and `--verbose`, which take effect as they are parsed."""
    quiet = click.option(
        "-q",
        "--quiet",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_set_level(logging.ERROR),
        help="Print errors only.",
    )
    verbose = click.option(
        "-v",
        "--verbose",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_set_level(logging.INFO),
        help="Say what is decided on the way, and where an error came from.",
    )
    return quiet(verbose(command))


def _set_level(level: int) -> Callable[[click.Context, click.Parameter, bool], None]:
    def set_level(_context: click.Context, _option: click.Parameter, given: bool) -> None:
        if given:
            logging.getLogger("nntrain").setLevel(level)

    return set_level


def is_quiet() -> bool:
    """Whether only errors are to be printed."""
    return logging.getLogger("nntrain").level >= logging.ERROR


def is_verbose() -> bool:
    """Whether everything is to be said."""
    return logging.getLogger("nntrain").level == logging.INFO


def input_paths(
    data: tuple[str, ...], command: str, what: str = "table", example: str = "data.csv"
) -> list[str]:
    """The tables named, standard input without any.

    Raises `UsageError` rather than wait for a table to be typed.
    """
    paths = list(data) or ["-"]
    if "-" in paths and sys.stdin.isatty():
        raise UsageError(
            f"standard input is a terminal; name a {what} (nntrain {command} {example}) "
            f"or pipe one in"
        )
    if paths.count("-") > 1:
        raise UsageError("standard input (-) is named twice; it can be read once")
    return paths


def _level(text: str | None) -> float | None:
    """The level of an interval; one that is no part of 1 is refused where it is used."""
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise UsageError(
            f"--interval expects a number above 0 and below 1, such as 0.9, found {text!r}"
        ) from None


def check_output(output: str, inputs: Sequence[str]) -> None:
    """Raise an error, before any work is done, where an output cannot be, or is an input."""
    if output == "-":
        return
    for used in inputs:
        if used != "-" and same_file(output, used):
            raise UsageError(f"--output {output} would overwrite an input of this run")
    try_output(output)


def _character(delimiter: str | None) -> str | None:
    if delimiter is None:
        return None
    from nntrain.config.scalars import Scalar
    from nntrain.config.values import character

    try:
        return str(character().read(Scalar(delimiter, plain=False)))
    except ValueError as error:
        raise UsageError(f"--delimiter {error}") from None
