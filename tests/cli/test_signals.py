"""The first signal is recorded, the second ends the command; a time limit is written as a time."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import click
import pytest

from nntrain.cli.signals import SIGNALS, Duration, StopSignal, Terminated, exit_by, raise_terminated
from nntrain.errors import EXIT_CODES


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """The handlers of a command that was started in a terminal."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in before:
        signal.signal(number, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_recorded_and_the_second_interrupts(number: signal.Signals) -> None:
    with StopSignal() as stop:
        assert not stop.is_received()
        signal.raise_signal(number)
        assert stop.is_received()
        assert stop.number == number
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)


def test_a_terminal_that_is_closed_may_say_so_more_than_once() -> None:
    with StopSignal() as stop:
        for _ in range(3):
            signal.raise_signal(signal.SIGHUP)
        assert stop.number == signal.SIGHUP
    with pytest.raises(KeyboardInterrupt):  # the handler of this test
        signal.raise_signal(signal.SIGHUP)


def test_a_hangup_after_another_signal_ends_nothing_at_once() -> None:
    with StopSignal() as stop:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGHUP)
        assert stop.number == signal.SIGTERM
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)


def test_after_the_block_signals_do_what_they_did_before() -> None:
    with StopSignal() as stop:
        pass
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert not stop.is_received()


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_that_is_ignored_stays_ignored(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise_terminated()
    with StopSignal() as stop:
        signal.raise_signal(number)
        assert not stop.is_received()
        if number != signal.SIGINT:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(number)
    assert signal.getsignal(number) == signal.SIG_IGN


@pytest.mark.parametrize(
    ("number", "name", "code"), [(signal.SIGHUP, "SIGHUP", 129), (signal.SIGTERM, "SIGTERM", 143)]
)
def test_a_command_ends_with_the_exit_code_of_its_signal(
    number: signal.Signals, name: str, code: int
) -> None:
    with pytest.raises(click.exceptions.Exit) as caught:
        exit_by(number)
    assert caught.value.exit_code == code
    assert code in EXIT_CODES
    raise_terminated()
    with pytest.raises(Terminated) as ended:
        signal.raise_signal(number)
    assert (ended.value.number, ended.value.name) == (number, name)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("1h30m", 5400), ("7", 7)]
)
def test_times_are_written_as_people_write_them(text: str, seconds: int) -> None:
    assert Duration().convert(text, None, None) == seconds
