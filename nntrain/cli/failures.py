"""Errors that no other module has explained: those of the system, and of the command's parser."""

from __future__ import annotations

import errno
import os
import traceback

import click

from nntrain.errors import DataError, NntrainError, OutputError
from nntrain.text import printable, shortened

OF_WRITING = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)
"""Errors that nothing but writing meets: no room, a read-only place, a file that is too large."""

WRITERS = (
    "nntrain.files",
    "nntrain.training.loss_log",
    "nntrain.training.log_file",
    "nntrain.training.run_files",
    "nntrain.training.checkpoint",
    "nntrain.cli.streams",
)
"""The modules and packages that write: an error on the way through one of them is theirs."""


def explain_system_error(error: OSError) -> NntrainError:
    """The error to print for one that came through: `OutputError` of writing, else `DataError`.

    >>> print(explain_system_error(OSError(errno.EIO, "Input/output error", "t.csv")))
    t.csv: cannot be read: Input/output error
    """
    is_writing = error.errno in OF_WRITING or any(
        str(frame.f_globals.get("__name__")).startswith(WRITERS)
        for frame, _ in traceback.walk_tb(error.__traceback__)
    )
    name = os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else "a file"
    reason = error.strerror or str(error) or type(error).__name__
    if is_writing:
        return OutputError(f"{name}: cannot be written: {reason}")
    return DataError(f"{name}: cannot be read: {reason}")


def show_click_error(error: click.ClickException) -> None:
    """Print what click found wrong with the command line: printable, and each line bounded."""
    lines = error.format_message().split("\n")
    message = "\n".join(printable(shortened(line)) for line in lines)
    click.UsageError(message, getattr(error, "ctx", None)).show()
