"""Timing side by side: contenders in turn, several times, so that a noisy machine is fair to all."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Contender = Callable[[], float]
"""Runs once and returns what it took: seconds, or seconds for an iteration."""


def medians(contenders: Mapping[str, Contender], repeats: int) -> dict[str, float]:
    """The median of each contender over some rounds, in each of which all have their turn."""
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, run in contenders.items():
            taken[name].append(run())
    return {name: statistics.median(values) for name, values in taken.items()}


@dataclass(frozen=True)
class Finished:
    """A command that has run: its wall time in seconds and its peak memory in bytes."""

    seconds: float
    peak: int


LAUNCHER = """
import resource, subprocess, sys, time
began = time.perf_counter()
code = subprocess.call(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
seconds = time.perf_counter() - began
print(seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


def run_command(command: Sequence[str | Path], folder: Path) -> Finished:
    """Run a command in a folder, its output thrown away. Raises if it fails.

    A small process starts it: a command's peak memory counts that of the process it is forked from.
    """
    words = [sys.executable, "-c", LAUNCHER, *map(str, command)]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr}")
    seconds, peak = done.stdout.split()
    return Finished(float(seconds), int(peak) * 1024)


def machine() -> str:
    """The machine and the versions that matter, in a line."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().split("\n") if line.startswith("model name")]
        model = names[0].partition(": ")[2] if names else model
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


@dataclass(frozen=True)
class Row:
    """A row of the table: what was measured, by how much nntrain is ahead, and what is wanted.

    `ratio` is the other's figure by nntrain's where `at_least` is wanted, nntrain's by the other's
    where `at_most` is.
    """

    what: str
    ours: str
    theirs: str
    ratio: float
    at_least: float | None = None
    at_most: float | None = None

    def cells(self) -> list[str]:
        """The row as texts."""
        wanted = f"≥ {self.at_least:g}" if self.at_least else f"≤ {self.at_most:g}"
        met = self.ratio >= self.at_least if self.at_least else self.ratio <= (self.at_most or 0)
        return [
            self.what,
            self.ours,
            self.theirs,
            f"{self.ratio:.2f}",
            wanted,
            "yes" if met else "no",
        ]


HEADER = ["what", "nntrain", "beside", "ratio", "wanted", "met"]


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    return as_markdown(HEADER, [row.cells() for row in rows])


def as_markdown(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A header and lines of cells as a Markdown table."""
    marked = [header, ["---"] * len(header), *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in marked)


def micro(seconds: float) -> str:
    """Seconds for a person, as microseconds."""
    return f"{seconds * 1e6:,.2f} µs"


def milli(seconds: float) -> str:
    """Seconds for a person, as milliseconds."""
    return f"{seconds * 1e3:,.2f} ms"
