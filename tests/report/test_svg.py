"""An SVG file within a page: its colours, ids, title and numbers."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from nntrain.report.svg import DARK, LIGHT, inline_svg

FILE = """<?xml version="1.0"?>
<!DOCTYPE svg>
<svg height="270pt" viewBox="0 0 380 270" width="380pt" xmlns="http://www.w3.org/2000/svg"
  xmlns:xlink="http://www.w3.org/1999/xlink">
 <defs><style type="text/css">*{stroke-linejoin: round}</style></defs>
 <defs><clipPath id="clip"><rect x="1.23456789"/></clipPath></defs>
 <g clip-path="url(#clip)"><use xlink:href="#clip" style="fill: #d55e00; stroke: #1f2328"/></g>
 <text style="font-size: 11px; font-family: 'DejaVu Sans'; text-anchor: middle">#d55e00 id="x"</text>
</svg>
"""


def test_colours_become_those_of_the_page_and_ids_its_own() -> None:
    svg = inline_svg(FILE, "errors-0-1", "a < b")
    assert svg.startswith("<svg ")
    assert 'viewBox="0 0 380 270" role="img" aria-labelledby="errors-0-1-title"' in svg
    assert '<title id="errors-0-1-title">a &lt; b</title>' in svg
    assert 'id="errors-0-1-clip"' in svg
    assert 'clip-path="url(#errors-0-1-clip)"' in svg
    assert 'xlink:href="#errors-0-1-clip"' in svg
    assert "fill: var(--series-2); stroke: var(--ink)" in svg
    assert 'x="1.23"' in svg
    assert "<style" not in svg
    assert "font-family" not in svg
    assert "width=" not in svg
    ET.fromstring(svg)


def test_what_is_text_stays_as_it_is() -> None:
    (text,) = ET.fromstring(inline_svg(FILE, "p", "t")).iter("{http://www.w3.org/2000/svg}text")
    assert text.text == '#d55e00 id="x"'


def test_both_themes_name_the_same_colours_and_each_colour_has_one_name() -> None:
    assert DARK.keys() == LIGHT.keys()
    assert len(set(LIGHT.values())) == len(LIGHT)
