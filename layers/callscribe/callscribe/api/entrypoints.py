"""The outermost edge of every function: what each invocation has in common."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from callscribe.adapters.aws.secrets import SecretMissingError
from callscribe.api.http import (
    BodyTooLargeError,
    Event,
    Request,
    Response,
    read_request,
)
from callscribe.api.problems import PROBLEMS, respond_internal_error, respond_problem
from callscribe.bootstrap import wiring
from callscribe.domain.errors import CallscribeError, InvalidInputError, UnauthenticatedError

Context = Any
Handler = Callable[[Event, Context], Any]


class InvocationFailedError(Exception):
    """A bug, by the name of its class; the log has the rest."""


def observed(handler: Handler) -> Handler:
    """Logs a failure once, and sends the invocation's metrics whatever happens."""

    @wraps(handler)
    def observing(event: Event, context: Context) -> Any:
        telemetry = wiring.telemetry()
        telemetry.logger.append_keys(request_id=getattr(context, "aws_request_id", None))
        try:
            return handler(event, context)
        except CallscribeError as error:
            # nobody waits for an answer: AWS tries again, or the next run does
            telemetry.count("InvocationDeferred")
            telemetry.warn("invocation put off", reason=f"{type(error).__name__}: {error}")
            raise
        except Exception as error:
            telemetry.count("InvocationFailed")
            telemetry.logger.exception("invocation failed", exc_info=error)
            # Lambda logs the words of what leaves here, and a dead-letter queue keeps them
            raise InvocationFailedError(type(error).__name__) from None
        finally:
            telemetry.flush()

    return observing


def http_function(routes: dict[str, Callable[[Request, Context], Response]]) -> Handler:
    """A handler that answers an HTTP API's routes, and every error with a problem document."""

    def handle(event: Event, context: Context) -> Response:
        try:
            request = read_request(event)
            return routes[request.route](request, context)
        except CallscribeError as error:
            _report(error)
            return respond_problem(error)
        except Exception as error:  # noqa: BLE001 - the outermost edge: a bug answers 500 and is logged
            wiring.telemetry().count("InvocationFailed")
            wiring.telemetry().logger.exception("invocation failed", exc_info=error)
            return respond_internal_error()

    return observed(handle)


def _report(error: CallscribeError) -> None:
    telemetry = wiring.telemetry()
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
            telemetry.logger.exception("invocation failed", exc_info=error)
        case _:
            telemetry.info("answered with a problem", problem=type(error).__name__)
