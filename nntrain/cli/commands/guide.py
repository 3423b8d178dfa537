"""`nntrain guide`: the long documentation, which is installed with the package."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import click

from nntrain.cli.options import verbosity_options
from nntrain.errors import UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

GUIDES = (
    "config",
    "tables",
    "shell",
    "diagnosis",
    "intervals",
    "accuracy",
    "speed",
    "files",
    "promises",
    "python",
    "algorithm",
    "architecture",
)
"""The guides, in the order in which a person needs them; each is a file of its name."""


def read_guide(name: str) -> str:
    """The Markdown text of a guide. Raises `UsageError` if there is no guide of this name."""
    from importlib import resources

    if name not in GUIDES:
        near = difflib.get_close_matches(name, GUIDES, 1)
        hint = f"did you mean {near[0]}?" if near else "`nntrain guide` lists the guides"
        raise UsageError(f"there is no guide {name!r}: {hint}")
    return resources.files("nntrain").joinpath("guides", f"{name}.md").read_text(encoding="utf-8")


def guide_title(name: str) -> str:
    """What a guide is about: its heading."""
    return read_guide(name).partition("\n")[0].removeprefix("# ")


def _complete_names(
    _context: click.Context, _argument: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    names = [name for name in GUIDES if name.startswith(incomplete)]
    return [CompletionItem(name, help=guide_title(name)) for name in names]


@click.command()
@click.argument("name", required=False, shell_complete=_complete_names)
@verbosity_options
def guide(name: str | None) -> None:
    """Show the guide NAME, or list the guides.

    \b
    Examples:
      nntrain guide
      nntrain guide config
      nntrain guide shell > shell.md

    On a terminal a guide is laid out and styled; in a pipe or a file it is the Markdown text.
    """
    from nntrain.cli.terminal import print_markdown, print_table

    if name is None:
        print_table(["guide", "about"], [[each, guide_title(each)] for each in GUIDES], left=2)
    else:
        print_markdown(read_guide(name))
