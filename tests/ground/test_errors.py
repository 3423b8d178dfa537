"""The errors: each with an exit code that the help explains, and mistakes in a config as text."""

from __future__ import annotations

from collections.abc import Iterator

from nntrain.errors import (
    EXIT_CODES,
    MAX_MISTAKES,
    ConfigError,
    Mistake,
    NntrainError,
    Place,
    UsageError,
)
from nntrain.text import LONGEST_LINE


def all_errors(parent: type[NntrainError] = NntrainError) -> Iterator[type[NntrainError]]:
    yield parent
    for child in parent.__subclasses__():
        yield from all_errors(child)


def test_every_error_has_an_exit_code_that_is_explained() -> None:
    codes = {error.exit_code for error in all_errors()}
    assert codes == EXIT_CODES.keys() - {0, 129, 130, 143}
    assert issubclass(ConfigError, UsageError)


def test_a_long_line_of_a_message_keeps_its_start_and_its_end() -> None:
    error = NntrainError("t.csv, line 2: " + "x" * 10_000 + "; remove it\nsecond line")
    first, second = str(error).split("\n")
    assert len(first) <= LONGEST_LINE
    assert first.startswith("t.csv, line 2: x")
    assert first.endswith("x; remove it")
    assert second == "second line"


def test_a_mistake_is_told_with_its_key_its_place_and_its_line() -> None:
    line = Place("c.yaml", 3, "alpha: 0")
    assert [
        str(Mistake("is wrong", "alpha")),
        str(Mistake("is wrong")),
        str(Mistake("is wrong", "alpha", Place("--set alpha=0"))),
        str(Mistake("is wrong", place=Place("c.yaml", 3))),
        str(Mistake("is wrong", "alpha", line)),
    ] == [
        "alpha: is wrong",
        "is wrong",
        "--set alpha=0: alpha is wrong",
        "c.yaml, line 3: is wrong",
        "c.yaml, line 3: alpha is wrong\n    alpha: 0",
    ]


def test_a_config_error_keeps_every_mistake_and_lists_the_first_ones() -> None:
    mistakes = [Mistake(f"mistake {i}") for i in range(MAX_MISTAKES + 5)]
    error = ConfigError(*mistakes)
    assert error.mistakes == tuple(mistakes)
    lines = str(error).split("\n")
    assert lines[-2:] == [f"mistake {MAX_MISTAKES - 1}", "there are more mistakes than these"]
    assert len(lines) == MAX_MISTAKES + 1
