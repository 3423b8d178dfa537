"""Leaks: a column that alone predicts the target is found, one that nearly does is not."""

from __future__ import annotations

import shlex

import numpy as np
import pandas as pd
import pytest
from support.diagnosis import findings_on_rows, fitted

from nntrain.config.yaml_file import parse_config
from nntrain.config.yaml_text import as_yaml
from nntrain.diagnostics.finding import Finding
from nntrain.text import printable


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


@pytest.mark.parametrize("column", ["linear", "monotone", "folded"])
@pytest.mark.parametrize("encoding", ["standard", "piecewise_linear"])
def test_a_column_that_tells_the_target_is_a_leak(column: str, encoding: str) -> None:
    table = leaky()[["a", "b", column, "y"]]
    source = f"target: y\ntarget_transform: log\nnumeric_encoding: {encoding}\n"
    (found,) = findings_on_rows(table, source)
    assert found == Finding(
        f"'{column}' alone predicts y almost perfectly: a leak, unless its value is known before that of y",
        f"--set 'ignore=[{column}]'",
    )
    assert fitted(table, source + "epochs: 0\n", found.remedy)[1] == []


def test_what_tells_a_target_nearly_is_no_leak() -> None:
    table = leaky()[["a", "b", "near", "unique", "y"]]
    source = "target: y\ntarget_transform: log\nmax_categories: 400\n"
    assert findings_on_rows(table, source) == []
    assert findings_on_rows(leaky()[["linear", "y"]], source) == []
    assert findings_on_rows(leaky(40)[["a", "linear", "y"]], source) == []


def test_a_category_that_tells_the_target_is_a_leak_and_so_is_where_it_is_missing() -> None:
    rng = np.random.default_rng(2)
    kind = rng.integers(0, 3, 300)
    table = pd.DataFrame({"a": rng.normal(size=300), "y": np.array([1.0, 5.0, 2.0])[kind]})
    named = table.assign(kind=np.array(["u", "v", "w"])[kind])
    text = "'kind' alone predicts y almost perfectly: a leak, unless its value is known before that of y"
    assert findings_on_rows(named, "target: y\n") == [Finding(text, "--set 'ignore=[kind]'")]
    gaps = table.assign(kind=np.where(kind == 0, np.nan, 7.0), y=(kind == 0) * 1.0)
    assert findings_on_rows(gaps, "target: y\n") == [Finding(text, "--set 'ignore=[kind]'")]
    gaps["kind"] = np.where(kind == 0, np.nan, rng.normal(size=300))
    assert findings_on_rows(gaps, "target: y\n") == [Finding(text, "--set 'ignore=[kind]'")]


def test_a_leak_with_gaps_is_a_leak_where_it_is_there() -> None:
    rng = np.random.default_rng(13)
    y = np.exp(rng.normal(size=500))
    leak = np.where(rng.random(500) < 0.3, np.nan, 3 * y + 1)
    near = np.where(rng.random(500) < 0.3, np.nan, y + rng.normal(size=500) / 5)
    table = pd.DataFrame({"a": rng.normal(size=500), "near": near, "y": y})
    assert findings_on_rows(table, "target: y\ntarget_transform: log\n") == []
    (found,) = findings_on_rows(table.assign(leak=leak), "target: y\ntarget_transform: log\n")
    assert found.remedy == "--set 'ignore=[leak]'"


def test_leaks_are_ignored_beside_what_is_ignored_whatever_they_are_called() -> None:
    names = ["it's, a: [leak]\n\x1b[31m", "no"]
    table = leaky().rename(columns={"linear": names[0], "monotone": names[1]})
    table = table[["a", "b", *names, "near", "y"]]
    source = "target: y\ntarget_transform: log\nignore: [near]\n"
    (found,) = findings_on_rows(table, source)
    assert found.text == (
        f"{names[0]!r}, 'no' each alone predict y almost perfectly: leaks, unless their values are known before that of y"
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
    (found,) = findings_on_rows(table, "target: benzene\n")
    assert found.remedy == "--set 'ignore=[sensor]'"


def test_rows_without_weight_show_nothing() -> None:
    """A tail of rows that weigh 0 makes no target skewed, and hides no leak."""
    table = leaky().assign(w=[1.0, 0.0] * 200)[["a", "b", "linear", "w", "y"]]
    table["y"] = table["y"].where(table["w"] > 0, 1e6 * table["a"].abs() + 1.0)
    findings = findings_on_rows(table, "target: y\nweight: w\ntarget_transform: log\n")
    assert [finding.remedy for finding in findings] == ["--set 'ignore=[linear]'"]
    assert findings_on_rows(table, "target: y\nignore: [w]\ntarget_transform: log\n") == []
