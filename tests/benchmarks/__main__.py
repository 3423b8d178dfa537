"""Measure nntrain beside its peers, all in one run: `python tests/benchmarks`.

Needs the extras bench and fast. Prints a Markdown table, the one of the guide to speed; and those of
accuracy and of intervals, which take minutes, where these parts are asked for.
"""

from __future__ import annotations

import os

# As the command does, before NumPy is imported.
os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from accuracy import accuracy
from commands import large_table, start_up
from held_out_intervals import held_out_intervals
from intervals import intervals
from measure import Row, machine, markdown
from training import large_networks, million_rows, small_networks

STUDIES: dict[str, Callable[[int], str]] = {
    "accuracy": accuracy,
    "intervals": intervals,
    "held-out-intervals": held_out_intervals,
}


def main() -> None:
    """Run the parts asked for, and print their rows."""
    parser = argparse.ArgumentParser(prog="python tests/benchmarks", description=__doc__)
    parts = ["small", "large", "million", "start", "table"]
    parser.add_argument(
        "parts",
        nargs="*",
        help=f"which of {', '.join([*parts, *STUDIES])}; without any all but the last three",
    )
    parser.add_argument("--repeats", type=int, default=7, help="rounds, of which the median counts")
    parser.add_argument("--scale", type=float, default=1.0, help="rows, as a part of the usual")
    parser.add_argument("--splits", type=int, default=5, help="splits of a table for a study")
    given = parser.parse_args()
    if unknown := set(given.parts) - {*parts, *STUDIES}:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run: dict[str, Callable[[], list[Row]]] = {
            "small": lambda: small_networks(given.repeats, given.scale),
            "large": lambda: large_networks(given.repeats, given.scale),
            "million": lambda: million_rows(given.repeats, given.scale),
            "start": lambda: start_up(given.repeats, folder),
            "table": lambda: large_table(given.repeats, given.scale, folder),
        }
        rows = [row for part in given.parts or parts if part in run for row in run[part]()]
    if rows:
        print(f"{machine()}\n\n{markdown(rows)}")
    for name, study in STUDIES.items():
        if name in given.parts:
            print(study(given.splits))


main()
