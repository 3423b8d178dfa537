"""Fixtures of the tests of the command: running it as it is installed, in a folder of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.command import COMMAND, ROOT, Result, Run, environment


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder with the repository's sample tables and configs in it."""
    (tmp_path / "sample_data").symlink_to(ROOT / "sample_data")
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    """Run `nntrain` with these arguments in the folder."""

    def run_command(*arguments: str, stdin: str | bytes = b"") -> Result:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [COMMAND, *arguments],
            input=data,
            capture_output=True,
            cwd=folder,
            env=environment(),
            timeout=120,
            check=False,
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run_command
