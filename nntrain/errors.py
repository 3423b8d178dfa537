"""The errors of nntrain: one tree, each branch with the exit code that the commands give for it."""

from nntrain.text import shortened

EXIT_CODES = {
    0: "done; also when the reader of a pipe closed it early",
    1: "a bug in nntrain",
    2: "usage, the config, or a missing optional package",
    3: "input data, a missing file or column too",
    4: "the model file",
    5: "training diverged; an older model file stays as it was",
    6: "a check that was asked for failed",
    7: "output could not be written",
    130: "interrupted by Ctrl-C",
    143: "ended by SIGTERM",
}


class NntrainError(Exception):
    """Any error that nntrain explains to its user; `exit_code` is what the command exits with.

    A line that quotes a cell or a name of any length keeps its place and its remedy.
    """

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__("\n".join(map(shortened, message.split("\n"))))


class UsageError(NntrainError):
    """The call itself does not make sense."""

    exit_code = 2


class ConfigError(UsageError):
    """The config is wrong; the message has a line for each mistake, what it quotes indented."""


class MissingExtraError(UsageError):
    """An optional package is needed; the message names the extra that installs it."""


class DataError(NntrainError):
    """A table cannot be used; the message names file, line and column as far as they are known."""

    exit_code = 3


class ModelFileError(NntrainError):
    """A file is not a model that this version can read."""

    exit_code = 4


class DivergedError(NntrainError):
    """Training reached a loss or a weight that is not finite."""

    exit_code = 5


class CheckFailedError(NntrainError):
    """A check that was asked for failed; what it was asked about has been reported."""

    exit_code = 6


class OutputError(NntrainError):
    """A file could not be written; files that stood there before are as they were."""

    exit_code = 7
