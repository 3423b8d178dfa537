"""What ends a command early: Ctrl-C, SIGTERM, a terminal that is closed, or a time limit."""

from __future__ import annotations

import re
import signal
from types import FrameType
from typing import Any, NoReturn

import click

ENDING = (signal.SIGTERM, signal.SIGHUP)
"""Signals that Python leaves to end the process as it stands, with nothing cleaned up."""
SIGNALS = (signal.SIGINT, *ENDING)
DURATION = re.compile(r"(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s?)?", re.ASCII)


class Terminated(BaseException):
    """One of the signals `ENDING` came. An exception, so that all on the way out is cleaned up."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
        self.name = signal.Signals(number).name


def raise_terminated() -> None:
    """Make `Terminated` of the signals that end the process; one that is ignored stays ignored.

    `nohup` and `trap '' HUP` start a command that ignores SIGHUP.
    """
    for number in ENDING:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _terminate)


def _terminate(number: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated(number)


class StopSignal:
    """Records the first signal to stop, so that the command can end in order.

    A second signal ends the command at once, but for SIGHUP: the shell and the system both send it
    where a terminal is closed, and a service manager sends it after SIGTERM. A context manager
    around what may be stopped. A signal that the process was started to ignore stays ignored.
    """

    def __init__(self) -> None:
        self.number = 0
        self._handlers_before: dict[int, Any] = {}

    def __enter__(self) -> StopSignal:
        for number in SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN:
                self._handlers_before[number] = signal.signal(number, self._record)
        return self

    def __exit__(self, *error: object) -> None:
        self._restore_handlers()

    def is_received(self) -> bool:
        """Whether a signal has come."""
        return self.number != 0

    def _record(self, number: int, _frame: FrameType | None) -> None:
        self.number = number
        self._restore_handlers()
        if signal.SIGHUP in self._handlers_before:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def _restore_handlers(self) -> None:
        for number, handler in self._handlers_before.items():
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
            self.fail(
                f"{value!r} is no time; write it as 90s, 10m or 1h30m, with at most 9 digits each",
                param,
                ctx,
            )
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return float(3600 * hours + 60 * minutes + seconds)
