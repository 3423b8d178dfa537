"""What ends a run early: Ctrl-C, SIGTERM, or a time that is over."""

from __future__ import annotations

import re
import signal
import time
from types import FrameType
from typing import Any, NoReturn

import click

SIGNALS = (signal.SIGINT, signal.SIGTERM)
DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?", re.ASCII)


class Stop:
    """Notes the first signal, so that the run can end in order; a second one ends it at once.

    A context manager around the run. A signal that the process was told to ignore stays ignored.
    """

    def __init__(self, max_seconds: float | None) -> None:
        self.number = 0
        self._deadline = None if max_seconds is None else time.monotonic() + max_seconds
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Stop:
        for number in SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        self._restore()

    def is_signalled(self) -> bool:
        """Whether a signal has come."""
        return self.number != 0

    def is_time_over(self) -> bool:
        """Whether the run has had its time."""
        return self._deadline is not None and time.monotonic() >= self._deadline

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.number = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def exit_by(number: int) -> NoReturn:
    """End the command with the exit code of a signal."""
    raise click.exceptions.Exit(128 + number)


class Duration(click.ParamType[float]):
    """A time such as 90s, 10m or 1h30m, in seconds."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The seconds."""
        if isinstance(value, float):
            return value
        match = DURATION.fullmatch(value)
        if not value or match is None:
            self.fail(f"{value!r} is no time; write it as 90s, 10m or 1h30m", param, ctx)
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return float(3600 * hours + 60 * minutes + seconds)
