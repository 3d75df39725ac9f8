"""`callscribe completion`."""

from __future__ import annotations

import click

from callscribe_cli.output import echo


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what lets a shell complete commands and options.

    \b
    bash: eval "$(callscribe completion bash)" in ~/.bashrc
    zsh:  eval "$(callscribe completion zsh)" in ~/.zshrc
    fish: callscribe completion fish > ~/.config/fish/completions/callscribe.fish
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"there is no completion for {shell}")
    echo(found(context.find_root().command, {}, "callscribe", "_CALLSCRIBE_COMPLETE").source())
