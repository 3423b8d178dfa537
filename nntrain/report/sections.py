"""What a report says, section by section, as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from nntrain.config.keys import DEFAULTS, MEANINGS
from nntrain.config.yaml_text import as_yaml
from nntrain.data.preprocessing.transform import CategoricalColumn, Feature
from nntrain.model.model import Model
from nntrain.model.summary import STOPPED_BY, epochs_listed
from nntrain.report import charts
from nntrain.report import html as page
from nntrain.report.axes import Chart
from nntrain.report.html import Figure
from nntrain.report.measure import DataReport
from nntrain.report.target_section import MOST_COLUMNS, target_section
from nntrain.stats.metrics_text import HEADER, metric_cells
from nntrain.text import counted, distinct_names, format_distinct, format_number, quoted
from nntrain.training.loss_log_reader import LoggedLosses

Section = tuple[str, str]

PLOT_HEIGHT = 200.0
"""Of both charts, which are looked at beside each other."""
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
            parts.append((f"{target} on {name}", target_section(data, target, j, paths)))
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
    history = f"from {log.loss.mean[0]:.4g} to {last:.4g} in epoch {log.epochs[-1]:,.0f}"
    format_distinct = [
        Figure(
            Chart(charts.training(log), plot_height=PLOT_HEIGHT).svg(),
            "Loss by epoch",
            f"Half the mean squared error in the units of training, on a log scale.{stays}",
            f"Training loss by epoch, {history}",
        ),
        Figure(
            Chart(charts.largest_updates(log, tau), plot_height=PLOT_HEIGHT).svg(),
            "Largest update by epoch",
            "The largest change of a weight or bias over an epoch, on a log scale"
            + (f", and τ, below which training stops.{moves}" if tau > 0 else f".{moves}"),
            "Largest update of a weight or bias by epoch",
        ),
    ]
    return page.charts(format_distinct, "training")


def _columns(model: Model) -> str:
    preprocessing = model.preprocessing
    features = preprocessing.features
    rows = [_feature_cells(of) for of in features[:MOST_COLUMNS]]
    rows += [
        [of.name, "target", " to ".join(format_distinct([of.minimum, of.maximum])), "-", "-"]
        for of in preprocessing.targets
    ]
    header = ["column", "kind", "range or categories in training", "mean", "missing"]
    more = len(features) - MOST_COLUMNS
    note = page.paragraph(f"{more:,} features more are not listed.") if more > 0 else ""
    return page.table(header, rows, left=3) + note


def _feature_cells(feature: Feature) -> list[str]:
    if isinstance(feature, CategoricalColumn):
        return [feature.name, "categories", quoted(feature.categories), "-", "-"]
    span = " to ".join(format_distinct([feature.minimum, feature.maximum]))
    return [
        feature.name,
        "number",
        span,
        format_number(feature.mean),
        f"{feature.missing_rate:.1%}",
    ]


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
