"""The command as it is installed: where it is, its environment, and how a run of it ended."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path

from nntrain.cli.main import BLAS_THREADS

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("nntrain")
TIMEOUT = 120.0
READ_AT_IMPORT = ("PYTHON", "NUMBA_", "OPENBLAS_", "MKL_", "OMP_", "NPY_", "MPL")
"""What the names of variables begin with that Python or a library reads when it is imported."""


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]


def environment() -> dict[str, str]:
    """What a command finds: warnings as errors, a plain terminal, no limit to BLAS threads."""
    plain = {
        name: value
        for name, value in os.environ.items()
        if "COLOR" not in name and name not in BLAS_THREADS
    }
    return plain | {"PYTHONWARNINGS": "error", "COLUMNS": "80"}


class CommandForks:
    """Runs `nntrain` in processes of its own, forked from one that has imported it already.

    A context manager around the tests.
    """

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair()
        self._settings = tempfile.TemporaryDirectory()
        self._imported = _read_at_import(environment())
        # As nntrain itself imports NumPy and Matplotlib.
        as_imported = dict.fromkeys(BLAS_THREADS, "1") | {
            "MPLBACKEND": "agg",
            "MPL_IGNORE_SYSTEM_FONTS": "1",
            "MPLCONFIGDIR": self._settings.name,
        }
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, Path(__file__).with_name("fork_server.py")],
                stdin=theirs.fileno(),
                env=environment() | as_imported,
            )
        self._answers = self._ours.makefile("rb")

    def __enter__(self) -> CommandForks:
        return self

    def __exit__(self, *error: object) -> None:
        self._answers.close()
        self._ours.close()
        self._server.wait(timeout=TIMEOUT)
        self._settings.cleanup()

    def run(
        self,
        arguments: Sequence[str],
        stdin: bytes,
        folder: Path,
        *,
        limits: Mapping[str, int] | None = None,
        killed_after: float | None = None,
    ) -> Result:
        """Run the command in a folder, maybe within limits such as `RLIMIT_AS`.

        After the seconds `killed_after` the system ends it without warning; its code is then
        `-signal.SIGALRM`. In an environment that matters before anything is imported, it is started
        afresh, without limits.
        """
        variables = environment()
        words = [str(COMMAND), *arguments]
        if _read_at_import(variables) != self._imported:
            done = subprocess.run(
                words, input=stdin, capture_output=True, cwd=folder, env=variables,
                timeout=TIMEOUT, check=False,
            )  # fmt: skip
            return Result(done.returncode, done.stdout.decode(), done.stderr.decode())
        request = {
            "words": words, "folder": str(folder), "environment": variables,
            "limits": dict(limits or {}), "killed_after": killed_after,
        }  # fmt: skip
        theirs, ours = _pipes()
        try:
            socket.send_fds(self._ours, [json.dumps(request).encode() + b"\n"], theirs)
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        process = int(self._answers.readline())
        with ThreadPoolExecutor(3) as pool:
            pool.submit(_write, ours[0], stdin)
            texts = [pool.submit(_read, file) for file in ours[1:]]
            try:
                out, err = (text.result(TIMEOUT).decode() for text in texts)
            except TimeoutError:
                os.kill(process, signal.SIGKILL)
                self._answers.readline()
                raise
        return Result(os.waitstatus_to_exitcode(int(self._answers.readline())), out, err)


def _read_at_import(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment variables that a process reads when it imports."""
    return {k: value for k, value in variables.items() if k.startswith(READ_AT_IMPORT)}


def _pipes() -> tuple[list[int], list[BufferedIOBase]]:
    """A pipe for each standard stream: the command's ends, and ours."""
    (stdin, to_stdin), (from_stdout, stdout), (from_stderr, stderr) = (os.pipe() for _ in range(3))
    ours = [os.fdopen(to_stdin, "wb"), os.fdopen(from_stdout, "rb"), os.fdopen(from_stderr, "rb")]
    return [stdin, stdout, stderr], ours


def _read(file: BufferedIOBase) -> bytes:
    """All that a command wrote to a stream."""
    with file:
        return file.read()


def _write(file: BufferedIOBase, data: bytes) -> None:
    """Write all of a command's standard input, as far as it reads it."""
    try:
        with file:
            file.write(data)
    except BrokenPipeError:
        pass
