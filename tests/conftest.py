"""What all tests share: running the command in a folder of its own, and what a marker means."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from support import processes
from support.command import ROOT, CommandForks, Result, Run


def pytest_configure() -> None:
    """Watch for processes that tests start."""
    processes.install()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that run the command; leave the long ones out unless `-m` names them."""
    for item in items:
        if "command_forks" in getattr(item, "fixturenames", ()):
            item.add_marker("command")
    if "long" not in config.option.markexpr:
        long = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if not item.get_closest_marker("long")]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let a test start processes, itself or through its fixtures, only if it is marked so."""
    with processes.no_processes(refused=item.get_closest_marker("command") is None):
        return (yield)


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
