"""What a report says of a target by the rows of a table, as HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from nntrain.arrays import Vector
from nntrain.data.readers.table import Place
from nntrain.evaluation.dependence import Effect, NumericEffect
from nntrain.evaluation.importance import Importance
from nntrain.report import charts
from nntrain.report import html as page
from nntrain.report.axes import Chart
from nntrain.report.html import Figure
from nntrain.report.measure import DataReport, TargetReport, WorstRow
from nntrain.stats.metrics_text import HEADER, metric_cells
from nntrain.text import (
    counted,
    distinct_names,
    format_distinct,
    format_number,
    format_ratio,
    format_with_difference,
    printable,
)

SQUARE_HEIGHT, EFFECT_HEIGHT = 250.0, 170.0
"""Of charts that are looked at beside each other, so that their scales are the same."""
BAR_HEIGHT = 24.0
MOST_BARS = 20
MOST_COLUMNS = 200
MOST_CELLS = 30
MOST_DOTS = 15
FEW_ROWS = 20
LONGEST_RANGE = 60


def target_section(data: DataReport, target: str, j: int, paths: Sequence[str]) -> str:
    """All of it: `j` is the place of the target, `paths` those of the table."""
    of = data.targets[target]
    importance = data.importance.importance[target]
    metrics = page.table(["rows of", *HEADER], [["all", *metric_cells(of.metrics)]])
    return "\n".join([
        metrics,
        *(page.paragraph(text, "muted") for text in _about_rows(data)),
        *_findings(data),
        *_intervals(data, target),
        page.charts(_figures(data, target, of), f"errors-{j}"),
        page.heading("The rows with the largest errors"),
        _worst(of.worst, [each.column for each in importance], paths),
        page.heading("What the model goes by"),
        _importance(importance, data.importance.repeats, j),
        page.heading("How predictions depend on each column"),
        page.paragraph(
            f"The {'weighted ' if data.weight else ''}mean prediction over "
            f"{counted(data.averaged, 'row')}"
            + (" chosen at random" if data.averaged < data.rows else "")
            + " with the column set to each value in every one of them (partial dependence, "
            "Friedman 2001), over the central 98 % of the column's numbers; the ticks on the "
            "floor are its deciles. All have the same scale. It says what the model does, not "
            "what would happen to a row whose other columns move along.",
            "muted",
        ),
        page.charts(_effects(data.effects[target], target, j), f"effects-{j}"),
    ])  # fmt: skip


def _about_rows(data: DataReport) -> list[str]:
    """What a reader must know of the rows to read the errors on them."""
    texts = []
    if data.were_learned_from:
        texts.append(
            "The model was made from these very rows: the errors are too small to be those on new "
            "ones. The validation rows above, if there are any, and nntrain cv tell more."
        )
    if data.rows < FEW_ROWS:
        texts.append(f"{counted(data.rows, 'row')} say little about errors on others.")
    if data.weight:
        texts.append(
            f"Weighted by {data.weight}; a row of weight 0 counts for nothing, and is not among "
            f"those with the largest errors."
        )
    return texts


def _findings(data: DataReport) -> list[str]:
    """What is amiss by the errors on the rows, and with these."""
    said = [page.paragraph(f"{of.text}; try {of.remedy} of nntrain fit") for of in data.findings]
    return [page.heading("What to look at"), *said] if said else []


def _intervals(data: DataReport, target: str) -> list[str]:
    """What prediction intervals come to, of a model that has some."""
    rows = []
    for level, of in data.intervals.items():
        measured = of[target].as_dict()
        coverage, width = measured["coverage"], measured["mean_width"]
        rows.append([f"{level:g}", format_ratio(coverage), format_number(width)])
    if not rows:
        return []
    note = (
        "The part of the rows whose true value lies between the bounds, and how far these are "
        "apart in the mean. It is the level or more for new rows; rows that the model learned from "
        "flatter it."
    )
    return [
        page.table(["level", "coverage", "mean width"], rows, caption="Prediction intervals"),
        page.paragraph(note, "muted"),
    ]


def _pairs(texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Texts in pairs."""
    return zip(texts[::2], texts[1::2], strict=True)


