"""Random tables with odd but legal cells, and random configs under which most of them train."""

from __future__ import annotations

import csv
import io
import json
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nntrain.config.choices import (
    ACTIVATIONS,
    BATCH_MODES,
    ENCODINGS,
    INITIALIZATIONS,
    KEEPS,
    OPTIMIZERS,
    SCHEDULES,
)

FORMS: tuple[Callable[[float], str], ...] = (
    repr,
    "{:.3f}".format,
    "{:e}".format,
    "{:+.4g}".format,
    "{:.2E}".format,
    "{:.0f}".format,
    "{:.0f}.".format,
    "{:.25f}".format,
    "{:012.5f}".format,
    " {:.4f}".format,
    "{:.4f} ".format,
)
"""The ways in which one cell of numbers may be written."""

MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "?")
TEXTS = (
    "u", "v", 'q"uo"te', "a,b", "n\nl", "\r\n", "é", "\u202e", "=1+1", " x ", "TRUE", "\x1b[2J", "None",
    "2024-02-30", "x" * 300, "ﷺ", "\U0001f600", "'", "a;b", "#", "\t", "\u2028", "0x1F", "1_000",
)  # fmt: skip
NAMES = (
    "a", "b", 'q"uo', "n\nl", "é", "a b", "x" * 120, "=1+1", "n#", "a,b", "\u202e", "1", "epoch", "Y",
)  # fmt: skip
CHOICES: dict[str, tuple[Any, ...]] = {
    "activation": tuple(ACTIVATIONS),
    "initialization": tuple(INITIALIZATIONS),
    "alpha_schedule": tuple(SCHEDULES),
    "batch_mode": tuple(BATCH_MODES),
    "batch_size": (1, 2, 7, 32, 1000),
    "weight_decay": (0.0, 1e-4, 0.01),
    "keep": tuple(KEEPS),
    "patience": (2, 50),
    "ensemble": (1, 2, 3),
    "shuffle": (True, False),
    "numeric_encoding": tuple(ENCODINGS),
    "bins": (1, 2, 5),
    "clamp_predictions": (True, False),
    "validation_fraction": (0.0, 0.2, 0.4),
    "calibration_fraction": (0.0, 0.2),
    "dtype": ("float64", "float64", "float32"),
    "seed": (0, 1, 2**32 - 1),
}


@dataclass(frozen=True)
class Column:
    """The cells of a column as CSV has them, and as tokens of JSON."""

    cells: list[str]
    tokens: list[str]


def numbers(values: list[float], chosen: random.Random, *, gaps: bool = False) -> Column:
    """A column of numbers, in one form or in many, maybe with missing cells."""
    forms = FORMS if chosen.random() < 0.5 else (chosen.choice(FORMS),)
    cells = [chosen.choice(forms)(value) for value in values]
    tokens = [repr(float(cell)) for cell in cells]
    for row in range(len(cells)):
        if gaps and row and chosen.random() < 0.25:
            cells[row], tokens[row] = chosen.choice(MISSING), "null"
    return Column(cells, tokens)


def texts(chosen: random.Random, n: int) -> Column:
    """A column of a few odd texts."""
    few = chosen.sample(TEXTS, chosen.randrange(2, 6))
    cells = ["u", *chosen.choices(few, k=n - 1)]
    return Column(cells, [json.dumps(cell) for cell in cells])


def sound_table(chosen: random.Random) -> dict[str, Column]:
    """A table of 12 to 60 rows: one to four features, the target y, and weights w."""
    n = chosen.randrange(12, 61)
    x = [chosen.gauss(0, 1) for _ in range(n)]
    columns: dict[str, Column] = {}
    for name in chosen.sample(NAMES, chosen.randrange(1, 5)):
        scale = 10.0 ** chosen.randrange(-9, 10)
        kinds: dict[str, Callable[[float], Column]] = {
            "signal": lambda _: numbers([10 * value for value in x], chosen),
            "scaled": lambda by: numbers([by * (value + 3) for value in x], chosen),
            "noise": lambda by: numbers([by * chosen.gauss(0, 1) for _ in x], chosen),
            "gaps": lambda _: numbers([chosen.gauss(5, 9) for _ in x], chosen, gaps=True),
            "flag": lambda _: numbers([float(value > 0) for value in x], chosen),
            "far": lambda _: numbers([math.exp(4 * value) for value in x], chosen),
            "texts": lambda _: texts(chosen, n),
        }
        columns[name] = kinds[chosen.choice(list(kinds))](scale)
    y = [30 + 10 * math.tanh(value) + chosen.gauss(0, 0.5) for value in x]
    columns["y"] = numbers(y, chosen)
    columns["w"] = numbers([chosen.choice((0.5, 1, 2, 3.25)) for _ in x], chosen)
    return columns


def as_csv(columns: dict[str, Column], chosen: random.Random) -> str:
    """A table as CSV, with quotes where they are needed, or around every cell."""
    text = io.StringIO(newline="")
    end = chosen.choice(("\n", "\r\n"))
    if chosen.random() < 0.5:
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator=end)
    else:
        writer = csv.writer(text, lineterminator=end)
    writer.writerow(columns)
    writer.writerows(zip(*(column.cells for column in columns.values()), strict=True))
    return text.getvalue()


def as_json_lines(columns: dict[str, Column]) -> str:
    """A table as JSON lines, with the same values."""
    names = [json.dumps(name) for name in columns]
    rows = zip(*(column.tokens for column in columns.values()), strict=True)
    return "".join(
        "{" + ", ".join(f"{n}: {t}" for n, t in zip(names, row, strict=True)) + "}\n"
        for row in rows
    )


def sound_config(chosen: random.Random) -> dict[str, Any]:
    """A config that suits such a table."""
    optimizer = chosen.choice(tuple(OPTIMIZERS))
    keys: dict[str, Any] = {
        "target": "y",
        "epochs": chosen.choice((0, 1, 3, 8)),
        "hidden_layers": chosen.choice(([], [1], [3], [5, 4], [2, 2, 2], [16])),
        "optimizer": optimizer,
        "alpha": chosen.choice((0.001, 0.01, 0.05)),
    }
    if chosen.random() < 0.3:
        keys["weight"] = "w"
    if chosen.random() < 0.2:
        keys["target_transform"] = "log"
    keys |= {name: chosen.choice(CHOICES[name]) for name in CHOICES if chosen.random() < 0.4}
    if ("patience" in keys or keys.get("keep") == "best") and chosen.random() < 0.95:
        keys["validation_fraction"] = 0.2
    return keys
