"""The bytes of a table, from a file, a compressed file or a pipe.

Each is a `ByteStream`: reading gives the bytes that have arrived without waiting for more.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import os
import select
import stat
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from nntrain.data.readers.csv_records import ByteStream
from nntrain.errors import DataError

DECOMPRESSORS: dict[str, Callable[[Any], Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}


class Pipe:
    """A pipe, terminal or socket: gives what has arrived, and waits only for a first byte.

    It duplicates the descriptor `fd`, so that a thread that still waits to read keeps its own open.
    """

    def __init__(self, fd: int) -> None:
        self.fd = os.dup(fd)

    def __del__(self) -> None:
        os.close(self.fd)

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; b"" once the writer has closed the pipe."""
        parts = [os.read(self.fd, size)]
        read = len(parts[0])
        while parts[-1] and read < size and select.select([self.fd], [], [], 0)[0]:
            parts.append(os.read(self.fd, size - read))
            read += len(parts[-1])
        return b"".join(parts)


class Spool:
    """A stream that can be read a second time: it copies what is read into a temporary file."""

    def __init__(self, stream: ByteStream, copy: IO[bytes]) -> None:
        self.stream = stream
        self.copy = copy

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes of the stream, which are copied too."""
        data = self.stream.read(size)
        self.copy.write(data)
        return data

    def again(self) -> ByteStream:
        """The bytes read so far, from their start."""
        self.copy.seek(0)
        return self.copy


class Decompressed:
    """A compressed file's content. Reading raises `DataError` if the file is damaged."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self.file = file
        self.name = name

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes of content."""
        try:
            return self.file.read(size)
        except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
            raise DataError(f"{self.name}: cannot be decompressed: {error}") from None


class Source:
    """An input: a path, or `-` for standard input; a context manager that closes what it opened.

    `name` is what messages call the input. Once it is open, `size` is the number of bytes of a
    plain file, 0 for others, and `may_wait` tells whether reading may wait for a writer.
    """

    def __init__(self, path: str) -> None:
        self.name = "standard input" if path == "-" else path
        self.path = path
        self.size = 0
        self.may_wait = False
        self._spool: Spool | None = None
        self._start: int | None = None
        self._files = contextlib.ExitStack()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *error: object) -> None:
        self._files.close()

    def open(self, *, twice: bool = False) -> ByteStream:
        """The bytes from their start; with `twice`, a pipe can be opened again.

        Raises `DataError` if the file cannot be opened.
        """
        if self._spool:
            self.may_wait = False
            return self._spool.again()
        file = self._files.enter_context(self._open_raw())
        self.may_wait = not stat.S_ISREG(os.fstat(file.fileno()).st_mode)
        suffix = Path(self.path).suffix
        if suffix in DECOMPRESSORS:
            content = self._files.enter_context(DECOMPRESSORS[suffix](file))
            return Decompressed(content, self.name)
        if not self.may_wait:
            self.size = os.fstat(file.fileno()).st_size
            return file
        pipe = Pipe(file.fileno())
        if not twice:
            return pipe
        copy = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the others)
        self._spool = Spool(pipe, self._files.enter_context(copy))
        return self._spool

    def _open_raw(self) -> IO[bytes]:
        if self.path == "-":
            file = os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=0)
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                # Standard input from a file shares its position: go back to where it was.
                self._start = file.tell() if self._start is None else file.seek(self._start)
            return file
        try:
            return Path(self.path).open("rb", buffering=0)
        except OSError as error:
            raise DataError(f"{self.path}: cannot be read: {error.strerror}") from None
