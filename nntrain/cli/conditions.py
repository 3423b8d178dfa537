"""The conditions of `--fail-if`, under which a command that measured errors fails: for scripts."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import click

from nntrain.errors import CheckFailedError, UsageError
from nntrain.text import format_number, quoted

if TYPE_CHECKING:
    from nntrain.stats.metrics import Metrics

CONDITION_SYNTAX = re.compile(
    r"\s*(?:(?P<target>.+)\.)?(?P<metric>\w+)\s*(?P<sign>[<>])\s*(?P<limit>\S+)\s*"
)
INTERVAL_METRICS = ("coverage", "mean_width")
SIGNS: dict[str, Callable[[float, float], bool]] = {"<": operator.lt, ">": operator.gt}

fail_if_option = click.option(
    "--fail-if",
    "conditions",
    multiple=True,
    metavar="CONDITION",
    help="Exit with code 6 if this holds: a metric, < or >, a number; may be repeated.",
)


@dataclass(frozen=True)
class Condition:
    """A condition of --fail-if, under which the command fails: `target.metric` sign `limit`."""

    text: str
    target: str
    metric: str
    sign: str
    limit: float

    def failure(self, metrics: Mapping[str, Metrics]) -> str:
        """The message if the condition holds or the metric is not defined; else an empty text."""
        value = getattr(metrics[self.target], self.metric)
        if value is None:
            return f"--fail-if {self.text!r}: {self.metric} of {self.target!r} is not defined here"
        if SIGNS[self.sign](value, self.limit):
            measured = f"{self.metric} of {self.target!r} is {format_number(value)}"
            return f"--fail-if {self.text!r}: {measured}"
        return ""


def parse_conditions(
    texts: Sequence[str], targets: Sequence[str], *, owner: str, has_intervals: bool
) -> list[Condition]:
    """The conditions of --fail-if. Raises `UsageError` for one that no metric or target fits.

    The targets are those of the `owner`: a model or a config.
    """
    conditions = [_parse(text, targets, owner) for text in texts]
    for condition in conditions:
        if not has_intervals and condition.metric in INTERVAL_METRICS:
            raise UsageError(
                f"--fail-if {condition.text!r}: {condition.metric} takes prediction intervals; add "
                f"--interval 0.9"
            )
    return conditions


def check_conditions(conditions: Sequence[Condition], metrics: Mapping[str, Metrics]) -> None:
    """Raise `CheckFailedError` if a condition holds; `metrics` is by target."""
    messages = [condition.failure(metrics) for condition in conditions]
    if any(messages):
        raise CheckFailedError("\n".join(filter(None, messages)))


def _parse(text: str, targets: Sequence[str], owner: str) -> Condition:
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
            f"--fail-if {text!r}: the {owner} {problem}; write one of {quoted(list(targets))} "
            f"before the metric, as in "
            f"'{targets[0]}.{match['metric']}{match['sign']}{match['limit']}'"
        )
    return Condition(text, target, match["metric"], match["sign"], limit)
