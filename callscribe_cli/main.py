"""`callscribe`: the commands, and how their errors end them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

import click
from click.exceptions import NoSuchCommand

from callscribe_cli import __version__
from callscribe_cli.commands import COMMANDS
from callscribe_cli.errors import CliError
from callscribe_cli.output import note, readable, show_error

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_EPILOG = """\b
The API is found by the first of: --api-url, CALLSCRIBE_API_URL, --stack,
CALLSCRIBE_STACK, ~/.config/callscribe/config.toml, samconfig.toml.

\b
Exit status: 0 done; 1 it failed, or there is no transcript; 2 wrong usage;
4 AWS credentials; 130 Ctrl-C."""


class _Commands(click.Group):
    """Imports a command's module when the command is asked for."""

    # ctx: click's own signatures
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, function = COMMANDS[cmd_name].partition(":")
        found = import_module(f"callscribe_cli.commands.{module}")
        command: click.Command = getattr(found, function)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except NoSuchCommand as error:
            # click's own guess knows only what is imported
            raise NoSuchCommand(error.command_name, possibilities=COMMANDS, ctx=ctx) from None


@click.group(cls=_Commands, context_settings=_SETTINGS, epilog=_EPILOG)
@click.version_option(__version__, prog_name="callscribe")
def cli() -> None:
    """Place phone calls, and get what was said as text."""


def main(arguments: Sequence[str] | None = None, obj: object = None) -> int:
    """Runs one command; returns its exit status."""
    readable()
    try:
        result = cli.main(
            args=None if arguments is None else list(arguments),
            prog_name="callscribe",
            standalone_mode=False,
            obj=obj,
        )
    except click.ClickException as error:
        return _misused(error)
    except (click.Abort, KeyboardInterrupt):
        note("stopped")
        return 130
    except CliError as error:
        show_error(error)
        return error.exit_code
    except OSError as error:
        show_error(CliError(str(error), fix="check the path, its permissions and the free space"))
        return 1
    return result if isinstance(result, int) else 0


def _misused(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "callscribe"
    note(f"error: {error.format_message()}")
    note(f"fix: {command} --help")
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