def _figures(data: DataReport, target: str, of: TargetReport) -> list[Figure]:
    shown = (
        f"{data.shown:,} of {data.rows:,} rows, chosen at random."
        if data.shown < data.rows
        else f"{counted(data.rows, 'row')}."
    )
    name = printable(target)
    ends_of_ranges = format_distinct([end for each in of.ranges for end in (each.low, each.high)])
    labels = [f"{low} to {high}" for low, high in _pairs(ends_of_ranges)]
    ends = [f"{format_number(each.rmse)} ({each.rows:,})" for each in of.ranges]
    rmse = [each.rmse for each in of.ranges]
    largest = max(of.ranges, key=lambda each: each.rmse)
    return [
        Figure(
            Chart(
                charts.predicted_against_true(name, of.y_true, of.y_pred),
                plot_height=SQUARE_HEIGHT,
            ).svg(),
            "Predicted against true",
            f"{shown} On the dashed line predictions are right.",
            f"Predicted against true {target}: R² {format_ratio(of.metrics.r2)}",
        ),
        Figure(
            Chart(charts.residuals(name, of.y_true, of.y_pred), plot_height=SQUARE_HEIGHT).svg(),
            "Residuals against prediction",
            f"{shown} Above the dashed line the model predicts too little.",
            f"Residuals of {target} against its prediction: RMSE {format_number(of.metrics.rmse)}",
        ),
        Figure(
            Chart(charts.histogram(name, of.counts, of.edges), plot_height=SQUARE_HEIGHT).svg(),
            "Distribution of residuals",
            "All rows" + (", each counted once." if data.weight else "."),
            f"Distribution of the residuals of {target}, from "
            f"{format_number(float(of.edges[0]))} to {format_number(float(of.edges[-1]))}",
        ),
        Figure(
            Chart(
                charts.bars("RMSE", labels, rmse, ends=ends, most=LONGEST_RANGE),
                height=70 + BAR_HEIGHT * len(labels),
            ).svg(),
            f"RMSE by range of {target}",
            "About as many rows in each; their number in parentheses."
            + (f" Weighted by {printable(data.weight)}." if data.weight else ""),
            f"RMSE by range of {target}: largest, {format_number(largest.rmse)}, from "
            f"{format_number(largest.low)} to {format_number(largest.high)}",
        ),
    ]


def _worst(rows: tuple[WorstRow, ...], columns: list[str], paths: Sequence[str]) -> str:
    shown, names = columns[:MOST_CELLS], dict(zip(paths, distinct_names(paths), strict=True))
    header = ["row", "residual", "true", "predicted", *shown]
    cells = []
    for row in rows:
        y_true, y_pred, residual = format_with_difference(row.residual, (row.y_true, row.y_pred))
        of_columns = [row.cells[column] for column in shown]
        cells.append([_place(row.place, names), residual, y_true, y_pred, *of_columns])
    note = page.paragraph(
        "The residual is the true value less the prediction; columns stand in the order of their "
        "importance" + (f", the first {MOST_CELLS}." if len(columns) > MOST_CELLS else "."),
        "muted",
    )
    return note + page.table(header, cells)


def _place(place: Place, names: dict[str, str]) -> str:
    """A row's place; where there are several files, with the name that the page has for its file.

    `names` are the files' names on the page, by path.
    """
    if len(names) == 1:
        return place.in_table
    return f"{names.get(place.table, place.table)}, {place.in_table}"


def _importance(columns: list[Importance], repeats: int, j: int) -> str:
    shown = columns[:MOST_BARS]
    first = ", ".join(of.column for of in shown[:3])
    bars = charts.bars(
        "RMSE lost",
        [printable(of.column) for of in shown],
        [of.mean for of in shown],
        [of.deviation for of in shown],
    )
    chart = Figure(
        Chart(bars, height=70 + BAR_HEIGHT * len(shown)).svg(),
        "RMSE lost by shuffling a column",
        f"In the target's unit. Permutation importance (Breiman 2001): the mean of "
        f"{repeats} shuffles, and their deviation."
        + (f" The first {MOST_BARS} of {len(columns):,} columns." if columns[MOST_BARS:] else ""),
        f"RMSE lost by shuffling a column, the most by {first}",
    )
    rows = [
        [of.column, format_number(of.mean), format_number(of.deviation)]
        for of in columns[:MOST_COLUMNS]
    ]
    numbers = page.table(["column", "RMSE lost", "±"], rows)
    return page.charts([chart], f"importance-{j}") + page.hidden("The numbers", numbers)


def _effects(effects: list[Effect], target: str, j: int) -> list[Figure]:
    span = charts.span_of(np.concatenate([of.means[:, j] for of in effects]))
    return [_effect(of, printable(target), of.means[:, j], span) for of in effects]


def _effect(of: Effect, target: str, means: Vector, span: tuple[float, float]) -> Figure:
    name = printable(of.column)
    if isinstance(of, NumericEffect):
        draw = charts.curve(name, target, of.points, means, of.marks, span)
        caption = ""
    else:
        names = [printable(category) or "(empty)" for category in of.categories]
        shown = list(zip(names, of.counts, strict=True))[:MOST_DOTS]
        draw = charts.dots(name, target, shown, means[:MOST_DOTS], span)
        more = len(names) - len(shown)
        rest = f" {counted(more, 'rarer category', 'rarer categories')} not shown." if more else ""
        caption = f"Rows in parentheses.{rest}"
    alt = f"Mean prediction of {target} by {name}: from {format_number(float(means.min()))} to "
    return Figure(
        Chart(draw, plot_height=EFFECT_HEIGHT).svg(),
        name,
        caption,
        f"{alt}{format_number(float(means.max()))}",
    )
