"""`nntrain completion`: the script by which a shell completes commands, options and config keys."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

COMPLETION_VARIABLE = "_NNTRAIN_COMPLETE"
"""The environment variable by which a completion script asks the command for completions."""

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes commands, options and config keys in SHELL.

    \b
    Examples:
      nntrain completion bash >> ~/.bashrc
      nntrain completion zsh >> ~/.zshrc
      nntrain completion fish > ~/.config/fish/completions/nntrain.fish
    """
    script = get_completion_class(shell)
    assert script is not None
    click.echo(script(context.find_root().command, {}, "nntrain", COMPLETION_VARIABLE).source())
