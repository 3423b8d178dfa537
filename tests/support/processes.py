"""Hold unmarked tests to starting no process, so that `pytest -m "not command"` stays fast."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

STARTS = {"subprocess.Popen", "os.system", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec"}
"""The names of Python's audit events that tell of a new process."""

_is_refused = False


class ProcessStartedError(AssertionError):
    """A test without the marker `command` started a process."""


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if _is_refused and event in STARTS:
        raise ProcessStartedError(
            f"{event}{arguments[:2]!r}: mark a test that starts a process: @pytest.mark.command"
        )


def install() -> None:
    """Watch this process from now on; Python knows no way back."""
    sys.addaudithook(_audit)


@contextmanager
def no_processes(*, refused: bool) -> Iterator[None]:
    """Refuse new processes within."""
    global _is_refused  # noqa: PLW0603  (an audit hook cannot be removed)
    before, _is_refused = _is_refused, refused
    try:
        yield
    finally:
        _is_refused = before
