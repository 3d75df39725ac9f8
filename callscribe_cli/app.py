"""What every command has: its output, and the API once it asks for it."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callscribe_cli.discovery import Discovery, Options
from callscribe_cli.errors import RefusedError, StoppedError, UnreachableError
from callscribe_cli.output import Output

if TYPE_CHECKING:
    from callscribe_cli.api import Api


@dataclass(frozen=True, slots=True)
class Clock:
    """``sleep`` and ``monotonic`` as in time; a test gives its own as the context's object."""

    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic


@dataclass
class App:
    output: Output
    options: Options
    clock: Clock = field(default_factory=Clock)

    @cached_property
    def discovery(self) -> Discovery:
        return Discovery(os.environ, Path.cwd())

    @cached_property
    def api(self) -> Api:
        """Raises NoStackError, CredentialsError: it cannot be asked."""
        # a place that is not known costs no import
        place = self.discovery.place(self.options)
        from callscribe_cli.api import Api
        from callscribe_cli.credentials import Aws

        profile = self.discovery.profile(self.options)
        aws = Aws(profile)
        url, region = self.discovery.resolve(place, aws, profile)
        return Api(url, aws.signer(region), sleep=self.clock.sleep)


class _CommonOption(click.Option):
    pass


_common = functools.partial(click.option, cls=_CommonOption)
_OPTIONS = (
    _common("--json", "as_json", is_flag=True, help="Print JSON."),
    _common("--query", metavar="JMESPATH", help="Print this part of the JSON."),
    _common("--stack", metavar="NAME", help="The CloudFormation stack, such as callscribe-dev."),
    _common("--api-url", metavar="URL", help="The API's address instead of a stack."),
    _common("--region", metavar="NAME", help="The AWS region of the stack."),
    _common("--profile", metavar="NAME", help="The AWS profile to sign with."),
)


class Command(click.Command):
    """Its help has the options that every command has in a list of their own."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, common in (("Options", False), ("Options of every command", True)):
            given = [one for one in self.get_params(ctx) if isinstance(one, click.Option)]
            chosen = [one for one in given if isinstance(one, _CommonOption) is common]
            records = [record for one in chosen if (record := one.get_help_record(ctx))]
            with formatter.section(title):
                formatter.write_dl(records)


class Group(click.Group):
    command_class = Command


def connected(function: Callable[..., None]) -> Callable[..., None]:
    """Gives a command an ``App`` as its first argument, and the options that all have."""

    @click.pass_context
    @functools.wraps(function)
    def run(
        context: click.Context,
        /,
        *arguments: object,
        api_url: str | None,
        stack: str | None,
        region: str | None,
        profile: str | None,
        as_json: bool,
        query: str | None,
        **options: object,
    ) -> None:
        output = Output(as_json=as_json, query=query)
        output.check()
        chosen = Options(api_url=api_url, stack=stack, region=region, profile=profile)
        app = App(output, chosen, context.obj if isinstance(context.obj, Clock) else Clock())
        with _forgetting(app):
            function(app, *arguments, **options)

    decorated: Callable[..., None] = run
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


@contextmanager
def _forgetting(app: App) -> Iterator[None]:
    """A kept address that answers no more may be that of a stack that was replaced."""
    try:
        yield
    except UnreachableError:
        app.discovery.forget()
        raise
    except RefusedError as error:
        if error.status == 404 and not error.kind:
            app.discovery.forget()
        raise


@contextmanager
def stoppable(fix: str) -> Iterator[None]:
    """Ctrl-C says how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        raise StoppedError("stopped", fix=fix) from None
