"""`nntrain evaluate`: a model's errors on a table with the true values."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import click

from nntrain.cli.messages import path_word, print_findings, print_next_command
from nntrain.cli.options import (
    dialect_options,
    input_paths,
    interval_option,
    json_option,
    model_option,
    tables_or_stdin,
    unseen_only_option,
    verbosity_options,
)
from nntrain.data.readers.dialect import Dialect
from nntrain.errors import CheckFailedError, UsageError
from nntrain.text import format_number, json_text, quoted

if TYPE_CHECKING:
    from nntrain.stats.metrics import Metrics

CONDITION_SYNTAX = re.compile(
    r"\s*(?:(?P<target>.+)\.)?(?P<metric>\w+)\s*(?P<sign>[<>])\s*(?P<limit>\S+)\s*"
)
INTERVAL_METRICS = ("coverage", "mean_width")
SIGNS: dict[str, Callable[[float, float], bool]] = {"<": operator.lt, ">": operator.gt}


@click.command()
@tables_or_stdin
@model_option
@click.option("--by", metavar="COLUMN", help="Also measure the rows with each text in this column.")
@click.option(
    "--fail-if",
    "conditions",
    multiple=True,
    metavar="CONDITION",
    help="Exit with code 6 if this holds: a metric, < or >, a number; may be repeated.",
)
@interval_option
@unseen_only_option
@json_option
@dialect_options
@verbosity_options
def evaluate(
    data: tuple[str, ...],
    model_path: str,
    by: str | None,
    conditions: tuple[str, ...],
    interval: float | None,
    unseen_only: bool,
    as_json: bool,
    dialect: Dialect,
) -> None:
    """Measure a model's errors on the table DATA, in the target's unit.

    \b
    Examples:
      nntrain evaluate sample_data/concrete.csv
      nntrain evaluate sample_data/concrete.csv --by age_days --json
      nntrain evaluate sample_data/concrete.csv --fail-if 'rmse>20' --fail-if 'r2<0.1'
      nntrain evaluate sample_data/concrete.csv -m calibrated.npz --interval 0.9
      nntrain evaluate sample_data/concrete.csv -m calibrated.npz --unseen-only

    DATA needs the true values. Beside the model's errors stand the RMSE of always predicting the
    training mean and that of a ridge regression, both fitted to the training rows by `nntrain fit`,
    never to DATA.

    Metrics for --fail-if: rows, rmse, mae, r2, largest_error, mean_rmse, ridge_rmse; with
    --interval also coverage (the part of the rows whose true value lies within the interval) and
    mean_width. With several targets, name the target too: target.rmse.

    Rows that the model learned from are known again, in any order and among others. If they are
    many, a warning says so: errors on new rows are larger. --unseen-only leaves them out. What the
    model keeps for this is told by nntrain guide files.

    Lines that begin with `Look:` name problems that the errors or the rows show, each with the
    --set of `nntrain fit` to try. With --json they are listed under findings.
    """
    paths = input_paths(data, "evaluate")

    from nntrain.cli.metrics_table import print_metrics
    from nntrain.evaluation.evaluate import evaluate as evaluate_model
    from nntrain.model.model import load_model

    model = load_model(model_path)
    fail_if = [_parse_condition(text, model.config.target) for text in conditions]
    for condition in fail_if:
        if interval is None and condition.metric in INTERVAL_METRICS:
            raise UsageError(
                f"--fail-if {condition.text!r}: {condition.metric} takes prediction intervals; add "
                f"--interval 0.9"
            )
    evaluation = evaluate_model(
        model, paths, by, interval=interval, dialect=dialect, unseen_only=unseen_only
    )
    if as_json:
        click.echo(json_text(evaluation.as_dict()))
    else:
        print_metrics(by or "rows of", {"all": evaluation.targets, **evaluation.groups})
        print_findings(evaluation.findings)
    messages = [condition.failure(evaluation.targets) for condition in fail_if]
    if any(messages):
        raise CheckFailedError("\n".join(filter(None, messages)))
    if not as_json:
        print_next_command("inspect", [] if model_path == "model.npz" else [path_word(model_path)])


@dataclass(frozen=True)
class Condition:
    """A condition of --fail-if, under which the command fails: `target.metric` sign `limit`."""

    text: str
    target: str
    metric: str
    sign: str
    limit: float

    def failure(self, metrics: dict[str, Metrics]) -> str:
        """The message if the condition holds or the metric is not defined; else an empty text."""
        value = getattr(metrics[self.target], self.metric)
        if value is None:
            return f"--fail-if {self.text!r}: {self.metric} of {self.target!r} is not defined here"
        if SIGNS[self.sign](value, self.limit):
            measured = f"{self.metric} of {self.target!r} is {format_number(value)}"
            return f"--fail-if {self.text!r}: {measured}"
        return ""


def _parse_condition(text: str, targets: Sequence[str]) -> Condition:
    """A condition of --fail-if. Raises `UsageError` for one that no metric or target fits."""
    from nntrain.stats.metrics import IntervalMetrics

    metrics = [field.name for field in fields(IntervalMetrics)]
    match = CONDITION_SYNTAX.fullmatch(text)
    try:
        limit = float(match["limit"]) if match else math.nan
    except ValueError:
        limit = math.nan
    if not match or match["metric"] not in metrics or not math.isfinite(limit):
        raise UsageError(
            f"--fail-if {text!r}: expects a metric, < or >, and a number, such as 'rmse>3.2'; the "
            f"metrics are {', '.join(metrics)}"
        )
    target = match["target"] or (targets[0] if len(targets) == 1 else "")
    if target not in targets:
        problem = f"has no target {target!r}" if target else "has several targets"
        raise UsageError(
            f"--fail-if {text!r}: the model {problem}; write one of {quoted(list(targets))} before "
            f"the metric, as in '{targets[0]}.{match['metric']}{match['sign']}{match['limit']}'"
        )
    return Condition(text, target, match["metric"], match["sign"], limit)
