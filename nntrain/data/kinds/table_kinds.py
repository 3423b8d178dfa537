"""What kind of column each column of a profiled table is: what `init` and `check` say."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence

import numpy as np

from nntrain.arrays import Vector
from nntrain.data.kinds.decision import Decision, Kind, decide_texts
from nntrain.data.kinds.profile import MAX_DISTINCT, ColumnProfile, profile_as_texts
from nntrain.data.kinds.running_number import FEWEST
from nntrain.data.notation.date_fit import Misfit
from nntrain.data.notation.dates import DateNotation
from nntrain.data.notation.notation import Notation
from nntrain.data.readers.csv_table import CsvTable
from nntrain.data.readers.table import ColumnTypes, Table

IDENTIFIER_NAME = re.compile(
    r"(?:.*[_\W])?(?:id|ids|uuid|guid|rowid|ID|Id)|.*[a-z0-9](?:Id|ID)", re.ASCII
)
"""Names of columns that identify rows, such as `id`, `patient_id`, `customerID`."""
CODE_NAME = re.compile(
    r"(?:.*[_\W])?(?:zip|zip_?code|postal_?code|post_?code|plz|fips|code|store|shop|branch|sku|id)",
    re.ASCII | re.IGNORECASE,
)
"""Names of columns whose numbers are names rather than amounts."""


def decide_columns(table: Table, profiles: Sequence[ColumnProfile]) -> dict[str, Decision]:
    """The kind of each profiled column of a table, decided as `fit` decides it."""
    given = table.cells.notations
    plain = (p for p in profiles if not p.n_texts and p.name not in given)
    decimal = decimal_mark(table, has_fractions=any(map(_has_fractions, plain)))
    decisions = {profile.name: _decide(profile, decimal) for profile in profiles}
    if decimal != "." or not has_decimal_comma(decisions, given):
        return decisions
    suspects = [p.name for p in profiles if may_have_groups(np.array(sorted(p.values)))]
    suspects = written_as_texts(table, suspects)
    again = profile_as_texts(table, suspects)
    return decisions | {name: decide_texts(again[name].evidence, ",") for name in suspects}


def has_decimal_comma(decisions: Mapping[str, Decision], given: Mapping[str, Notation]) -> bool:
    """Whether a column is known to have decimal commas: by its cells, or by the config."""
    notations = [*given.values(), *(decision.notation for decision in decisions.values())]
    return any(notation is not None and notation.decimal == "," for notation in notations)


def may_have_groups(values: Vector) -> bool:
    """Whether the point of plain numbers (n_rows,) may group thousands: no more than 3 decimals."""
    present = values[np.isfinite(values)]
    thousandths = present * 1000.0
    is_fraction = present != np.floor(present)
    return bool(is_fraction.any()) and bool(
        np.isclose(thousandths, np.rint(thousandths), rtol=1e-12, atol=0).all()
        and (np.abs(present[is_fraction]) >= 1.0).all()
    )


def written_as_texts(table: Table, names: Sequence[str]) -> list[str]:
    """Those of some columns of numbers that are texts: all of a CSV, and none of typed numbers.

    In JSON and Parquet a number has a decimal point, whatever texts stand beside it.
    """
    parts = getattr(table, "tables", [table])
    if not names or any(isinstance(part, CsvTable) for part in parts):
        return list(names)
    positions = [table.columns.index(name) for name in names]
    types = ColumnTypes(tuple(names))
    found: set[str] = set()
    for chunk in table.chunks(lambda: types):
        for name, cells in zip(names, chunk.as_json(positions), strict=True):
            texts = {json.loads(cell) for cell in set(cells) if cell.startswith('"')}
            if any(not math.isnan(table.cells.number(text) or 0.0) for text in texts):
                found.add(name)
    return [name for name in names if name in found]


def given_kinds(
    profiles: Sequence[ColumnProfile], notations: Mapping[str, Notation]
) -> dict[str, Decision]:
    """The kinds of the columns whose notation a config gives, with their cells that do not fit."""
    decisions = {}
    for profile in profiles:
        notation = notations.get(profile.name)
        if notation is None:
            continue
        shapes = profile.evidence.shapes.by_text.values()
        misfits = tuple(
            Misfit(shape.example, shape.place, shape.n_cells)
            for shape in shapes
            if notation.number(shape.example) is None
        )
        kind: Kind = "date" if isinstance(notation, DateNotation) else "number"
        decisions[profile.name] = Decision(kind, notation, profile.example, misfits)
    return decisions


def decimal_mark(table: Table, *, has_fractions: bool) -> str | None:
    """The decimal mark of a table's numbers; None if nothing tells.

    `has_fractions` says that a column of plain numbers has a fraction. A table separated by commas
    has the point, because those with decimal commas are separated by something else; typed formats
    have it too.
    """
    parts = getattr(table, "tables", [table])
    is_telling = all(not isinstance(part, CsvTable) or part.delimiter == "," for part in parts)
    if table.cells.decimal != "." or has_fractions or is_telling:
        return table.cells.decimal
    return None


def _has_fractions(profile: ColumnProfile) -> bool:
    return any(not value.is_integer() for value in profile.values)


def _decide(profile: ColumnProfile, decimal: str | None) -> Decision:
    if profile.n_texts:
        return decide_texts(profile.evidence, decimal)
    example = profile.example
    reason = ""
    if profile.running.counts_rows:
        reason = counts_rows_text(profile.minimum, profile.maximum)
    elif is_identifier(profile.name, profile.n_rows, len(profile.values), profile.values):
        reason = IDENTIFIES
    return Decision("identifier" if reason else "number", example=example, reason=reason)


IDENTIFIES = "it identifies the rows, by its name and because no number stands twice"


def counts_rows_text(first: float, last: float) -> str:
    """Why a column of running numbers is left out."""
    return f"it counts the rows, from {first:.0f} to {last:.0f}"


def is_identifier(name: str, n_rows: int, n_distinct: int, some: set[float]) -> bool:
    """Whether numbers identify the rows: each is another, and the column's name says so.

    Of very many numbers, only `some` are known.
    """
    if n_rows <= FEWEST or not IDENTIFIER_NAME.fullmatch(name):
        return False
    all_differ = n_distinct == n_rows or n_distinct >= MAX_DISTINCT
    return all_differ and all(value.is_integer() for value in some)


def identifies_rows(name: str, column: Vector) -> bool:
    """`is_identifier` for the cells (n_rows,) of a whole column, NaN where one is missing."""
    if len(column) <= FEWEST or not IDENTIFIER_NAME.fullmatch(name):
        return False
    distinct = np.unique(column)
    return len(distinct) == len(column) and bool((distinct == np.floor(distinct)).all())


def may_be_codes(profile: ColumnProfile) -> bool:
    """Whether a column of whole numbers may hold names, by its own name and as they repeat."""
    if profile.n_texts or not CODE_NAME.fullmatch(profile.name):
        return False
    repeats = 2 < len(profile.values) < min(profile.n_rows, MAX_DISTINCT)
    return repeats and not _has_fractions(profile)
