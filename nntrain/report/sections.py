"""The sections of a report: about the model itself, then about its errors on a table."""

from __future__ import annotations

from collections.abc import Sequence

from nntrain.config.keys import MEANINGS
from nntrain.config.yaml_text import as_yaml
from nntrain.data.preprocessing.columns import CategoricalColumn, Feature
from nntrain.model.model import Model
from nntrain.model.summary import STOPPED_BY, epochs_listed
from nntrain.report.blocks import Block, Details, Facts, Figure, Figures, Paragraph, Section, Table
from nntrain.report.chart_file import Chart
from nntrain.report.description import (
    arithmetic_text,
    changed_keys,
    intervals_text,
    network_text,
    ridge_text,
)
from nntrain.report.loss_charts import largest_updates, training_losses
from nntrain.report.measure import DataReport
from nntrain.report.target_section import MOST_COLUMNS, target_blocks
from nntrain.stats.conformal import Intervals
from nntrain.stats.metrics_text import HEADER, metric_cells
from nntrain.text import counted, distinct_names, format_distinct, format_number, quoted
from nntrain.training.loss_log_reader import LoggedLosses

PLOT_HEIGHT = 200.0
"""The same for both charts, which are looked at side by side."""
MOST_NAMES = 3


def report_sections(
    model: Model, log: LoggedLosses | None, data: DataReport | None, paths: Sequence[str]
) -> list[Section]:
    """All sections, those about a log or about a table only where there is one.

    `paths` are those of the table's files, `data` what was measured on them.
    """
    sections = [
        Section("How the model was made", [_model_facts(model)]),
        Section("Errors in training", _training_errors(model)),
    ]
    if log:
        sections.append(Section("Training by epoch", [_loss_figures(log, model.config.tau)]))
    if data:
        files = listed_names(paths)
        sections += [
            Section(f"{target} on {files}", target_blocks(data, target, paths))
            for target in data.targets
        ]
    return [
        *sections,
        Section("Columns", _columns(model)),
        Section("Config", _config(model)),
    ]


def listed_names(paths: Sequence[str]) -> str:
    """The names of files, or the first few if there are many."""
    names = distinct_names(paths)
    more = len(names) - MOST_NAMES
    return ", ".join(names) if more <= 1 else f"{', '.join(names[:MOST_NAMES])} and {more:,} more"


def _model_facts(model: Model) -> Facts:
    summary, config = model.summary, model.config
    n_networks, n_weights = len(model.networks), model.networks[0].parameters.vector.size
    several = f"{n_networks} networks, averaged, each " if n_networks > 1 else ""
    each = " each" if n_networks > 1 else ""
    epochs = f"{summary.epochs_trained:,} of {counted(config.epochs, 'epoch')}"
    reason = STOPPED_BY[summary.stopped_by] if summary.stopped_by else "the run is unfinished"
    pairs = [
        ("targets" if len(config.target) > 1 else "target", ", ".join(config.target)),
        ("made by", f"nntrain {model.nntrain_version}, {summary.engine} engine"),
        ("versions", arithmetic_text(summary.versions)),
        ("rows", _rows_text(model)),
        ("layers", several + network_text(model)),
        ("weights", f"{n_weights:,}{each}, biases included"),
        ("training", f"{epochs}, {counted(summary.iterations, 'iteration')}"),
        ("stopped", reason.format(tau=config.tau, patience=counted(config.patience or 0, "epoch"))),
    ]
    if summary.kept_epochs:
        pairs.append(("kept", f"the weights of {epochs_listed(summary)}"))
    if summary.started_from:
        pairs.append(("started from", f"the model with the checksum {summary.started_from}"))
    if interval_rows := intervals_text(model):
        pairs.append(("intervals", f"by {interval_rows}"))
    if penalties := ridge_text(model):
        pairs.append(("ridge regression", f"penalty {penalties}, by cross-validation"))
    return Facts(pairs)


