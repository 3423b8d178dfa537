"""Turn an SVG file into an element of an HTML page, with the page's colours and ids of its own."""

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
"""Colours that most colour-blind readers can tell apart (Okabe, Ito 2008), two of them darkened."""
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
COLOUR_NAMES = {colour: name for name, colour in LIGHT.items()}
COLOUR = re.compile("|".join(COLOUR_NAMES))
ID = re.compile(r'(\bid="|url\(#|href="#)')


def inline_svg(svg: str, prefix: str, title: str) -> str:
    """An `<svg>` element for a page, from the text of an SVG file.

    `title` is what screen readers say; `prefix` begins all ids, so that no other element has them.
    """
    element = STYLE_SHEET.sub("", svg[svg.index("<svg") :], count=1)
    # Only tags are changed: a text may look like a colour or an id.
    element = TAG.sub(partial(_adapted_tag, prefix=prefix), element)
    start, _, rest = element.partition(">")
    box = re.search(r'viewBox="[^"]*"', start)
    assert box
    title_id = f"{prefix}-title"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'{box[0]} role="img" aria-labelledby="{title_id}">'
        f'<title id="{title_id}">{html.escape(title)}</title>{rest.strip()}'
    )


def _adapted_tag(tag: re.Match[str], prefix: str) -> str:
    """A tag with the page's colours and font, numbers of two decimals, and ids with the prefix."""
    text = FONT.sub("", tag[0])
    text = COLOUR.sub(lambda match: f"var(--{COLOUR_NAMES[match[0]]})", text)
    text = LONG_NUMBER.sub(lambda match: f"{round(float(match[0]), 2):g}", text)
    return ID.sub(rf"\g<1>{prefix}-", text)
