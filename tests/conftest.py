"""What all tests share: running the command in a folder of its own, and what a marker means."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from support import processes
from support.command import ROOT, CommandForks, Result, Run
from support.processes import names_subprocess

from nntrain.cli.main import BLAS_THREADS

# As the command does: tests run side by side, and a BLAS that waits for a core shared with others
# takes ten times as long.
assert "numpy" not in sys.modules, "NumPy was imported before its threads could be limited"
os.environ |= dict.fromkeys(BLAS_THREADS, "1")


def pytest_configure() -> None:
    """Watch for processes that tests start."""
    processes.install()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that start processes; leave out what `-m` does not ask for.

    Long tests run where `-m` names them, and the fast set, `-m "not command"`, has no heavy ones.
    """
    for item in items:
        if isinstance(item, pytest.Function) and any(map(names_subprocess, functions_of(item))):
            item.add_marker("command")
    asked = config.option.markexpr
    left_out = [] if "long" in asked else ["long"]
    if "not command" in asked and "heavy" not in asked:
        left_out.append("heavy")
    for name in left_out:
        config.hook.pytest_deselected(items=[i for i in items if i.get_closest_marker(name)])
        items[:] = [item for item in items if not item.get_closest_marker(name)]


def functions_of(test: pytest.Function) -> list[Callable[..., Any]]:
    """The functions of a test: its own, and those of its fixtures."""
    own = getattr(test.obj, "hypothesis", None)
    fixtures = test._fixtureinfo.name2fixturedefs.values()
    return [own.inner_test if own else test.obj, *(each[-1].func for each in fixtures)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let a test start processes, itself or through its fixtures, only if it is marked so."""
    with processes.no_processes(refused=item.get_closest_marker("command") is None):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Escape what is no UTF-8 in captured notes: a report goes from one process to another."""
    report = yield
    report.sections = [
        (title, text.encode("utf-8", "backslashreplace").decode())
        for title, text in report.sections
    ]
    return report


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
