"""Fault injection: both simulators lose, delay, repeat, refuse and disconnect on request, over HTTP.

``POST /_faults`` adds a rule, ``GET /_faults`` lists them with how often each fired, ``DELETE
/_faults`` (``/{id}``) removes them. docs/faults.md describes every kind.
"""

from __future__ import annotations

import itertools
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from threading import Lock
from typing import Any

from local.http_server import DropConnection, Request, Response

REQUEST_FAULTS = (
    "status",  # refused before anything is done
    "status_after",  # done, then answered so
    "drop_before",  # the connection closes, nothing is done
    "drop_after",  # done, then the connection closes
    "hang_after",  # done, then silence for `seconds`
    "delay",
    "corrupt",
)
CALLBACK_FAULTS = ("lose", "delay", "repeat", "reorder", "corrupt")
_KINDS = tuple(dict.fromkeys(REQUEST_FAULTS + CALLBACK_FAULTS))
_MAX_SECONDS = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """``times`` None is indefinitely; ``operation`` "*" is every one; ``repeat`` sends so many more."""

    id: int
    operation: str
    fault: str
    times: int | None = 1
    probability: float = 1.0
    seconds: float = 0.0
    status: int = 503
    repeat: int = 1
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    fired: int = 0


class RuleError(ValueError):
    """A rule that cannot be; ``field`` names what is wrong."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.field = name
        self.message = message


class Faults:
    """The rules of one simulator, and the random numbers that decide which strike."""

    def __init__(self, operations: tuple[str, ...], *, seed: int = 0) -> None:
        self._operations = operations
        # repeatable with the same seed, and no secret
        self._random = random.Random(seed)
        self._rules: dict[int, Rule] = {}
        self._ids = itertools.count(1)
        self._lock = Lock()

    def add(self, values: Mapping[str, Any]) -> Rule:
        """Adds a rule. Raises RuleError."""
        rule = _checked(values, self._operations, next(self._ids))
        with self._lock:
            self._rules[rule.id] = rule
        return rule

    def clear(self, rule_id: int | None = None) -> None:
        with self._lock:
            if rule_id is None:
                self._rules.clear()
            else:
                self._rules.pop(rule_id, None)

    def rules(self) -> list[Rule]:
        with self._lock:
            return list(self._rules.values())

    def draw(self, operation: str, kinds: tuple[str, ...]) -> list[Rule]:
        """The rules that strike this once; each is counted."""
        with self._lock:
            struck = [
                rule for rule in self._rules.values() if self._strikes(rule, operation, kinds)
            ]
            for rule in struck:
                self._rules[rule.id] = replace(rule, fired=rule.fired + 1)
            return struck

    def serve(self, operation: str, act: Callable[[], Response]) -> Response:
        """Carries out a vendor's operation, with whatever faults strike it.

        Raises DropConnection for those that close it.
        """
        struck = {rule.fault: rule for rule in self.draw(operation, REQUEST_FAULTS)}
        if "delay" in struck:
            time.sleep(struck["delay"].seconds)
        if "drop_before" in struck:
            raise DropConnection
        if "status" in struck:
            return _refusal(struck["status"])
        response = act()
        if "drop_after" in struck:
            raise DropConnection
        if "hang_after" in struck:
            time.sleep(struck["hang_after"].seconds)
            raise DropConnection
        if "status_after" in struck:
            return _refusal(struck["status_after"])
        return corrupted(response) if "corrupt" in struck else response

    def control(self, request: Request) -> Response | None:
        """Serves ``/_faults``; None for any other path."""
        head, _, rule_id = request.raw_path.lstrip("/").partition("/")
        if head != "_faults":
            return None
        if request.method == "POST":
            return self._post(request.body)
        if request.method == "DELETE":
            self.clear(int(rule_id) if rule_id.isdecimal() else None)
            return Response(status=204)
        return json_response(200, {"faults": [asdict(rule) for rule in self.rules()]})

    def _post(self, body: bytes) -> Response:
        try:
            values = json.loads(body)
            if not isinstance(values, dict):
                raise RuleError("body", "must be a JSON object")
            return json_response(201, asdict(self.add(values)))
        except RuleError as error:
            errors = [{"field": error.field, "message": error.message}]
        except ValueError:
            errors = [{"field": "body", "message": "must be JSON"}]
        return json_response(400, {"title": "The rule is not valid", "errors": errors})

    def _strikes(self, rule: Rule, operation: str, kinds: tuple[str, ...]) -> bool:
        return (
            rule.fault in kinds
            and rule.operation in ("*", operation)
            and (rule.times is None or rule.fired < rule.times)
            and self._random.random() < rule.probability
        )


def corrupted(response: Response) -> Response:
    """The same answer with its body cut in half and a byte turned over."""
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    half = bytearray(body[: len(body) // 2])
    if half:
        half[0] ^= 0xFF
    headers = {k: v for k, v in response.headers.items() if k.lower() != "content-length"}
    return Response(status=response.status, headers=headers, body=bytes(half))


def json_response(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        status=status,
        headers={"Content-Type": "application/json", **(headers or {})},
        body=json.dumps(body).encode(),
    )


def _refusal(rule: Rule) -> Response:
    return Response(status=rule.status, headers=rule.headers, body=rule.body.encode())


def _checked(values: Mapping[str, Any], operations: tuple[str, ...], rule_id: int) -> Rule:
    for name, message in _mistakes(values, operations):
        raise RuleError(name, message)
    return Rule(id=rule_id, **values)


def _mistakes(  # noqa: C901 - a list of rules, one after the other
    values: Mapping[str, Any], operations: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """What is wrong with a rule, as (field, message)."""
    known = {"operation", "fault", "times", "probability", "seconds", "status", "repeat", "body"}
    for name in values:
        if name not in known | {"headers"}:
            yield name, f"is not known; the fields are {', '.join(sorted(known | {'headers'}))}"
    if values.get("operation") not in ("*", *operations):
        yield "operation", f"must be * or one of {', '.join(operations)}"
    if values.get("fault") not in _KINDS:
        yield "fault", f"must be one of {', '.join(_KINDS)}"
    if not _is_count(values.get("times", 1), 1, None):
        yield "times", "must be a whole number of 1 or more, or null for no limit"
    if not _is_number(values.get("probability", 1), 1):
        yield "probability", "must be a number from 0 to 1"
    if not _is_number(values.get("seconds", 0), _MAX_SECONDS):
        yield "seconds", f"must be a number from 0 to {_MAX_SECONDS}"
    if not _is_count(values.get("status", 503), 100, 599):
        yield "status", "must be an HTTP status"
    if not _is_count(values.get("repeat", 1), 1, 100):
        yield "repeat", "must be a whole number from 1 to 100"
    if not isinstance(values.get("body", ""), str):
        yield "body", "must be a string"
    headers = values.get("headers", {})
    if not isinstance(headers, dict) or not all(isinstance(v, str) for v in headers.values()):
        yield "headers", "must be an object of strings"


def _is_count(value: object, low: int, high: int | None) -> bool:
    if value is None:
        return high is None
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole and low <= value and (high is None or value <= high)  # type: ignore[operator]


def _is_number(value: object, high: float) -> bool:
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    return numeric and 0 <= value <= high  # type: ignore[operator]
