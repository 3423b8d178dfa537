"""What intervals by rows that networks held out cover of new rows, with the default recipe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from commands import ROOT
from intervals import LEVELS
from measure import as_markdown, machine
from numpy.typing import NDArray

import nntrain
from nntrain.config.recipes import RECIPES

NEW_ROWS = 400
Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Source:
    """Where tables come from: `draw` gives rows by their number and a seed."""

    name: str
    target: str
    rows: int
    draw: Callable[[int, int], pd.DataFrame]


def held_out_intervals(n_splits: int) -> str:
    """A Markdown table of the coverage of 400 new rows, the mean over tables of one source each."""
    rows = []
    for source in sources():
        found = np.array([covered(source, seed) for seed in range(n_splits)])
        errors = found.std(axis=0, ddof=1) / n_splits**0.5
        cells = [
            f"{mean:.3f} ± {error:.3f}"
            for mean, error in zip(found.mean(axis=0), errors, strict=True)
        ]
        rows.append([source.name, str(source.rows), *cells])
    header = ["coverage", "rows", *map(str, LEVELS)]
    about = f"{machine()}, {date.today()}, tables of each kind: {n_splits}"
    return f"{about}\n\n{as_markdown(header, rows)}"


def sources() -> list[Source]:
    """The tables: parts of two sample tables, and made ones of three kinds of noise."""
    concrete, energy = (
        pd.read_csv(ROOT / f"sample_data/{name}.csv") for name in ("concrete", "energy")
    )
    energy = energy.drop(columns="cooling_load")
    return [
        Source("concrete", "strength_mpa", 100, part_of(concrete)),
        Source("concrete", "strength_mpa", 300, part_of(concrete)),
        Source("energy", "heating_load", 150, part_of(energy)),
        Source("even noise", "y", 60, made(lambda _b: 0.5)),
        Source("even noise", "y", 150, made(lambda _b: 0.5)),
        Source("much noise", "y", 60, made(lambda _b: 3.0)),
        Source("uneven noise", "y", 150, made(lambda b: 0.05 + np.exp(b) / 3)),
    ]


def part_of(table: pd.DataFrame) -> Callable[[int, int], pd.DataFrame]:
    """Rows drawn from a table without replacement."""
    return lambda n, seed: table.iloc[np.random.default_rng(seed).permutation(len(table))[:n]]


def made(noise: Callable[[Vector], Vector | float]) -> Callable[[int, int], pd.DataFrame]:
    """Rows of y = sin 2a + b²/2 and noise whose deviation may depend on b; c tells nothing."""

    def draw(n: int, seed: int) -> pd.DataFrame:
        rng = np.random.default_rng([seed, 7])
        a, b, c = rng.uniform(-2, 2, (3, n))
        y = np.sin(2 * a) + b * b / 2 + noise(b) * rng.standard_normal(n)
        return pd.DataFrame({"a": a, "b": b, "c": c, "y": y})

    return draw


def covered(source: Source, seed: int) -> list[float]:
    """For each level the coverage of new rows by a model of the default recipe."""
    table = source.draw(source.rows + NEW_ROWS, seed)
    config = nntrain.Config(target=(source.target,), seed=seed, **RECIPES["accurate"](source.rows))
    model = nntrain.fit(table[: source.rows], config)
    found = []
    for level in LEVELS:
        evaluation = nntrain.evaluate(model, table[source.rows :], interval=level)
        coverage = evaluation.targets[source.target].as_dict()["coverage"]
        assert coverage is not None
        found.append(coverage)
    return found
