"""What a report says, section by section, as HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from nntrain import charts
from nntrain.cli import page
from nntrain.cli.fit import STOPPED_BY
from nntrain.cli.metrics import HEADER, epochs_listed, metric_cells
from nntrain.cli.page import Figure
from nntrain.cli.text import beside, distinct_names, figure, figures, printable, ratio
from nntrain.config import DEFAULTS, MEANINGS, as_yaml
from nntrain.data.preprocessing import CategoricalColumn, Feature
from nntrain.drawing import Chart, Vector
from nntrain.effects import Effect, NumericEffect
from nntrain.errors import counted, quoted
from nntrain.explaining import Importance
from nntrain.log_reading import LoggedLosses
from nntrain.model import Model
from nntrain.reporting import DataReport, TargetReport, WorstRow

Section = tuple[str, str]

PLOT_HEIGHT, SQUARE_HEIGHT, EFFECT_HEIGHT = 200.0, 250.0, 170.0
"""Of charts that are looked at beside each other, so that their scales are the same."""
BAR_HEIGHT = 24.0
MOST_BARS = 20
FEW_ROWS = 20
LONGEST_RANGE = 60
MOST_COLUMNS = 200
MOST_CELLS = 30
MOST_DOTS = 15
MOST_NAMES = 3


def sections(
    model: Model, log: LoggedLosses | None, data: DataReport | None, paths: Sequence[str]
) -> list[Section]:
    """All sections: about a model, its log and its data from `paths`, as far as there are any."""
    parts = [("How the model was made", _made(model)), ("Errors in training", _errors(model))]
    if log:
        parts.append(("The course of training", _training(log, model.config.tau)))
    if data:
        name = listed_names(paths)
        for j, target in enumerate(data.targets):
            parts.append((f"{target} on {name}", _target(data, target, j, paths)))
    return [*parts, ("Columns", _columns(model)), ("Config", _config(model))]


def listed_names(paths: Sequence[str]) -> str:
    """The file names of tables, of many the first."""
    names = distinct_names(paths)
    more = len(names) - MOST_NAMES
    return ", ".join(names) if more <= 1 else f"{', '.join(names[:MOST_NAMES])} and {more:,} more"


def _made(model: Model) -> str:
    summary, network, config = model.summary, model.networks[0], model.config
    sizes = "-".join(map(str, network.layer_sizes))
    hidden = f", {config.activation}" if config.hidden_layers else ""
    several = f"{len(model.networks)} networks, averaged, each " if len(model.networks) > 1 else ""
    each = " each" if len(model.networks) > 1 else ""
    held_out = [f", {summary.validation_rows:,} to validate by"] if summary.validation_rows else []
    if model.intervals:
        held_out.append(f", {len(model.intervals.scores):,} kept for intervals")
    versions = ", ".join(f"{of} {version}" for of, version in summary.versions.items())
    epochs = f"{summary.epochs_trained:,} of {counted(config.epochs, 'epoch')}"
    reason = STOPPED_BY[summary.stopped_by] if summary.stopped_by else "the run is unfinished"
    pairs = [
        ("targets" if len(config.target) > 1 else "target", ", ".join(config.target)),
        ("made by", f"nntrain {model.nntrain_version}, {summary.engine} engine"),
        ("versions", versions or "-"),
        ("rows", f"{summary.rows:,} to train on" + "".join(held_out)),
        ("layers", f"{several}{sizes}{hidden}, {config.dtype}"),
        ("weights", f"{network.parameters.vector.size:,}{each}, biases included"),
        ("training", f"{epochs}, {counted(summary.iterations, 'iteration')}"),
        ("stopped", reason.format(tau=config.tau, patience=counted(config.patience or 0, "epoch"))),
    ]
    if summary.kept_epochs:
        pairs.append(("kept", f"the weights of {epochs_listed(summary)}"))
    if summary.started_from:
        pairs.append(("started from", f"the model with the checksum {summary.started_from}"))
    return page.facts(pairs)


def _errors(model: Model) -> str:
    parts = model.summary.parts()
    if not model.summary.training:
        return page.paragraph("The run is unfinished: nothing is measured yet.")
    tables = []
    for target in model.config.target:
        rows = [[part, *metric_cells(of[target])] for part, of in parts.items()]
        tables.append(page.table(["rows of", *HEADER], rows, caption=f"Error of {target}"))
    note = "In the target's unit; beside them what predicting the training mean and a ridge "
    return "\n".join([*tables, page.paragraph(f"{note}regression would miss by.", "muted")])


def _training(log: LoggedLosses, tau: float) -> str:
    n = log.n_networks
    band = f" The mean of {n} networks, and from the least to the largest" if n > 1 else ""
    stays = f"{band}; one that has stopped stays at its last loss." if band else ""
    moves = f"{band}, of those that still train." if band else ""
    last = log.loss.mean[-1]
    course = f"from {log.loss.mean[0]:.4g} to {last:.4g} in epoch {log.epochs[-1]:,.0f}"
    figures = [
        Figure(
            Chart(charts.training(log), plot_height=PLOT_HEIGHT).svg(),
            "Loss by epoch",
            f"Half the mean squared error in the units of training, on a log scale.{stays}",
            f"Training loss by epoch, {course}",
        ),
        Figure(
            Chart(charts.largest_updates(log, tau), plot_height=PLOT_HEIGHT).svg(),
            "Largest update by epoch",
            "The largest change of a weight or bias over an epoch, on a log scale"
            + (f", and τ, below which training stops.{moves}" if tau > 0 else f".{moves}"),
            "Largest update of a weight or bias by epoch",
        ),
    ]
    return page.charts(figures, "training")


def _target(data: DataReport, target: str, j: int, paths: Sequence[str]) -> str:
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
        rows.append([f"{level:g}", ratio(coverage), figure(width)])
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
    ends_of_ranges = figures([end for each in of.ranges for end in (each.low, each.high)])
    labels = [f"{low} to {high}" for low, high in _pairs(ends_of_ranges)]
    ends = [f"{figure(each.rmse)} ({each.rows:,})" for each in of.ranges]
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
            f"Predicted against true {target}: R² {ratio(of.metrics.r2)}",
        ),
        Figure(
            Chart(charts.residuals(name, of.y_true, of.y_pred), plot_height=SQUARE_HEIGHT).svg(),
            "Residuals against prediction",
            f"{shown} Above the dashed line the model predicts too little.",
            f"Residuals of {target} against its prediction: RMSE {figure(of.metrics.rmse)}",
        ),
        Figure(
            Chart(charts.histogram(name, of.counts, of.edges), plot_height=SQUARE_HEIGHT).svg(),
            "Distribution of residuals",
            "All rows" + (", each counted once." if data.weight else "."),
            f"Distribution of the residuals of {target}, from {figure(float(of.edges[0]))} to "
            f"{figure(float(of.edges[-1]))}",
        ),
        Figure(
            Chart(
                charts.bars("RMSE", labels, rmse, ends=ends, most=LONGEST_RANGE),
                height=70 + BAR_HEIGHT * len(labels),
            ).svg(),
            f"RMSE by range of {target}",
            "About as many rows in each; their number in parentheses."
            + (f" Weighted by {printable(data.weight)}." if data.weight else ""),
            f"RMSE by range of {target}: largest, {figure(largest.rmse)}, from "
            f"{figure(largest.low)} to {figure(largest.high)}",
        ),
    ]


def _worst(rows: tuple[WorstRow, ...], columns: list[str], paths: Sequence[str]) -> str:
    shown, names = columns[:MOST_CELLS], dict(zip(paths, distinct_names(paths), strict=True))
    header = ["row", "residual", "true", "predicted", *shown]
    cells = []
    for row in rows:
        y_true, y_pred, residual = beside(row.residual, (row.y_true, row.y_pred))
        of_columns = [row.cells[column] for column in shown]
        cells.append([_place(row.place, names), residual, y_true, y_pred, *of_columns])
    note = page.paragraph(
        "The residual is the true value less the prediction; columns stand in the order of their "
        "importance" + (f", the first {MOST_CELLS}." if len(columns) > MOST_CELLS else "."),
        "muted",
    )
    return note + page.table(header, cells)


def _place(place: str, names: dict[str, str]) -> str:
    """A row's place, its file of several by the name that the page has for it."""
    if len(names) == 1:
        return place.rpartition(", ")[2]
    path = max((path for path in names if place.startswith(f"{path}, ")), key=len, default="")
    return names.get(path, "") + place.removeprefix(path)


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
    rows = [[of.column, figure(of.mean), figure(of.deviation)] for of in columns[:MOST_COLUMNS]]
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
    alt = f"Mean prediction of {target} by {name}: from {figure(float(means.min()))} to "
    return Figure(
        Chart(draw, plot_height=EFFECT_HEIGHT).svg(),
        name,
        caption,
        f"{alt}{figure(float(means.max()))}",
    )


