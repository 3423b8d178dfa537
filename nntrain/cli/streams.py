"""The three streams of a command: there even when they were closed, and never a bug when they fail.

What cannot be written to stdout is an error of its own; what cannot be written to stderr is lost,
and stops no work.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

from nntrain.errors import OutputError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Output(io.FileIO):
    """A descriptor that says of itself what the system refuses; a closed pipe stays one."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            message = f"standard output: cannot be written: {error.strerror}"
            raise OutputError(message) from None


class _Messages(io.FileIO):
    """A descriptor that swallows what cannot be written to it."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def prepare_streams() -> None:
    """Make sure of stdin, stdout and stderr, and have the latter two fail as they should."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            # A closed stdout must still fail when it is written to; a closed stderr need not.
            os.open(os.devnull, os.O_WRONLY if descriptor == 2 else os.O_RDONLY)
    sys.stdin = sys.stdin or open(0, closefd=False)  # noqa: SIM115
    sys.stdout = _text(_Output(1, "w", closefd=False), "strict")
    sys.stderr = _text(_Messages(2, "w", closefd=False), "backslashreplace")


def finish_stdout() -> str:
    """Write what stdout still holds; why that failed, if it did and somebody may be reading."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        discard_stdout()
    except OutputError as error:
        discard_stdout()
        return str(error)
    return ""


def discard_stdout() -> None:
    """Let Python's last flush go nowhere instead of failing: nobody reads stdout any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _text(raw: io.FileIO, errors: str) -> TextIO:
    # Data is UTF-8 whatever the locale: predictions are written as bytes, and must match.
    is_live = raw.isatty() or errors != "strict"
    buffer = io.BufferedWriter(raw)
    return io.TextIOWrapper(buffer, "utf-8", errors, newline="\n", line_buffering=is_live)
