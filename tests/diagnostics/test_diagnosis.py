"""The diagnosis: each rule speaks where the trouble was made, its remedy helps, others are silent."""

from __future__ import annotations

import dataclasses
import itertools
import logging
import math
import re
import shlex
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from support.command import ROOT

import nntrain
from nntrain.config.yaml_file import parse_config
from nntrain.config.yaml_text import as_yaml
from nntrain.data.readers.table import TableLike
from nntrain.diagnostics import convergence as diagnosis
from nntrain.diagnostics.convergence import worse_than_ridge
from nntrain.diagnostics.finding import Finding
from nntrain.diagnostics.row_sample import MOST_ROWS, Sample
from nntrain.engine.progress import EpochResult
from nntrain.stats.metrics import Metrics
from nntrain.text import printable
from nntrain.training.history import MOST_STRETCHES, LossHistory
from nntrain.training.run import TrainingRun

CONCRETE = ROOT / "sample_data/concrete.csv"
ENERGY = ROOT / "sample_data/energy.csv"
STRENGTH = "target: strength_mpa\n"
HEATING = "target: heating_load\nignore: [cooling_load]\n"
HELD_OUT = "validation_fraction: 0.25\n"


@pytest.fixture(autouse=True)
def no_notes() -> Iterator[None]:
    """Notes on columns are no matter here."""
    logger = logging.getLogger("nntrain")
    before = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(before)


def fitted(
    table: TableLike, source: str, remedy: str = "", validation: TableLike | None = None
) -> tuple[nntrain.Model, list[Finding]]:
    """A model and what is said of it, by a config and the options of a remedy."""
    words = shlex.split(remedy)
    assert words[::2] == ["--set"] * len(words[1::2])
    run = TrainingRun.on(table, parse_config(source, overrides=words[1::2]), validation)
    for _ in run.epochs():
        pass
    model = run.model()
    return model, nntrain.diagnose(run, model)


def error(model: nntrain.Model) -> float:
    """The RMSE on the validation rows, on those of training without any."""
    ((of, *_),) = [list(metrics.values()) for metrics in list(model.summary.parts().values())[:1]]
    return of.rmse


@dataclasses.dataclass(frozen=True)
class Trouble:
    """A run that goes wrong: what is said of it, and by how much its remedy lessens the error."""

    source: str
    text: str
    remedy: str
    leaves: float
    table: TableLike = CONCRETE


def overfit(n_rows: int = 60) -> pd.DataFrame:
    """A linear target in noise, of more columns than so few rows can tell apart."""
    rng = np.random.default_rng(8)
    x = rng.normal(size=(n_rows, 12))
    y = x[:, 0] - x[:, 1] + rng.normal(size=n_rows)
    return pd.DataFrame(x, columns=[f"x{j}" for j in range(12)]).assign(y=y)


def multiplied(noise: float = 0.5) -> pd.DataFrame:
    """A target that is a product, up to a factor near 1."""
    rng = np.random.default_rng(3)
    a, b, c = rng.normal(size=(3, 800))
    y = np.exp(1 + a - 0.6 * b + noise * rng.normal(size=800))
    return pd.DataFrame({"a": a, "b": b, "c": c, "y": y})


