"""Accuracy beside scikit-learn, LightGBM and CatBoost, each as it comes: `init` and `fit` alone."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from commands import NNTRAIN, ROOT
from measure import as_markdown, machine, run_command

OURS = "nntrain"
RATIOS = "RMSE of nntrain / of the column, geometric mean"


class Split(NamedTuple):
    """A table's rows in two parts, one to train on, one to test by; a row is in one of them."""

    train: pd.DataFrame
    test: pd.DataFrame
    target: str
    seed: int

    @property
    def texts(self) -> list[str]:
        """The columns that do not hold numbers."""
        return [str(name) for name in self.train.select_dtypes(exclude="number")]


class Score(NamedTuple):
    """The RMSE of the test rows, and the seconds of a fit; of a split, or means over splits."""

    rmse: float
    seconds: float


Scores = Mapping[str, Score]
Outcome = tuple[Any, float]
"""What is predicted for the rows to test by, and the seconds that the fit took."""
Contender = Callable[[Split], Outcome]


def accuracy(n_splits: int) -> str:
    """The study of the sample tables, as a Markdown table below a line on machine and versions.

    The large table has two splits at most.
    """
    first_line = heading()
    concrete, energy, housing = (
        pd.read_csv(ROOT / f"sample_data/{name}.csv") for name in ("concrete", "energy", "housing")
    )
    tables = {
        "concrete": splits(concrete, "strength_mpa", n_splits),
        "energy": splits(energy.drop(columns="cooling_load"), "heating_load", n_splits),
        "housing": splits(housing, "median_house_value", min(n_splits, 2)),
    }
    contenders: dict[str, Contender] = {
        OURS: partial(by_command, "accurate"),
        "nntrain, textbook": partial(by_command, "textbook"),
        "MLPRegressor": by_scikit_learn,
        "LightGBM": by_lightgbm,
        "CatBoost": by_catboost,
    }
    return f"{first_line}\n\n{scores_as_markdown(measured(tables, contenders))}"


def heading() -> str:
    """The machine, the versions and the date. Exits where a peer is missing."""
    try:
        import catboost
        import lightgbm
        import sklearn
    except ImportError as error:
        message = f"{error}; accuracy needs the extra bench: pip install -e '.[bench]'"
        raise SystemExit(message) from None
    peers = {"scikit-learn": sklearn, "LightGBM": lightgbm, "CatBoost": catboost}
    versions = [f"{name} {module.__version__}" for name, module in peers.items()]
    return ", ".join([machine(), *versions, f"{date.today()}"])


def splits(frame: pd.DataFrame, target: str, n_splits: int) -> list[Split]:
    """Random splits, of seeds from 0 on, with a tenth of the rows to test by."""
    n_test = round(len(frame) / 10)
    parts = []
    for seed in range(n_splits):
        order = np.random.default_rng(seed).permutation(len(frame))
        test, train = np.split(order, [n_test])
        parts.append(Split(frame.iloc[train], frame.iloc[test], target, seed))
    return parts


def measured(
    tables: Mapping[str, Sequence[Split]], contenders: Mapping[str, Contender]
) -> dict[str, Scores]:
    """The mean scores of each contender for each table; on every split all have their turn."""
    rows: dict[str, Scores] = {}
    for name, parts in tables.items():
        taken: dict[str, list[Score]] = {contender: [] for contender in contenders}
        for split in parts:
            y_true = split.test[split.target].to_numpy(dtype=np.float64)
            for contender, run in contenders.items():
                predictions, seconds = run(split)
                rmse = float(np.sqrt(np.mean((np.asarray(predictions) - y_true) ** 2)))
                taken[contender].append(Score(rmse, seconds))
        n_rows = len(parts[0].train) + len(parts[0].test)
        rows[f"{name}, {n_rows:,} rows, splits: {len(parts)}"] = {
            contender: Score(*map(statistics.fmean, zip(*scores, strict=True)))
            for contender, scores in taken.items()
        }
    return rows


