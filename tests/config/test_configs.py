"""Every config in configs/ trains, and gives what its comments promise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.command import ROOT

import nntrain
from nntrain.config.choices import BATCH_MODES
from nntrain.config.recipes import RECIPES

CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))


@pytest.mark.heavy
@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_config_keeps_its_promises(path: Path) -> None:
    text = path.read_text()
    comments = " ".join(line.strip("# ") for line in text.split("\n") if line.startswith("#"))
    (table,) = re.findall(r"nntrain fit (\S+) --config (?:\S+)", comments)
    assert f"--config configs/{path.name}" in comments
    config = nntrain.load_config(path)
    model = nntrain.fit(ROOT / table, config)
    summary = model.summary
    promises = re.findall(r"above (0\.\d+)", comments)
    assert promises
    if summary.validation:
        measured = [summary.validation, summary.training][: len(promises)]
    else:
        measured = [summary.training]
    for promise, metrics in zip(map(float, promises), measured, strict=True):
        for target_metrics in metrics.values():
            assert target_metrics.r2 is not None
            assert target_metrics.r2 > promise
    if "training stops by τ" in comments:
        assert summary.stopped_by == "tau"
    rows = re.findall(r"([\d,]+) iterations an epoch", comments)
    for count in rows:
        assert int(count.replace(",", "")) * summary.epochs_trained == summary.iterations


def test_concrete_reaches_the_r2_it_is_known_for() -> None:
    config = nntrain.load_config(ROOT / "configs/concrete.yaml")
    model = nntrain.fit(ROOT / "sample_data/concrete.csv", config)
    r2 = model.summary.training["strength_mpa"].r2
    assert r2 is not None
    assert r2 >= 0.8


def test_figure1_is_the_network_of_the_article() -> None:
    config = nntrain.load_config(ROOT / "configs/figure1.yaml", ["epochs=0"])
    model = nntrain.fit(ROOT / "sample_data/energy.csv", config)
    assert model.networks[0].layer_sizes == (3, 5, 2)
    assert model.config.activation == "sigmoid"


def test_there_is_a_config_for_each_batch_mode() -> None:
    for mode in BATCH_MODES:
        assert nntrain.load_config(ROOT / f"configs/{mode}.yaml").batch_mode == mode


def test_the_accurate_config_is_the_recipe() -> None:
    config = nntrain.load_config(ROOT / "configs/accurate.yaml")
    assert config == nntrain.Config(target=("strength_mpa",), **RECIPES["accurate"](1030))


def test_every_config_is_about_twenty_lines() -> None:
    for path in CONFIGS:
        assert 10 <= len(path.read_text().split("\n")) <= 30
