"""The `nntrain` command: its subcommands, and how each way of ending becomes an exit code."""

from __future__ import annotations

import logging
import os
import signal
import sys
import traceback
from types import FrameType
from typing import NoReturn

import click
from click.shell_completion import shell_complete

from nntrain import __version__
from nntrain.cli.check import check
from nntrain.cli.completion import VARIABLE, completion
from nntrain.cli.cv import cv
from nntrain.cli.evaluate import evaluate
from nntrain.cli.fit import fit
from nntrain.cli.init import init
from nntrain.cli.inspect import inspect
from nntrain.cli.options import is_verbose
from nntrain.cli.predict import predict
from nntrain.cli.streams import discard_stdout, finish_stdout, prepare_streams
from nntrain.cli.text import complain, note
from nntrain.errors import EXIT_CODES, NntrainError, OutputError, UsageError

BLAS_THREADS = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "OMP_NUM_THREADS",
)
"""What tells each BLAS that NumPy may be built with how many threads to use."""

EXIT_CODE_HELP = "\b\nExit codes:\n" + "\n".join(
    f"  {code:>3}  {meaning}" for code, meaning in EXIT_CODES.items()
)


LESS_MEMORY = (
    "fewer neurons (hidden_layers), categories (ignore) or rows take less, as does dtype: float32"
)


class InOrder(click.Group):
    """A group that lists its commands in the order in which a person meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names, in the order of adding."""
        return list(self.commands)


@click.group(
    cls=InOrder,
    epilog=EXIT_CODE_HELP,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, message="nntrain %(version)s")
def cli() -> None:
    """Train a neural network for regression on a CSV table, and predict with it.

    \b
    Examples:
      nntrain init sample_data/concrete.csv > concrete.yaml
      nntrain cv sample_data/concrete.csv --config concrete.yaml
      nntrain fit sample_data/concrete.csv --config concrete.yaml
      nntrain evaluate sample_data/concrete.csv
      nntrain predict sample_data/concrete.csv > predictions.csv
    """


for command in (init, check, cv, fit, evaluate, predict, inspect, completion):
    cli.add_command(command)


def run() -> NoReturn:
    """Run the command line of this process, and exit."""
    if instruction := os.environ.get(VARIABLE):
        sys.exit(shell_complete(cli, {}, "nntrain", VARIABLE, instruction))
    # Before NumPy is imported: nntrain has threads of its own, and the BLAS would share out sums
    # among its threads in ways that depend on their number.
    os.environ |= dict.fromkeys(BLAS_THREADS, "1")
    signal.signal(signal.SIGTERM, _terminate)
    prepare_streams()
    _show_notes()
    code = main(sys.argv[1:])
    failure = finish_stdout()
    if failure and not code:
        complain(failure)
        code = OutputError.exit_code
    sys.exit(code)


def main(arguments: list[str]) -> int:
    """Run one command line; the exit code, after any error has been explained on stderr."""
    code = 0
    try:
        with cli.make_context("nntrain", list(arguments)) as context:
            cli.invoke(context)
    except click.exceptions.Exit as ended:
        code = ended.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except NntrainError as error:
        if is_verbose():
            traceback.print_exc()
        complain(str(error))
        code = error.exit_code
    except MemoryError as error:
        complain(f"out of memory: {error or 'the system gives no more'}; {LESS_MEMORY}")
        code = UsageError.exit_code
    except BrokenPipeError:
        discard_stdout()
    except KeyboardInterrupt:
        complain("interrupted")
        code = 130
    except Terminated:
        complain("ended by SIGTERM")
        code = 143
    return code


class Terminated(BaseException):
    """SIGTERM came; unwinds the program, so that nothing is left half done."""


def _terminate(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
    raise Terminated


class _NoteHandler(logging.Handler):
    """Shows on stderr what the library logs."""

    def emit(self, record: logging.LogRecord) -> None:
        note(record.getMessage(), "Note" if record.levelno >= logging.WARNING else "Info")


def _show_notes() -> None:
    log = logging.getLogger("nntrain")
    log.addHandler(_NoteHandler())
    log.propagate = False
    log.setLevel(logging.WARNING)