TROUBLES = {
    "ridge, α too small": Trouble(
        STRENGTH + "alpha: 1e-4\n",
        "worse than a ridge regression on the same inputs: RMSE on the training rows of "
        "strength_mpa 17.17, the ridge's 10.35",
        "--set optimizer=adam --set alpha=0.01",
        0.5,
    ),
    "ridge, Adam's α too small": Trouble(
        STRENGTH + HELD_OUT + "optimizer: adam\nalpha: 1e-5\n",
        "worse than a ridge regression on the same inputs: RMSE on the validation rows of "
        "strength_mpa 16.99, the ridge's 10.59",
        "--set alpha=0.01",
        0.5,
    ),
    "ridge, few epochs": Trouble(
        HEATING + "epochs: 5\n",
        "worse than a ridge regression on the same inputs: RMSE on the training rows of "
        "heating_load 3.281, the ridge's 2.921",
        "--set epochs=200",
        0.9,
        ENERGY,
    ),
    "ridge, decay": Trouble(
        STRENGTH + "weight_decay: 0.1\n",
        "worse than a ridge regression on the same inputs: RMSE on the training rows of "
        "strength_mpa 12.74, the ridge's 10.35",
        "--set weight_decay=0",
        0.6,
    ),
    "ridge, raw": Trouble(
        STRENGTH + HELD_OUT + "standardize: false\nalpha: 1e-4\n",
        "worse than a ridge regression on the same inputs: RMSE on the validation rows of "
        "strength_mpa 16.91, the ridge's 10.59",
        "--set standardize=true --set alpha=0.1",
        0.5,
    ),
    "τ at once": Trouble(
        STRENGTH + "tau: 0.5\n",
        "τ = 0.5 stopped training after epoch 1 of 200, before it had learned much: RMSE of "
        "strength_mpa 13.71, of predicting the mean 16.7",
        "--set tau=0",
        0.5,
    ),
    "τ by the schedule": Trouble(
        STRENGTH + "tau: 0.01\nalpha: 0.5\nalpha_schedule: cosine\nepochs: 60\n",
        "τ = 0.01 stopped training after epoch 50 of 60 only because its cosine schedule had left "
        "8% of α",
        "--set tau=0",
        0.999,
    ),
    "still falling": Trouble(
        STRENGTH + "hidden_layers: [10, 10, 10, 10]\n",
        "the loss was still falling, by 5% in the last 20 epochs",
        "--set epochs=400",
        0.93,
    ),
    "still falling where it counts": Trouble(
        HEATING + HELD_OUT + "optimizer: adam\nalpha: 1e-5\n",
        "the validation loss was still falling, by 5% in the last 20 epochs",
        "--set epochs=400",
        0.8,
        ENERGY,
    ),
    "stopped by τ while falling": Trouble(
        STRENGTH + "batch_mode: batch\nalpha: 0.1\ntau: 0.001\nepochs: 20000\n",
        "the loss was still falling, by 4% in the last 68 epochs",
        "--set tau=0.0001",
        0.9,
    ),
    "oscillating": Trouble(
        STRENGTH + HELD_OUT + "optimizer: adam\nalpha: 0.8\n",
        "the loss oscillates, α is too high to settle: it goes up and down by 20%, and rose in 50% "
        "of the epochs of the last half",
        "--set alpha_schedule=cosine",
        0.8,
    ),
    "oscillating ever more": Trouble(
        STRENGTH + "batch_mode: batch\nalpha: 5\nepochs: 40\n",
        "the loss oscillates, α is too high to settle: it goes up and down by 51%, and rose in 100% "
        "of the epochs of the last half",
        "--set alpha=0.5",
        0.01,
    ),
    "overfitting": Trouble(
        "target: y\nvalidation_fraction: 0.3\nhidden_layers: [64]\nactivation: relu\nepochs: 300\n",
        "the validation loss rose by 15% since its lowest tenth of the epochs, while the loss fell "
        "by 100%: the network overfits",
        "--set keep=best",
        0.95,
        overfit(),
    ),
    "log": Trouble(
        "target: y\nvalidation_fraction: 0.25\nkeep: best\n",
        "y is skewed (4.3, its log -0.1), and a ridge regression errs less by its log: RMSE 5.072, "
        "not 7.283",
        "--set target_transform=log",
        1.0,
        multiplied(),
    ),
}


def without_percents(text: str) -> str:
    """A text in which every percentage is the same: they depend on how a machine rounds."""
    return re.sub(r"\d+%", "N%", text)


def percents(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"(\d+)%", text)]


