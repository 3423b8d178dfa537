"""`nntrain completion`: what a shell needs to complete commands, options and config keys."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from nntrain.cli.main import COMPLETION_VARIABLE

WHERE = {
    "bash": "~/.bashrc",
    "zsh": "~/.zshrc",
    "fish": "~/.config/fish/completions/nntrain.fish",
}


@click.command()
@click.argument("shell", type=click.Choice(list(WHERE)))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script for SHELL: bash, zsh or fish.

    \b
    Examples:
      nntrain completion bash >> ~/.bashrc
      nntrain completion zsh >> ~/.zshrc
      nntrain completion fish > ~/.config/fish/completions/nntrain.fish
    """
    script = get_completion_class(shell)
    assert script is not None
    click.echo(script(context.find_root().command, {}, "nntrain", COMPLETION_VARIABLE).source())
