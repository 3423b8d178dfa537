"""The section of a report about one target on the rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nntrain.data.readers.table import Place
from nntrain.evaluation.importance import Importance
from nntrain.report.blocks import Block, Details, Figures, Heading, Paragraph, Table
from nntrain.report.description import IMPORTANCE_HEADER, importance_rows
from nntrain.report.measure import DataReport
from nntrain.report.target_figures import effect_figures, error_figures, importance_figure
from nntrain.report.target_measure import WorstRow
from nntrain.stats.metrics_text import HEADER, metric_cells
from nntrain.text import (
    counted,
    distinct_names,
    format_number,
    format_ratio,
    format_with_difference,
)

MOST_COLUMNS = 200
MOST_CELLS = 30
FEW_ROWS = 20


def target_blocks(data: DataReport, target: str, paths: Sequence[str]) -> list[Block]:
    """All that a report shows about a target; `paths` are those of the table's files."""
    report, j = data.targets[target], list(data.targets).index(target)
    importance = data.importance.importance[target]
    columns = [column.column for column in importance]
    return [
        Table(["rows of", *HEADER], [["all", *metric_cells(report.metrics)]]),
        *_notes_on_rows(data),
        *_findings(data),
        *_intervals(data, target),
        Figures(error_figures(data, target), f"errors-{j}"),
        Heading("The rows with the largest errors"),
        *_worst_rows(report.worst, columns, paths),
        Heading("How important each column is"),
        *_importance(importance, data.importance.repeats, j),
        Heading("How predictions depend on each column"),
        _note_on_effects(data),
        Figures(effect_figures(data, target, j), f"effects-{j}"),
    ]


def _notes_on_rows(data: DataReport) -> list[Paragraph]:
    """What a reader must know about the rows to interpret the errors on them."""
    texts = []
    if data.seen_rows and str(data.seen_rows):
        text = str(data.seen_rows)
        texts.append(f"{text[0].upper()}{text[1:]}.")
    if data.rows < FEW_ROWS:
        texts.append(f"{counted(data.rows, 'row')} say little about errors on others.")
    if data.weight:
        texts.append(
            f"Weighted by {data.weight}; a row of weight 0 counts for nothing, and is not shown."
        )
    return [Paragraph(text, muted=True) for text in texts]


def _findings(data: DataReport) -> list[Block]:
    """The problems that the errors and the rows show, each with its remedy."""
    problems = [
        Paragraph(f"{finding.text}; try {finding.remedy} of nntrain fit")
        for finding in data.findings
    ]
    return [Heading("What to look at"), *problems] if problems else []


def _intervals(data: DataReport, target: str) -> list[Block]:
    """How well prediction intervals cover the true values, for a model that has intervals."""
    rows = []
    for level, metrics in data.intervals.items():
        measured = metrics[target].as_dict()
        coverage, width = measured["coverage"], measured["mean_width"]
        rows.append([f"{level:g}", format_ratio(coverage), format_number(width)])
    if not rows:
        return []
    note = (
        "Coverage is the part of the rows whose true value lies between the bounds, the mean width "
        "how far the bounds are apart on average. For new rows, the coverage to expect is the "
        "level or more by calibration rows, and about the level by rows that networks held out; on "
        "rows that the model learned from it comes out too high."
    )
    return [
        Table(["level", "coverage", "mean width"], rows, "Prediction intervals"),
        Paragraph(note, muted=True),
    ]


def _worst_rows(
    rows: Sequence[WorstRow], columns: Sequence[str], paths: Sequence[str]
) -> list[Block]:
    """The rows with the largest errors; `columns` in the order in which to show their cells."""
    shown, names = columns[:MOST_CELLS], dict(zip(paths, distinct_names(paths), strict=True))
    cells = []
    for row in rows:
        y_true, y_pred, residual = format_with_difference(row.residual, (row.y_true, row.y_pred))
        features = [row.cells[column] for column in shown]
        cells.append([_place_text(row.place, names), residual, y_true, y_pred, *features])
    note = (
        "The residual is the true value minus the prediction. The columns stand in the order of "
        "their importance" + (f", the first {MOST_CELLS}." if len(columns) > MOST_CELLS else ".")
    )
    return [
        Paragraph(note, muted=True),
        Table(["row", "residual", "true", "predicted", *shown], cells),
    ]


def _place_text(place: Place, names: Mapping[str, str]) -> str:
    """A row's place, with the name of its file only where there are several files.

    `names` has the files' names on the page, by path.
    """
    if len(names) == 1:
        return place.in_table
    return f"{names.get(place.table, place.table)}, {place.in_table}"


def _importance(columns: Sequence[Importance], repeats: int, j: int) -> list[Block]:
    numbers = Table(IMPORTANCE_HEADER, importance_rows(columns[:MOST_COLUMNS]))
    return [
        Figures([importance_figure(columns, repeats)], f"importance-{j}"),
        Details("The numbers", [numbers]),
    ]


def _note_on_effects(data: DataReport) -> Paragraph:
    mean = "weighted mean prediction" if data.weight else "mean prediction"
    chosen = " chosen at random" if data.averaged < data.rows else ""
    return Paragraph(
        f"Each chart shows the {mean} over {counted(data.averaged, 'row')}{chosen}, with the "
        f"column set to one value in all of them (partial dependence, Friedman 2001). Curves span "
        f"the central 98 % of the column's numbers; the ticks at the bottom are its deciles. All "
        f"charts have the same scale. They show what the model does, not what would happen to a "
        f"row whose other columns change along.",
        muted=True,
    )
