"""Whether fit would work on a table, without training, and what it would take each column for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from nntrain.config.keys import Config
from nntrain.data.checks import written
from nntrain.data.kinds.decision import Decision
from nntrain.data.kinds.profile import ColumnProfile, profile
from nntrain.data.kinds.similar import similar_categories
from nntrain.data.kinds.table_kinds import decide_columns, given_kinds
from nntrain.data.notes import Note, ReadAs, ReadAsCategories, TakeNote
from nntrain.data.preprocessing.typed_table import read_typed
from nntrain.data.readers.open import open_table
from nntrain.data.readers.table import Table, TableLike
from nntrain.engine.backend import check_installed
from nntrain.errors import DataError, OutOfMemoryError
from nntrain.evaluation.verdict import ColumnCheck, Verdict
from nntrain.text import counted
from nntrain.training.options import column_roles, read_options
from nntrain.training.prepare import prepare_rows
from nntrain.training.run import TrainingRun

SHOWN_BY_COLUMN = (ReadAs, ReadAsCategories)
"""Notes that say no more than the kinds of the columns."""


def check_with_config(table: TableLike, config: Config) -> Verdict:
    """Whether `nntrain fit` would work on a table. Raises `DataError` if it cannot be read.

    Raises `MissingExtraError` if the config's engine cannot be had.
    """
    check_installed(config.engine)
    notes: list[Note] = []
    error = ""
    with open_table(table, read_options(config, twice=True)) as source:
        with np.errstate(over="ignore", invalid="ignore"):  # of differences between rows
            profiles = profile(source)
        given = dict(source.cells.notations)
        decisions = {**decide_columns(source, profiles), **given_kinds(profiles, given)}
        try:
            _start_run(source, config, notes.append)
        except (DataError, OutOfMemoryError) as raised:
            error = str(raised)
        columns = _columns_by_config(profiles, decisions, source.columns, config)
    n_rows = profiles[0].n_rows if profiles else 0
    used = {column.name for column in columns if column.use in ("feature", "target")}
    doubts = [doubt for p in profiles if p.name in used for doubt in _doubts(p, decisions[p.name])]
    warnings = [str(note) for note in notes if not isinstance(note, SHOWN_BY_COLUMN)]
    return Verdict(n_rows, columns, [*warnings, *doubts], error)


def _doubts(column: ColumnProfile, decision: Decision) -> Iterator[str]:
    """What may be wrong in a column: cells that do not fit, with their places, and categories."""
    for misfit in decision.misfits:
        place = f" ({misfit.place})" if misfit.place else ""
        yield (
            f"{column.name!r}: {counted(misfit.n_cells, 'cell')} like {misfit.text!r}{place} "
            f"{'is' if misfit.n_cells == 1 else 'are'} not {written(decision.notation)}"
        )
    if decision.kind == "category" and (note := similar_categories(column.name, column.texts)):
        yield str(note)


def _start_run(source: Table, config: Config, take_note: TakeNote) -> None:
    """Do all that comes before training. Raises `DataError` and others as `fit` would."""
    typed = read_typed(source, column_roles(config), take_note)
    rows = np.arange(len(typed))
    TrainingRun(config, prepare_rows(typed, config, rows, take_note, use_up=True))


def _columns_by_config(
    profiles: Sequence[ColumnProfile],
    decisions: Mapping[str, Decision],
    names: Sequence[str],
    config: Config,
) -> list[ColumnCheck]:
    """What `fit` would use each column as, and its kind."""
    features = set(config.features or names)
    ignored, categorical = set(config.ignore), set(config.categorical)
    columns = []
    for column in profiles:
        use = "feature" if column.name in features else "not used"
        use = "left out" if column.name in ignored else use
        use = "weight" if column.name == config.weight else use
        use = "target" if column.name in config.target else use
        decision = decisions[column.name]
        if use == "feature" and decision.is_left_out and not config.features:
            use = "left out"
        is_text = column.name in categorical or column.name in config.ordered
        kind = f"category, {column.n_distinct:,} different" if is_text else _kind(column, decision)
        columns.append(ColumnCheck(column.name, use, kind, decision.example, column.n_missing))
    return columns


def _kind(column: ColumnProfile, decision: Decision) -> str:
    """What a column holds, and how it is written if not as plain numbers."""
    if decision.question:
        return f"{decision.kind}, not decided"
    if decision.kind in ("number", "date"):
        return written(decision.notation).partition(" ")[2]
    return f"{decision.kind}, {column.n_distinct:,} different"
