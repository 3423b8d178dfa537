"""`nntrain report`: what stands on the page, that it is sound HTML of its own, and what is refused."""

from __future__ import annotations

import dataclasses
import html
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from support.command import ROOT, Result, Run
from support.seen_rows import warning_of

import nntrain
from nntrain.config.keys import DEFAULTS
from nntrain.model.model import read_model
from nntrain.report.measure import measure_report
from nntrain.report.svg import DARK, LIGHT
from nntrain.stats.metrics_text import metric_cells
from nntrain.text import format_number

VOID = {"meta"}
SVG = "{http://www.w3.org/2000/svg}"
AWKWARD = "</title><script>alert(1)</script>&$x$ a_b^{\x1b[31m\u202e\"'日"
SHOWN = AWKWARD.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")


class Page(HTMLParser):
    """The page's tables as rows of texts, its figures, its text, and whether its tags are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.source = text
        self.feed(text)
        self.close()
        assert self.open == []
        self.svgs = [ET.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", text, re.S)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self.open and self.open[-1] in ("td", "th"):
            self.tables[-1][-1][-1] += data

    def table(self, *first: str) -> list[list[str]]:
        """The rows below the header that begins so."""
        return next(rows[1:] for rows in self.tables if rows[0][: len(first)] == list(first))

    @property
    def figures(self) -> list[str]:
        """The figures' titles."""
        return re.findall(r"<figcaption><b>(.*?)</b>", self.source)

    def check(self) -> None:
        """Raise if the page is not of its own, or its charts are not."""
        assert self.source.startswith("<!DOCTYPE html>")
        assert "script" not in self.tags
        assert {name for name, _ in self.attributes if name.startswith("on")} == set()
        outside = {"link", "img", "iframe", "object", "embed", "base", "image", "foreignobject"}
        assert outside.isdisjoint(self.tags)
        addresses = set(re.findall(r"https?://[^\"'\s<)]*", self.source))
        assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
        assert "@import" not in self.source
        links = [value for name, value in self.attributes if name in ("href", "xlink:href", "src")]
        assert all(link.startswith("#") for link in links)
        ids = [value for name, value in self.attributes if name == "id"]
        assert len(ids) == len(set(ids))
        assert {link[1:] for link in links} <= set(ids)
        assert set(re.findall(r"url\(#(.*?)\)", self.source)) <= set(ids)
        assert len(self.svgs) == len(self.figures)
        for svg in self.svgs:
            assert svg.attrib["role"] == "img"
            title = svg.find(f"{SVG}title")
            assert title is not None
            assert title.text
            assert title.attrib["id"] == svg.attrib["aria-labelledby"]
            assert "width" not in svg.attrib
            box = [float(number) for number in svg.attrib["viewBox"].split()]
            assert box[2] <= 400
        charts = "".join(re.findall(r"<svg.*?</svg>", self.source, re.S))
        assert re.findall(r"(?:fill|stroke): #", charts) == []
        assert set(re.findall(r"var\(--([\w-]+)\)", self.source)) <= LIGHT.keys()
        assert DARK.keys() == LIGHT.keys()


def texts_of(svg: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in svg.iter(f"{SVG}text")]


def n_points(svg: ET.Element) -> int:
    """The round marks of a scatter plot, each drawn by reference."""
    return sum("fill-opacity" in use.attrib.get("style", "") for use in svg.iter(f"{SVG}use"))


def frame(n_rows: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, n_rows)).round(4)
    kind = rng.choice(["red", "blue", ""], n_rows)
    gaps = np.where(rng.random(n_rows) < 0.2, np.nan, rng.normal(size=n_rows).round(4))
    noise = rng.normal(size=n_rows) / 10
    y = (2 * a - b + 3 * (kind == "red") + noise).round(5)
    z = (1000 + 50 * b + noise).round(5)
    return pd.DataFrame({"a": a, "b": b, "kind": kind, "gaps": gaps, "y": y, "z": z})


CONFIG = "target: [y, z]\nepochs: 5\nvalidation_fraction: 0.2\ntau: 1e-6\nhidden_layers: [4]\n"


