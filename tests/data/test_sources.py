"""Where a table's bytes come from: files, compressed files, pipes, and reading them twice."""

from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path

import pytest

from nntrain.data.readers.sources import Source
from nntrain.data.readers.streams import ByteStream, Pipe
from nntrain.errors import DataError

CONTENT = bytes(range(256)) * 400


def everything(stream: ByteStream) -> bytes:
    parts = []
    while part := stream.read(1000):
        parts.append(part)
    return b"".join(parts)


def test_a_file_is_read_from_its_start_each_time_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(CONTENT)
    with Source(str(path)) as source:
        assert source.open().read(10) == CONTENT[:10]
        assert everything(source.open()) == CONTENT
        assert (source.name, source.size, source.may_wait) == (str(path), len(CONTENT), False)


def test_a_compressed_file_gives_its_content_and_no_size(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(CONTENT))
    with Source(str(path)) as source:
        assert everything(source.open()) == CONTENT
        assert everything(source.open()) == CONTENT
        assert (source.size, source.may_wait) == (0, False)


def test_a_named_pipe_that_is_to_be_read_twice_gives_the_same_again(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(CONTENT,))
    writer.start()
    with Source(str(path)) as source:
        first = source.open(twice=True)
        assert source.may_wait
        assert everything(first) == CONTENT
        writer.join()
        assert everything(source.open()) == CONTENT
        assert not source.may_wait


def test_a_pipe_gives_what_has_arrived_without_waiting_for_more() -> None:
    reader, writer = os.pipe()
    pipe = Pipe(reader, "t.csv")
    os.close(reader)  # the pipe has a descriptor of its own
    os.write(writer, b"abc")
    assert pipe.read(1000) == b"abc"
    os.write(writer, b"defgh")
    assert pipe.read(2) == b"de"
    os.close(writer)
    assert pipe.read(1000) == b"fgh"
    assert pipe.read(1000) == b""


def test_closing_a_source_closes_the_files_it_opened(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(CONTENT)
    with Source(str(path)) as source:
        stream = source.open()
    with pytest.raises(ValueError, match="closed"):
        everything(stream)


def test_a_file_that_is_missing_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "no.csv"
    with Source(str(path)) as source, pytest.raises(DataError) as caught:
        source.open()
    assert str(caught.value) == f"{path}: cannot be read: No such file or directory"


def test_a_damaged_compressed_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(CONTENT)[:-20])
    with Source(str(path)) as source, pytest.raises(DataError) as caught:
        everything(source.open())
    assert str(caught.value).startswith(f"{path}: cannot be decompressed: ")
