"""The HTTP API as API Gateway serves it: routes, SigV4, payload 2.0 events, limits.

The routes and which of them need a signature are read from the translated template, so that what is
open here is what would be open there.
"""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLongError
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl

from local import sigv4
from local.environments import FunctionError
from local.http_server import Request, Response, Server
from local.ministack import REGION
from local.template import Route

ACCOUNT_ID = "000000000000"
API_ID = "local"
MAX_BODY_BYTES = 10 * 1024 * 1024
INTEGRATION_SECONDS = 30
_TEXT_TYPES = re.compile(
    r"(text/.*|application/(.*\+)?(json|xml|javascript)|.*x-www-form-urlencoded)"
)

Invoke = Callable[[str, bytes], bytes]


def read_routes(openapi: Mapping[str, Any]) -> list[Route]:
    """The routes of a translated template, the most specific first."""
    routes = []
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            if method.startswith("x-") or method == "parameters":
                continue
            uri = json.dumps(operation["x-amazon-apigateway-integration"]["uri"])
            function = re.search(r"\$\{(\w+)\.Arn\}", uri)
            if function is None:
                raise ValueError(f"{method} {path} names no function")
            signed = any("AWS_IAM" in entry for entry in operation.get("security", []))
            routes.append(Route(method.upper(), path, function[1], signed))
    return sorted(routes, key=lambda route: route.specificity)


class ApiGateway:
    """Listens until closed. ``callers`` may be added to while it runs.

    ``base_path`` (``/voice``) is the key of a custom domain's API mapping: requests come below it.
    Documents disagree whether ``rawPath`` keeps it: ``keeps_base_path`` is either.
    """

    def __init__(
        self,
        routes: list[Route],
        invoke: Invoke,
        *,
        port: int = 0,
        base_path: str = "",
        keeps_base_path: bool = True,
    ) -> None:
        self.callers: dict[str, sigv4.Caller] = {}
        self._routes = routes
        self._invoke = invoke
        self._pool = ThreadPoolExecutor(max_workers=64, thread_name_prefix="api-gateway")
        self._base_path, self._keeps_base_path = base_path, keeps_base_path
        self._server = Server(self._dated, port=port)
        self.url = self._server.url + base_path

    def close(self) -> None:
        self._server.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _dated(self, request: Request) -> Response:
        answer = self._answer(request)
        return replace(answer, headers={"Date": formatdate(usegmt=True), **answer.headers})

    def _answer(self, request: Request) -> Response:
        if len(request.body) > MAX_BODY_BYTES:
            return _message(413, "Request Entity Too Large")
        if not request.raw_path.startswith(f"{self._base_path}/"):
            return _message(404, "Not Found")
        path = request.raw_path.removeprefix(self._base_path)
        for route in self._routes:
            parameters = route.match(request.method, path)
            if parameters is not None:
                return self._serve(route, parameters, request)
        return _message(404, "Not Found")

    def _serve(self, route: Route, parameters: dict[str, str], request: Request) -> Response:
        caller = None
        if route.needs_signature:
            now = datetime.now(UTC)
            caller = sigv4.authenticate(request, self.callers, region=REGION, now=now)
            path = request.raw_path.removeprefix(self._base_path).lstrip("/")
            resource = (
                f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{API_ID}/$default/{route.method}/{path}"
            )
            if caller is None or not caller.may(resource):
                return _message(403, "Forbidden")
        event = build_event(route, parameters, request, caller)
        if not self._keeps_base_path:
            event["rawPath"] = event["rawPath"].removeprefix(self._base_path)
        payload = json.dumps(event).encode()
        answer: Future[bytes] = self._pool.submit(self._invoke, route.function, payload)
        try:
            return read_answer(answer.result(INTEGRATION_SECONDS))
        except TookTooLongError:
            return _message(503, "Service Unavailable")
        except (FunctionError, ValueError):
            return _message(500, "Internal Server Error")


def build_event(
    route: Route, parameters: Mapping[str, str], request: Request, caller: sigv4.Caller | None
) -> dict[str, Any]:
    """The payload 2.0 event for a request."""
    headers: dict[str, str] = {}
    for name, value in request.headers:
        lower = name.lower()
        headers[lower] = f"{headers[lower]},{value}" if lower in headers else value
    cookies = headers.pop("cookie", None)
    now = time.time()
    context: dict[str, Any] = {
        "accountId": ACCOUNT_ID,
        "apiId": API_ID,
        "domainName": headers.get("host", ""),
        "domainPrefix": API_ID,
        "http": {
            "method": request.method,
            "path": request.raw_path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.client_ip,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": uuid.uuid4().hex,
        "routeKey": route.key,
        "stage": "$default",
        "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
        "timeEpoch": int(now * 1000),
    }
    if caller is not None:
        context["authorizer"] = {"iam": _identity(caller)}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route.key,
        "rawPath": request.raw_path,
        "rawQueryString": request.raw_query,
        "headers": headers,
        "requestContext": context,
        **_body(request, headers.get("content-type", "")),
    }
    if cookies:
        event["cookies"] = [cookie.strip() for cookie in cookies.split(";")]
    if request.raw_query:
        event["queryStringParameters"] = _joined(request.raw_query)
    if parameters:
        event["pathParameters"] = dict(parameters)
    return event


def read_answer(payload: bytes) -> Response:
    """The function's answer as HTTP.

    Raises:
        ValueError: API Gateway could not make sense of it either (500).
    """
    answer = json.loads(payload)
    if not isinstance(answer, dict) or "statusCode" not in answer:
        # format 2.0: anything else is the body of a 200
        return Response(headers={"Content-Type": "application/json"}, body=payload)
    body = answer.get("body") or ""
    raw = base64.b64decode(body) if answer.get("isBase64Encoded") else str(body).encode()
    headers = {str(k): str(v) for k, v in (answer.get("headers") or {}).items()}
    if raw and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = "text/plain; charset=utf-8"
    headers["Apigw-Requestid"] = uuid.uuid4().hex
    return Response(status=int(answer["statusCode"]), headers=headers, body=raw)


def _identity(caller: sigv4.Caller) -> dict[str, Any]:
    return {
        "accessKey": caller.access_key_id,
        "accountId": caller.account_id,
        "callerId": caller.user_id,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": caller.user_arn,
        "userId": caller.user_id,
    }


def _body(request: Request, content_type: str) -> dict[str, Any]:
    if not request.body:
        return {"isBase64Encoded": False}
    if _TEXT_TYPES.fullmatch(content_type.split(";", 1)[0].strip().lower()):
        try:
            return {"body": request.body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass
    return {"body": base64.b64encode(request.body).decode(), "isBase64Encoded": True}


def _joined(query: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        values[name] = f"{values[name]},{value}" if name in values else value
    return values


def _message(status: int, text: str) -> Response:
    body = json.dumps({"message": text}).encode()
    return Response(status=status, headers={"Content-Type": "application/json"}, body=body)
