"""The content of a compressed file or pipe."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

from nntrain.errors import DataError

DECOMPRESSORS: dict[str, Callable[[Any], Any]] = {
    "gzip": gzip.open,
    "bzip2": bz2.open,
    "xz": lzma.open,
}
DAMAGE = (OSError, EOFError, lzma.LZMAError, zlib.error, zipfile.BadZipFile, RuntimeError)
"""What Python raises for a damaged or encrypted archive."""


class Decompressed:
    """A compressed file's content. Reading raises `DataError` if the file is damaged.

    `has_more` tells whether more of the compressed bytes have arrived.
    """

    def __init__(self, file: Any, name: str, has_more: Callable[[], bool]) -> None:
        self.file = file
        self.name = name
        self.has_more = has_more

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes of content."""
        try:
            parts = [self.file.read1(size)]
            read = len(parts[0])
            while parts[-1] and read < size and self.has_more():
                parts.append(self.file.read1(size - read))
                read += len(parts[-1])
        except DAMAGE as error:
            raise DataError(f"{self.name}: cannot be decompressed: {error}") from None
        return b"".join(parts)
