"""What a report consists of: sections of blocks, each a plain value that a template shows as HTML.

`macro` names the macro of `templates/blocks.html.jinja` that shows a block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias


@dataclass(frozen=True)
class Section:
    """A part of the page with its heading, to which the links at the top lead."""

    heading: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of text; a `muted` one is a remark in a paler colour."""

    text: str
    muted: bool = False
    macro: ClassVar[str] = "paragraph"


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    text: str
    macro: ClassVar[str] = "heading"


@dataclass(frozen=True)
class Facts:
    """Pairs of a name and its value, one below the other."""

    pairs: Sequence[tuple[str, str]]
    macro: ClassVar[str] = "facts"


@dataclass(frozen=True)
class Table:
    """A table, which scrolls where it is too wide.

    The first `n_text_columns` are aligned to the left, the numbers in the others to the right. A
    single text column holds short names; of several, each may hold long text that is wrapped.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    n_text_columns: int = 1
    macro: ClassVar[str] = "table"

    @property
    def classes(self) -> list[str]:
        """The style class of each column's cells, empty for numbers."""
        text = ["name"] if self.n_text_columns == 1 else ["text"] * self.n_text_columns
        return text + [""] * (len(self.header) - len(text))


@dataclass(frozen=True)
class Details:
    """Blocks that are shown when their summary is clicked."""

    summary: str
    blocks: Sequence[Block]
    macro: ClassVar[str] = "details"


@dataclass(frozen=True)
class Figure:
    """A chart as an SVG file's text, with its title, its caption, and what it shows in words."""

    svg: str
    title: str
    caption: str = ""
    alt: str = ""


@dataclass(frozen=True)
class Figures:
    """Figures side by side, as many as fit; `prefix` begins their ids, and no others'."""

    figures: Sequence[Figure]
    prefix: str
    macro: ClassVar[str] = "figures"


Block: TypeAlias = Paragraph | Heading | Facts | Table | Details | Figures
