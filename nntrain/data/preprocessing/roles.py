"""What each column of a training table is for: feature, target, weight or group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nntrain.data.checks import check_columns, check_unique
from nntrain.data.notation.dates import DateNotation
from nntrain.data.notes import NamelessColumns, SavedIndex, TakeNote
from nntrain.data.preprocessing.target_values import TargetOptions
from nntrain.data.readers.table import Table, index_columns
from nntrain.errors import DataError


@dataclass(frozen=True)
class ColumnRoles:
    """What a config says about the columns; without `features`, every other column is one.

    `categorical` features are texts whatever their cells look like; `ordered` has those whose
    categories have an order, the lowest first. `group` is a column read as text beside the others;
    it is learned from only if it is a feature too. `target_options` says how to read the targets,
    and names the column of weights.
    """

    targets: tuple[str, ...]
    features: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    ordered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    group: str | None = None
    target_options: TargetOptions = field(default_factory=TargetOptions)

    @property
    def weight(self) -> str | None:
        """The column of sample weights, if there is one."""
        return self.target_options.weight

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns that must be numbers: the targets, then the weights if there are any."""
        return self.target_options.numbers(self.targets)


def feature_columns(table: Table, roles: ColumnRoles, take_note: TakeNote) -> tuple[str, ...]:
    """The columns to learn from, in the order of `features`, or else of the table.

    `take_note` is told of columns without a name and of a saved index. Raises
    `DataError` for a column that the table lacks, or has twice, and if no feature is left.
    """
    check_columns(table, roles.targets, "target")
    check_columns(table, roles.features or (), "features")
    check_columns(table, roles.ignore, "ignore")
    check_columns(table, roles.categorical, "categorical")
    check_columns(table, tuple(roles.ordered), "ordered")
    for name, notation in table.cells.notations.items():
        key = "date_format" if isinstance(notation, DateNotation) else "numbers"
        check_columns(table, [name], key)
    check_columns(table, [roles.weight] if roles.weight else [], "weight")
    check_columns(table, [] if roles.group is None else [roles.group], "--group")
    left_out = {*roles.ignore, *(() if roles.features else (*roles.targets, roles.weight))}
    nameless = tuple(i for i, name in enumerate(table.columns, start=1) if name == "")
    if nameless and roles.features is None:
        take_note(NamelessColumns(table.name, nameless))
    index = tuple(name for name in index_columns(table) if name not in left_out)
    if index and roles.features is None:
        take_note(SavedIndex(table.name, index))
        left_out |= set(index)
    wanted = roles.features or tuple(filter(None, table.columns))
    features = tuple(name for name in wanted if name not in left_out)
    if not features:
        raise DataError(
            f"{table.name}: no column is left to learn from; see `features` and `ignore`"
        )
    others = [name for name in (roles.weight, roles.group) if name is not None]
    check_unique(table, list(dict.fromkeys([*features, *roles.targets, *others])))
    return features
