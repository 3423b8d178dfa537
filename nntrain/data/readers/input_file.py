"""A file that is read once or twice, and is sure to be the same file with the same content."""

from __future__ import annotations

import errno
import io
import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from nntrain.errors import DataError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

REREAD_BYTES = 1 << 20


class InputFile(io.RawIOBase):
    """A regular file, read up to where it ended when it was opened.

    `seek(0)` starts a second pass over the same open file, so that rows that were appended
    meanwhile are in neither pass. Where a pass ends, and in `check_unchanged`, the file is compared
    with what it was: if it was replaced, cut or overwritten, reading raises `DataError`.

    `descriptor` is closed with the file; reading starts where it stands. `path` is None for
    standard input, whose file may have no path.
    """

    def __init__(self, descriptor: int, name: str, path: str | None) -> None:
        self.name = name
        self._fd = descriptor
        self._path = path
        self._opened = os.fstat(descriptor)
        self._start = os.lseek(descriptor, 0, os.SEEK_CUR)
        # A file of /proc has no size: it is read until nothing comes.
        self._has_size = self._opened.st_size > 0
        self._position = self._summed_up_to = 0
        self._checksum = 0
        self._first_checksum: int | None = None

    @property
    def size(self) -> int:
        """The bytes from the start of reading to the end of the file; 0 if that is not known."""
        return max(0, self._opened.st_size - self._start)

    def fileno(self) -> int:
        """The file's descriptor."""
        return self._fd

    def close(self) -> None:
        """Close the descriptor."""
        if not self.closed:
            os.close(self._fd)
        super().close()

    def readable(self) -> bool:
        """Always true."""
        return True

    def seekable(self) -> bool:
        """Always true."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a position, counted from where reading started."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._position = base + offset
        if self._position == 0:
            self._summed_up_to = self._checksum = 0
        return self._position

    def tell(self) -> int:
        """The position, counted from where reading started."""
        return self._position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill a buffer with the next bytes; 0 at the end."""
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to `size` bytes; b"" at the end. Raises `DataError` if the file has changed."""
        if self.closed:
            raise ValueError("read of closed file")
        if size is None or size < 0:
            return self.readall()
        if self._has_size:
            size = min(size, self.size - self._position)
        data = self._read_at(self._position, size) if size > 0 else b""
        if self._has_size and size > 0 and not data:
            raise self._changed("became shorter")
        if self._position == self._summed_up_to:
            self._checksum = zlib.crc32(data, self._checksum)
            self._summed_up_to += len(data)
        self._position += len(data)
        if self._has_size and self._position == self.size:
            self.check_unchanged()
        return data

    def _read_at(self, position: int, size: int) -> bytes:
        try:
            return os.pread(self._fd, size, self._start + position)
        except OSError as error:
            raise DataError(f"{self.name}: cannot be read: {error.strerror}") from None

    def check_unchanged(self) -> None:
        """Raise `DataError` if the file is no longer what it was when it was opened."""
        if not self._has_size:
            return
        now = os.fstat(self._fd)
        if self._path is not None:
            self._check_identity(self._path)
        if now.st_size < self._opened.st_size:
            raise self._changed("became shorter")
        if self._summed_up_to == self.size:
            if self._first_checksum is None:
                self._first_checksum = self._checksum
            if self._checksum != self._first_checksum:
                raise self._changed("was overwritten")
        if now.st_mtime_ns == self._opened.st_mtime_ns:
            return
        # Rows may have been appended, which harms nothing: compare what was read.
        if not self._summed_up_to or self._checksum_now() != self._checksum:
            raise self._changed("was overwritten")

    def _check_identity(self, path: str) -> None:
        try:
            at_path = Path(path).stat()
        except OSError:  # It was removed: what was opened is still whole.
            return
        if not os.path.samestat(at_path, self._opened):
            raise self._changed("was replaced")

    def _checksum_now(self) -> int:
        """The checksum of what was read, as it stands in the file now."""
        checksum = position = 0
        while position < self._summed_up_to:
            data = self._read_at(position, min(REREAD_BYTES, self._summed_up_to - position))
            if not data:
                break
            checksum = zlib.crc32(data, checksum)
            position += len(data)
        return checksum

    def _changed(self, what: str) -> DataError:
        return DataError(
            f"{self.name}: {what} while it was read; run the command again when no other program "
            f"writes this file"
        )
