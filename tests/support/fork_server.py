"""A process that holds nntrain imported, and forks into one `nntrain` process for each request.

What a command does in a forked process is what it does in one started afresh, without the imports,
which take most of a short command's time. Each request comes over the socket that is standard input:
the arguments, the working folder and the environment, with the descriptors that become the standard
streams; and maybe limits to what the system gives, and a moment at which to die. The answers are the new process's number and, once it has ended, its wait status.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import resource
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn

LEFT_FOR_LATER = {"pandas", "pyarrow"}
"""Packages that each command imports itself: pandas imports pyarrow, which starts a thread, and
threads do not survive a fork."""

MATPLOTLIB = (
    "matplotlib.figure",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
)


class LaterImports:
    """An import finder that refuses the packages left for later."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuse a package left for later; leave all others to the finders that follow."""
        if name.partition(".")[0] in LEFT_FOR_LATER:
            raise ModuleNotFoundError(f"{name} is left for later", name=name)
        return None


def import_ahead() -> None:
    """Import Matplotlib, and all of nntrain but the modules that need a package left for later."""
    import nntrain  # noqa: PLC0415  (it takes a while)

    later = LaterImports()
    sys.meta_path.insert(0, later)
    for module in pkgutil.walk_packages(nntrain.__path__, "nntrain."):
        if module.name != "nntrain.__main__":
            try:
                importlib.import_module(module.name)
            except ModuleNotFoundError as error:
                if (error.name or "").partition(".")[0] not in LEFT_FOR_LATER:
                    raise
    for name in MATPLOTLIB:
        importlib.import_module(name)
    sys.meta_path.remove(later)


def stop_measuring_coverage() -> None:
    """Keep coverage, if it is measured, from writing under limits that are meant for the command."""
    module = sys.modules.get("coverage")
    current = module.Coverage.current() if module else None
    if current:
        current.stop()
        atexit.unregister(current._atexit)


def become_command(request: dict[str, Any], streams: Sequence[int]) -> None:
    """Make this process what a shell would have started."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = request["words"]
    if request["limits"]:
        stop_measuring_coverage()
    for name, limit in request["limits"].items():
        resource.setrlimit(getattr(resource, name), (limit, limit))
    if request["killed_after"] is not None:
        # Nothing handles SIGALRM: the system ends the process wherever it is, as SIGKILL does.
        signal.setitimer(signal.ITIMER_REAL, max(request["killed_after"], 1e-6))


def serve(connection: socket.socket) -> bool:
    """Answer requests, a line each, until the socket is closed; True in a process that is to run."""
    # Ctrl-C reaches all of a terminal's processes; this one ends when the tests close the socket.
    on_interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        data, streams, _, _ = socket.recv_fds(connection, 2**16, 3)
        if not data:
            return False
        while not data.endswith(b"\n"):
            data += connection.recv(2**16)
        process = os.fork()
        if not process:
            signal.signal(signal.SIGINT, on_interrupt)
            become_command(json.loads(data), streams)
            return True
        for descriptor in streams:
            os.close(descriptor)
        connection.sendall(f"{process}\n".encode())
        _, status = os.waitpid(process, 0)
        connection.sendall(f"{status}\n".encode())


def run_command() -> NoReturn:
    """Run the command and end the process as Python does, but for taking every module apart.

    That would copy all the memory shared with the server.
    """
    try:
        importlib.import_module("nntrain.cli.main").run()
    except SystemExit as ended:
        code = ended.code
    assert isinstance(code, int)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    gc.collect()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    # The folder of this script would offer its modules to every import.
    del sys.path[0]
    import_ahead()
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=os.dup(0)) as connection:
        is_command = serve(connection)
    if is_command:
        run_command()
