"""An SVG file's text as a part of an HTML page: its colours the page's, its ids its own."""

from __future__ import annotations

import html
import re
from functools import partial

LIGHT = {
    "paper": "#ffffff",
    "ink": "#1f2328",
    "muted": "#59636e",
    "grid": "#d9dee3",
    "series-1": "#0072b2",
    "series-2": "#d55e00",
    "series-3": "#009e73",
    "series-4": "#cc79a7",
    "series-5": "#b87a00",
    "series-6": "#3c8dc4",
}
"""Colours that most colour-blind readers can tell apart (Okabe, Ito 2008), the last two darker."""
DARK = LIGHT | {
    "paper": "#15181c",
    "ink": "#e6e9ec",
    "muted": "#9aa4af",
    "grid": "#363c44",
    "series-1": "#56b4e9",
    "series-2": "#f08a3c",
    "series-5": "#e69f00",
    "series-6": "#3f8fd0",
}

TAG = re.compile(r"<[^<>]*>")
STYLE_SHEET = re.compile(r"<style\b.*?</style>", re.S)
FONT = re.compile(r" font-family: [^;\"]*;")
LONG_NUMBER = re.compile(r"\d+\.\d{3,}")
NAME_OF = {colour: name for name, colour in LIGHT.items()}
COLOUR = re.compile("|".join(NAME_OF))
ID = re.compile(r'(\bid="|url\(#|href="#)')


def inline_svg(svg: str, prefix: str, title: str) -> str:
    """An `<svg>` element for a page, named `title`; `prefix` makes its ids differ from others'."""
    element = STYLE_SHEET.sub("", svg[svg.index("<svg") :], count=1)
    element = TAG.sub(partial(_for_page, prefix=prefix), element)
    start, _, rest = element.partition(">")
    box = re.search(r'viewBox="[^"]*"', start)
    assert box
    name = f"{prefix}-title"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'{box[0]} role="img" aria-labelledby="{name}"><title id="{name}">{html.escape(title)}'
        f"</title>{rest.strip()}"
    )


def _for_page(tag: re.Match[str], prefix: str) -> str:
    """A tag with the page's colours and font, fewer digits, ids of its own; what is text stays."""
    text = FONT.sub("", tag[0])
    text = COLOUR.sub(lambda found: f"var(--{NAME_OF[found[0]]})", text)
    text = LONG_NUMBER.sub(lambda found: f"{round(float(found[0]), 2):g}", text)
    return ID.sub(rf"\g<1>{prefix}-", text)
