"""Streams of bytes that give what has arrived without waiting for more."""

from __future__ import annotations

import codecs
import os
import select
import tempfile
from typing import IO, Protocol

from nntrain.errors import DataError, OutputError


class ByteStream(Protocol):
    """A source of bytes that does not wait for more than has arrived."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, as soon as there are any; b"" at the end."""
        ...


class Pipe:
    """A pipe, terminal or socket: gives what has arrived, and waits only for a first byte.

    It duplicates the descriptor `fd`, so that a thread that still waits to read keeps its own open.
    """

    def __init__(self, fd: int, name: str) -> None:
        self.fd = os.dup(fd)
        self.name = name

    def __del__(self) -> None:
        os.close(self.fd)

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; b"" once the writer has closed the pipe."""
        try:
            parts = [os.read(self.fd, size)]
            read = len(parts[0])
            while parts[-1] and read < size and self.has_more():
                parts.append(os.read(self.fd, size - read))
                read += len(parts[-1])
        except OSError as error:
            raise DataError(f"{self.name}: cannot be read: {error.strerror}") from None
        return b"".join(parts)

    def has_more(self) -> bool:
        """Whether reading would not have to wait."""
        return bool(select.select([self.fd], [], [], 0)[0])


class Peeked:
    """A stream whose first bytes have been read: gives them first."""

    def __init__(self, head: bytes, stream: ByteStream) -> None:
        self.head = head
        self.stream = stream

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; b"" at the end."""
        if self.head:
            data, self.head = self.head[:size], self.head[size:]
            return data
        return self.stream.read(size)


class Spool:
    """A stream that can be read a second time: it copies what is read into a temporary file.

    The file has no name, so that nobody else can open it and it is gone with the process. Raises
    `OutputError` where there is no folder or no room for it.
    """

    def __init__(self, stream: ByteStream, name: str) -> None:
        self.stream = stream
        self.name = name
        try:
            self.copy: IO[bytes] = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        except OSError as error:
            raise self._no_room(error) from None

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes of the stream, which are copied too."""
        data = self.stream.read(size)
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self.copy.write(rest) :]
        except OSError as error:
            raise self._no_room(error) from None
        return data

    def again(self) -> IO[bytes]:
        """The copied bytes, from their start."""
        self.copy.seek(0)
        return self.copy

    def whole(self) -> IO[bytes]:
        """All bytes of the stream, as a file."""
        while self.read(1 << 20):
            pass
        return self.again()

    def _no_room(self, error: OSError) -> OutputError:
        folder = f"in {tempfile.tempdir}" if tempfile.tempdir else "in any usual folder"
        return OutputError(
            f"{self.name}: is copied into a temporary file, which cannot be written {folder}: "
            f"{error.strerror}; name a folder with room for the table in the environment variable "
            f"TMPDIR, or read the table from a file"
        )


class Transcoded:
    """A stream of text in another encoding, as UTF-8."""

    def __init__(self, stream: ByteStream, name: str, encoding: str) -> None:
        self.stream = stream
        self.name = name
        self.encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._line = 1

    def read(self, size: int, /) -> bytes:
        """About `size` bytes; b"" at the end. Raises `DataError` for bytes that are no text."""
        while True:
            data = self.stream.read(size)
            try:
                text = self._decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(self.encoding, "ignore")
                raise DataError(
                    f"{self.name}, line {self._line + good.count(chr(10))}: is not {self.encoding} "
                    f"text"
                ) from None
            if text or not data:
                self._line += text.count("\n")
                return text.encode()
