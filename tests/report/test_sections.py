"""The sections of a report as plain values: what they hold, and in which order."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

import nntrain
from nntrain.data.readers.table import Place
from nntrain.report.blocks import Block, Facts, Figures, Heading, Paragraph, Table
from nntrain.report.description import changed_keys, importance_rows, network_text
from nntrain.report.measure import measure_report
from nntrain.report.sections import listed_names, report_sections
from nntrain.report.target_section import _place_text, target_blocks


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(2, 80))
    kind = rng.choice(["u", "v"], 80)
    return pd.DataFrame({"a": a, "b": b, "kind": kind, "y": a + (kind == "u")})


@pytest.fixture(scope="module")
def model() -> nntrain.Model:
    config = nntrain.Config(target=("y",), epochs=2, hidden_layers=(3,), ensemble=2)
    return nntrain.fit(frame(), config)


def texts(blocks: list[Block]) -> list[str]:
    return [block.text for block in blocks if isinstance(block, (Heading, Paragraph))]


def test_without_a_log_or_a_table_there_are_the_sections_about_the_model(
    model: nntrain.Model,
) -> None:
    sections = report_sections(model, None, None, [])
    assert [section.heading for section in sections] == [
        "How the model was made", "Errors in training", "Columns", "Config",
    ]  # fmt: skip
    (facts,) = sections[0].blocks
    assert isinstance(facts, Facts)
    assert dict(facts.pairs)["layers"] == "2 networks, averaged, each 4-3-1, sigmoid, float64"
    assert dict(facts.pairs)["rows"] == "80 to train on"
    (columns,) = sections[2].blocks
    assert isinstance(columns, Table)
    assert [row[:2] for row in columns.rows] == [
        ["a", "number"], ["b", "number"], ["kind", "categories"], ["y", "target"],
    ]  # fmt: skip
    changed = sections[3].blocks[1]
    assert isinstance(changed, Table)
    assert [row[0] for row in changed.rows] == ["target", "hidden_layers", "epochs", "ensemble"]


def test_a_target_has_its_metrics_findings_figures_and_worst_rows(model: nntrain.Model) -> None:
    data = measure_report(model, frame())
    (section,) = [s for s in report_sections(model, None, data, ["t.csv"]) if " on " in s.heading]
    assert section.heading == "y on t.csv"
    blocks = list(section.blocks)
    assert [text for text in texts(blocks) if len(text) < 50] == [
        "What to look at",
        "The rows with the largest errors",
        "How important each column is",
        "How predictions depend on each column",
    ]
    groups = [block for block in blocks if isinstance(block, Figures)]
    assert [group.prefix for group in groups] == ["errors-0", "importance-0", "effects-0"]
    assert [len(group.figures) for group in groups] == [4, 1, 3]
    without = dataclasses.replace(data, findings=(), seen_rows=None)
    assert texts(target_blocks(without, "y", ["t.csv"]))[0] == "The rows with the largest errors"


def test_a_place_names_its_file_only_where_there_are_several() -> None:
    place = Place("data, part 1/a.csv", "line", 7)
    assert _place_text(place, {"data, part 1/a.csv": "a.csv"}) == "line 7"
    names = {"data, part 1/a.csv": "a.csv", "b.csv": "b.csv"}
    assert _place_text(place, names) == "a.csv, line 7"
    assert _place_text(Place("standard input", "line", 2), {"-": "standard input"} | names) == (
        "standard input, line 2"
    )


def test_of_many_files_the_first_are_named() -> None:
    assert listed_names(["x/a.csv", "b.csv"]) == "a.csv, b.csv"
    assert listed_names([f"{i}.csv" for i in range(9)]) == "0.csv, 1.csv, 2.csv and 6 more"


def test_a_model_in_a_few_words(model: nntrain.Model) -> None:
    assert network_text(model) == "4-3-1, sigmoid, float64"
    linear = nntrain.fit(frame(), nntrain.Config(target=("y",), epochs=0, hidden_layers=()))
    assert network_text(linear) == "4-1, float64"
    assert changed_keys(linear.config) == {"target", "epochs", "hidden_layers"}
    columns = nntrain.explain(model, frame()).importance["y"]
    assert [row[0] for row in importance_rows(columns)] == [column.column for column in columns]
