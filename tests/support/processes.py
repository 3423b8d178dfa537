"""Which tests start processes: found in their code, and held by refusing processes to the others."""

from __future__ import annotations

import functools
import inspect
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any

TESTS = str(Path(__file__).parents[1])
STARTS = {"subprocess.Popen", "os.system", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec"}
"""The names of Python's audit events that tell of a new process."""

_is_refused = False


class ProcessStartedError(AssertionError):
    """A test without the marker `command` started a process."""


@functools.cache
def names_subprocess(function: Callable[..., Any]) -> bool:
    """Whether a function of the tests, or one of the tests that it names, names `subprocess`.

    What it imports itself, or is handed, is not looked into.
    """
    seen: set[object] = set()

    def look(value: object) -> bool:
        if value is subprocess:
            return True
        if inspect.isclass(value) and value.__module__.startswith(("support.", "test_")):
            return any(map(look, vars(value).values()))
        value = inspect.unwrap(value) if callable(value) else value
        if not inspect.isfunction(value) or value in seen:
            return False
        seen.add(value)
        if not value.__code__.co_filename.startswith(TESTS):
            return False
        return any(look(value.__globals__.get(name)) for name in _names(value.__code__))

    return look(function)


def _names(code: CodeType) -> Iterator[str]:
    """The names that code mentions, that of the functions within it too."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


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
