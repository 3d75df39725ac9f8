"""A small HTTP client of the API: signed, with time-outs, and repeated only where that does no harm."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from callscribe_cli.errors import (
    CliError,
    CredentialsError,
    OutcomeUnknownError,
    RefusedError,
    UnreachableError,
    kind_of,
)
from callscribe_cli.messages import (
    Answer,
    NoAnswer,
    Request,
    clock_skew,
    encoded,
    headers_for,
    query_string,
)

if TYPE_CHECKING:
    import urllib3

# API Gateway answers within 30 s, whatever happens behind it
_CONNECT_SECONDS, _READ_SECONDS = 10.0, 35.0
_PAUSES = (0.5, 2.0, 5.0)
# who is told to wait longer is told, and not kept waiting
_LONGEST_PAUSE = 30.0
_PAGE = 200
_REFUSED = "twilio-refused"
_ODD = "look for line breaks and odd characters in options, AWS_* variables and ~/.aws"
Signer = Callable[[str, str, Mapping[str, str], bytes], Mapping[str, str]]
"""method, URL, headers, body → the headers with the signature."""


class Api:
    """Raises (all methods):
    RefusedError: the API answered with a problem.
    UnreachableError: there was no answer, and nothing was done.
    OutcomeUnknownError: there was no answer, and it may have been done.
    CredentialsError: the signature or the permission was refused.
    """

    def __init__(
        self, url: str, sign: Signer, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.url = url.rstrip("/")
        self._sign = sign
        self._sleep = sleep
        self._pool: urllib3.PoolManager | None = None

    def get(self, path: str, **query: object) -> dict[str, Any]:
        return self.send("GET", path, query=query).result()

    def post(
        self, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None
    ) -> dict[str, Any]:
        return self.send("POST", path, body=body, key=key).result()

    def pages(self, path: str, **query: object) -> Iterator[list[dict[str, Any]]]:
        """The ``calls`` of every page, until there is no cursor."""
        cursor: object = None
        while True:
            page = self.get(path, **{"limit": _PAGE, **query, "cursor": cursor})
            yield page["calls"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: Mapping[str, Any] | bytes | None = None,
        key: str | None = None,
    ) -> Answer:
        """``key``: an Idempotency-Key, with which a POST may be repeated."""
        request = self._request(method, path, query or {}, headers_for(body, key), encoded(body))
        return _checked(request, self._tried(request))

    def forward(
        self,
        method: str,
        path: str,
        query: Mapping[str, object],
        headers: Mapping[str, str],
        body: bytes,
    ) -> Answer:
        """The API's answer whatever its status, for a program that passes on what it was asked itself.

        ``headers``: those of the request that are to be signed and sent, such as Content-Type.
        Raises only for an answer that did not come. Threads may call it at the same time.
        """
        request = self._request(method, path, query, headers, body)
        tries = self._tried(request)
        outcome = tries[-1]
        return outcome if isinstance(outcome, Answer) else _checked(request, tries)

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, object],
        headers: Mapping[str, str],
        body: bytes,
    ) -> Request:
        url = self.url + path + query_string(query)
        return Request(method=method, url=url, headers=headers, body=body)

    def _tried(self, request: Request) -> list[Answer | NoAnswer]:
        """The outcome of each try; the last one stands."""
        tries: list[Answer | NoAnswer] = []
        try:
            self._try(request, tries)
        except CliError as error:
            if _left_open(tries):
                raise _unknown(request, str(error)) from error
            raise
        return tries

    def _try(self, request: Request, tries: list[Answer | NoAnswer]) -> None:
        for pause in _PAUSES:
            tries.append(self._exchange(request))
            wait = _wait(request, tries[-1], pause)
            if wait is None:
                return
            self._sleep(wait)
        tries.append(self._exchange(request))

    def _exchange(self, request: Request) -> Answer | NoAnswer:
        from urllib3 import exceptions

        signed = self._sign(request.method, request.url, request.headers, request.body)
        try:
            got = self._http().request(
                request.method, request.url, headers=dict(signed), body=request.body
            )
        except (
            exceptions.NewConnectionError,
            exceptions.ConnectTimeoutError,
            exceptions.SSLError,
        ) as error:
            return NoAnswer(_reason(error), sent=False)
        except exceptions.HTTPError as error:
            return NoAnswer(_reason(error), sent=True)
        except ValueError as error:
            # a line break in a key, a region or a credential
            raise CliError(f"the request cannot be sent: {error}", fix=_ODD) from error
        return Answer(got.status, {k.lower(): v for k, v in got.headers.items()}, got.data)

    def _http(self) -> urllib3.PoolManager:
        if self._pool is None:
            import urllib3

            timeout = urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS)
            self._pool = urllib3.PoolManager(
                maxsize=8, timeout=timeout, retries=False, headers={"User-Agent": "callscribe"}
            )
        return self._pool


def _wait(request: Request, outcome: Answer | NoAnswer, pause: float) -> float | None:
    """The seconds after which to repeat the request; None: its outcome stands."""
    if isinstance(outcome, NoAnswer):
        return pause if request.repeatable or not outcome.sent else None
    kind = _kind(outcome) if outcome.status in (429, 500, 502, 503, 504) else "fine"
    throttled = outcome.status == 429 and kind == ""
    # Twilio's refusal stands under its key: repeating asks for the same refusal
    passing = outcome.status >= 500 and kind in ("", "try-later", "internal-error")
    if not throttled and not (passing and request.repeatable):
        return None
    wait = pause if outcome.retry_after is None else outcome.retry_after
    return wait if wait <= _LONGEST_PAUSE else None


def _left_open(tries: Sequence[Answer | NoAnswer]) -> bool:
    """Whether one of the tries may have been carried out without telling so."""
    return any(
        one.sent if isinstance(one, NoAnswer) else one.status >= 500 and _kind(one) != _REFUSED
        for one in tries
    )


def _checked(request: Request, tries: Sequence[Answer | NoAnswer]) -> Answer:
    outcome = tries[-1]
    if isinstance(outcome, Answer) and outcome.status < 300:
        return outcome
    error = _error(request, outcome)
    # an answer of the application itself tells what became of the key, one of API Gateway does not
    told = isinstance(outcome, Answer) and outcome.status < 500 and _kind(outcome) != ""
    if request.method not in ("GET", "HEAD") and _left_open(tries) and not told:
        raise _unknown(request, str(error))
    raise error


def _error(request: Request, outcome: Answer | NoAnswer) -> CliError:
    if isinstance(outcome, NoAnswer):
        return UnreachableError(
            f"{request.url} cannot be reached ({outcome.reason})",
            fix="check the connection and the address (--api-url, --stack)",
        )
    problem = outcome.document()
    if outcome.status in (401, 403) and not kind_of(problem):
        return _forbidden(request, outcome)
    return RefusedError(outcome.status, problem, outcome.retry_after)


def _kind(answer: Answer) -> str:
    return kind_of(answer.document())


def _unknown(request: Request, why: str) -> OutcomeUnknownError:
    message = f"whether it was done is not known: {why}"
    if request.key is None:
        return OutcomeUnknownError(message, fix="run the command again: it changes nothing twice")
    fix = f"run the command again with --idempotency-key {request.key}: it is done once at most"
    return OutcomeUnknownError(message, fix=fix)


def _forbidden(request: Request, answer: Answer) -> CredentialsError:
    route = f"{request.method} {request.url}"
    skew = clock_skew(answer)
    if skew is not None and abs(skew) > 240:
        return CredentialsError(
            f"AWS refused {route}: this machine's clock is {abs(skew):.0f} s off",
            fix="set the clock",
        )
    return CredentialsError(
        f"AWS refused {route}: {answer.document().get('message', 'forbidden')}",
        fix="check who you are (aws sts get-caller-identity) and that policies/*.json allow this route",
    )


def _reason(error: Exception) -> str:
    """The innermost words: urllib3 wraps them in the names of its objects."""
    inner = error.args[-1] if error.args and isinstance(error.args[-1], Exception) else error
    return str(inner).rsplit(": ", 1)[-1] or type(inner).__name__
