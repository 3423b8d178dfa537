"""A disk that fails: the n-th operation that writes within a folder, or all from there on.

Files that are opened within are those of `_pyio`, Python's own form of `io` in Python, which writes
through functions of `os`; so every single call to the system can be made to fail.
"""

from __future__ import annotations

import _pyio  # type: ignore[import-not-found]
import builtins
import contextlib
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

BY_DESCRIPTOR = ("write", "fsync", "ftruncate", "fchmod")
BY_PATH = ("open", "replace", "rename")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
OPEN = io.open


class Faults:
    """Counts the operations that write within a folder, and makes some of them fail."""

    def __init__(self, folder: Path, first: int, number: int, *, lasting: bool) -> None:
        """The operation `first`, counted from 0, fails with an error number, or all from it on."""
        self._folder = os.fspath(folder.resolve())
        self._first, self._lasting = first, lasting
        self._number = number
        self.seen = 0
        self.failed: list[str] = []

    def check(self, name: str, path: str) -> None:
        """Count an operation on a path, if it is in the folder; raise `OSError` where it fails."""
        if not os.path.realpath(path).startswith(self._folder + os.sep):
            return
        fails = self.seen >= self._first if self._lasting else self.seen == self._first
        self.seen += 1
        if fails:
            self.failed.append(f"{name} {path}")
            raise OSError(self._number, os.strerror(self._number), path)

    def by_descriptor(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """A function of `os` on an open file, which may fail; a written half stays written."""

        def checked(descriptor: int, *arguments: Any) -> Any:
            path = os.fspath(Path(f"/proc/self/fd/{descriptor}").readlink())
            try:
                self.check(name, path)
            except OSError:
                if name == "write":
                    call(descriptor, bytes(arguments[0])[: len(arguments[0]) // 2])
                raise
            return call(descriptor, *arguments)

        return checked

    def by_path(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """A function of `os` on a name, which may fail."""

        def checked(path: Any, *arguments: Any, **named: Any) -> Any:
            flags = arguments[0] if arguments else named.get("flags", 0)
            if name != "open" or flags & WRITES:
                self.check(name, os.fspath(path))
            return call(path, *arguments, **named)

        return checked


def open_file(file: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
    """As `open`, but a file to write writes through `os`."""
    makes = OPEN if not set(mode) & set("wax+") else _pyio.open
    return makes(file, mode, *arguments, **named)


@contextlib.contextmanager
def failing(folder: Path, first: int, number: int, *, lasting: bool = False) -> Iterator[Faults]:
    """Make operations that write within a folder fail in the block."""
    faults = Faults(folder, first, number, lasting=lasting)
    with pytest.MonkeyPatch.context() as patch:
        for name in BY_DESCRIPTOR:
            patch.setattr(os, name, faults.by_descriptor(name, getattr(os, name)))
        for name in BY_PATH:
            patch.setattr(os, name, faults.by_path(name, getattr(os, name)))
        patch.setattr(io, "open", open_file)
        patch.setattr(builtins, "open", open_file)
        yield faults
