"""What a file holds is told by its first bytes: read if there is no doubt, else explained."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from support.command import Result, Run

from nntrain.data.readers.csv_header import read_header

TABLE = "a,b,y\n1,x,2\n2,y,3\n3,x,5\n4,y,6\n"
ROWS = 4


def zipped(members: dict[str, str] | None = None) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in (members or {}).items():
            archive.writestr(name, text)
    return file.getvalue()


def parquet() -> bytes:
    file = io.BytesIO()
    pd.read_csv(io.StringIO(TABLE)).to_parquet(file)
    return file.getvalue()


def json_lines() -> bytes:
    text: str = pd.read_csv(io.StringIO(TABLE)).to_json(orient="records", lines=True)
    return text.encode()


CONTENTS: dict[str, Callable[[], bytes]] = {
    "T.CSV.GZ": lambda: gzip.compress(TABLE.encode()),
    "two members.gz": lambda: (
        gzip.compress(TABLE[:15].encode()) + gzip.compress(TABLE[15:].encode())
    ),
    "t.bz2": lambda: bz2.compress(TABLE.encode()),
    "no-suffix": lambda: lzma.compress(TABLE.encode()),
    "t.zip": lambda: zipped({"t.csv": TABLE}),
    "from-a-mac.zip": lambda: zipped({"t.csv": TABLE, "__MACOSX/._t.csv": "x"}),
    "t.tsv.gz": lambda: gzip.compress(TABLE.replace(",", "\t").encode()),
    "bars.txt": lambda: TABLE.replace(",", "|").encode(),
    "little.csv": lambda: b"\xff\xfe" + TABLE.encode("utf-16-le"),
    "big.csv": lambda: b"\xfe\xff" + TABLE.encode("utf-16-be"),
    "comment.csv": ("# made on Monday, by hand\n#\n" + TABLE).encode,
    "excel.csv": ("sep=;\n" + TABLE.replace(",", ";")).encode,
    "blank.csv": ("\n  \n\n" + TABLE).encode,
    "F.PARQUET": parquet,
    "parquet.csv": parquet,
    "t.jsonl": json_lines,
    "lines.json": json_lines,
    "packed.jsonl.gz": lambda: gzip.compress(json_lines()),
    "packed.parquet.gz": lambda: gzip.compress(parquet()),
}


@pytest.fixture
def model(run: Run, folder: Path) -> str:
    """The model of the plain table, and what it predicts."""
    (folder / "t.csv").write_text(TABLE)
    (folder / "c.yaml").write_text("target: y\nepochs: 2\n")
    assert run("fit", "t.csv", "-c", "c.yaml", "-m", "m.npz", "-q").code == 0
    return run("predict", "t.csv", "-m", "m.npz", "-q").out


@pytest.mark.parametrize("name", CONTENTS)
def test_what_can_be_read_without_doubt_is_read_from_files_and_pipes(
    run: Run, folder: Path, model: str, name: str
) -> None:
    content = CONTENTS[name]()
    (folder / name).write_bytes(content)
    assert run("predict", name, "-m", "m.npz", "-q") == Result(0, model, "")
    assert run("predict", "-m", "m.npz", "-q", stdin=content) == Result(0, model, "")
    assert run("fit", name, "-c", "c.yaml", "-m", "n.npz", "-q").code == 0
    assert run("fit", "-", "-c", "c.yaml", "-m", "p.npz", "-q", stdin=content).code == 0
    expected = (folder / "m.npz").read_bytes()
    assert (folder / "n.npz").read_bytes() == (folder / "p.npz").read_bytes() == expected


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (zipped({"a.csv": TABLE, "b.csv": TABLE}), "is a zip archive of 2 files, 'a.csv', 'b.csv'; unpack the "
         "one meant: unzip -p t a.csv"),
        (zipped(), "is a zip archive without a file in it"),
        (b"PK\3\4 and no archive", "cannot be decompressed: File is not a zip file"),
        (b"\x28\xb5\x2f\xfd\0\0\0\0", "is compressed by zstd, which is not read; unpack it: zstd -dc t"),
        (b"\xd0\xcf\x11\xe0\0\0\0\0", "is an old Excel workbook or another Office file, which is not "
         "read; save the sheet as CSV: libreoffice --headless --convert-to csv t"),
        (b"SQLite format 3\0", "is an SQLite database, which is not read; write a table of it as CSV: "
         "sqlite3 -header -csv t 'select * from TABLE' > table.csv"),
        (b"\x80\x04\x95abcdefgh", "is a Python pickle, which can run programs, which is not read; save "
         "the table as CSV"),
        (b"<!DOCTYPE html>\n<html>", "is a web page or XML, and no table; save the table as CSV (a "
         "download may have given the page of a login instead)"),
        (b'[{"a": 1}]', "is one JSON array, and JSON lines have an object on each line; convert it: "
         "python -c 'import json, sys; [print(json.dumps(r)) for r in json.load(sys.stdin)]' < t > "
         "table.jsonl"),
        (b"\xff\xfe\0\0a\0\0\0", "is UTF-32 text; convert it: iconv -f UTF-32 -t UTF-8 t"),
        (b"\xff\xfea\0,\0\n", "is not utf-16 text"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_named_with_what_to_do(
    run: Run, folder: Path, model: str, content: bytes, problem: str
) -> None:
    del model
    (folder / "t").write_bytes(content)
    result = run("predict", "t", "-m", "m.npz")
    assert (result.code, result.out) == (3, "")
    assert result.err.endswith(f": {problem}\n")


@pytest.mark.parametrize(
    ("encoding", "text"), [("latin-1", "é"), ("cp1252", "“é”€"), ("utf-16", "Ж…")]
)
def test_an_encoding_that_is_named_is_read(
    run: Run, folder: Path, encoding: str, text: str
) -> None:
    table = f"naïve,y\n{text},1\nb,2\n{text},3\n"
    (folder / "u.csv").write_text(table, encoding="utf-8")
    (folder / "t.csv").write_bytes(table.encode("utf-16-le" if "16" in encoding else encoding))
    (folder / "c.yaml").write_text("target: y\nepochs: 1\n")
    key = f"encoding={encoding}"
    assert run("fit", "u.csv", "-c", "c.yaml", "-q").code == 0
    unnamed = run("fit", "t.csv", "-c", "c.yaml", "-m", "n.npz")
    assert unnamed.code == 3
    assert "--encoding" in unnamed.err
    assert run("fit", "t.csv", "-c", "c.yaml", "--set", key, "-m", "n.npz", "-q").code == 0
    options = ["predict", "--append", "-q", "-m"]
    found = run(*options, "n.npz", "t.csv", "--encoding", encoding)
    assert found == run(*options, "model.npz", "u.csv")
    assert found.out.startswith(f"naïve,y,predicted_y\n{text},1,")
    started = run("init", "t.csv", "--encoding", encoding)
    assert f"encoding: {encoding}\n" in started.out


def test_a_mark_contradicts_another_encoding(run: Run, folder: Path) -> None:
    (folder / "t.csv").write_bytes(b"\xef\xbb\xbfx,y\n1,2\n")
    assert run("init", "t.csv", "--encoding", "latin-1") == Result(
        3,
        "",
        "Error: t.csv: begins with the mark of UTF-8, and the encoding is said to be latin-1; leave "
        "the encoding out\n",
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("#id,x,y\n1,2,3\n", ["#id", "x", "y"]),
        ("# made by hand\n#id,x,y\n1,2,3\n", ["#id", "x", "y"]),
        ("# one, two, three\n# and more\nid,x,y\n1,2,3\n", ["id", "x", "y"]),
        ("#x\n1\n2\n", ["#x"]),
        ("# about x\nx\n1\n2\n", ["x"]),
        ("#only,this\n", ["#only", "this"]),
        ("# no table\n\n", ["# no table"]),
    ],
)
def test_lines_that_begin_with_a_number_sign_are_comments_or_the_header(
    text: str, names: list[str]
) -> None:
    for size in (1, 5, 1000):
        pieces = [text.encode()[i : i + size] for i in range(0, len(text), size)]
        assert read_header(_Pieces(pieces), "t.csv", None).names == names


class _Pieces:
    """A stream that gives its bytes in the pieces it was made of."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = iter(pieces)

    def read(self, size: int, /) -> bytes:
        return next(self.pieces, b"")


@pytest.mark.parametrize("first", ["PAR1", "ORC", "ORCID", "BZh9", "ARROW1", "%PDF", "PK", "sep"])
def test_a_header_that_begins_like_another_format_is_a_header(
    run: Run, folder: Path, first: str
) -> None:
    (folder / "t.csv").write_text(f"{first},y\n1,2\n2,3\n4,5\n")
    (folder / "c.yaml").write_text("target: y\nepochs: 1\n")
    assert run("fit", "t.csv", "-c", "c.yaml", "-q").code == 0
    piped = run("predict", "-q", stdin=f"{first}\n1\n")
    assert (piped.code, piped.out.count("\n")) == (0, 2)
