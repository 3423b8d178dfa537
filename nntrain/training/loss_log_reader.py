"""Read a loss log: the losses of each epoch, as `loss_log.py` wrote them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from nntrain.arrays import Matrix, Vector
from nntrain.data.readers.sources import Source
from nntrain.data.readers.streams import ByteStream
from nntrain.errors import DataError
from nntrain.training.loss_log import header

BLOCK_BYTES = 1 << 20
LONGEST_LINE = 1 << 12
MOST_NETWORKS = 1000
WHOLE_NUMBER = re.compile(rb"[1-9][0-9]{0,17}")
LAST_CELL = re.compile(rb"[0-9]+\.[0-9]{3}")
"""Seconds as the log writes them: a line that ends with them is whole, even without a newline."""


@dataclass(frozen=True)
class Curve:
    """A number for each epoch, over the networks: mean, smallest and largest (n_epochs,) each."""

    mean: Vector
    least: Vector
    largest: Vector


@dataclass(frozen=True)
class LoggedLosses:
    """The whole epochs of a log.

    `epochs` (n_epochs,) are their numbers. A network of an ensemble that has stopped keeps its last
    loss in the epochs after, while its `largest_update` is left out. `validation_loss` is None
    without validation rows. `last_losses` has one loss for each network, in order.
    """

    path: str
    epochs: Vector
    loss: Curve
    validation_loss: Curve | None
    largest_update: Curve
    last_losses: tuple[float, ...]

    @property
    def n_networks(self) -> int:
        """The number of networks that are in the log."""
        return len(self.last_losses)

    @property
    def last_loss(self) -> float:
        """The mean of the networks' last losses, which is the `loss` of a model's summary."""
        return float(np.mean(self.last_losses))


class _TextLine(NamedTuple):
    """A line of the file; the last one may lack its newline, because it is still being written."""

    text: bytes
    has_newline: bool


@dataclass(frozen=True)
class _Entry:
    """One line of the log: an epoch of one network. NaN stands for no validation loss."""

    epoch: int
    member: int
    loss: float
    validation_loss: float
    largest_update: float

    def __str__(self) -> str:
        return f"{self.epoch:,} of network {self.member}" if self.member > 1 else f"{self.epoch:,}"


def read_log(path: str) -> LoggedLosses:
    """Read the log in a file, or in standard input for `-`.

    A last line that is cut off is left out. Raises `DataError` with the first line that is not of a
    loss log.
    """
    with Source(path) as source:
        lines = _text_lines(source.open(), source.name)
        first, _ = next(lines, _TextLine(b"", has_newline=True))
        if not first:
            raise DataError(f"{source.name}: is empty; expects the log that `nntrain fit` writes")
        if first not in (header(1).encode(), header(2).encode()):
            found = first.decode(errors="replace")
            raise DataError(
                f"{source.name}, line 1: expects the header of a loss log, {header(1)!r}, found "
                f"{found!r}; name a log that `nntrain fit` wrote"
            )
        entries = list(_entries(lines, source.name, first.decode().split(",")))
        if not entries:
            raise DataError(f"{source.name}: holds no epoch yet")
    return _logged_losses(path, entries)


def _text_lines(stream: ByteStream, name: str) -> Iterator[_TextLine]:
    """The lines of a stream, without their ends; `name` is that of the file, for messages."""
    rest, number = b"", 0
    while part := stream.read(BLOCK_BYTES):
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            number += 1
            yield _TextLine(line.removesuffix(b"\r"), has_newline=True)
        if len(rest) > LONGEST_LINE:
            raise DataError(f"{name}, line {number + 1}: is too long for a line of a loss log")
    if rest:
        yield _TextLine(rest, has_newline=False)


def _entries(lines: Iterator[_TextLine], name: str, columns: list[str]) -> Iterator[_Entry]:
    """The entries of the lines after the header; each must follow the one before."""
    before: _Entry | None = None
    for number, (line, has_newline) in enumerate(lines, start=2):
        cells = line.split(b",")
        if not has_newline and (len(cells) < len(columns) or not LAST_CELL.fullmatch(cells[-1])):
            return
        place = f"{name}, line {number}"
        if len(cells) != len(columns):
            raise DataError(f"{place}: expects {len(columns)} cells, found {len(cells)}")
        entry = _parse_entry(dict(zip(columns, cells, strict=True)), place)
        if before and not _follows(entry, before):
            raise DataError(
                f"{place}: epoch {entry} does not follow epoch {before}; the log is not of one run"
            )
        before = entry
        yield entry


def _parse_entry(cells: dict[str, bytes], place: str) -> _Entry:
    """The entry in the cells of a line; `place` names the line in messages."""

    def whole(column: str) -> int:
        if not WHOLE_NUMBER.fullmatch(cells[column]):
            raise DataError(f"{place}, column {column!r}: expects a whole number{found(column)}")
        return int(cells[column])

    def number(column: str) -> float:
        try:
            value = float(cells[column])
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and value >= 0):
            raise DataError(
                f"{place}, column {column!r}: expects a number, 0 or more{found(column)}"
            )
        return value

    def found(column: str) -> str:
        return f", found {cells[column].decode(errors='replace')!r}"

    whole("iterations")
    number("seconds")
    return _Entry(
        epoch=whole("epoch"),
        member=whole("member") if "member" in cells else 1,
        loss=number("loss"),
        validation_loss=number("validation_loss") if cells["validation_loss"] else math.nan,
        largest_update=number("largest_update"),
    )


def _follows(entry: _Entry, before: _Entry) -> bool:
    """Whether an entry is of the next epoch, or of a later network in the same epoch."""
    if entry.member > MOST_NETWORKS:
        return False
    is_next_network = entry.epoch == before.epoch and entry.member > before.member
    return entry.epoch == before.epoch + 1 or is_next_network


def _logged_losses(path: str, entries: list[_Entry]) -> LoggedLosses:
    first = entries[0].epoch
    epochs = np.arange(first, entries[-1].epoch + 1, dtype=np.float64)
    members = sorted({entry.member for entry in entries})
    column_of_member = {member: column for column, member in enumerate(members)}
    matrices = np.full((3, len(epochs), len(members)), math.nan)
    for entry in entries:
        place = (slice(None), entry.epoch - first, column_of_member[entry.member])
        matrices[place] = entry.loss, entry.validation_loss, entry.largest_update
    loss, validation_loss, largest_update = matrices
    loss, validation_loss = _filled_forward(loss), _filled_forward(validation_loss)
    has_validation = not np.isnan(validation_loss).all()
    return LoggedLosses(
        path,
        epochs,
        _curve(loss),
        _curve(validation_loss) if has_validation else None,
        _curve(largest_update),
        tuple(loss[-1].tolist()),
    )


def _filled_forward(values: Matrix) -> Matrix:
    """Values (n_epochs, n_networks) in which a NaN takes the last value before it."""
    rows = np.where(np.isnan(values), 0, np.arange(len(values))[:, None])
    return np.take_along_axis(values, np.maximum.accumulate(rows, axis=0), axis=0)


def _curve(values: Matrix) -> Curve:
    """The curve of values (n_epochs, n_networks) without the NaN; NaN where all values are NaN."""
    is_known = ~np.isnan(values)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.where(is_known, values, 0.0).sum(axis=1) / is_known.sum(axis=1)
    none_known = ~is_known.any(axis=1)
    least = np.where(is_known, values, math.inf).min(axis=1)
    largest = np.where(is_known, values, -math.inf).max(axis=1)
    least[none_known] = largest[none_known] = math.nan
    return Curve(mean, least, largest)
