"""What a file holds, judged by its first bytes before its name: compression, format, encoding."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nntrain.errors import DataError

Compression = Literal["gzip", "bzip2", "xz", "zip"]
Format = Literal["delimited", "json lines", "parquet"]

HEAD_BYTES = 512
MAX_BLANK_HEAD = 1 << 16
MAGIC_BYTES = 8
"""No first bytes that tell a format apart from text are longer."""

COMPRESSIONS: dict[bytes, Compression] = {
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ\0": "xz",
    b"PK\3\4": "zip",
    b"PK\5\6": "zip",
}
BZIP2 = re.compile(rb"BZh[1-9](?:1AY&|\x17rE8)")
PARQUET, ORC = b"PAR1", b"ORC"
CONTROL = re.compile(rb"[\0-\x08\x0e-\x1f]")
"""Bytes that no text holds: they tell Parquet and ORC from a header line such as `PAR1,PAR2`."""

UTF_8_MARK = b"\xef\xbb\xbf"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
UTF_32_MARKS = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
JSON_OBJECT = re.compile(rb'\s*\{\s*(?:["}]|\n|\Z)')
JSON_ARRAY = re.compile(rb"\s*\[\s*[\[{]")
MARKUP = re.compile(rb"\s*<(?:!doctype|html|\?xml|table)", re.IGNORECASE)


@dataclass(frozen=True)
class Foreign:
    """A format that is not read: its first bytes, what it is called, and how to convert it."""

    magic: bytes
    name: str
    remedy: str
    offset: int = 0


FOREIGN = (
    Foreign(b"\x28\xb5\x2f\xfd", "compressed by zstd", "unpack it: zstd -dc {path}"),
    Foreign(b"\x04\x22\x4d\x18", "compressed by lz4", "unpack it: lz4 -dc {path}"),
    Foreign(b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it: 7z x {path}"),
    Foreign(
        b"ARROW1\0\0",
        "an Arrow (Feather) file",
        "convert it with pandas: pandas.read_feather({name!r}).to_parquet('table.parquet')",
    ),
    Foreign(
        b"\x89HDF",
        "an HDF5 file",
        "convert it with pandas: pandas.read_hdf({name!r}).to_csv('table.csv', index=False)",
    ),
    Foreign(
        b"SQLite format 3\0",
        "an SQLite database",
        "write a table of it as CSV: sqlite3 -header -csv {path} 'select * from TABLE' > table.csv",
    ),
    Foreign(
        b"\xd0\xcf\x11\xe0",
        "an old Excel workbook or another Office file",
        "save the sheet as CSV: libreoffice --headless --convert-to csv {path}",
    ),
    Foreign(
        b"\x93NUMPY",
        "a NumPy array",
        "write it as CSV with a header line: "
        "pandas.DataFrame(numpy.load({name!r})).to_csv('table.csv', index=False)",
    ),
    Foreign(b"\xff\xff\xff\xff", "an Arrow stream", "write it as Parquet with pyarrow"),
    Foreign(b"\x80\x04\x95", "a Python pickle, which can run programs", "save the table as CSV"),
    Foreign(b"\x80\x05\x95", "a Python pickle, which can run programs", "save the table as CSV"),
    Foreign(b"%PDF-", "a PDF", "save the table as CSV"),
    Foreign(ORC, "an ORC file", "convert it to Parquet, for example with pyarrow.orc"),
    Foreign(b"Obj\1", "an Avro file", "convert it to Parquet or JSON lines"),
    Foreign(b"ustar", "a tar archive", "unpack it: tar -xf {path}", offset=257),
)


def compression_of(head: bytes) -> Compression | None:
    """How data that begin with these bytes are compressed, if they are."""
    if BZIP2.match(head):
        return "bzip2"
    return next((name for magic, name in COMPRESSIONS.items() if head.startswith(magic)), None)


def is_parquet(head: bytes) -> bool:
    """Whether data that begin with these bytes are Parquet."""
    return head.startswith(PARQUET) and bool(CONTROL.search(head))


def is_enough(head: bytes) -> bool:
    """Whether more of the first bytes could not change what the data are judged to be."""
    if len(head) > MAX_BLANK_HEAD:
        return True
    return bool(head.strip()) and (len(head) >= MAGIC_BYTES or b"\n" in head.lstrip())


def format_of(head: bytes, path: str, name: str) -> Format:
    """The format of data that begin with these bytes, uncompressed; the path's suffix helps.

    `name` is what messages call the data. Raises `DataError` for a format that is not read, with
    the command that converts it.
    """
    if is_parquet(head):
        return "parquet"
    file = "FILE" if path == "-" else shlex.quote(path)
    for foreign in FOREIGN:
        is_sure = foreign.magic != ORC or CONTROL.search(head)
        if is_sure and head.startswith(foreign.magic, foreign.offset):
            remedy = foreign.remedy.format(path=file, name="FILE" if path == "-" else path)
            raise DataError(f"{name}: is {foreign.name}, which is not read; {remedy}")
    if head.startswith(UTF_32_MARKS):
        raise DataError(f"{name}: is UTF-32 text; convert it: iconv -f UTF-32 -t UTF-8 {file}")
    is_utf_16 = head.startswith(UTF_16_MARKS)
    text = head.decode("utf-16", "ignore").encode() if is_utf_16 else head.removeprefix(UTF_8_MARK)
    if MARKUP.match(text):
        raise DataError(
            f"{name}: is a web page or XML, and no table; save the table as CSV (a download may "
            f"have given the page of a login instead)"
        )
    if JSON_ARRAY.match(text):
        raise DataError(
            f"{name}: is one JSON array, and JSON lines have an object on each line; convert it: "
            f"python -c 'import json, sys; [print(json.dumps(r)) for r in json.load(sys.stdin)]' "
            f"< {file} > table.jsonl"
        )
    suffixes = {suffix.lower() for suffix in Path(path).suffixes[-2:]}
    if JSON_OBJECT.match(text) or suffixes & {".jsonl", ".ndjson"}:
        return "json lines"
    return "parquet" if suffixes & {".parquet", ".pq"} and not is_utf_16 else "delimited"


def encoding_of(head: bytes, encoding: str, name: str) -> str:
    """The encoding of text that begins with these bytes, where it is said to be `encoding`.

    UTF-16 is known by its mark. Raises `DataError` where a mark contradicts what is said.
    """
    if head.startswith(UTF_16_MARKS):
        marked = "utf-16"
    elif head.startswith(UTF_8_MARK):
        marked = "utf-8"
    elif encoding == "utf-16":
        # Characters of ASCII, as delimiters are, have their zero byte first where the high byte is.
        high_first, low_first = head[::2].count(0), head[1::2].count(0)
        if not high_first and not low_first:
            raise DataError(f"{name}: is said to be utf-16, and does not look like it")
        return "utf-16-be" if high_first > low_first else "utf-16-le"
    else:
        return encoding
    if encoding not in ("utf-8", marked):
        raise DataError(
            f"{name}: begins with the mark of {marked.upper()}, and the encoding is said to be "
            f"{encoding}; leave the encoding out"
        )
    return marked