@pytest.mark.parametrize("name", TROUBLES)
def test_a_rule_speaks_and_its_remedy_helps(name: str) -> None:
    trouble = TROUBLES[name]
    model, findings = fitted(trouble.table, trouble.source)
    (found,) = [f for f in findings if without_percents(f.text) == without_percents(trouble.text)]
    assert found.remedy == trouble.remedy
    for percent, expected in zip(percents(found.text), percents(trouble.text), strict=True):
        assert percent == pytest.approx(expected, rel=0.35)
    mended, left = fitted(trouble.table, trouble.source, trouble.remedy)
    assert error(mended) < trouble.leaves * error(model)
    assert without_percents(trouble.text) not in [without_percents(f.text) for f in left]


def leaky(n_rows: int = 400) -> pd.DataFrame:
    """A target y, and columns that tell it, or nearly."""
    rng = np.random.default_rng(1)
    a, b, noise = rng.normal(size=(3, n_rows))
    y = np.exp(a + b)
    return pd.DataFrame(
        {
            "a": a,
            "b": b,
            "linear": 3 * y + 1,
            "monotone": np.log(y),
            "folded": np.where(rng.random(n_rows) < 0.5, y, -y),
            "near": y + 0.1 * y.std() * noise,
            "unique": [f"row {i}" for i in range(n_rows)],
            "y": y,
        }
    )


def said_of_rows(table: TableLike, source: str) -> list[Finding]:
    """What is said of a table, whatever comes of training."""
    return fitted(table, source + "epochs: 0\n")[1]


@pytest.mark.parametrize("column", ["linear", "monotone", "folded"])
@pytest.mark.parametrize("encoding", ["standard", "piecewise_linear"])
def test_a_column_that_tells_the_target_is_a_leak(column: str, encoding: str) -> None:
    table = leaky()[["a", "b", column, "y"]]
    source = f"target: y\ntarget_transform: log\nnumeric_encoding: {encoding}\n"
    (found,) = said_of_rows(table, source)
    assert found == Finding(
        f"'{column}' alone predicts y almost perfectly: a leak, unless known before y is",
        f"--set 'ignore=[{column}]'",
    )
    assert fitted(table, source + "epochs: 0\n", found.remedy)[1] == []


def test_what_tells_a_target_nearly_is_no_leak() -> None:
    table = leaky()[["a", "b", "near", "unique", "y"]]
    source = "target: y\ntarget_transform: log\nmax_categories: 400\n"
    assert said_of_rows(table, source) == []
    assert said_of_rows(leaky()[["linear", "y"]], source) == []
    assert said_of_rows(leaky(40)[["a", "linear", "y"]], source) == []


def test_a_category_that_tells_the_target_is_a_leak_and_so_is_where_it_is_missing() -> None:
    rng = np.random.default_rng(2)
    kind = rng.integers(0, 3, 300)
    table = pd.DataFrame({"a": rng.normal(size=300), "y": np.array([1.0, 5.0, 2.0])[kind]})
    named = table.assign(kind=np.array(["u", "v", "w"])[kind])
    text = "'kind' alone predicts y almost perfectly: a leak, unless known before y is"
    assert said_of_rows(named, "target: y\n") == [Finding(text, "--set 'ignore=[kind]'")]
    gaps = table.assign(kind=np.where(kind == 0, np.nan, 7.0), y=(kind == 0) * 1.0)
    assert said_of_rows(gaps, "target: y\n") == [Finding(text, "--set 'ignore=[kind]'")]
    gaps["kind"] = np.where(kind == 0, np.nan, rng.normal(size=300))
    assert said_of_rows(gaps, "target: y\n") == [Finding(text, "--set 'ignore=[kind]'")]


def test_a_leak_with_gaps_is_a_leak_where_it_is_there() -> None:
    rng = np.random.default_rng(13)
    y = np.exp(rng.normal(size=500))
    leak = np.where(rng.random(500) < 0.3, np.nan, 3 * y + 1)
    near = np.where(rng.random(500) < 0.3, np.nan, y + rng.normal(size=500) / 5)
    table = pd.DataFrame({"a": rng.normal(size=500), "near": near, "y": y})
    assert said_of_rows(table, "target: y\ntarget_transform: log\n") == []
    (found,) = said_of_rows(table.assign(leak=leak), "target: y\ntarget_transform: log\n")
    assert found.remedy == "--set 'ignore=[leak]'"


