"""An HTML page of its own: no scripts, nothing to fetch, dark where the reader's screen is.

Every text is escaped here; charts come from `nntrain.report.charts`.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from nntrain.report.svg import DARK, LIGHT, inline_svg
from nntrain.text import printable, printable_cell


@dataclass(frozen=True)
class Figure:
    """A chart as an SVG file's text, with its title, its caption, and what it shows in words."""

    svg: str
    title: str
    caption: str = ""
    alt: str = ""


STYLE = """
:root { color-scheme: light dark; LIGHT }
@media (prefers-color-scheme: dark) { :root { DARK } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 80rem; padding: 1rem clamp(1rem, 3vw, 2.5rem) 4rem;
  background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif;
  overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 1rem 0 0.2rem; }
h2 { font-size: 1.3rem; margin: 2.6rem 0 0.6rem; padding-top: 0.8rem;
  border-top: 1px solid var(--grid); }
h3 { font-size: 1.05rem; margin: 1.8rem 0 0.5rem; }
p { max-width: 46rem; margin: 0.4rem 0 0.8rem; }
a { color: var(--series-1); }
nav { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; }
.muted, caption { color: var(--muted); }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: 0.25rem 1.2rem;
  margin: 0; }
dt { color: var(--muted); }
dd { margin: 0; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr));
  gap: 1.8rem 2rem; margin: 1rem 0; }
figure { margin: 0; max-width: 30rem; display: flex; flex-direction: column; }
figcaption { margin-bottom: 0.4rem; line-height: 1.35; }
figcaption b { display: block; }
figure p { font-size: 0.88rem; line-height: 1.35; margin: 0.3rem 0 0; }
svg { display: block; width: 100%; height: auto; }
svg * { stroke-linejoin: round; }
.scroll { overflow-x: auto; margin: 0.6rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.93rem; }
caption { text-align: left; padding-bottom: 0.2rem; }
th, td { padding: 0.25rem 0.9rem 0.25rem 0; text-align: right; vertical-align: top;
  white-space: nowrap; }
th { font-weight: 600; border-bottom: 1px solid var(--muted); vertical-align: bottom; }
td { border-bottom: 1px solid var(--grid); }
.name, .text { text-align: left; }
.text { white-space: normal; overflow-wrap: break-word; min-width: 6rem; max-width: 34rem; }
details { margin: 0.8rem 0; }
summary { cursor: pointer; color: var(--series-1); }
@media print { details > * { display: block; } figure { break-inside: avoid; } }
"""


def escaped(text: str) -> str:
    """A text of any origin as HTML shows it."""
    return html.escape(printable(text))


def page(title: str, intro: str, sections: Sequence[tuple[str, str]]) -> str:
    """The whole page: a title, an introduction and sections of HTML, each with its heading."""
    links, parts = [], []
    for i, (heading, content) in enumerate(sections, start=1):
        links.append(f'<a href="#section-{i}">{escaped(heading)}</a>')
        parts.append(
            f'<section id="section-{i}">\n<h2>{escaped(heading)}</h2>\n{content}</section>'
        )
    style = STYLE
    for name, colours in (("LIGHT", LIGHT), ("DARK", DARK)):
        style = style.replace(name, " ".join(f"--{key}: {of};" for key, of in colours.items()))
    return "\n".join([
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escaped(title)}</title>",
        f"<style>{style}</style>",
        "</head>",
        "<body>",
        f"<h1>{escaped(title)}</h1>",
        paragraph(intro, "muted"),
        f"<nav>{' '.join(links)}</nav>",
        *parts,
        "</body>",
        "</html>",
        "",
    ])  # fmt: skip


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of text."""
    return f'<p class="{kind}">{escaped(text)}</p>' if kind else f"<p>{escaped(text)}</p>"


def heading(text: str) -> str:
    """A heading within a section."""
    return f"<h3>{escaped(text)}</h3>"


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    """Names with what they are."""
    items = (f"<dt>{escaped(name)}</dt><dd>{escaped(value)}</dd>" for name, value in pairs)
    return f"<dl>{''.join(items)}</dl>"


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, caption: str = "", left: int = 1
) -> str:
    """A table, which scrolls where it is too wide; all but the first `left` columns are numbers."""

    def line(cells: Sequence[str], tag: str) -> str:
        names = [' class="name"'] if left == 1 else [' class="text"'] * left
        kinds = [*names, *[""] * (len(cells) - left)]
        shown = (
            f"<{tag}{kind}>{escaped(printable_cell(cell))}</{tag}>"
            for kind, cell in zip(kinds, cells, strict=True)
        )
        return f"<tr>{''.join(shown)}</tr>"

    title = f"<caption>{escaped(caption)}</caption>" if caption else ""
    body = "\n".join(line(row, "td") for row in rows)
    return (
        f'<div class="scroll" tabindex="0"><table>{title}\n<thead>{line(header, "th")}</thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def hidden(summary: str, content: str) -> str:
    """Content that is shown when its summary is clicked."""
    return f"<details><summary>{escaped(summary)}</summary>\n{content}</details>"


def charts(figures: Sequence[Figure], prefix: str) -> str:
    """Figures side by side, as many as there is room for; `prefix` is of this group alone."""
    parts = []
    for i, of in enumerate(figures, start=1):
        svg = inline_svg(of.svg, f"{prefix}-{i}", printable(of.alt or of.title))
        caption = f'\n<p class="muted">{escaped(of.caption)}</p>' if of.caption else ""
        parts.append(
            f"<figure><figcaption><b>{escaped(of.title)}</b></figcaption>\n{svg}{caption}</figure>"
        )
    return '<div class="charts">\n' + "\n".join(parts) + "\n</div>"
