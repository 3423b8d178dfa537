"""The command as a module: `python -m nntrain`."""

from __future__ import annotations

import subprocess
import sys

from support.command import environment

from nntrain import __version__


def test_the_package_runs_as_the_command() -> None:
    for words, code, out in ((["--version"], 0, f"nntrain {__version__}\n"), (["fly"], 2, "")):
        done = subprocess.run(
            [sys.executable, "-m", "nntrain", *words],
            capture_output=True, text=True, env=environment(), check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (code, out)
        assert ("No such command 'fly'" in done.stderr) == (code == 2)