def test_a_ridge_that_knows_the_rows_by_heart_is_nothing_to_be_measured_by() -> None:
    """One of nearly as many inputs as rows errs less on them than on any other."""
    rng = np.random.default_rng(14)
    x = rng.normal(size=60)
    table = pd.DataFrame({"x": x, "y": x + rng.normal(size=60)})
    named = table.assign(name=[f"p{i}" for i in range(60)])
    model, findings = fitted(named, "target: y\n")
    ridge = model.summary.training["y"].ridge_rmse
    assert ridge is not None
    assert ridge < model.summary.training["y"].rmse / 2
    assert findings == []
    assert nntrain.evaluate(model, named).findings == ()


def test_a_short_patience_that_ended_a_training_that_still_learned_is_said() -> None:
    source = STRENGTH + HELD_OUT + "epochs: 300\n"
    model, findings = fitted(CONCRETE, source + "patience: 1\n")
    found = findings[-1]
    assert model.summary.stopped_by == "patience"
    assert found.remedy == "--set patience=20"
    assert found.text.startswith("patience = 1 stopped training after ")
    assert found.text.endswith(
        ", while the loss was still falling: a validation loss goes up and down"
    )
    mended, _ = fitted(CONCRETE, source + "patience: 1\n", found.remedy)
    before, after = (of.summary.validation["strength_mpa"].rmse for of in (model, mended))
    assert after < 0.9 * before
    assert fitted(CONCRETE, source + "patience: 20\n")[1] == []


def test_leaks_are_ignored_beside_what_is_ignored_whatever_they_are_called() -> None:
    names = ["it's, a: [leak]\n\x1b[31m", "no"]
    table = leaky().rename(columns={"linear": names[0], "monotone": names[1]})
    table = table[["a", "b", *names, "near", "y"]]
    source = "target: y\ntarget_transform: log\nignore: [near]\n"
    (found,) = said_of_rows(table, source)
    assert found.text == (
        f"{names[0]!r}, 'no' each alone predict y almost perfectly: a leak, unless known before y is"
    )
    assert found.remedy == printable(found.remedy)
    (option,) = shlex.split(found.remedy)[1:]
    assert option == f"ignore={as_yaml(['near', *names])}"
    assert parse_config(source, overrides=[option]).ignore == ("near", *names)
    assert fitted(table, source + "epochs: 0\n", found.remedy)[1] == []


def test_benzene_and_its_sensor_are_found_by_a_curve() -> None:
    """The curve is that of a real table, whose benzene was computed from a sensor's reading."""
    rng = np.random.default_rng(4)
    sensor = rng.normal(900, 250, 3000).clip(400, 2200)
    table = pd.DataFrame({"sensor": sensor, "t": rng.normal(size=3000)})
    table["benzene"] = (0.0000073 * sensor**2 + 0.006 * sensor - 2.0).round(1)
    (found,) = said_of_rows(table, "target: benzene\n")
    assert found.remedy == "--set 'ignore=[sensor]'"


@pytest.mark.parametrize("noise", [1.5, 3.0])
def test_a_skewed_target_that_a_log_does_not_help_is_nothing_to_say(noise: float) -> None:
    assert said_of_rows(multiplied(noise), "target: y\n") == []


def test_a_log_is_not_proposed_where_there_is_none_or_it_is_taken() -> None:
    table = multiplied(0.1)
    assert [of.remedy for of in said_of_rows(table, "target: y\n")] == [
        "--set target_transform=log"
    ]
    assert said_of_rows(table, "target: y\ntarget_transform: log\n") == []
    table["z"] = table["a"] - table["b"]
    assert said_of_rows(table, "target: [y, z]\n") == []
    assert said_of_rows(table.assign(y=table["y"] - 1.0), "target: y\nignore: [z]\n") == []