def _columns(model: Model) -> str:
    preprocessing = model.preprocessing
    features = preprocessing.features
    rows = [_feature_cells(of) for of in features[:MOST_COLUMNS]]
    rows += [
        [of.name, "target", " to ".join(figures([of.minimum, of.maximum])), "-", "-"]
        for of in preprocessing.targets
    ]
    header = ["column", "kind", "range or categories in training", "mean", "missing"]
    more = len(features) - MOST_COLUMNS
    note = page.paragraph(f"{more:,} features more are not listed.") if more > 0 else ""
    return page.table(header, rows, left=3) + note


def _feature_cells(feature: Feature) -> list[str]:
    if isinstance(feature, CategoricalColumn):
        return [feature.name, "categories", quoted(feature.categories), "-", "-"]
    span = " to ".join(figures([feature.minimum, feature.maximum]))
    return [feature.name, "number", span, figure(feature.mean), f"{feature.missing_rate:.1%}"]


def _config(model: Model) -> str:
    changed: list[list[str]] = []
    others: list[list[str]] = []
    for name, value in model.config.as_dict().items():
        given = tuple(value) if isinstance(value, list) else value
        rows = others if given == DEFAULTS[name] else changed
        rows.append([name, as_yaml(value), MEANINGS[name]])
    header = ["key", "value", "meaning"]
    return (
        page.paragraph("The keys that differ from their defaults:")
        + page.table(header, changed, left=3)
        + page.hidden("The other keys, as by default", page.table(header, others, left=3))
    )
