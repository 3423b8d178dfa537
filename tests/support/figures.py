"""What a test tried, for whoever asks with `pytest -rP`."""

from __future__ import annotations

import sys


def tell(text: str) -> None:
    """Write a line that pytest keeps, and shows with `-rP`."""
    sys.stdout.write(f"{text}\n")