@pytest.fixture
def table(folder: Path, run: Run) -> Path:
    """A table, with model.npz and loss.csv of it."""
    frame().to_csv("t.csv", index=False)
    Path("c.yaml").write_text(CONFIG)
    assert run("fit", "t.csv", "-c", "c.yaml", "-q").code == 0
    return folder / "t.csv"


def test_the_page_says_how_the_model_was_made(run: Run, table: Path) -> None:
    assert run("report") == Result(0, "", "Wrote report.html.\n")
    page = Page(Path("report.html").read_text())
    page.check()
    model = nntrain.load_model("model.npz")
    text = " ".join(page.texts)
    for fact in (
        f"nntrain {model.nntrain_version}, {model.summary.engine} engine",
        "48 to train on, 12 to validate by",
        "-".join(map(str, model.networks[0].layer_sizes)) + ", sigmoid, float64",
        f"{model.networks[0].parameters.vector.size:,}, biases included",
        "5 of 5 epochs, 10 iterations",
        "all epochs are done",
        f"numpy {np.__version__}",
    ):
        assert fact in text
    errors = [rows for rows in page.tables if rows[0][0] == "rows of"]
    parts = model.summary.parts()
    for rows, target in zip(errors, ("y", "z"), strict=True):
        assert rows[1:] == [
            [part, *metric_cells(metrics[target])] for part, metrics in parts.items()
        ]
    columns = {row[0]: row[1:] for row in page.table("column", "kind")}
    kinds = [
        ("a", "number"),
        ("b", "number"),
        ("kind", "categories"),
        ("gaps", "number"),
        ("y", "target"),
        ("z", "target"),
    ]
    assert [(name, row[0]) for name, row in columns.items()] == kinds
    for name in ("''", "'red'", "'blue'"):
        assert name in columns["kind"][1]
    gaps = next(feature for feature in model.preprocessing.features if feature.name == "gaps")
    assert columns["gaps"][3] == f"{gaps.missing_rate:.1%}"  # type: ignore[union-attr]
    changed, others = (rows[1:] for rows in page.tables if rows[0][0] == "key")
    assert [row[:2] for row in changed] == [
        ["target", '["y", z]'], ["hidden_layers", "[4]"], ["epochs", "5"], ["tau", "1e-06"],
        ["validation_fraction", "0.2"],
    ]  # fmt: skip
    assert {row[0] for row in changed + others} == model.config.as_dict().keys() < DEFAULTS.keys()
    assert "details" in page.tags
    assert page.figures == ["Loss by epoch", "Largest update by epoch"]
    losses, updates = map(texts_of, page.svgs)
    assert {"epoch", "loss", "training", "validation"} <= set(losses)
    assert {"epoch", "largest update", "τ = 1e-06"} <= set(updates)


