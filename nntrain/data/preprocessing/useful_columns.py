"""The features of a table that something can be learned from, and the targets' notations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nntrain.arrays import Vector
from nntrain.data.kinds.decision import Decision, decide_texts, first_text_at
from nntrain.data.kinds.evidence import TextEvidence
from nntrain.data.kinds.running_number import counts_rows
from nntrain.data.kinds.table_kinds import (
    IDENTIFIES,
    counts_rows_text,
    decimal_mark,
    identifies_rows,
)
from nntrain.data.notes import ReadAsCategories, TakeNote, UselessColumn
from nntrain.data.preprocessing.feature_type import GrowingFeature
from nntrain.data.preprocessing.kinds import check_decided, unclear_groups
from nntrain.data.preprocessing.roles import ColumnRoles
from nntrain.data.readers.table import ColumnTypes, Table
from nntrain.errors import DataError
from nntrain.text import quoted


def growing_features(names: Sequence[str], roles: ColumnRoles) -> list[GrowingFeature]:
    """The features to read, with what the config says about them."""
    return [
        GrowingFeature(
            name,
            i,
            name in roles.categorical,
            roles.ordered.get(name, ()),
            name in (roles.features or ()),
        )
        for i, name in enumerate(names)
    ]


def decide_targets(table: Table, names: Sequence[str]) -> dict[str, Decision]:
    """How targets in which texts were found are written, by all of their cells.

    Their notations are added to those of the table. Raises `DataError` for a target that may be
    read in two ways, or is mostly texts.
    """
    decimal = decimal_mark(table, has_fractions=False)
    decisions = {}
    for name, evidence in _evidence(table, names).items():
        decision = decide_texts(evidence, decimal)
        if decision.kind != "number":
            raise DataError(no_target(table.name, name, decision, evidence))
        if decision.choices:
            check_decided(table, name, decision, table.cells.notations)
        if decision.notation is not None:
            table.cells.notations[name] = decision.notation
            decisions[name] = decision
    return decisions


def check_target_groups(table: Table, names: Sequence[str]) -> None:
    """Raise `DataError` for a target whose points may group thousands beside decimal commas."""
    for name, evidence in _evidence(table, names).items() if names else ():
        if decide_texts(evidence, ",").notation is not None:
            raise DataError(unclear_groups(table.name, name))


def _evidence(table: Table, names: Sequence[str]) -> dict[str, TextEvidence]:
    """The evidence of columns, over all of their cells."""
    evidence = {name: TextEvidence() for name in names}
    types = ColumnTypes(texts=tuple(names))
    for chunk in table.chunks(lambda: types):
        for name, found in evidence.items():
            found.add(chunk.columns[name], table.cells, chunk.place)
    return evidence


def no_target(table_name: str, name: str, decision: Decision, evidence: TextEvidence) -> str:
    """The message for a target that holds no numbers, or names its first text beside some."""
    if evidence.n_numbers:
        place, text = first_text_at(evidence)
        return (
            f"{place or table_name}, column {name!r}: the target must be a number, found {text!r}; "
            f"correct the cell or choose another target"
        )
    more = " or more" if evidence.is_cut else ""
    texts = f"{len(evidence.texts):,}{more} different text{'s' * (len(evidence.texts) != 1)}"
    kinds = {
        "date": ("dates or times", "a number such as the days since a date can be one"),
        "category": (texts, "a number for each, such as 0 and 1, can be one"),
        "identifier": (texts, "choose another"),
        "text": ("free text", "choose another"),
    }
    what, remedy = kinds[decision.kind]
    return (
        f"{table_name}, column {name!r}: the target must be numbers, and the column holds {what}, "
        f"such as {decision.example!r}; {remedy}"
    )


def features_to_keep(
    table_name: str,
    features: Sequence[GrowingFeature],
    columns: Sequence[Vector],
    decisions: Mapping[str, Decision],
    take_note: TakeNote,
) -> list[GrowingFeature]:
    """The features without identifiers, free text and numbers that count the rows.

    `columns` (n_features or more) are theirs, each (n_rows,). Numbers that count the rows stay if
    nothing else is left. `take_note` is told of the others. Raises `DataError` if none is left.
    """
    kept = [feature for feature in features if not decisions[feature.name].is_left_out]
    if not kept:
        names = [feature.name for feature in features]
        raise DataError(
            f"{table_name}: no column is left to learn from: {quoted(names)} "
            f"{'holds' if len(names) == 1 else 'hold'} names or free text; to learn from "
            f"{'it' if len(names) == 1 else 'them'} all the same, list columns under features"
        )
    reasons = {f.name: _why_useless(f, columns[f.position], decisions[f.name]) for f in kept}
    if all(reasons.values()):
        return kept
    for name, reason in reasons.items():
        if reason:
            take_note(UselessColumn(name, f"{reason}; to learn from it, list it under features"))
    return [feature for feature in kept if not reasons[feature.name]]


def _why_useless(feature: GrowingFeature, column: Vector, decision: Decision) -> str:
    """Why plain numbers (n_rows,) tell nothing about another row; else empty."""
    if feature.is_named or feature.is_text or decision.notation or feature.levels:
        return ""
    if counts_rows(column):
        return counts_rows_text(float(column.min()), float(column.max()))
    return IDENTIFIES if identifies_rows(feature.name, column) else ""


def note_categories(features: Sequence[GrowingFeature], take_note: TakeNote) -> None:
    """Make a note of the columns that were read as categories by what they hold."""
    counts = {f.name: len(f.codes) for f in features if f.is_text and not f.has_given_kind}
    if counts:
        take_note(ReadAsCategories(counts))


def has_fractions(column: Vector) -> bool:
    """Whether a column of numbers (n_rows,) has a fraction, so that it is written with a mark."""
    return bool((column != np.floor(column))[~np.isnan(column)].any())
