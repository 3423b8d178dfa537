"""Render a report as one HTML file: no scripts, nothing to fetch, dark where the screen is.

The HTML stands in `templates/`. Every text is escaped there by Jinja2 (extra `report`), after its
control characters are made printable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nntrain.report.blocks import Figure, Section
from nntrain.report.extra import check_installed
from nntrain.report.svg import DARK, LIGHT, inline_svg
from nntrain.text import printable, printable_cell

if TYPE_CHECKING:
    import jinja2


def render_page(title: str, intro: str, sections: Sequence[Section]) -> str:
    """The whole page as text: its title, an introduction, links to the sections, and these."""
    template = _environment().get_template("page.html.jinja")
    return template.render(title=title, intro=intro, sections=sections, light=LIGHT, dark=DARK)


def _environment() -> jinja2.Environment:
    check_installed("jinja2")
    import jinja2  # noqa: PLC0415  (an optional package)
    from markupsafe import Markup  # noqa: PLC0415

    def printed(value: Any) -> Any:
        is_text = isinstance(value, str) and not isinstance(value, Markup)
        return printable(value) if is_text else value

    def svg_element(figure: Figure, name: str) -> Markup:
        # Matplotlib has escaped the chart's texts; inline_svg escapes the title.
        return Markup(inline_svg(figure.svg, name, printable(figure.alt or figure.title)))  # noqa: S704

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("nntrain.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=printed,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"cell": printable_cell, "svg_element": svg_element}
    return environment