def test_with_a_table_every_number_is_that_of_evaluate_and_explain(run: Run, table: Path) -> None:
    note = "Note: missing cells taken as the training mean: 9 in 'gaps'\n"
    found = nntrain.evaluate(nntrain.load_model("model.npz"), "t.csv").findings
    look = "".join(f"Look: {finding}\n" for finding in found)
    assert "a leak" in look
    warning = warning_of("t.csv", "80 % of these rows (48 of 60)", some_are_new=True)
    assert run("report", "t.csv") == Result(0, "", f"{note}{warning}{look}Wrote report.html.\n")
    page = Page(Path("report.html").read_text())
    page.check()
    model = nntrain.load_model("model.npz")
    metrics = nntrain.evaluate(model, "t.csv").targets
    importance = nntrain.explain(model, "t.csv").importance
    predicted = model.predict("t.csv")
    data = frame()
    all_rows = [rows[1:] for rows in page.tables if rows[0][0] == "rows of" and len(rows) == 2]
    worst_tables = [rows for rows in page.tables if rows[0][:2] == ["row", "residual"]]
    numbers = [rows[1:] for rows in page.tables if rows[0] == ["column", "RMSE added", "±"]]
    for j, target in enumerate(("y", "z")):
        assert all_rows[j] == [["all", *metric_cells(metrics[target])]]
        of_target = importance[target]
        assert numbers[j] == [
            [column.column, format_number(column.mean), format_number(column.deviation)]
            for column in of_target
        ]
        header, *worst = worst_tables[j]
        assert header == [
            "row",
            "residual",
            "true",
            "predicted",
            *(column.column for column in of_target),
        ]
        y_pred = predicted[f"predicted_{target}"]
        errors = (data[target] - y_pred).sort_values(key=lambda e: -e.abs())[:10]
        for row, (i, error) in zip(worst, errors.items(), strict=True):
            assert isinstance(i, int)
            assert row[0] == f"line {i + 2}"
            numbers_of = (float(error), float(data[target][i]), float(y_pred[i]))
            decimals = len(row[1].partition(".")[2])
            assert row[1:4] == [f"{number:,.{decimals}f}" for number in numbers_of]
            assert sum(c.isdigit() for c in row[1]) >= 4
            cells = dict(zip(header[4:], row[4:], strict=True))
            assert cells["kind"] == data["kind"][i]
            assert cells["a"] == f"{data['a'][i]:.10g}"
            assert cells["gaps"] == ("" if np.isnan(data["gaps"][i]) else f"{data['gaps'][i]:.10g}")
    names = (
        [column.column for column in importance["y"]],
        [column.column for column in importance["z"]],
    )
    drawn = [
        "Predicted against true",
        "Residuals against prediction",
        "Distribution of residuals",
    ]
    lost = "RMSE added by shuffling a column"
    assert page.figures == [
        "Loss by epoch", "Largest update by epoch",
        *drawn, "RMSE by range of y", lost, *names[0],
        *drawn, "RMSE by range of z", lost, *names[1],
    ]  # fmt: skip
    shown = dict(zip(page.figures[2:7], page.svgs[2:7], strict=True))
    assert n_points(shown["Predicted against true"]) == len(data)
    assert {"true y", "predicted"} <= set(texts_of(shown["Predicted against true"]))
    assert {"predicted y", "true - predicted"} <= set(
        texts_of(shown["Residuals against prediction"])
    )
    assert {"rows", "true - predicted y"} <= set(texts_of(shown["Distribution of residuals"]))
    ranges = measure_report(model, "t.csv").targets["y"].ranges
    ends = [f"{format_number(part.rmse)} ({part.rows})" for part in ranges]
    assert set(ends) <= set(texts_of(shown["RMSE by range of y"]))
    assert {column.column for column in importance["y"]} <= set(texts_of(shown[lost]))


def test_the_page_of_a_model_with_intervals_says_what_they_cover(run: Run, folder: Path) -> None:
    config = nntrain.Config(
        target=("strength_mpa",), epochs=5, calibration_fraction=0.02, validation_fraction=0.2
    )
    path = "sample_data/concrete.csv"
    model = nntrain.fit(path, config)
    model.save("model.npz")
    assert run("report", path, "-q") == Result(0, "", "")
    page = Page(Path("report.html").read_text())
    expected = []
    for level in (0.5, 0.8, 0.9, 0.95):
        metrics = nntrain.evaluate(model, path, interval=level).targets["strength_mpa"].as_dict()
        expected.append(
            [f"{level:g}", f"{metrics['coverage']:.3f}", format_number(metrics["mean_width"])]
        )
    assert page.table("level") == expected
    assert "807 to train on, 202 to validate by, 21 kept for intervals" in page.texts
    nntrain.fit(path, dataclasses.replace(config, calibration_fraction=0.01)).save("model.npz")
    assert run("report", path, "-q") == Result(0, "", "")
    page = Page(Path("report.html").read_text())
    assert [row[0] for row in page.table("level")] == ["0.5", "0.8", "0.9"]


