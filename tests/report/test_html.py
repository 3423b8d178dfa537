"""The templates: every block as it is shown, every text escaped, and the page whole."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import pytest

from nntrain.report.blocks import (
    Block,
    Details,
    Facts,
    Figure,
    Figures,
    Heading,
    Paragraph,
    Section,
    Table,
)
from nntrain.report.html import render_page
from nntrain.report.svg import DARK, LIGHT

EVIL = "</p><script>alert(1)</script>&\"'\x1b[31m\u202e"
SHOWN = EVIL.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")
SVG = '<svg viewBox="0 0 9 9" width="9"><g id="a"><path fill="#0072b2"/></g></svg>'


def content(*blocks: Block) -> str:
    """The blocks of a section as HTML, without the space between tags."""
    page = render_page("title", "intro", [Section("heading", blocks)])
    section = re.search(r"</h2>(.*)</section>", page, re.S)
    assert section
    return re.sub(r">\s+<", "><", section[1].strip())


def test_a_paragraph_a_heading_and_facts() -> None:
    assert content(Paragraph("a"), Paragraph("b", muted=True), Heading("c")) == (
        '<p>a</p><p class="muted">b</p><h3>c</h3>'
    )
    assert content(Facts([("rows", "12"), ("layers", "2-1")])) == (
        "<dl><dt>rows</dt><dd>12</dd><dt>layers</dt><dd>2-1</dd></dl>"
    )


def test_numbers_stand_to_the_right_and_texts_to_the_left() -> None:
    assert content(Table(["a", "b"], [["x", "1"]], "caption")) == (
        '<div class="scroll" tabindex="0"><table><caption>caption</caption>'
        '<thead><tr><th class="name">a</th><th>b</th></tr></thead>'
        '<tbody><tr><td class="name">x</td><td>1</td></tr></tbody></table></div>'
    )
    two = content(Table(["a", "b", "c"], [["x", "y", "1"]], n_text_columns=2))
    assert '<td class="text">x</td><td class="text">y</td><td>1</td>' in two
    assert "<caption>" not in two


def test_a_long_cell_is_cut() -> None:
    assert f"<td>{'9' * 200}…</td>" in content(Table(["a", "b"], [["x", "9" * 300]]))


def test_details_hold_blocks() -> None:
    inner = Details("inside", [Paragraph("b")])
    assert content(Details("more", [Paragraph("a"), inner])) == (
        "<details><summary>more</summary><p>a</p>"
        "<details><summary>inside</summary><p>b</p></details></details>"
    )


def test_figures_have_ids_of_their_own_and_a_name() -> None:
    figures = [Figure(SVG, "one", "caption"), Figure(SVG, "two", alt="in words")]
    shown = content(Figures(figures, "chart"))
    assert re.findall(r'id="(.*?)"', shown) == [
        "chart-1-title", "chart-1-a", "chart-2-title", "chart-2-a",
    ]  # fmt: skip
    assert re.findall(r"<title.*?>(.*?)</title>", shown) == ["one", "in words"]
    assert shown.count('<p class="muted">') == 1
    assert 'fill="var(--series-1)"' in shown


class Texts(HTMLParser):
    """The texts of a page, and its tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize(
    "block",
    [
        Paragraph(EVIL),
        Heading(EVIL),
        Facts([(EVIL, EVIL)]),
        Table([EVIL], [[EVIL]], EVIL),
        Details(EVIL, [Paragraph(EVIL)]),
        Figures([Figure(SVG, EVIL, EVIL, EVIL)], "chart"),
    ],
)
def test_every_text_of_a_block_is_escaped(block: Block) -> None:
    page = render_page(EVIL, EVIL, [Section(EVIL, [block])])
    assert all(character.isprintable() or character == "\n" for character in page)
    parsed = Texts(page)
    assert "script" not in parsed.tags
    n_shown = html.unescape(page).count(SHOWN)
    assert n_shown == "".join(parsed.texts).count(SHOWN)
    assert n_shown >= 6  # of the page: two titles, an introduction, a link, a heading


def test_a_page_is_whole_and_in_both_themes() -> None:
    page = render_page("title", "intro", [Section("one", []), Section("two", [])])
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">\n')
    assert page.endswith("</html>\n")
    assert re.findall(r'<a href="#(.*?)">(.*?)</a>', page) == [
        ("section-1", "one"), ("section-2", "two"),
    ]  # fmt: skip
    for colours in (LIGHT, DARK):
        variables = " ".join(f"--{name}: {colour};" for name, colour in colours.items())
        assert variables in page
    assert page == render_page("title", "intro", [Section("one", []), Section("two", [])])