def test_rows_without_weight_show_nothing() -> None:
    """A tail of rows that weigh 0 makes no target skewed, and hides no leak."""
    table = leaky().assign(w=[1.0, 0.0] * 200)[["a", "b", "linear", "w", "y"]]
    table["y"] = table["y"].where(table["w"] > 0, 1e6 * table["a"].abs() + 1.0)
    said = said_of_rows(table, "target: y\nweight: w\ntarget_transform: log\n")
    assert [of.remedy for of in said] == ["--set 'ignore=[linear]'"]
    assert said_of_rows(table, "target: y\nignore: [w]\ntarget_transform: log\n") == []


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_targets_of_any_size_are_looked_at(scale: float) -> None:
    table = multiplied(0.1)
    table["y"] *= scale / table["y"].max()
    assert [of.remedy for of in said_of_rows(table, "target: y\n")] == [
        "--set target_transform=log"
    ]
    table["leak"] = table["y"] / scale
    assert said_of_rows(table, "target: y\n")[0].remedy == "--set 'ignore=[leak]'"


@pytest.mark.parametrize(
    "name", ["mini-batch", "batch", "concrete", "figure1", "housing", "accurate"]
)
def test_a_healthy_run_is_nothing_to_say(name: str) -> None:
    source = (ROOT / f"configs/{name}.yaml").read_text()
    table = {"figure1": "energy", "housing": "housing"}.get(name, "concrete")
    assert fitted(ROOT / f"sample_data/{table}.csv", source)[1] == []


@pytest.mark.parametrize(
    "source",
    [
        STRENGTH + HELD_OUT,
        STRENGTH + "hidden_layers: []\n",
        STRENGTH + "alpha_schedule: cosine\n",
        STRENGTH + "epochs: 0\n",
    ],
)
def test_neighbours_of_the_troubles_are_nothing_to_say(source: str) -> None:
    assert fitted(CONCRETE, source)[1] == []


def test_a_linear_target_without_noise_is_nothing_to_say() -> None:
    """Its loss falls for ever, and oscillates by any part of nothing."""
    rng = np.random.default_rng(6)
    x = rng.normal(size=(400, 2))
    table = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": x[:, 0] + x[:, 1]})
    for alpha in (0.05, 1.5):
        source = f"target: y\nhidden_layers: []\nepochs: 300\nbatch_mode: batch\nalpha: {alpha}\n"
        assert fitted(table, source)[1] == []


def test_noise_alone_is_nothing_to_say() -> None:
    rng = np.random.default_rng(7)
    table = pd.DataFrame(rng.normal(size=(500, 4)), columns=[*"abc", "y"])
    assert fitted(table, "target: y\nalpha: 0.02\n" + HELD_OUT)[1] == []
    assert fitted(table, "target: y\ntau: 1e9\n")[1] == []


def test_the_ridge_of_an_ensemble_is_fitted_without_the_rows_that_it_is_compared_on() -> None:
    """On few rows of many inputs the ridge that has seen them looks better than it is."""
    rng = np.random.default_rng(9)
    x = rng.normal(size=(60, 40))
    table = pd.DataFrame(x, columns=[f"x{j}" for j in range(40)])
    table["y"] = x[:, 0] + np.abs(x[:, 1]) + rng.normal(size=60)
    source = (
        "target: y\nensemble: 4\nvalidation_fraction: 0.25\nkeep: best\nepochs: 30\n"
        "alpha_schedule: cosine\n"
    )
    model, findings = fitted(table, source)
    assert findings == []
    has_seen = model.baseline.ridge
    assert has_seen is not None
    of_y = model.summary.validation["y"]
    of_all = nntrain.evaluate(model, table).targets["y"]
    assert of_all.ridge_rmse is not None
    assert of_y.ridge_rmse is not None
    assert of_y.rmse < of_y.ridge_rmse
    assert of_all.ridge_rmse < of_y.rmse


def metrics(**figures: Any) -> dict[str, Metrics]:
    some = Metrics(10_000, 2.0, 1.0, 0.5, 3.0, 3.0, 1.0)
    return {"y": dataclasses.replace(some, **figures)}