def test_effects_of_a_target_share_their_scale_and_name_their_axes(run: Run, table: Path) -> None:
    page = Page(run("report", "t.csv", "-o", "-").out)
    for target, effects in (("y", page.svgs[7:11]), ("z", page.svgs[16:20])):
        ticks = []
        for svg, name in zip(
            effects, page.figures[7:11] if target == "y" else page.figures[16:20], strict=True
        ):
            shown = texts_of(svg)
            assert {name, target} <= set(shown)
            axis = next(
                group
                for group in svg.iter(f"{SVG}g")
                if group.attrib.get("id", "").endswith("-matplotlib.axis_2")
            )
            ticks.append(texts_of(axis))
        assert len(ticks) == 4
        assert all(texts == ticks[0] for texts in ticks)
    kind = page.svgs[7 + page.figures[7:11].index("kind")]
    counts = frame()["kind"].value_counts()
    labels = {f"{name or '(empty)'} ({counts[name]})" for name in ("red", "blue", "")}
    assert labels <= set(texts_of(kind))


def test_the_ranges_hold_every_row_once_and_the_counts_too(table: Path) -> None:
    model = nntrain.load_model("model.npz")
    target = measure_report(model, "t.csv").targets["y"]
    y = np.sort(frame()["y"].to_numpy())
    assert sum(each.rows for each in target.ranges) == sum(target.counts) == len(y)
    assert len(target.ranges) == 8
    predicted = model.predict("t.csv")["predicted_y"].to_numpy()
    true = frame()["y"].to_numpy()
    for each in target.ranges:
        rows = (true >= each.low) & (true <= each.high)
        assert rows.sum() == each.rows
        assert each.rmse == pytest.approx(np.sqrt(np.mean((predicted - true)[rows] ** 2)))


