"""The outermost edge of every function: what each invocation has in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar

from callscribe.api.http import (
    BodyTooLargeError,
    Event,
    Request,
    Response,
    compressed,
    read_request,
)
from callscribe.api.problems import PROBLEMS, respond_internal_error, respond_problem
from callscribe.domain.errors import (
    CallscribeError,
    InvalidInputError,
    SecretMissingError,
    UnauthenticatedError,
)
from callscribe.ports.telemetry import InvocationTelemetry

Context = Any


class HasTelemetry(Protocol):
    """All that the edge itself needs of an application."""

    @property
    def telemetry(self) -> InvocationTelemetry: ...


App = TypeVar("App", bound=HasTelemetry)
# what an invocation does with the application: with any event, and with a route's request
Trigger = Callable[[App, Event, Context], Any]
Routes = Mapping[str, Callable[[App, Request], Response]]


class InvocationFailedError(Exception):
    """A bug, by the name of its class; the log has the rest."""


@dataclass(frozen=True, slots=True)
class LambdaHandler(Generic[App]):
    """What Lambda invokes: a trigger, and where its application comes from.

    Logs a failure once, and sends the invocation's metrics whatever happens.
    """

    trigger: Trigger[App]
    application: Callable[[], App]

    def using(self, application: App) -> LambdaHandler[App]:
        """The same handler with another application behind it."""
        return replace(self, application=lambda: application)

    def __call__(self, event: Event, context: Context) -> Any:
        application = self.application()
        telemetry = application.telemetry
        telemetry.begin(getattr(context, "aws_request_id", None))
        try:
            return self.trigger(application, event, context)
        except CallscribeError as error:
            # no client waits for an answer: AWS tries again, or the next run does
            telemetry.count("InvocationDeferred")
            telemetry.warn("invocation deferred", reason=f"{type(error).__name__}: {error}")
            raise
        except Exception as error:  # noqa: BLE001 - the outermost edge: a bug is logged
            telemetry.count("InvocationFailed")
            telemetry.exception("invocation failed", error)
            # Lambda logs the words of what leaves here, and a dead-letter queue keeps them
            raise InvocationFailedError(type(error).__name__) from None
        finally:
            telemetry.flush()


def http_function(
    routes: Routes[App],
    application: Callable[[], App],
    *,
    otherwise: Trigger[App] | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> LambdaHandler[App]:
    """A handler that answers an HTTP API's routes, and every error with a problem document.

    ``otherwise`` gets the events that are not API Gateway's: those name no route. ``headers``: of every
    answer that does not have its own of the same name.
    """

    def answer(app: App, event: Event, context: Context) -> Any:
        if otherwise is not None and "routeKey" not in event:
            return otherwise(app, event, context)
        response = _answer(routes, app, event, context)
        return {**response, "headers": {**headers, **response.get("headers", {})}}

    return LambdaHandler(answer, application)


def _answer(routes: Routes[App], app: App, event: Event, context: Context) -> Response:
    try:
        arn = getattr(context, "invoked_function_arn", "")
        request = read_request(event, function_arn=arn)
        return compressed(routes[request.route](app, request), request)
    except CallscribeError as error:
        _report(app.telemetry, error)
        return respond_problem(error)
    except Exception as error:  # noqa: BLE001 - the outermost edge: a bug answers 500 and is logged
        app.telemetry.count("InvocationFailed")
        app.telemetry.exception("invocation failed", error)
        return respond_internal_error()


def _report(telemetry: InvocationTelemetry, error: CallscribeError) -> None:
    match error:
        case UnauthenticatedError():
            telemetry.count("CallbackRejected")
            telemetry.warn("callback rejected", reason=str(error))
        case InvalidInputError() | BodyTooLargeError():
            telemetry.count("RequestRefused")
        case SecretMissingError():
            telemetry.count("SecretMissing")
            telemetry.warn("secret missing", reason=str(error))
        case _ if type(error) not in PROBLEMS:
            telemetry.count("InvocationFailed")
            telemetry.exception("invocation failed", error)
        case _:
            telemetry.info("answered with a problem", problem=type(error).__name__)