def by_command(recipe: str, split: Split) -> Outcome:
    """`nntrain init`, `fit` and `predict`; the seconds are those of the whole command `fit`.

    Numba compiles once after an installation, which an epoch beforehand keeps out of the seconds.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        split.train.to_csv(folder / "train.csv", index=False)
        split.test.drop(columns=split.target).to_csv(folder / "test.csv", index=False)
        asked = ["--target", split.target, "--recipe", recipe, "-q"]
        run_command([NNTRAIN, "init", "train.csv", *asked, "-o", "c.yaml"], folder)
        fit = [str(NNTRAIN), "fit", "train.csv", "-c", "c.yaml", "-q"]
        run_command([*fit, "-s", "epochs=1", "-s", "engine=compiled"], folder)
        seconds = run_command(fit, folder).seconds
        run_command([NNTRAIN, "predict", "test.csv", "-o", "predictions.csv"], folder)
        return pd.read_csv(folder / "predictions.csv").to_numpy()[:, 0], seconds


def by_scikit_learn(split: Split) -> Outcome:
    """MLPRegressor on standardized numbers and one-hot texts, its target standardized too."""
    from sklearn import compose, exceptions, impute, neural_network, pipeline, preprocessing
    from threadpoolctl import threadpool_limits

    scaler = preprocessing.StandardScaler()
    numbers = pipeline.make_pipeline(impute.SimpleImputer(), scaler)
    one_hot = preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    encoder = compose.make_column_transformer((one_hot, split.texts), remainder=numbers)
    network = neural_network.MLPRegressor(random_state=split.seed)
    encoded = pipeline.make_pipeline(encoder, network)
    model = compose.TransformedTargetRegressor(encoded, transformer=scaler)
    # The benchmarks start with one thread for BLAS; here it has all cores, as it has by default.
    with threadpool_limits(os.cpu_count(), user_api="blas"), warnings.catch_warnings():
        warnings.simplefilter("ignore", exceptions.ConvergenceWarning)
        return _fitted(model, split, "str")


def by_lightgbm(split: Split) -> Outcome:
    """LightGBM with its defaults."""
    from lightgbm import LGBMRegressor

    return _fitted(LGBMRegressor(verbose=-1, random_state=split.seed), split, "category")


def by_catboost(split: Split) -> Outcome:
    """CatBoost with its defaults."""
    from catboost import CatBoostRegressor

    settings = {"verbose": 0, "random_seed": split.seed, "allow_writing_files": False}
    return _fitted(CatBoostRegressor(cat_features=split.texts, **settings), split, "object")


def _fitted(model: Any, split: Split, text_type: str) -> Outcome:
    """The outcome of a model with `fit` and `predict`, its texts of a type of pandas'."""
    train, test = (
        part.astype(dict.fromkeys(split.texts, text_type)) for part in (split.train, split.test)
    )
    y = train.pop(split.target)
    began = time.perf_counter()
    model.fit(train, y)
    seconds = time.perf_counter() - began
    return model.predict(test.drop(columns=split.target)), seconds


def scores_as_markdown(rows: Mapping[str, Scores]) -> str:
    """A row for each table, a column for each contender, and by how much nntrain is ahead."""
    names = list(next(iter(rows.values())))
    last = [
        statistics.geometric_mean(scores[OURS].rmse / scores[name].rmse for scores in rows.values())
        for name in names
    ]
    cells = [[row, *(_cell(scores[name]) for name in names)] for row, scores in rows.items()]
    lines = [*cells, [RATIOS, *(f"{ratio:.2f}" for ratio in last)]]
    return as_markdown(["test RMSE (seconds of a fit)", *names], lines)


def _cell(score: Score) -> str:
    rmse = f"{score.rmse:,.0f}" if score.rmse >= 1000 else f"{score.rmse:.3f}"
    return f"{rmse} ({score.seconds:.2f} s)"