def test_same_model_same_data_same_bytes_from_anywhere(
    run: Run, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run("report", "t.csv", "-o", "-").out
    Path("matplotlibrc").write_text("lines.linewidth: 9\nsvg.fonttype: path\n")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    monkeypatch.setenv("MPLBACKEND", "module://nowhere.to_be_found")
    assert run("report", "t.csv", "-o", "-").out == first
    monkeypatch.delenv("MPLBACKEND")
    frame().iloc[:20].to_csv("one.csv", index=False)
    frame().iloc[20:].to_csv("two.csv", index=False)
    several = Page(run("report", "one.csv", "two.csv", "-o", "-").out)
    assert several.table("row")[0][0].startswith(("one.csv, line ", "two.csv, line "))
    whole = Page(first)
    strip = [row[1:] for row in several.table("row")]
    assert strip == [row[1:] for row in whole.table("row")]
    piped = run("report", "-", "-o", "-", stdin=table.read_bytes())
    assert piped.code == 0
    assert piped.out == first.replace("t.csv", "standard input")


def test_the_log_of_an_ensemble_is_known_by_its_mean(run: Run, table: Path) -> None:
    fit = [
        "fit",
        "t.csv",
        "-c",
        "c.yaml",
        "-q",
        "-s",
        "ensemble=3",
        "-s",
        "epochs=60",
        "-s",
        "patience=2",
    ]
    assert run(*fit, "-s", "validation_fraction=0.3", "-s", "keep=best").code == 0
    ends = pd.read_csv("loss.csv").groupby("member")["epoch"].max()
    assert ends.nunique() > 1  # they stop at different epochs
    result = run("report", "-o", "-")
    assert (result.code, result.err) == (0, "")
    page = Page(result.out)
    page.check()
    assert page.figures == ["Loss by epoch", "Largest update by epoch"]
    assert "3 networks, averaged, each " in result.out
    assert "the weights of epochs " in result.out


OTHER = (
    "loss.csv: is of another run than model.npz: it ends after epoch 4 with the loss {}, the "
    "model's after epoch 5 with {}; name the log of its run with --log"
)


def test_a_log_of_another_run_is_left_out_with_a_note_or_refused(run: Run, table: Path) -> None:
    lines = Path("loss.csv").read_text().splitlines()
    losses = [line.split(",")[2] for line in lines]
    Path("loss.csv").write_text("\n".join(lines[:-1]) + "\n")
    message = OTHER.format(losses[4], losses[5])
    expected = f"Note: the page does not show the losses by epoch: {message}\nWrote report.html.\n"
    assert run("report") == Result(0, "", expected)
    page = Page(Path("report.html").read_text())
    page.check()
    assert page.figures == []
    Path("report.html").unlink()
    assert run("report", "--log", "loss.csv") == Result(3, "", f"Error: {message}\n")
    assert not Path("report.html").exists()
    cells = lines[-1].split(",")
    cells[2] = repr(np.nextafter(float(cells[2]), 0).item())
    Path("loss.csv").write_text("\n".join([*lines[:-1], ",".join(cells)]) + "\n")
    assert run("report", "-l", "loss.csv").code == 3
    Path("good.csv").write_text("\n".join(lines) + "\n")
    assert run("report", "-l", "good.csv", "-q") == Result(0, "", "")
    assert run("report", "-l", "-", "-q", stdin=Path("good.csv").read_bytes()) == Result(0, "", "")
    Path("loss.csv").unlink()
    assert run("report") == Result(0, "", "Wrote report.html.\n")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["gone.csv"], 3, "gone.csv: cannot be read: No such file or directory"),
        (["t.csv", "-m", "gone.npz"], 4, "gone.npz: there is no such model file; make one with "
         "`nntrain fit`, or name another with --model"),
        (["-l", "gone.csv"], 3, "gone.csv: cannot be read: No such file or directory"),
        (["t.csv", "-o", "t.csv"], 2, "--output t.csv would overwrite an input of this run"),
        (["-o", "model.npz"], 2, "--output model.npz would overwrite an input of this run"),
        (["-o", "./loss.csv"], 2, "--output ./loss.csv would overwrite an input of this run"),
        (["-o", "gone/r.html"], 7, "gone/r.html: cannot be written: No such file or directory"),
        (["-", "-"], 2, "standard input (-) is named twice; it can be read once"),
        (["-", "-l", "-"], 2, "standard input (-) is named twice; it can be read once"),
        (["one.csv"], 3, "one.csv: has too few rows to report on; expects two or more"),
        (["no-z.csv"], 3, "no-z.csv: has no column 'z', which the model needs; it has 'a', 'b', "
         "'kind', 'gaps', 'y'"),
        (["bad.csv"], 3, "bad.csv, line 3, column 'b': expects a number, found 'x'; correct the "
         "cell, or leave it empty if it is missing"),
    ],
)  # fmt: skip
def test_what_stands_in_the_way_is_explained_and_nothing_is_written(
    run: Run, table: Path, arguments: list[str], code: int, message: str
) -> None:
    frame().iloc[:1].to_csv("one.csv", index=False)
    frame().drop(columns="z").to_csv("no-z.csv", index=False)
    Path("bad.csv").write_text("a,b,kind,gaps,y,z\n1,2,red,3,1,1\n1,x,red,3,1,1\n")
    before = {path.name for path in table.parent.iterdir()}
    assert run("report", *arguments) == Result(code, "", f"Error: {message}\n")
    assert {path.name for path in table.parent.iterdir()} == before


def test_names_and_cells_are_escaped_everywhere(run: Run, folder: Path) -> None:
    rng = np.random.default_rng(0)
    n_rows = 30
    data = pd.DataFrame({
        AWKWARD: rng.normal(size=n_rows),
        "k" + AWKWARD: rng.choice([AWKWARD, "b" + AWKWARD], n_rows),
        "_": rng.normal(size=n_rows),
        "y" + AWKWARD: rng.normal(size=n_rows),
    })  # fmt: skip
    nntrain.fit(data, nntrain.Config(target=("y" + AWKWARD,), epochs=2)).save("model.npz")
    name = "<b>$x$&.csv"
    data.to_csv(name, index=False)
    result = run("report", name, "-o", "-")
    warning = warning_of(name, "100 % of these rows (30 of 30)")
    assert (result.code, result.err) == (0, warning)
    assert all(c.isprintable() or c == "\n" for c in result.out)
    assert "<script" not in result.out
    assert "<b>$x$" not in result.out
    page = Page(result.out)
    page.check()
    shown = page.table("column", "kind")
    assert [row[0] for row in shown] == [SHOWN, "k" + SHOWN, "_", "y" + SHOWN]
    assert page.table("row")[0][0].startswith("line ")
    drawn = {text for svg in page.svgs for text in texts_of(svg)}
    assert any(text.startswith("</title><script>alert(") for text in drawn)
    assert any(text.startswith("y</title><sc") and "…" in text for text in drawn)
    assert "y" + SHOWN in html.unescape(page.source)


