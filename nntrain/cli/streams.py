"""The three standard streams of a command, also where they are closed, full or not UTF-8.

Output that stdout does not take is an error of its own. Messages that stderr does not take are
lost, and stop no work.
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
    """A descriptor whose failed writes raise `OutputError`; a closed pipe `BrokenPipeError`."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            message = f"standard output: cannot be written: {error.strerror}"
            raise OutputError(message) from None


class _Messages(io.FileIO):
    """A descriptor whose failed writes are ignored."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def prepare_streams() -> None:
    """Make `sys.stdout` and `sys.stderr` fail as described above, and open what is closed.

    A closed descriptor 0, 1 or 2 is opened on the null device: otherwise the next file that the
    command opens would get its number, and would be taken for a standard stream.
    """
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
    """Write what stdout still buffers; the error message if that fails, otherwise empty.

    A closed pipe is no failure: whoever read it has seen enough.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        discard_stdout()
    except OutputError as error:
        discard_stdout()
        return str(error)
    return ""


def discard_stdout() -> None:
    """Point stdout to the null device, so that Python's last flush cannot fail any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _text(raw: io.FileIO, errors: str) -> TextIO:
    # UTF-8 whatever the locale: predictions are written as UTF-8 bytes, and text must match them.
    is_live = raw.isatty() or errors != "strict"
    buffer = io.BufferedWriter(raw)
    return io.TextIOWrapper(buffer, "utf-8", errors, newline="\n", line_buffering=is_live)
