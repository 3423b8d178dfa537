"""Random tables of odd numbers and names, and random legal configs that use them."""

from __future__ import annotations

import csv
import io
import random
from typing import Any

from nntrain.config.choices import (
    ACTIVATIONS,
    BATCH_MODES,
    DTYPES,
    ENCODINGS,
    INITIALIZATIONS,
    KEEPS,
    MISSING_TARGETS,
    OPTIMIZERS,
    SCHEDULES,
    TRANSFORMS,
)

NUMBERS = (
    "0", "1", "-1", "0.1", "1e308", "-1e308", "1.7976931348623157e308", "-4e307", "1e-320", "5e-324",
    "-2e-204", "1.5", "2.5", "3", "1e155", "1e-155", "1e200", "-1e200", "3e38", "1e39", "1e-45",
    "1e16", "1e300",
)  # fmt: skip
NAMES = ("a", "b", 'q"uo', "n\nl", "\x1b[2J", "", "predicted_y", "é", " y")
WEIGHTS = ("0", "1", "1e308", "1e-320", "5e-324", "2", "0.5")
POSITIVE = (5e-324, 1e-300, 1e-30, 1e-3, 0.1, 1, 10, 1e10, 1e100, 1e300, 1.7e308)
PARTS = (0.0, 0.1, 0.5, 0.999999, 0.9999999999999999, 5e-324, 1e-300)
KEYS: dict[str, tuple[Any, ...]] = {
    "activation": tuple(ACTIVATIONS),
    "initialization": tuple(INITIALIZATIONS),
    "alpha": POSITIVE,
    "alpha_schedule": tuple(SCHEDULES),
    "optimizer": tuple(OPTIMIZERS),
    "momentum": PARTS,
    "beta_1": PARTS,
    "beta_2": PARTS,
    "epsilon": POSITIVE,
    "weight_decay": (0.0, *POSITIVE),
    "batch_mode": tuple(BATCH_MODES),
    "batch_size": (1, 2, 3, 2**53),
    "tau": (0.0, *POSITIVE),
    "keep": tuple(KEEPS),
    "ensemble": (1, 2),
    "shuffle": (True, False),
    "standardize": (True, False),
    "numeric_encoding": tuple(ENCODINGS),
    "bins": (1, 2, 8, 1000),
    "target_transform": tuple(TRANSFORMS),
    "clamp_predictions": (True, False),
    "validation_fraction": (0.0, 0.3, 0.5),
    "calibration_fraction": (0.0, 0.3, 0.5),
    "missing_target": tuple(MISSING_TARGETS),
    "dtype": tuple(DTYPES),
    "seed": (0, 1, 2**32 - 1),
    "max_categories": (1, 100),
}
"""For each key the values to choose from: ordinary ones, and both ends of its range."""


def odd_column(chosen: random.Random, n: int) -> list[str]:
    """A column of n cells: ordinary, extreme, constant, of few values, or with gaps."""
    kind = chosen.choice(
        ("plain", "plain", "odd", "constant", "texts", "two", "huge", "tiny", "gaps")
    )
    plain = [chosen.gauss(0, 1) for _ in range(n)]
    scale = 10.0 ** (chosen.randrange(100, 308) if kind == "huge" else -chosen.randrange(100, 320))
    columns = {
        "plain": [repr(value) for value in plain],
        "odd": chosen.choices(NUMBERS, k=n),
        "constant": [chosen.choice(NUMBERS)] * n,
        "texts": chosen.choices(("u", "v", "x y"), k=n),
        "two": chosen.choices(chosen.sample(NUMBERS, 2), k=n),
        "gaps": chosen.choices(("", "1", "2"), k=n),
    }
    return columns.get(kind, [repr(value * scale) for value in plain])


def odd_table(chosen: random.Random) -> dict[str, list[str]]:
    """A table of 1 to 15 rows: features of odd names, the target y, perhaps another z, weights w."""
    n = chosen.choice((1, 2, 3, 4, 6, 9, 15))
    columns = {name: odd_column(chosen, n) for name in chosen.sample(NAMES, chosen.randrange(1, 5))}
    columns["y"] = odd_column(chosen, n)
    columns["w"] = chosen.choices(WEIGHTS, k=n) if chosen.random() < 0.5 else ["1"] * n
    if chosen.random() < 0.2:
        columns["z"] = odd_column(chosen, n)
    return columns


def as_csv(columns: dict[str, list[str]]) -> str:
    """A table as CSV, with every cell in quotes."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def odd_config(chosen: random.Random, columns: dict[str, list[str]]) -> dict[str, Any]:
    """A config of legal values for such a table, some of them at the ends of their ranges."""
    keys: dict[str, Any] = {
        "target": ["y", "z"] if "z" in columns and chosen.random() < 0.5 else ["y"],
        "epochs": chosen.choice((0, 1, 2, 5)),
        "hidden_layers": chosen.choice(([], [1], [3], [3, 2])),
        "engine": "numpy",
    }
    if chosen.random() < 0.5:
        keys["weight"] = "w"
    for name, values in KEYS.items():
        if chosen.random() < 0.3:
            keys[name] = chosen.choice(values)
    return keys