def _rows_text(model: Model) -> str:
    """How many rows the model was trained on, and how many were held out."""
    texts = [f"{model.summary.rows:,} to train on"]
    if model.summary.validation_rows:
        texts.append(f"{model.summary.validation_rows:,} to validate by")
    if isinstance(model.intervals, Intervals):
        texts.append(f"{len(model.intervals.scores):,} kept for intervals")
    return ", ".join(texts)


def _training_errors(model: Model) -> list[Block]:
    parts = model.summary.parts()
    if not model.summary.training:
        return [Paragraph("The run is unfinished: nothing is measured yet.")]
    tables = [
        Table(
            ["rows of", *HEADER],
            [[part, *metric_cells(metrics[target])] for part, metrics in parts.items()],
            f"Error of {target}",
        )
        for target in model.config.target
    ]
    note = (
        "All errors are in the target's unit. The last two columns are what to beat: the RMSE of "
        "always predicting the training mean, and that of a ridge regression, whose penalty the "
        "training rows chose."
    )
    return [*tables, Paragraph(note, muted=True)]


def _loss_figures(log: LoggedLosses, tau: float) -> Figures:
    n = log.n_networks
    band = f" The line is the mean of {n} networks, the band spans all of them" if n > 1 else ""
    losses_note = f"{band}; a network that has stopped keeps its last loss." if band else ""
    updates_note = f"{band} that still train." if band else ""
    first, last = log.loss.mean[0], log.loss.mean[-1]
    losses = Figure(
        Chart(training_losses(log), plot_height=PLOT_HEIGHT).svg(),
        "Loss by epoch",
        f"Half the mean squared error in the units of training, on a log scale.{losses_note}",
        f"Training loss by epoch, from {first:.4g} to {last:.4g} in epoch {log.epochs[-1]:,.0f}",
    )
    stops = ", and τ, below which training stops" if tau > 0 else ""
    updates = Figure(
        Chart(largest_updates(log, tau), plot_height=PLOT_HEIGHT).svg(),
        "Largest update by epoch",
        f"The largest change of a weight or bias over an epoch, on a log scale{stops}."
        f"{updates_note}",
        "Largest update of a weight or bias by epoch",
    )
    return Figures([losses, updates], "training")


def _columns(model: Model) -> list[Block]:
    features, targets = model.preprocessing.features, model.preprocessing.targets
    rows = [_feature_cells(feature) for feature in features[:MOST_COLUMNS]]
    rows += [
        [target.name, "target", _range_text(target.minimum, target.maximum), "-", "-"]
        for target in targets
    ]
    header = ["column", "kind", "range or categories in training", "mean", "missing"]
    table = Table(header, rows, n_text_columns=3)
    more = len(features) - MOST_COLUMNS
    return [table, Paragraph(f"{more:,} more features are not listed.")] if more > 0 else [table]


def _feature_cells(feature: Feature) -> list[str]:
    if isinstance(feature, CategoricalColumn):
        return [feature.name, "categories", quoted(feature.categories), "-", "-"]
    missing = f"{feature.missing_rate:.1%}"
    if feature.levels:
        return [feature.name, "ordered", quoted(feature.levels), "-", missing]
    if feature.kind != "number":
        ends = f"{feature.shown(feature.minimum)} to {feature.shown(feature.maximum)}"
        return [feature.name, feature.kind, ends, feature.shown(feature.mean), missing]
    return [
        feature.name,
        "number",
        _range_text(feature.minimum, feature.maximum),
        format_number(feature.mean),
        missing,
    ]


def _range_text(low: float, high: float) -> str:
    return " to ".join(format_distinct([low, high]))


def _config(model: Model) -> list[Block]:
    changed, header = changed_keys(model.config), ["key", "value", "meaning"]
    rows = [[key, as_yaml(value), MEANINGS[key]] for key, value in model.config.as_dict().items()]
    defaults = Table(header, [row for row in rows if row[0] not in changed], n_text_columns=3)
    return [
        Paragraph("The keys that differ from their defaults:"),
        Table(header, [row for row in rows if row[0] in changed], n_text_columns=3),
        Details("The other keys, which have their defaults", [defaults]),
    ]
