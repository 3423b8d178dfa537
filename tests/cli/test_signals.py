"""The first signal is recorded, the second ends the command; a time limit is written as a time."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import click
import pytest

from nntrain.cli.signals import Duration, StopSignal, exit_by


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """The handlers of a command that was started in a terminal."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
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


def test_after_the_block_signals_do_what_they_did_before() -> None:
    with StopSignal() as stop:
        pass
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert not stop.is_received()


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with StopSignal() as stop:
        signal.raise_signal(signal.SIGINT)
    assert not stop.is_received()
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def test_a_command_ends_with_the_exit_code_of_its_signal() -> None:
    with pytest.raises(click.exceptions.Exit) as caught:
        exit_by(signal.SIGTERM)
    assert caught.value.exit_code == 143


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("1h30m", 5400), ("7", 7)]
)
def test_times_are_written_as_people_write_them(text: str, seconds: int) -> None:
    assert Duration().convert(text, None, None) == seconds