def test_of_many_rows_some_are_drawn_and_all_are_measured(run: Run, folder: Path) -> None:
    data = frame(5000)
    config = nntrain.Config(target=("y",), ignore=("z",), epochs=2)
    nntrain.fit(data, config).save("model.npz")
    data.to_csv("t.csv", index=False)
    result = run("report", "t.csv", "-o", "-")
    page = Page(result.out)
    page.check()
    assert n_points(page.svgs[0]) == n_points(page.svgs[1]) == 2000
    assert result.out.count("2,000 of 5,000 rows, chosen at random") == 2
    assert page.table("rows of")[0][1] == "5,000"
    assert "over 1,000 rows chosen at random" in result.out
    assert len(result.out) < 1_000_000


@pytest.mark.parametrize(
    ("scale", "shift"), [(0.0, 3.0), (1e-300, 0.0), (1e300, 0.0), (1.0, 1e12), (1e-12, 7.0)]
)
def test_targets_of_any_size_are_drawn(folder: Path, run: Run, scale: float, shift: float) -> None:
    data = frame()
    data["a"] *= 1e200
    config = nntrain.Config(target=("y",), ignore=("z",), epochs=2)
    if scale:
        data["y"] = data["y"] * scale + shift
    nntrain.fit(data, config).save("model.npz")
    if not scale:
        data["y"] = shift
    data["b"] = 2.5
    data.to_csv("t.csv", index=False)
    result = run("report", "t.csv", "-o", "-")
    assert result.code == 0
    page = Page(result.out)
    page.check()
    assert len(page.svgs) == 5 + len(page.table("column", "RMSE added"))


def test_rows_without_a_target_are_left_out_and_places_stay(run: Run, folder: Path) -> None:
    data = frame().astype(object)
    data.loc[::2, "y"] = ""
    data.to_csv("t.csv", index=False)
    config = nntrain.Config(target=("y",), ignore=("z",), epochs=2, missing_target="skip")
    nntrain.fit("t.csv", config).save("model.npz")
    result = run("report", "t.csv", "-o", "-")
    warning = warning_of("t.csv", "100 % of these rows (30 of 30)")
    assert result.err.endswith(f"Note: t.csv: left out 30 rows without a target\n{warning}")
    page = Page(result.out)
    for row in page.table("row"):
        i = int(row[0].removeprefix("line ")) - 2
        assert i % 2 == 1
        assert float(row[2]) == pytest.approx(float(data["y"][i]), rel=1e-3, abs=1e-3)


def test_where_every_row_weighs_nothing_each_counts_once_and_that_is_said(
    run: Run, folder: Path
) -> None:
    data = frame().assign(w=[1.0, 2.0] * 30)
    config = nntrain.Config(target=("y",), ignore=("z",), weight="w", epochs=2)
    nntrain.fit(data, config).save("model.npz")
    data.assign(w=0).to_csv("t.csv", index=False)
    data.assign(w=1).to_csv("equal.csv", index=False)
    done = run("report", "t.csv", "-o", "-")
    assert "Note: t.csv: every row weighs 0; each row counts once\n" in done.err
    page, equal = Page(done.out), Page(run("report", "equal.csv", "-o", "-").out)
    assert page.table("row") == equal.table("row")
    assert "Weighted by w" not in " ".join(page.texts)
    note = "Note: t.csv: every row weighs 0; each row counts once\n"
    assert note in run("evaluate", "t.csv").err
    assert note in run("explain", "t.csv").err


