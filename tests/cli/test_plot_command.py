"""`nntrain plot`: what is drawn of which log, and what a log may not be."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from support.command import Result, Run, environment

from nntrain.cli.commands.plot import MOST_LOGS
from nntrain.report.loss_charts import log_style
from nntrain.text import distinct_names

HEADER = "epoch,iterations,loss,validation_loss,largest_update,seconds\n"
OF_MEMBERS = HEADER.replace("epoch,", "epoch,member,")
SVG = "{http://www.w3.org/2000/svg}"
LINE = "1,4,0.5,,0.1,0.001\n2,8,0.25,,0.1,0.002\n3,12,0.125,,0.1,0.003\n"


def texts(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in ET.fromstring(svg).iter(f"{SVG}text")]


def lines(svg: str, colour: str) -> list[tuple[str, str]]:
    """What is stroked in a colour from a point to another: its path and its style."""
    return [
        (path.attrib["d"], path.attrib["style"])
        for path in ET.fromstring(svg).iter(f"{SVG}path")
        if f"stroke: {colour}; stroke-width: 1.5" in path.attrib.get("style", "")
        and "clip-path" in path.attrib
    ]


def points(path: str) -> np.ndarray:
    return np.array(re.findall(r"[ML] (\S+) (\S+)", path), dtype=float)


def test_a_loss_that_halves_falls_by_equal_steps_and_validation_is_dashed(
    run: Run, folder: Path
) -> None:
    rows = [f"{i},{i},{2.0**-i!r},{2.0**-i + 1!r},0.1,0.{i:03}\n" for i in range(1, 6)]
    (folder / "loss.csv").write_text(HEADER + "".join(rows))
    assert run("plot", "loss.csv") == Result(0, "", "Wrote loss.svg, the curves of 1 log.\n")
    svg = (folder / "loss.svg").read_text()
    (solid, solid_style), (dashed, dashed_style) = lines(svg, "#0072b2")
    assert "stroke-dasharray" not in solid_style
    assert "stroke-dasharray" in dashed_style
    steps = np.diff(points(solid), axis=0)
    assert len(steps) == 4
    assert np.allclose(steps, steps[0], atol=1e-3)
    assert steps[0][0] > 0 < steps[0][1]  # y counts downwards
    assert len(points(dashed)) == 5
    shown = texts(svg)
    assert {"loss.csv", "training", "validation", "epoch", "loss"} <= set(shown)


def test_the_log_that_fit_writes_is_read_and_stdin_and_stdout_serve(run: Run, folder: Path) -> None:
    fit = ["fit", "sample_data/concrete.csv", "-c", "configs/mini-batch.yaml", "-q"]
    assert run(*fit, "-s", "epochs=3", "-l", "one.csv").code == 0
    assert run(*fit, "-s", "epochs=4", "-s", "ensemble=2", "-l", "two.csv").code == 0
    result = run("plot", "-", "two.csv", "-o", "-", stdin=(folder / "one.csv").read_bytes())
    assert (result.code, result.err) == (0, "")
    assert {"standard input", "two.csv"} <= set(texts(result.out))
    again = run("plot", "-", "two.csv", "-o", "-", stdin=(folder / "one.csv").read_bytes())
    assert again == result
    assert run("plot", "one.csv", "two.csv", "-o", "c.PNG", "-q") == Result(0, "", "")
    assert (folder / "c.PNG").read_bytes().startswith(b"\x89PNG")


def test_an_ensemble_is_a_line_and_a_band(run: Run, folder: Path) -> None:
    rows = "".join(f"{i},{j},4,{j / i!r},,0.1,0.001\n" for i in range(1, 5) for j in range(1, 4))
    (folder / "l.csv").write_text(OF_MEMBERS + rows)
    svg = run("plot", "l.csv", "-o", "-").out
    ((mean, _),) = lines(svg, "#0072b2")
    root = ET.fromstring(svg)
    (band,) = (use for use in root.iter(f"{SVG}use") if "fill-opacity: 0.18" in use.attrib["style"])
    shape = band.attrib["{http://www.w3.org/1999/xlink}href"].removeprefix("#")
    (outline,) = (path for path in root.iter(f"{SVG}path") if path.attrib.get("id") == shape)
    heights = points(outline.attrib["d"])[:, 1] + float(band.attrib["y"])
    assert heights.min() < points(mean)[:, 1].min()
    assert heights.max() > points(mean)[:, 1].max()


@pytest.mark.parametrize(
    "losses",
    [
        ["0.0", "0.0", "0.0"], ["0.5", "0.0", "0.1"], ["0.3"] * 3,
        ["1e-320", "1e300", "1.0"], ["1.7e308", "5e-324", "1e308"],
    ],
)  # fmt: skip
def test_any_losses_are_drawn(run: Run, folder: Path, losses: list[str]) -> None:
    rows = [f"{i},{i},{loss},{loss},0.0,0.001\n" for i, loss in enumerate(losses, start=1)]
    (folder / "l.csv").write_text(HEADER + "".join(rows))
    result = run("plot", "l.csv", "-o", "-")
    assert (result.code, result.err) == (0, "")
    assert len(lines(result.out, "#0072b2")) == 2
    assert "nan" not in result.out.lower()


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["a/loss.csv", "b/loss.csv", "c/other.csv"], ["a/loss.csv", "b/loss.csv", "other.csv"]),
        (["loss.csv", "/x/loss.csv"], ["loss.csv", "x/loss.csv"]),
        (["x/a/loss.csv", "y/a/loss.csv"], ["x/a/loss.csv", "y/a/loss.csv"]),
        (["/loss.csv", "loss.csv"], ["/loss.csv", "loss.csv"]),
        (["loss.csv", "loss.csv"], ["loss.csv", "loss.csv (2)"]),
        (["-"], ["standard input"]),
    ],
)
def test_names_that_two_logs_share_are_told_apart(paths: list[str], names: list[str]) -> None:
    assert distinct_names(paths) == names


def test_a_name_is_drawn_as_it_is(run: Run, folder: Path) -> None:
    names = ["_$x^{$.csv", "a<b>&\"'.csv", "é\x1b[31m日.csv"]
    for name in names:
        (folder / name).write_text(HEADER + LINE)
    result = run("plot", *names, "-o", "-")
    assert (result.code, result.err) == (0, "")
    assert {"_$x^{$.csv", "a<b>&\"'.csv", "é\\x1b[31m日.csv"} <= set(texts(result.out))
    assert "\x1b" not in result.out


def test_what_is_no_log_is_explained(run: Run, folder: Path) -> None:
    (folder / "l.csv").write_text(HEADER + LINE + "4,16\n")
    message = "l.csv, line 5: expects 6 cells, found 2"
    assert run("plot", "l.csv") == Result(3, "", f"Error: {message}\n")
    assert not (folder / "loss.svg").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["gone.csv"], 3, "gone.csv: cannot be read: No such file or directory"),
        (["l.csv", "-o", "l.pdf"], 2, "--output l.pdf: expects a name that ends in .svg or .png"),
        (["l.csv", "-o", "l"], 2, "--output l: expects a name that ends in .svg or .png"),
        (["l.csv", "l.svg", "-o", "./l.svg"], 2,
         "--output ./l.svg would overwrite an input of this run"),
        (["-", "-"], 2, "standard input (-) is named twice; it can be read once"),
        (["l.csv", "-o", "gone/l.svg"], 7,
         "gone/l.svg: cannot be written: No such file or directory"),
        (["l.csv"] * 25, 2, "25 logs are more than a chart can tell apart, 24"),
    ],
)  # fmt: skip
def test_a_call_that_cannot_work_is_explained(
    run: Run, folder: Path, arguments: list[str], code: int, message: str
) -> None:
    (folder / "l.csv").write_text(HEADER + LINE)
    (folder / "l.svg").write_text(HEADER + LINE)
    assert run("plot", *arguments) == Result(code, "", f"Error: {message}\n")
    assert (folder / "l.svg").read_text() == HEADER + LINE


def test_as_many_logs_as_may_be_drawn_all_look_different() -> None:
    assert len({log_style(k) for k in range(MOST_LOGS)}) == MOST_LOGS


def test_a_long_log_is_drawn_small(run: Run, folder: Path) -> None:
    rng = np.random.default_rng(0)
    rows = "".join(
        f"{i},{j},4,{1 / i + rng.random() / 9!r},,0.1,0.001\n"
        for i in range(1, 20_001)
        for j in (1, 2)
    )
    (folder / "l.csv").write_text(OF_MEMBERS + rows)
    result = run("plot", "l.csv", "-o", "-")
    assert (result.code, result.err) == (0, "")
    assert len(result.out) < 1_500_000


WITHOUT_MATPLOTLIB = """
import sys
class Missing:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] == "matplotlib":
            raise ModuleNotFoundError(name)
import importlib.util
there = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "matplotlib" else there(name, *rest)
sys.meta_path.insert(0, Missing)
from nntrain.cli.main import run
run()
"""


@pytest.mark.parametrize("arguments", [["plot", "gone.csv"], ["report", "gone.csv"]])
def test_without_matplotlib_the_extra_is_named_before_any_work(
    folder: Path, arguments: list[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_MATPLOTLIB, *arguments],
        capture_output=True, text=True, env=environment(), check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    message = "Error: charts need the extra report: pip install 'nntrain[report]'\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


def test_a_missing_log_names_standard_input(run: Run) -> None:
    message = "Error: standard input: is empty; expects the log that `nntrain fit` writes\n"
    assert run("plot", "-") == Result(3, "", message)
