"""A file that grows, shrinks or is replaced while it is read: never rows of two files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.blocks import read_in_blocks

from nntrain.config.keys import Config
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.input_file import InputFile
from nntrain.data.readers.open import ReadOptions, open_table
from nntrain.data.readers.sources import Source
from nntrain.data.readers.streams import Spool
from nntrain.errors import DataError, OutputError
from nntrain.training.prepare import read_training_table

CONTENT = b"".join(b"%d\n" % i for i in range(5000))
CHANGED = "while it was read; run the command again when no other program writes this file"


@pytest.fixture
def file(tmp_path: Path) -> Iterator[InputFile]:
    path = tmp_path / "t"
    path.write_bytes(CONTENT)
    with InputFile(os.open(path, os.O_RDONLY), "t", str(path)) as opened:
        yield opened


def everything(file: InputFile) -> bytes:
    return b"".join(iter(lambda: file.read(1000), b""))


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more\n")


def rewrite(path: Path) -> None:
    path.write_bytes(CONTENT[::-1] + b"longer")


def replace(path: Path) -> None:
    path.with_suffix(".new").write_bytes(CONTENT)
    path.with_suffix(".new").replace(path)


def cut(path: Path) -> None:
    os.truncate(path, 1000)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def touch(path: Path) -> None:
    os.utime(path, (1, 1))


@pytest.mark.parametrize("change", [grow, touch, Path.unlink])
@pytest.mark.parametrize("when", ["in the first pass", "between", "in the second pass"])
def test_what_was_appended_is_in_no_pass(
    file: InputFile, tmp_path: Path, change: Callable[[Path], None], when: str
) -> None:
    for name in ("in the first pass", "in the second pass"):
        file.seek(0)
        start = file.read(1000)
        if when == name:
            change(tmp_path / "t")
        assert start + everything(file) == CONTENT
        if when == "between":
            change(tmp_path / "t")
            when = ""


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (rewrite, "was overwritten"),
        (replace, "was replaced"),
        (cut, "became shorter"),
        (empty, "became shorter"),
    ],
)
@pytest.mark.parametrize("when", ["in the first pass", "between", "in the second pass"])
def test_a_file_that_is_no_longer_the_same_is_refused(
    file: InputFile, tmp_path: Path, change: Callable[[Path], None], what: str, when: str
) -> None:
    def two_passes() -> None:
        for name in ("in the first pass", "in the second pass"):
            file.seek(0)
            file.read(1000)
            if when == name:
                change(tmp_path / "t")
            everything(file)
            if when == "between" and name == "in the first pass":
                change(tmp_path / "t")

    with pytest.raises(DataError) as caught:
        two_passes()
    assert str(caught.value) == f"t: {what} {CHANGED}"


def test_an_overwriting_that_keeps_size_and_time_is_found_in_the_second_pass(
    file: InputFile, tmp_path: Path
) -> None:
    path = tmp_path / "t"
    before = path.stat()
    everything(file)
    with path.open("r+b") as other:
        other.write(b"7")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    file.seek(0)
    with pytest.raises(DataError, match="was overwritten"):
        everything(file)


def test_reading_starts_where_the_descriptor_stands(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(CONTENT)
    descriptor = os.open(tmp_path / "t", os.O_RDONLY)
    os.lseek(descriptor, 10, os.SEEK_SET)
    with InputFile(descriptor, "t", None) as file:
        for _ in range(2):
            file.seek(0)
            assert everything(file) == CONTENT[10:]
        assert file.size == len(CONTENT) - 10


def test_a_file_without_a_size_is_read_to_its_end() -> None:
    with InputFile(os.open("/proc/self/status", os.O_RDONLY), "status", None) as file:
        assert everything(file).startswith(b"Name:")


def test_a_reading_error_is_a_data_error(tmp_path: Path) -> None:
    with Source("/proc/self/mem") as source, pytest.raises(DataError) as caught:
        source.open()
    assert str(caught.value) == "/proc/self/mem: cannot be read: Input/output error"


LATE = b"k,y\n" + b"".join(b"%d,%d\n" % (i % 5, i) for i in range(300))
LATE_TEXT = LATE + b"".join(b"x,%d\n" % i for i in range(200))
"""A column that turns out to be text late is read once more."""


def test_a_table_that_grows_between_its_passes_is_the_table_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_in_blocks(monkeypatch, 100)
    path = tmp_path / "t.csv"
    path.write_bytes(LATE_TEXT)
    open_again = Source.open

    def grown(source: Source, **options: bool) -> object:
        with path.open("ab") as file:
            file.write(b"z,1\n")
        return open_again(source, **options)

    monkeypatch.setattr(Source, "open", grown)
    table = read_training_table(path, Config(target=("y",)))
    assert len(table) == 501  # One row was appended before the table was opened first.
    assert table.categories[0] == ["0", "1", "2", "3", "4", "x", "z"]


def test_that_a_table_was_cut_explains_its_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(LATE)

    def read_while_it_is_cut() -> None:
        with open_table(path, ReadOptions(CellFormat(("",)))):
            os.truncate(path, 30)
            raise DataError("a line is torn")

    with pytest.raises(DataError) as caught:
        read_while_it_is_cut()
    assert str(caught.value) == f"{path}: became shorter {CHANGED}"


class Endless:
    """A stream of zeros."""

    def read(self, size: int, /) -> bytes:
        return bytes(size)


def test_a_spool_without_room_names_its_folder_and_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(os, "open", _refused)
    with pytest.raises(OutputError) as caught:
        Spool(Endless(), "standard input")
    assert str(caught.value) == (
        f"standard input: is copied into a temporary file, which cannot be written in {tmp_path}: No "
        f"space left on device; name a folder with room for the table in the environment variable "
        f"TMPDIR, or read the table from a file"
    )


def _refused(*_arguments: object, **_options: object) -> int:
    raise OSError(28, "No space left on device")


def test_a_spool_has_no_name_and_is_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    spool = Spool(Endless(), "standard input")
    with spool.copy:
        assert spool.read(10) == bytes(10)
        assert list(tmp_path.iterdir()) == []
        status = os.fstat(spool.copy.fileno())
        assert (status.st_mode & 0o077, status.st_size) == (0, 10)
        assert spool.again().read() == bytes(10)
