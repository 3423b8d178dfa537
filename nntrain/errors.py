"""The errors of nntrain: one tree, each branch with the exit code that the commands give for it."""

from __future__ import annotations

from dataclasses import dataclass

from nntrain.text import shortened

MAX_MISTAKES = 20
"""How many mistakes of a config one message lists."""

EXIT_CODES = {
    0: "success; also when the reader of a pipe stops early",
    1: "a bug in nntrain",
    2: "a mistake in the command or the config, a missing optional package, or too little memory",
    3: "a mistake in the input data, or a missing table or column",
    4: "the model file cannot be read",
    5: "training diverged; an older model file is left as it was",
    6: "a check that was asked for failed",
    7: "output could not be written",
    129: "ended by SIGHUP: its terminal was closed",
    130: "interrupted by Ctrl-C",
    143: "ended by SIGTERM",
}
"""What each exit code of a command means."""


class NntrainError(Exception):
    """Any error that nntrain explains to its user; `exit_code` is what the command exits with.

    Of a line that is too long, because it quotes a long cell or name, the start and the end are
    kept: they say where the error is and what to do.
    """

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__("\n".join(map(shortened, message.split("\n"))))


class UsageError(NntrainError):
    """The call itself does not make sense."""

    exit_code = 2


class ConfigError(UsageError):
    """The config is wrong; `mistakes` holds each mistake, and the message has a line for each."""

    def __init__(self, *mistakes: Mistake) -> None:
        shown = list(map(str, mistakes[:MAX_MISTAKES]))
        if len(mistakes) > MAX_MISTAKES:
            shown.append("there are more mistakes than these")
        super().__init__("\n".join(shown))
        self.mistakes = mistakes


@dataclass(frozen=True)
class Place:
    """Where something is written: a file, one line of a file, or an option of the command.

    `source` is the name of the file or the option as it was typed; `line_text` is what the line
    holds, shown below a mistake.
    """

    source: str
    line: int | None = None
    line_text: str = ""

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}, line {self.line}"


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong with a config: what, which key it concerns, and where that stands.

    >>> print(Mistake("expects true or false, found 'yes'", "shuffle", Place("c.yaml", 3)))
    c.yaml, line 3: shuffle expects true or false, found 'yes'
    """

    text: str
    key: str = ""
    place: Place | None = None

    def __str__(self) -> str:
        if self.place is None:
            return f"{self.key}: {self.text}" if self.key else self.text
        subject = f"{self.key} " if self.key else ""
        below = f"\n    {self.place.line_text}" if self.place.line_text else ""
        return f"{self.place}: {subject}{self.text}{below}"


class MissingExtraError(UsageError):
    """An optional package is needed; the message names the extra that installs it."""


class OutOfMemoryError(UsageError):
    """What was asked for takes more memory than this process may take."""


class DataError(NntrainError):
    """A table cannot be used; the message names the file, line and column where they are known."""

    exit_code = 3


class ModelFileError(NntrainError):
    """A file is not a model that this version can read."""

    exit_code = 4


class DivergedError(NntrainError):
    """Training reached a loss or a weight that is infinite or not a number."""

    exit_code = 5


class CheckFailedError(NntrainError):
    """A check that the user asked for failed; the result itself has been printed."""

    exit_code = 6


class OutputError(NntrainError):
    """A file could not be written; an older file of that name is unchanged."""

    exit_code = 7
