"""The bytes of a table from a file or a pipe: uncompressed, and as UTF-8 if they are text."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Iterator
from typing import Any

from nntrain.data.readers.contents import (
    HEAD_BYTES,
    Compression,
    Format,
    compression_of,
    encoding_of,
    format_of,
    is_enough,
    is_parquet,
)
from nntrain.data.readers.decompressed import DECOMPRESSORS, Decompressed
from nntrain.data.readers.input_file import InputFile
from nntrain.data.readers.streams import ByteStream, Peeked, Pipe, Spool, Transcoded
from nntrain.data.readers.zip_archive import only_member
from nntrain.errors import DataError


def _peek(stream: ByteStream) -> tuple[bytes, ByteStream]:
    """The first bytes of a stream, enough to judge it by, and a stream that still has them."""
    head = b""
    while not is_enough(head):
        more = stream.read(HEAD_BYTES)
        if not more:
            break
        head += more
    return head, Peeked(head, stream)


class Source:
    """An input: a path, or `-` for standard input; a context manager that closes what it opened.

    `name` is what messages call the input, and `encoding` that of its text. Once it is open,
    `format` is the format of its content, `size` the number of bytes of a plain file, 0 for others,
    and `may_wait` tells whether reading may wait for a writer.
    """

    def __init__(self, path: str, encoding: str = "utf-8") -> None:
        self.name = "standard input" if path == "-" else path
        self.path = path
        self.encoding = encoding
        self.format: Format = "delimited"
        self.size = 0
        self.may_wait = False
        self._file: InputFile | None = None
        self._pipe: Pipe | None = None
        self._spool: Spool | None = None
        self._compression: Compression | None = None
        self._files = contextlib.ExitStack()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *error: object) -> None:
        self._files.close()

    def open(self, *, twice: bool = False, all_keys: bool = False) -> ByteStream:
        """The content from its start; with `twice`, that of a pipe can be opened again.

        With `all_keys`, so can JSON lines from a pipe, all of whose lines have to be read before
        their keys are known. Raises `DataError` if the input cannot be opened, or is in a format
        that is not read.
        """
        head, raw = _peek(self._raw())
        self._compression = compression_of(head)
        if self.may_wait and self._needs_copy(head, twice=twice, all_keys=all_keys):
            raw = self._copied(raw)
        if self._compression:
            head, raw = _peek(self._decompressed(raw, self._compression))
            if compression_of(head):
                raise DataError(f"{self.name}: is compressed twice; unpack it once")
        self.format = format_of(head, self.path, self.name)
        if self.format == "parquet":
            return raw
        encoding = encoding_of(head, self.encoding, self.name)
        is_plain = not self._compression and encoding == "utf-8"
        self.size = self._file.size if self._file and is_plain else 0
        return raw if encoding == "utf-8" else Transcoded(raw, self.name, encoding)

    @contextlib.contextmanager
    def whole_file(self, content: ByteStream) -> Iterator[Any]:
        """What `open` gave, as a file whose parts can be read in any order."""
        if self._file and not self._compression:
            self._file.seek(0)
            yield self._file
            self._file.check_unchanged()
        elif self._spool and not self._compression:
            yield self._spool.whole()
        else:
            spool = Spool(content, self.name)
            with spool.copy:
                yield spool.whole()

    def check_unchanged(self) -> None:
        """Raise `DataError` for a file that is no longer what it was when it was opened."""
        if self._file and not self._file.closed:
            self._file.check_unchanged()

    def _needs_copy(self, head: bytes, *, twice: bool, all_keys: bool) -> bool:
        """Whether a pipe must be copied into a file, because it is not read from start to end."""
        if twice or self._compression == "zip" or is_parquet(head):
            return True
        if not all_keys:
            return False
        return self._compression is not None or (
            format_of(head, self.path, self.name) == "json lines"
        )

    def _copied(self, raw: ByteStream) -> ByteStream:
        self._spool = Spool(raw, self.name)
        self._files.enter_context(self._spool.copy)
        return self._spool

    def _raw(self) -> ByteStream:
        """The bytes as they are, from their start."""
        if self._spool:
            self.may_wait = False
            return self._spool.again()
        if self._file is None:
            descriptor = self._descriptor()
            self.may_wait = not stat.S_ISREG(os.fstat(descriptor).st_mode)
            if self.may_wait:
                self._pipe = Pipe(descriptor, self.name)
                os.close(descriptor)
                return self._pipe
            path = None if self.path == "-" else self.path
            self._file = self._files.enter_context(InputFile(descriptor, self.name, path))
        self._file.seek(0)
        return self._file

    def _descriptor(self) -> int:
        try:
            if self.path == "-":
                return os.dup(sys.stdin.fileno())
            with open(self.path, "rb", buffering=0) as file:  # noqa: PTH123  (refuses folders)
                return os.dup(file.fileno())
        except OSError as error:
            raise DataError(f"{self.name}: cannot be read: {error.strerror}") from None

    def _decompressed(self, raw: ByteStream, compression: Compression) -> ByteStream:
        if compression == "zip":
            whole = self._spool.whole() if self._spool else self._file
            return only_member(whole, self.path, self.name)
        content = self._files.enter_context(DECOMPRESSORS[compression](raw))
        return Decompressed(content, self.name, self._has_more)

    def _has_more(self) -> bool:
        return not self.may_wait or self._pipe is None or self._pipe.has_more()
