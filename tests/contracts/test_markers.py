"""What a test's markers promise: without `command` it starts no process, `long` runs if asked for."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys

import pytest
from support.command import ROOT, Run
from support.processes import ProcessStartedError


def version_of_python() -> str:
    return subprocess.check_output([sys.executable, "--version"], text=True)


@pytest.fixture
def version() -> str:
    return version_of_python()


def test_a_test_that_is_not_marked_cannot_start_a_process(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("command") is None
    with pytest.raises(ProcessStartedError, match=r"@pytest\.mark\.command"):
        os.system("true")
    # Found by no look at the code.
    start = importlib.import_module("subprocess").run
    with pytest.raises(ProcessStartedError, match=r"subprocess\.Popen"):
        start([sys.executable, "--version"])


def test_a_test_that_calls_a_function_that_starts_a_process_is_marked() -> None:
    assert version_of_python().startswith("Python 3")


def test_a_test_whose_fixture_starts_a_process_is_marked(version: str) -> None:
    assert version.startswith("Python 3")


def test_a_test_that_runs_the_command_is_marked_by_that(
    run: Run, request: pytest.FixtureRequest
) -> None:
    assert request.node.get_closest_marker("command") is not None
    assert run("--version").code == 0


def test_a_long_test_is_collected_only_by_its_marker(request: pytest.FixtureRequest) -> None:
    if "long" not in request.config.option.markexpr:
        assert not [item for item in request.session.items if item.get_closest_marker("long")]
    # With `--cov` from the outer run's options this pytest would erase what that run has measured.
    variables = {name: text for name, text in os.environ.items() if name != "PYTEST_ADDOPTS"}
    collected = subprocess.check_output(
        [sys.executable, "-m", "pytest", "-n0", "-q", "--collect-only", "-p", "no:cacheprovider",
         "-m", "long", "tests/robustness/test_interrupted_runs.py"],
        text=True, cwd=ROOT, env=variables,
    )  # fmt: skip
    assert "test_a_run_killed_at_any_moment_ends_as_one_that_was_not[60-" in collected
    assert "test_a_run_killed_at_any_moment_ends_as_one_that_was_not[7-" not in collected