def test_the_page_says_what_its_rows_are(run: Run, folder: Path) -> None:
    data = frame().assign(w=[1.0, 0.0] * 30)
    data.to_csv("t.csv", index=False)
    data.iloc[:12].to_csv("few.csv", index=False)
    data.drop(columns="w").to_csv("unweighted.csv", index=False)
    config = nntrain.Config(target=("y",), ignore=("z",), weight="w", validation_fraction=0.2)
    nntrain.fit("t.csv", config).save("model.npz")
    said = {
        path: " ".join(Page(run("report", path, "-o", "-").out).texts)
        for path in ("t.csv", "few.csv", "unweighted.csv")
    }
    own = "are equal to rows that the model learned from: expect larger errors on other rows."
    few, weighted = "6 rows say little about errors on others.", "Weighted by w; a row of weight 0"
    assert [text in said["t.csv"] for text in (own, few, weighted)] == [True, False, True]
    assert [text in said["few.csv"] for text in (own, few, weighted)] == [True, True, True]
    assert [text in said["unweighted.csv"] for text in (own, few, weighted)] == [True, False, False]
    page = Page(run("report", "t.csv", "-o", "-").out)
    assert all(int(row[0].removeprefix("line ")) % 2 == 0 for row in page.table("row"))
    note = "has no column 'w', by which training rows were weighted; each row counts once"
    for command in ("report", "evaluate", "explain"):
        assert f"Note: unweighted.csv: {note}\n" in run(command, "unweighted.csv").err


def test_numbers_that_hardly_differ_are_told_apart(run: Run, folder: Path) -> None:
    data = frame()
    data["y"] = 1e6 + data["y"] / 1000
    data["a"] = 2024 + data["a"] / 1e4
    data.to_csv("t.csv", index=False)
    config = nntrain.Config(target=("y",), ignore=("z",), epochs=3)
    nntrain.fit("t.csv", config).save("model.npz")
    page = Page(run("report", "t.csv", "-o", "-").out)
    ranges = [row[2].split(" to ") for row in page.table("column", "kind") if row[0] in ("a", "y")]
    assert all(low != high for low, high in ranges)
    for row in page.table("row"):
        residual, y_true, y_pred = (float(cell.replace(",", "")) for cell in row[1:4])
        assert y_true - y_pred == pytest.approx(residual, rel=0.01)
    bars = page.svgs[page.figures.index("RMSE by range of y")]
    labels = [text for text in texts_of(bars) if " to " in text]
    assert len(set(labels)) == 8
    assert all(label.split(" to ")[0] != label.split(" to ")[1] for label in labels)


def test_weights_count(folder: Path) -> None:
    data = frame().assign(w=[1.0, 0.0] * 30)
    config = nntrain.Config(target=("y",), ignore=("z",), weight="w", epochs=2)
    model = nntrain.fit(data, config)
    wild = data.assign(y=data["y"].where(data["w"] > 0, 1e6))
    found = measure_report(model, wild)
    assert found.targets["y"].metrics == nntrain.evaluate(model, wild).targets["y"]
    assert found.importance.importance == nntrain.explain(model, wild).importance


def test_a_checkpoint_and_an_untrained_model_have_a_page(run: Run, table: Path) -> None:
    run("fit", "t.csv", "-c", "c.yaml", "-q", "-s", "epochs=0", "-m", "zero.npz", "-l", "zero.csv")
    result = run("report", "t.csv", "-m", "zero.npz", "-o", "-")
    assert result.code == 0
    assert "0 of 0 epochs, 0 iterations" in result.out
    Page(result.out).check()
    model = read_model("model.npz")
    summary = dataclasses.replace(model.summary, stopped_by="", training={}, validation={})
    from nntrain.report.sections import report_sections  # noqa: PLC0415

    text = str(report_sections(dataclasses.replace(model, summary=summary), None, None, []))
    assert "the run is unfinished" in text
    assert "nothing is measured yet" in text


def test_a_page_of_the_housing_table_stays_small(run: Run, folder: Path) -> None:
    path = ROOT / "sample_data/housing.csv"
    config = nntrain.Config(target=("median_house_value",), epochs=1, hidden_layers=(4,))
    nntrain.fit(path, config).save("model.npz")
    result = run("report", str(path), "-o", "-")
    note = "Note: missing cells taken as the training mean: 207 in 'total_bedrooms'\n"
    assert result.err == note + warning_of(
        path, "about 100 % of these rows (4,096 of 4,096 looked up)"
    )
    Page(result.out).check()
    assert len(result.out) < 1_000_000
