"""The command as it is installed: where it is, its environment, and how a run of it ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("nntrain")


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]


def environment() -> dict[str, str]:
    """The process's environment, with warnings as errors and a plain terminal."""
    plain = {name: value for name, value in os.environ.items() if "COLOR" not in name}
    return plain | {"PYTHONWARNINGS": "error", "COLUMNS": "80"}
