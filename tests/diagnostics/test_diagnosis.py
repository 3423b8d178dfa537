"""The whole diagnosis: each trouble is found where it was made, its remedy helps, no others are."""

from __future__ import annotations

import dataclasses
import itertools
import math
import re

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from support.command import ROOT
from support.diagnosis import error, fitted, metrics, multiplied

import nntrain
from nntrain.config.yaml_file import parse_config
from nntrain.data.readers.table import TableLike
from nntrain.diagnostics.diagnose import diagnose_training
from nntrain.engine.progress import EpochResult
from nntrain.training.history import MOST_STRETCHES, LossHistory
from nntrain.training.run import TrainingRun

pytestmark = pytest.mark.heavy

CONCRETE = ROOT / "sample_data/concrete.csv"
ENERGY = ROOT / "sample_data/energy.csv"
STRENGTH = "target: strength_mpa\n"
HEATING = "target: heating_load\nignore: [cooling_load]\n"
HELD_OUT = "validation_fraction: 0.25\n"


@dataclasses.dataclass(frozen=True)
class Trouble:
    """A run that goes wrong: the finding about it, and by how much its remedy lessens the error.

    What each rule measures is far from its threshold, whichever kernel multiplies matrices.
    """

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


TROUBLES = {
    "ridge, α too small": Trouble(
        STRENGTH + "alpha: 1e-4\n",
        "predictions are worse than those of a linear (ridge) regression on the same columns: RMSE on the training rows "
        "17.17 for strength_mpa, the regression's 10.35",
        "--set optimizer=adam --set alpha=0.01",
        0.5,
    ),
    "ridge, Adam's α too small": Trouble(
        STRENGTH + HELD_OUT + "optimizer: adam\nalpha: 1e-5\n",
        "predictions are worse than those of a linear (ridge) regression on the same columns: RMSE on the validation rows "
        "16.99 for strength_mpa, the regression's 10.59",
        "--set alpha=0.01",
        0.5,
    ),
    "ridge, few epochs": Trouble(
        HEATING + "epochs: 3\n",
        "predictions are worse than those of a linear (ridge) regression on the same columns: RMSE on the training rows "
        "3.365 for heating_load, the regression's 2.919",
        "--set epochs=200",
        0.9,
        ENERGY,
    ),
    "ridge, decay": Trouble(
        STRENGTH + "weight_decay: 0.1\n",
        "predictions are worse than those of a linear (ridge) regression on the same columns: RMSE on the training rows "
        "12.74 for strength_mpa, the regression's 10.35",
        "--set weight_decay=0",
        0.6,
    ),
    "ridge, raw": Trouble(
        STRENGTH + HELD_OUT + "standardize: false\nalpha: 1e-4\n",
        "predictions are worse than those of a linear (ridge) regression on the same columns: RMSE on the validation rows "
        "16.91 for strength_mpa, the regression's 10.59",
        "--set standardize=true --set alpha=0.1",
        0.5,
    ),
    "τ at once": Trouble(
        STRENGTH + "tau: 0.5\n",
        "tau = 0.5 stopped training after epoch 1 of 200, before the network had learned much: RMSE "
        "13.71 for strength_mpa, and 16.7 by always predicting the mean",
        "--set tau=0",
        0.5,
    ),
    "τ by the schedule": Trouble(
        STRENGTH + "tau: 0.01\nalpha: 0.5\nalpha_schedule: cosine\nepochs: 60\n",
        "tau = 0.01 stopped training after epoch 50 of 60 only because the cosine schedule had lowered "
        "alpha to 8% of its first value",
        "--set tau=0",
        0.999,
    ),
    "still falling": Trouble(
        STRENGTH + "hidden_layers: [10, 10, 10, 10]\n",
        "training ended while the loss was still falling, by 5% in the last 20 epochs",
        "--set epochs=400",
        0.93,
    ),
    "still falling where it counts": Trouble(
        HEATING + HELD_OUT + "optimizer: adam\nalpha: 1e-5\n",
        "training ended while the validation loss was still falling, by 5% in the last 20 epochs",
        "--set epochs=400",
        0.8,
        ENERGY,
    ),
    "stopped by τ while falling": Trouble(
        STRENGTH + "batch_mode: batch\nalpha: 0.1\ntau: 0.001\nepochs: 20000\n",
        "training ended while the loss was still falling, by 4% in the last 68 epochs",
        "--set tau=0.0001",
        0.9,
    ),
    "oscillating": Trouble(
        STRENGTH + HELD_OUT + "optimizer: adam\nalpha: 0.8\n",
        "the loss oscillates, so alpha is too high: in the last half of the epochs it went up and down "
        "by 20%, and rose in 50% of them",
        "--set alpha_schedule=cosine",
        0.8,
    ),
    "oscillating ever more": Trouble(
        STRENGTH + "batch_mode: batch\nalpha: 5\nepochs: 40\n",
        "the loss oscillates, so alpha is too high: in the last half of the epochs it went up and down "
        "by 51%, and rose in 100% of them",
        "--set alpha=0.5",
        0.01,
    ),
    "overfitting": Trouble(
        "target: y\nvalidation_fraction: 0.3\nhidden_layers: [64]\nactivation: relu\nepochs: 300\n",
        "the network overfits: since the tenth of the epochs where the validation loss was lowest it "
        "rose by 15%, while the training loss fell by 100%",
        "--set keep=best",
        0.95,
        overfit(),
    ),
    "log": Trouble(
        "target: y\nvalidation_fraction: 0.25\nkeep: best\n",
        "y is skewed (skewness 4.3, of its logarithm -0.1), and a linear (ridge) regression predicts "
        "it better from its logarithm: RMSE 5.072 instead of 7.3",
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
def test_each_trouble_is_found_and_its_remedy_helps(name: str) -> None:
    trouble = TROUBLES[name]
    model, findings = fitted(trouble.table, trouble.source)
    (found,) = [f for f in findings if without_percents(f.text) == without_percents(trouble.text)]
    assert found.remedy == trouble.remedy
    for percent, expected in zip(percents(found.text), percents(trouble.text), strict=True):
        assert percent == pytest.approx(expected, rel=0.35)
    mended, left = fitted(trouble.table, trouble.source, trouble.remedy)
    assert error(mended) < trouble.leaves * error(model)
    assert without_percents(trouble.text) not in [without_percents(f.text) for f in left]


def test_a_ridge_that_knows_the_rows_by_heart_is_nothing_to_be_measured_by() -> None:
    """One of nearly as many inputs as rows errs less on them than on any other."""
    rng = np.random.default_rng(14)
    x = rng.normal(size=60)
    table = pd.DataFrame({"x": x, "y": x + rng.normal(size=60)})
    named = table.assign(name=[f"p{i}" for i in range(60)])
    model, findings = fitted(named, "target: y\ncategorical: [name]\n")
    inputs = np.column_stack([x, np.eye(60)])
    line = np.linalg.lstsq(inputs, table["y"].to_numpy(), rcond=None)[0]
    assert np.abs(inputs @ line - table["y"]).max() < 1e-9 < model.summary.training["y"].rmse
    assert findings == []
    assert nntrain.evaluate(model, named).findings == ()


def test_a_short_patience_that_ended_a_training_that_still_learned_is_found() -> None:
    source = STRENGTH + HELD_OUT + "epochs: 300\n"
    model, findings = fitted(CONCRETE, source + "patience: 1\n")
    found = findings[-1]
    assert model.summary.stopped_by == "patience"
    assert found.remedy == "--set patience=20"
    assert found.text.startswith("patience = 1 stopped training after ")
    assert found.text.endswith(
        ", while the loss was still falling: a validation loss goes up and down on its way, and takes "
        "more patience"
    )
    mended, _ = fitted(CONCRETE, source + "patience: 1\n", found.remedy)
    before, after = (each.summary.validation["strength_mpa"].rmse for each in (model, mended))
    assert after < 0.9 * before
    assert fitted(CONCRETE, source + "patience: 20\n")[1] == []


@pytest.mark.parametrize(
    "name", ["mini-batch", "batch", "concrete", "figure1", "housing", "accurate"]
)
def test_a_healthy_run_has_no_findings(name: str) -> None:
    source = (ROOT / f"configs/{name}.yaml").read_text()
    table = {"figure1": "energy", "housing": "housing"}.get(name, "concrete")
    assert fitted(ROOT / f"sample_data/{table}.csv", source)[1] == []


@pytest.mark.parametrize(
    "source",
    [
        STRENGTH + HELD_OUT,
        STRENGTH + "hidden_layers: []\nalpha: 0.02\n",
        STRENGTH + "alpha_schedule: cosine\n",
        STRENGTH + "epochs: 0\n",
    ],
)
def test_neighbours_of_the_troubles_have_no_findings(source: str) -> None:
    assert fitted(CONCRETE, source)[1] == []


def test_a_linear_target_without_noise_has_no_findings() -> None:
    """Its loss falls for ever, and oscillates by any part of nothing."""
    rng = np.random.default_rng(6)
    x = rng.normal(size=(400, 2))
    table = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": x[:, 0] + x[:, 1]})
    for alpha in (0.05, 1.5):
        source = f"target: y\nhidden_layers: []\nepochs: 300\nbatch_mode: batch\nalpha: {alpha}\n"
        assert fitted(table, source)[1] == []


def test_noise_alone_has_no_findings() -> None:
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
    assert history.n_epochs == 50_000
    assert len(history._stretches) <= MOST_STRETCHES
    last = history.tenths()[-1]
    np.testing.assert_allclose(last, [losses[-5000:].mean(), 2 * losses[-5000:].mean()], rtol=0.02)
    np.testing.assert_allclose(history.noise(), [0.01, 0.02], rtol=0.03)
    np.testing.assert_allclose(history.tenth_standard_error(), history.noise() / 5000**0.5)
    assert history.rising_fraction() == pytest.approx(0.5, abs=0.02)
    assert history.mean_loss() == pytest.approx(losses[25_000:].mean(), rel=0.02)


def test_a_short_course_is_what_it_is() -> None:
    history = course_of(np.array([5.0, 3.0, 4.0, 2.0]))
    assert history.tenths()[:, 0].tolist() == [5.0, 3.0, 4.0, 2.0]
    assert np.isnan(history.tenths()[:, 1]).all()
    assert history.rising_fraction() == 0.5
    assert history.mean_loss() == 3.0


def test_a_network_that_has_ended_counts_by_its_last_loss() -> None:
    history = LossHistory()
    history.add(results(1, 4.0, 8.0))
    history.add(results(2, 2.0, 4.0))
    history.add(results(3, 1.0, 2.0)[1:])
    assert history.tenths()[:, 0].tolist() == [6.0, 3.0, 2.0]


def test_what_noise_alone_does_to_tenths_is_no_finding() -> None:
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
        said += bool(diagnose_training(model, course_of(*losses), 1.0))
    assert said <= 4


def test_a_run_that_is_gone_on_with_judges_by_the_epochs_that_it_has_seen() -> None:
    config = parse_config(STRENGTH + "epochs: 200\nhidden_layers: [10, 10, 10, 10]\n")
    for before, remedies in ((20, ["--set epochs=400"]), (199, [])):
        first = TrainingRun.from_table(CONCRETE, config)
        for _ in itertools.islice(first.epochs(), before):
            pass
        assert nntrain.diagnose(first, first.model("time")) == []
        second = TrainingRun.from_table(CONCRETE, config)
        second.resume(first.checkpoint())
        for _ in second.epochs():
            pass
        assert second.history.n_epochs == 200 - before
        assert [found.remedy for found in nntrain.diagnose(second, second.model())] == remedies


def test_a_model_that_overfits_is_found_by_evaluating_it() -> None:
    source = "target: y\nhidden_layers: [64]\nactivation: relu\nepochs: 300\n"
    model, findings = fitted(overfit(), source)
    assert findings == []
    others = overfit(400)[60:]
    (found,) = nntrain.evaluate(model, others).findings
    assert found.remedy == "--set hidden_layers=[]"
    mended, _ = fitted(overfit(), source, found.remedy)
    before, after = (nntrain.evaluate(each, others).targets["y"].rmse for each in (model, mended))
    assert after < 0.9 * before


def test_rows_unlike_those_of_validation_are_found_by_evaluating_them() -> None:
    """A network is flat where training has few rows, and a line goes on."""
    rng = np.random.default_rng(12)
    x = rng.uniform(-1, 1, size=(400, 2))
    x[:8, 0] *= 3
    wide = rng.uniform(-1, 1, size=(400, 2)) * [3, 1]

    def table(x: NDArray[np.float64]) -> pd.DataFrame:
        y = x[:, 0] + np.sin(3 * x[:, 1]) / 4
        return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": y})

    source = "target: y\nalpha_schedule: cosine\n" + HELD_OUT
    model, findings = fitted(table(x), source)
    assert findings == []
    (found,) = nntrain.evaluate(model, table(wide)).findings
    assert found.text.endswith("; not so on the validation rows")
    assert found.remedy == "--set hidden_layers=[]"
    line, _ = fitted(table(x), source, found.remedy)
    assert nntrain.evaluate(line, table(wide)).findings == ()


def test_an_unfinished_or_untrained_model_is_to_be_trained() -> None:
    config = parse_config(STRENGTH + "alpha: 0.001\n")
    run = TrainingRun.from_table(CONCRETE, config)
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
    said = diagnose_training(model, course_of(losses), 1.0)
    assert all("nan" not in finding.text and "inf" not in finding.text for finding in said)
