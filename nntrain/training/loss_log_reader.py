"""What a loss log says: its epochs, and the course of its losses; `loss_log.py` writes it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nntrain.arrays import Matrix, Vector
from nntrain.data.readers.csv_records import ByteStream
from nntrain.data.readers.sources import Source
from nntrain.errors import DataError
from nntrain.training.loss_log import header

BLOCK_BYTES = 1 << 20
LONGEST_LINE = 1 << 12
MOST_NETWORKS = 1000
WHOLE_NUMBER = re.compile(rb"[1-9][0-9]{0,17}")
LAST_CELL = re.compile(rb"[0-9]+\.[0-9]{3}")
"""Seconds as they are written: a line that ends in them is whole, though no newline ends it."""


@dataclass(frozen=True)
class Curve:
    """A number of each epoch: its mean over the networks, its least and its largest (n_epochs,)."""

    mean: Vector
    least: Vector
    largest: Vector


@dataclass(frozen=True)
class LoggedLosses:
    """What a log holds, whole epoch by whole epoch.

    A network of an ensemble that has stopped stays at its last loss; of `largest_update` it has no
    more. `last_losses` has a loss for each network, in their order.
    """

    path: str
    epochs: Vector
    loss: Curve
    validation_loss: Curve | None
    largest_update: Curve
    last_losses: tuple[float, ...]

    @property
    def n_networks(self) -> int:
        """How many networks logged an epoch."""
        return len(self.last_losses)

    @property
    def last_loss(self) -> float:
        """The mean of the networks' last losses, as a model's summary has it."""
        return float(np.mean(self.last_losses))


@dataclass(frozen=True)
class _Line:
    epoch: int
    member: int
    loss: float
    validation_loss: float
    largest_update: float


def read_log(path: str) -> LoggedLosses:
    """The log in a file, standard input for `-`; a last line that is cut off does not count.

    Raises `DataError` naming the line that is none of a log.
    """
    with Source(path) as source:
        lines = _lines(source.open(), source.name)
        first, _ = next(lines, (b"", True))
        if not first:
            raise DataError(f"{source.name}: is empty; expects the log that `nntrain fit` writes")
        if first not in (header(1).encode(), header(2).encode()):
            found = first.decode(errors="replace")
            raise DataError(
                f"{source.name}, line 1: expects the header of a loss log, {header(1)!r}, found "
                f"{found!r}; name a log that `nntrain fit` wrote"
            )
        parsed = list(_parsed(lines, source.name, first.decode().split(",")))
        if not parsed:
            raise DataError(f"{source.name}: holds no epoch yet")
    return _losses(path, parsed)


def _lines(stream: ByteStream, name: str) -> Iterator[tuple[bytes, bool]]:
    """The lines of a stream, each with whether a newline ends it."""
    rest, number = b"", 0
    while part := stream.read(BLOCK_BYTES):
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            number += 1
            yield line.removesuffix(b"\r"), True
        if len(rest) > LONGEST_LINE:
            raise DataError(f"{name}, line {number + 1}: is too long for a line of a loss log")
    if rest:
        yield rest, False


def _parsed(lines: Iterator[tuple[bytes, bool]], name: str, columns: list[str]) -> Iterator[_Line]:
    """The epochs that lines tell of, in order."""
    before: _Line | None = None
    for number, (line, is_ended) in enumerate(lines, start=2):
        cells = line.split(b",")
        if not is_ended and (len(cells) < len(columns) or not LAST_CELL.fullmatch(cells[-1])):
            return
        place = f"{name}, line {number}"
        if len(cells) != len(columns):
            raise DataError(f"{place}: expects {len(columns)} cells, found {len(cells)}")
        of = _line(dict(zip(columns, cells, strict=True)), place)
        if before and not _follows(of, before):
            raise DataError(
                f"{place}: epoch {_named(of)} does not follow epoch {_named(before)}; the log is "
                f"not of one run"
            )
        before = of
        yield of


def _line(cells: dict[str, bytes], place: str) -> _Line:
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
    return _Line(
        whole("epoch"),
        whole("member") if "member" in cells else 1,
        number("loss"),
        number("validation_loss") if cells["validation_loss"] else math.nan,
        number("largest_update"),
    )


def _follows(of: _Line, before: _Line) -> bool:
    """Whether a line may stand after another: the next epoch, or another network's of the same."""
    if of.member > MOST_NETWORKS:
        return False
    return of.epoch == before.epoch + 1 or (of.epoch == before.epoch and of.member > before.member)


def _named(of: _Line) -> str:
    return f"{of.epoch:,} of network {of.member}" if of.member > 1 else f"{of.epoch:,}"


def _losses(path: str, lines: list[_Line]) -> LoggedLosses:
    first = lines[0].epoch
    epochs = np.arange(first, lines[-1].epoch + 1, dtype=np.float64)
    members = {member: j for j, member in enumerate(sorted({of.member for of in lines}))}
    matrices = np.full((3, len(epochs), len(members)), math.nan)
    for of in lines:
        place = (slice(None), of.epoch - first, members[of.member])
        matrices[place] = of.loss, of.validation_loss, of.largest_update
    loss, validation_loss, largest_update = matrices
    loss, validation_loss = _carried(loss), _carried(validation_loss)
    has_validation = not np.isnan(validation_loss).all()
    return LoggedLosses(
        path,
        epochs,
        _curve(loss),
        _curve(validation_loss) if has_validation else None,
        _curve(largest_update),
        tuple(loss[-1].tolist()),
    )


def _carried(values: Matrix) -> Matrix:
    """Values (n_epochs, n_networks), each that is missing taken from the epoch before."""
    rows = np.where(np.isnan(values), 0, np.arange(len(values))[:, None])
    return np.take_along_axis(values, np.maximum.accumulate(rows, axis=0), axis=0)


def _curve(values: Matrix) -> Curve:
    is_there = ~np.isnan(values)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.where(is_there, values, 0.0).sum(axis=1) / is_there.sum(axis=1)
    least = np.where(is_there, values, math.inf).min(axis=1)
    largest = np.where(is_there, values, -math.inf).max(axis=1)
    nowhere = ~is_there.any(axis=1)
    return Curve(mean, *(np.where(nowhere, math.nan, of) for of in (least, largest)))
