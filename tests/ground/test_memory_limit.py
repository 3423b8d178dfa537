"""The memory that a process may take, by folders made up as Linux shows them."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from nntrain.memory_limit import cgroup_limits, memory_limit

UNLIMITED = "9223372036854771712"
PHYSICAL = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    return tmp_path / "proc"


@pytest.fixture
def cgroups(tmp_path: Path) -> Path:
    return tmp_path / "cgroup"


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_version_2_is_limited_by_the_group_and_all_around_it(proc: Path, cgroups: Path) -> None:
    write(proc / "self/cgroup", "0::/user.slice/job\n")
    write(cgroups / "user.slice/job/memory.max", "max\n")
    write(cgroups / "user.slice/job/memory.high", "3000\n")
    write(cgroups / "user.slice/memory.max", "2000\n")
    write(cgroups / "user.slice/memory.high", "max\n")
    assert list(cgroup_limits(proc, cgroups)) == [3000, 2000]
    assert memory_limit(proc, cgroups) == 2000


def test_version_1_is_limited_by_the_group_of_its_memory_controller(
    proc: Path, cgroups: Path
) -> None:
    write(proc / "self/cgroup", "9:name=systemd:/x\n4:cpu,memory:/docker/a:b\n1:pids:/other\n")
    write(cgroups / "memory/docker/a:b/memory.limit_in_bytes", "5000\n")
    write(cgroups / "memory/memory.limit_in_bytes", UNLIMITED)
    write(cgroups / "memory/other/memory.limit_in_bytes", "1\n")
    assert list(cgroup_limits(proc, cgroups)) == [5000, int(UNLIMITED)]
    assert memory_limit(proc, cgroups) == 5000


@pytest.mark.parametrize("path", ["/", "/docker/0123abc", "/../../outside"])
def test_in_a_container_the_limit_stands_at_the_top(proc: Path, cgroups: Path, path: str) -> None:
    write(proc / "self/cgroup", f"4:memory:{path}\n0::{path}\n")
    write(cgroups / "memory/memory.limit_in_bytes", "7000")
    write(cgroups / "memory.max", "6000")
    assert sorted(cgroup_limits(proc, cgroups)) == [6000, 7000]
    write(cgroups.parent / "outside/memory.max", "1")
    assert memory_limit(proc, cgroups) == 6000


@pytest.mark.parametrize("text", ["", "max", "-1", "x", "0", "\u0663", "\0\0"])
def test_what_is_no_limit_is_none(proc: Path, cgroups: Path, text: str) -> None:
    write(proc / "self/cgroup", "0::/\n")
    write(cgroups / "memory.max", text)
    assert list(cgroup_limits(proc, cgroups)) == []


@pytest.mark.parametrize("text", ["", "nonsense\n", "0:\n", "::\n", "\n:memory\n"])
def test_a_list_of_groups_that_says_nothing_leaves_the_memory_of_the_machine(
    proc: Path, cgroups: Path, text: str
) -> None:
    write(proc / "self/cgroup", text)
    assert list(cgroup_limits(proc, cgroups)) == []


def test_without_groups_it_is_the_memory_of_the_machine_or_less(proc: Path, cgroups: Path) -> None:
    assert 1 << 28 < memory_limit(proc, cgroups) <= PHYSICAL
    assert memory_limit() <= PHYSICAL


@pytest.mark.parametrize("name", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_a_limit_of_the_process_counts(name: str, proc: Path) -> None:
    code = (
        f"import resource; resource.setrlimit(resource.{name}, (300_000_000, {resource.RLIM_INFINITY}))\n"
        "from nntrain.memory_limit import memory_limit; print(memory_limit())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == 300_000_000