@pytest.mark.parametrize(
    ("figures", "is_said"),
    [
        ({}, True),
        ({"ridge_rmse": None}, False),
        ({"ridge_rmse": 1.97}, False),
        ({"ridge_rmse": 1.95}, True),
        ({"rows": 100, "ridge_rmse": 1.85}, False),
        ({"rows": 100, "ridge_rmse": 1.8}, True),
        ({"rows": 10}, False),
        ({"mean_rmse": 300.0}, False),
    ],
)
def test_worse_than_the_ridge_is_worse_by_more_than_chance(
    figures: dict[str, Any], is_said: bool
) -> None:
    said = worse_than_ridge(metrics(**figures), "given")
    assert (said != "") == is_said
    if figures == {}:
        assert said == (
            "worse than a ridge regression on the same inputs: RMSE on the given rows of y 2, the "
            "ridge's 1"
        )


def results(epoch: int, *losses: float, validation: float | None = None) -> list[EpochResult]:
    members = range(1, len(losses) + 1) if len(losses) > 1 else [0]
    return [
        EpochResult(epoch, epoch, loss, validation, 1.0, "", member)
        for loss, member in zip(losses, members, strict=True)
    ]


def course_of(
    losses: NDArray[np.float64], validation: NDArray[np.float64] | None = None
) -> LossHistory:
    history = LossHistory()
    for i, loss in enumerate(losses.tolist()):
        of_epoch = None if validation is None else float(validation[i])
        history.add(results(i + 1, loss, validation=of_epoch))
    return history


def test_a_course_of_any_length_keeps_few_sums_that_say_the_same() -> None:
    rng = np.random.default_rng(0)
    losses = 1.0 / np.arange(1, 50_001) ** 0.5 + 0.01 * rng.normal(size=50_000)
    history = course_of(losses, 2 * losses)
    assert history.epochs == 50_000
    assert len(history._stretches) <= MOST_STRETCHES
    last = history.tenths()[-1]
    np.testing.assert_allclose(last, [losses[-5000:].mean(), 2 * losses[-5000:].mean()], rtol=0.02)
    np.testing.assert_allclose(history.noise(), [0.01, 0.02], rtol=0.03)
    np.testing.assert_allclose(history.tenth_noise(), history.noise() / 5000**0.5)
    assert history.rises() == pytest.approx(0.5, abs=0.02)
    assert history.mean_loss() == pytest.approx(losses[25_000:].mean(), rel=0.02)


def test_a_short_course_is_what_it_is() -> None:
    history = course_of(np.array([5.0, 3.0, 4.0, 2.0]))
    assert history.tenths()[:, 0].tolist() == [5.0, 3.0, 4.0, 2.0]
    assert np.isnan(history.tenths()[:, 1]).all()
    assert history.rises() == 0.5
    assert history.mean_loss() == 3.0


def test_a_network_that_has_ended_counts_by_its_last_loss() -> None:
    history = LossHistory()
    history.add(results(1, 4.0, 8.0))
    history.add(results(2, 2.0, 4.0))
    history.add(results(3, 1.0, 2.0)[1:])
    assert history.tenths()[:, 0].tolist() == [6.0, 3.0, 2.0]


def test_what_noise_alone_does_to_tenths_is_not_said() -> None:
    """Many courses that only wander: hardly any is taken for one that falls or rises."""
    model, _ = fitted(CONCRETE, STRENGTH + HELD_OUT + "epochs: 1\n")
    summary = dataclasses.replace(
        model.summary, epochs_trained=40, validation=metrics(ridge_rmse=3.0)
    )
    config = dataclasses.replace(model.config, epochs=40)
    model = dataclasses.replace(model, config=config, summary=summary)
    rng = np.random.default_rng(11)
    said = 0
    for _ in range(200):
        losses = 1.0 + 0.05 * rng.normal(size=(2, 40))
        said += bool(diagnosis.of_training(model, course_of(*losses), 1.0))
    assert said <= 4


