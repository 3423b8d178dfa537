"""How much memory this process may take: that of the machine, or a lower limit set for it."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from nntrain.errors import OutOfMemoryError

PROC, CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")
"""Where Linux shows processes, and the groups that they are limited in."""

V1_FILES = ("memory.limit_in_bytes",)
V2_FILES = ("memory.max", "memory.high")
"""Beyond memory.high a process goes on, but so slowly that it might as well have ended."""

PROCESS_LIMITS = ("RLIMIT_AS", "RLIMIT_DATA")
"""What `ulimit -v` and `ulimit -d` set."""


def memory_limit(proc: Path = PROC, cgroups: Path = CGROUPS) -> int:
    """The bytes of memory that this process may take.

    The least of the machine's memory, the limits of the control groups that the process is in
    (containers, systemd, batch systems; version 1 and 2), and those of the process itself.
    """
    return min([_physical_memory(), *cgroup_limits(proc, cgroups), *_process_limits()])


def cgroup_limits(proc: Path, cgroups: Path) -> Iterator[int]:
    """The limit in bytes of each control group that this process is in, from the innermost out.

    A group is limited by all those around it. Inside a container, the folders of the groups
    outside it are not there; the limit of the container then stands at the top.
    """
    for root, path, names in _groups(proc, cgroups):
        parts = PurePosixPath(path).parts[1:]
        for n in range(len(parts), -1, -1):
            for name in names:
                limit = _limit_in(root.joinpath(*parts[:n], name))
                if limit:
                    yield limit


def _groups(proc: Path, cgroups: Path) -> Iterator[tuple[Path, str, tuple[str, ...]]]:
    """Each group of this process: the folder at the top, the path in it, and the limits' files."""
    for line in _text(proc / "self" / "cgroup").splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if ".." in path.split("/"):
            path = "/"  # outside of the groups that can be seen here
        if "memory" in controllers.split(","):
            yield cgroups / "memory", path, V1_FILES
        elif not controllers:
            yield cgroups, path, V2_FILES


def _limit_in(file: Path) -> int:
    """The limit that stands in a file; 0 where there is none."""
    text = _text(file).strip()
    return int(text) if text.isascii() and text.isdecimal() else 0


def _text(file: Path) -> str:
    """What a file holds; nothing if it cannot be read."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _physical_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _process_limits() -> Iterator[int]:
    for name in PROCESS_LIMITS:
        if hasattr(resource, name):
            limit, _ = resource.getrlimit(getattr(resource, name))
            if limit != resource.RLIM_INFINITY:
                yield limit


def memory_left() -> int:
    """The bytes of memory that this process may still take."""
    return memory_limit() - _resident()


def check_fits(n_bytes: int, what: str, remedy: str) -> None:
    """Raise `OutOfMemoryError` if this many more bytes may not be taken.

    `what` begins the message, and names what takes them; `remedy` ends it.
    """
    left = memory_left()
    if n_bytes > left:
        raise OutOfMemoryError(
            f"{what} {n_bytes / 1e9:,.2f} GB, and this process may take "
            f"{max(left, 0) / 1e9:,.2f} GB more; {remedy}"
        )


def _resident() -> int:
    """The bytes of memory that this process has taken; 0 where the system does not tell."""
    pages = _text(PROC / "self" / "statm").split()
    return int(pages[1]) * os.sysconf("SC_PAGE_SIZE") if len(pages) > 1 else 0
