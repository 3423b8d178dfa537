"""Fixtures of the tests of the command: running it as it is installed, in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import ROOT, CommandForks, Result, Run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder with the repository's sample tables and configs in it."""
    (tmp_path / "sample_data").symlink_to(ROOT / "sample_data")
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def command_forks() -> Iterator[CommandForks]:
    """What runs the command without waiting for its imports each time."""
    with CommandForks() as forks:
        yield forks


@pytest.fixture
def run(command_forks: CommandForks, folder: Path) -> Run:
    """Run `nntrain` with these arguments in the folder."""

    def run_command(*arguments: str, stdin: str | bytes = b"") -> Result:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        return command_forks.run(arguments, data, folder)

    return run_command