def test_a_sample_of_any_number_of_rows_is_bounded_and_even() -> None:
    sample = Sample()
    for start in range(0, 300_000, 7001):
        x = np.arange(start, min(start + 7001, 300_000), dtype=np.float64)[:, None]
        sample.add(x, x, None)
    kept = np.concatenate(sample.x)[:, 0]
    assert MOST_ROWS <= len(kept) <= 2 * MOST_ROWS
    assert set(np.diff(kept)) == {kept[1]}
    whole = Sample()
    x = np.arange(300_000.0)[:, None]
    whole.add(x, x, None)
    np.testing.assert_array_equal(np.concatenate(whole.x)[:, 0], kept)
    few = whole.rows(100)
    assert [len(of) for of in few] == [len(few[0])] * 3
    assert 90 <= len(few[0]) <= 100


def test_a_run_that_is_gone_on_with_judges_by_the_epochs_that_it_has_seen() -> None:
    config = parse_config(STRENGTH + "epochs: 200\nhidden_layers: [10, 10, 10, 10]\n")
    for before, remedies in ((20, ["--set epochs=400"]), (199, [])):
        first = TrainingRun.on(CONCRETE, config)
        for _ in itertools.islice(first.epochs(), before):
            pass
        assert nntrain.diagnose(first, first.model("time")) == []
        second = TrainingRun.on(CONCRETE, config)
        second.resume(first.checkpoint())
        for _ in second.epochs():
            pass
        assert second.history.epochs == 200 - before
        assert [found.remedy for found in nntrain.diagnose(second, second.model())] == remedies


def test_a_model_that_overfits_is_found_by_evaluating_it() -> None:
    source = "target: y\nhidden_layers: [64]\nactivation: relu\nepochs: 300\n"
    model, findings = fitted(overfit(), source)
    assert findings == []
    others = overfit(400)[60:]
    (found,) = nntrain.evaluate(model, others).findings
    assert found.remedy == "--set hidden_layers=[]"
    mended, _ = fitted(overfit(), source, found.remedy)
    before, after = (nntrain.evaluate(of, others).targets["y"].rmse for of in (model, mended))
    assert after < 0.9 * before


def test_rows_unlike_those_of_validation_are_found_by_evaluating_them() -> None:
    """A network is flat far from training, where a line goes on."""
    rng = np.random.default_rng(12)
    x = rng.uniform(-1, 1, size=(400, 2))

    def table(x: NDArray[np.float64]) -> pd.DataFrame:
        y = x[:, 0] + np.sin(3 * x[:, 1]) / 4
        return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": y})

    source = "target: y\nalpha_schedule: cosine\n" + HELD_OUT
    model, findings = fitted(table(x), source)
    assert findings == []
    (found,) = nntrain.evaluate(model, table(x * [8, 1])).findings
    assert found.text.endswith("; unlike on the validation rows")
    assert found.remedy == "--set hidden_layers=[]"
    line, _ = fitted(table(x), source, found.remedy)
    assert nntrain.evaluate(line, table(x * [8, 1])).findings == ()


def test_an_unfinished_or_untrained_model_is_to_be_trained() -> None:
    config = parse_config(STRENGTH + "alpha: 0.001\n")
    run = TrainingRun.on(CONCRETE, config)
    for _ in itertools.islice(run.epochs(), 3):
        pass
    for model in (run.checkpoint(), run.model("time")):
        (found,) = nntrain.evaluate(model, CONCRETE).findings
        assert found.remedy == "--resume"
    model, _ = fitted(CONCRETE, STRENGTH + "epochs: 0\n")
    (found,) = nntrain.evaluate(model, CONCRETE).findings
    assert found.remedy == "--set epochs=200"
    assert str(found) == f"{found.text}; try --set epochs=200"


def test_losses_beyond_measure_are_no_error() -> None:
    losses = np.array([1e300, 1e308, 1e308, math.inf] * 10)
    model, _ = fitted(CONCRETE, STRENGTH + "epochs: 1\n")
    said = diagnosis.of_training(model, course_of(losses), 1.0)
    assert all("nan" not in of.text and "inf" not in of.text for of in said)
