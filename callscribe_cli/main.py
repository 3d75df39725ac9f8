"""`callscribe`: the commands, and how their errors end them."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from callscribe_cli import __version__
from callscribe_cli.commands import (
    api,
    audio,
    call,
    calls,
    completion,
    dialing,
    do_not_call,
    erase,
    export,
    imports,
    retry,
    transcript,
)
from callscribe_cli.errors import CliError
from callscribe_cli.output import note, readable, show_error

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_EPILOG = """\b
The API is found by the first of: --api-url, CALLSCRIBE_API_URL, --stack,
CALLSCRIBE_STACK, ~/.config/callscribe/config.toml, samconfig.toml.

\b
Exit status: 0 done; 1 it failed, or there is no transcript; 2 wrong usage;
4 AWS credentials; 130 Ctrl-C."""


@click.group(context_settings=_SETTINGS, epilog=_EPILOG)
@click.version_option(__version__, prog_name="callscribe")
def cli() -> None:
    """Place phone calls, and get what was said as text."""


for _command in (
    call.call,
    calls.list_calls,
    calls.show,
    calls.cancel,
    transcript.wait,
    transcript.transcript,
    audio.audio,
    export.export,
    imports.import_recordings,
    retry.retry,
    erase.erase,
    dialing.dialing,
    do_not_call.do_not_call,
    api.api,
    completion.completion,
):
    cli.add_command(_command)


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
