"""The `nntrain` command: its subcommands, and the exit code for each way it can end."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import traceback
from typing import NoReturn

import click

from nntrain._version import __version__
from nntrain.cli.commands.completion import COMPLETION_VARIABLE
from nntrain.cli.failures import explain_system_error, show_click_error
from nntrain.cli.messages import print_error, print_note
from nntrain.cli.options import Verbosity, is_verbose, set_verbosity
from nntrain.cli.signals import Terminated, raise_terminated
from nntrain.cli.streams import discard_stdout, finish_stdout, prepare_streams
from nntrain.errors import EXIT_CODES, NntrainError, OutputError, UsageError

BLAS_THREADS = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "OMP_NUM_THREADS",
)
"""Variables that set the number of threads, one for each BLAS that NumPy may be built with."""

EXIT_CODE_HELP = "\b\nExit codes:\n" + "\n".join(
    f"  {code:>3}  {meaning}" for code, meaning in EXIT_CODES.items()
)

LESS_MEMORY = (
    "try fewer rows, columns or categories (ignore), fewer neurons (hidden_layers), or dtype: "
    "float32"
)
"""What lowers the peak of memory; the first two also where the table is being read."""

NO_THREAD = "can't start new thread"
"""What Python says where there is no memory for a thread's stack (or too many processes)."""

COMMANDS = {
    "init": "Write a config for a table.",
    "check": "Check whether fit or predict would work on a table.",
    "cv": "Estimate the error on new rows by cross-validation.",
    "fit": "Train a model on a table.",
    "evaluate": "Measure a model's error on a table.",
    "predict": "Predict the target for each row of a table.",
    "report": "Write an HTML page about a model, with charts.",
    "plot": "Draw the loss curves of runs.",
    "trace": "Work through an iteration, number by number.",
    "explain": "Measure how important each column is to a model.",
    "reproduce": "Train a model again, and check that it is identical.",
    "inspect": "Show what is in a model file.",
    "guide": "Show a guide, or list the guides.",
    "completion": "Print the script that completes commands in a shell.",
}
"""The commands in the order in which a person meets them, each with its line in `--help`.

To add a command, add its line here and, in `commands/`, a module with a function of its name.
"""


class Commands(click.Group):
    """A group that loads a command when it is called, so that `--help` need not load them all."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names, in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of this name, from the module of the same name; None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(f"nntrain.cli.commands.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Commands,
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


def run() -> NoReturn:
    """Run the command line of this process, and exit."""
    if instruction := os.environ.get(COMPLETION_VARIABLE):
        from click.shell_completion import shell_complete

        sys.exit(shell_complete(cli, {}, "nntrain", COMPLETION_VARIABLE, instruction))
    # Before NumPy is imported: nntrain has threads of its own, and a BLAS with several threads
    # would cut sums into parts by their number, which changes the last digits.
    os.environ |= dict.fromkeys(BLAS_THREADS, "1")
    failure = ""
    try:
        raise_terminated()
        prepare_streams()
        _show_notes()
        code = main(sys.argv[1:])
        failure = finish_stdout()
    except Terminated as ended:  # Before `main` could catch it, or after.
        code = _ended(ended)
    if failure and not code:
        print_error(failure)
        code = OutputError.exit_code
    sys.exit(code)


def main(arguments: list[str]) -> int:
    """The exit code of one command line, after it has run and any error is on stderr."""
    set_verbosity(Verbosity.NORMAL)
    code = 0
    try:
        with cli.make_context("nntrain", list(arguments)) as context:
            cli.invoke(context)
    except click.exceptions.Exit as ended:
        code = ended.exit_code
    except click.ClickException as error:
        show_click_error(error)
        code = error.exit_code
    except NntrainError as error:
        code = _failed(error)
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and str(error) != NO_THREAD:
            raise
        print_error(f"out of memory: {str(error) or 'the system gives no more'}; {LESS_MEMORY}")
        code = UsageError.exit_code
    except BrokenPipeError:
        discard_stdout()
    except OSError as error:
        code = _failed(explain_system_error(error))
    except KeyboardInterrupt:
        print_error("interrupted")
        code = 130
    except Terminated as ended:
        code = _ended(ended)
    return code


def _ended(ended: Terminated) -> int:
    """The exit code after a signal that ends the command, which is printed."""
    print_error(f"ended by {ended.name}")
    return 128 + ended.number


def _failed(error: NntrainError) -> int:
    """The exit code of an error, which is printed, with --verbose after its traceback."""
    if is_verbose():
        traceback.print_exc()
    print_error(str(error))
    return error.exit_code


class _NoteHandler(logging.Handler):
    """Prints on stderr what the library logs."""

    def emit(self, record: logging.LogRecord) -> None:
        label = "Note" if record.levelno >= logging.WARNING else "Info"
        print_note(record.getMessage(), getattr(record, "label", label))


def _show_notes() -> None:
    log = logging.getLogger("nntrain")
    log.addHandler(_NoteHandler())
    log.propagate = False
