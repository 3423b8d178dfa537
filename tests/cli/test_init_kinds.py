"""`nntrain init` and `check` on each kind of column: what they find, and that fit then asks nothing."""

from __future__ import annotations

import csv
import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.command import Run

import nntrain
from nntrain.data.preprocessing.columns import Feature, NumericColumn

N = 40
SMALL = ["--set", "epochs=1", "--set", "hidden_layers=[]"]


def dates(pattern: str) -> list[str]:
    """Dates of 2023, with each month and many days, by `{d}` and `{m}` in a pattern."""
    return [pattern.format(d=i % 28 + 1, m=i % 12 + 1) for i in range(N)]


@dataclass(frozen=True)
class Case:
    """Cells of a column x, what `init` says of it and writes, and the smallest number read."""

    cells: list[str]
    description: str
    minimum: float
    numbers: dict[str, str] = field(default_factory=dict)
    date_format: dict[str, str] = field(default_factory=dict)


JANUARY_1 = 1672531200.0
"""The beginning of 2023, in seconds from 1970."""
CASES = {
    "ISO dates": Case(
        dates("2023-{m:02}-{d:02}"),
        "a date written as 2024-12-31 14:30:00 (iso), such as '2023-01-01'",
        JANUARY_1,
        date_format={"x": "iso"},
    ),
    "US dates": Case(
        dates("{m}/{d}/2023"),
        "a date written as 12/31/2024 (%m/%d/%Y), such as '1/1/2023'",
        JANUARY_1,
        date_format={"x": "%m/%d/%Y"},
    ),
    "times": Case(
        [f"{i % 11 + 1}:{i * 7 % 60:02} {'AM' if i % 3 else 'PM'}" for i in range(N)],
        "a time written as 02:30 PM (%I:%M %p), such as '1:00 PM'",
        60.0 * (60 + 17),
        date_format={"x": "%I:%M %p"},
    ),
    "money": Case(
        [f"${1000 + i * 137 % 9000:,}.50" for i in range(N)],
        "a number written as $1,234.5, such as '$1,000.50'",
        1000.5,
        {"x": "$1,234.5"},
    ),
    "percent": Case(
        [f"{i * 7 % 100}.5%" for i in range(N)],
        "a number written as 1,234.5%, such as '0.5%'",
        0.5,
        {"x": "1,234.5%"},
    ),
    "a unit": Case(
        [f"{2620 + i * 13} lb" for i in range(N)],
        "a number written as 1234.5 lb, such as '2620 lb'",
        2620.0,
        {"x": "1234.5 lb"},
    ),
    "k and M": Case(
        [f"{1 + i % 9}.{i % 10}{'kM'[i % 2]}" for i in range(N)],
        "a number written as 1,234.5k, such as '1.0k'",
        1000.0,
        {"x": "1,234.5k"},
    ),
    "a k or none": Case(
        [f"{1 + i % 9}.5k" if i % 2 else f"{900 + i * 37 % 99}" for i in range(N)],
        "number, not decided",
        900.0,
    ),
}  # fmt: skip
DECIDED = {name: case for name, case in CASES.items() if case.description != "number, not decided"}


def write(columns: dict[str, list[str]], delimiter: str = ",", path: str = "t.csv") -> None:
    """A table of columns, then b and the target y."""
    others = {"b": [str(i % 5) for i in range(N)], "y": [str(3 * i % 11) for i in range(N)]}
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        every = {**columns, **{name: c for name, c in others.items() if name not in columns}}
        writer.writerow(every)
        writer.writerows(zip(*every.values(), strict=True))


def features() -> dict[str, Feature]:
    """The features of model.npz, by name."""
    return {f.name: f for f in nntrain.load_model("model.npz").preprocessing.features}


def smallest(name: str = "x") -> float:
    """The smallest number of a feature of model.npz."""
    feature = features()[name]
    assert isinstance(feature, NumericColumn)
    return feature.minimum


def uncomment(path: str, line: str) -> None:
    """Remove the # before a line of a config, which must stand in it once."""
    text = Path(path).read_text()
    assert text.count(f"  # {line}\n") == 1
    Path(path).write_text(text.replace(f"  # {line}\n", f"  {line}\n"))


def fit_is_silent(run: Run, path: str = "c.yaml") -> None:
    """Fit works with a config and has no note: the config has decided everything."""
    fitted = run("fit", "t.csv", "-c", path, *SMALL)
    assert (fitted.code, "Note" in fitted.err) == (0, False), fitted.err
