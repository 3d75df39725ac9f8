"""`callscribe ui`'s server acts as its user, so these tests are attacks on it, over real sockets."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from http.client import HTTPConnection
from threading import Thread

import pytest

from callscribe_cli import viewer
from callscribe_cli.ui import Backend, UiServer
from callscribe_cli.ui_replies import Answer, ForwardError
from tests.viewer.fake_api import COMPLETED, FAILED, RECORDING, FakeApi

_WAV_BYTES = 44 + 240 * 8000


@dataclass(frozen=True)
class Got:
    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    server: UiServer,
    path: str = "",
    method: str = "GET",
    body: bytes | None = None,
    **headers: str,
) -> Got:
    """``path`` behind the secret part of the address; headers with _ for -."""
    return ask_raw(server, f"/{server.token}/{path}", method, body, **headers)


def ask_raw(
    server: UiServer, target: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> Got:
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    try:
        connection.putrequest(method, target, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return Got(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def send_bytes(server: UiServer, request: bytes) -> bytes:
    """What comes back for ``request`` until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_the_page_names_the_stack_and_what_it_can_do(server: UiServer) -> None:
    got = ask(server)
    assert got.status == 200
    config = got.body.decode().partition('id="config">')[2].partition("</script>")[0]
    assert json.loads(config) == {
        "shared": False,
        "stack": "callscribe-dev",
        "formats": ["txt", "json", "srt", "vtt", "docx"],
        "search": True,
        "actions": ["retry", "cancel", "erase", "share"],
    }


def test_a_stack_cannot_break_out_of_the_configuration() -> None:
    text = viewer.page({"stack": "</script><script>alert(1)</script>"}).decode()
    assert text.count("</script>") == 2
    config = text.partition('id="config">')[2].partition("</script>")[0]
    assert json.loads(config) == {"stack": "</script><script>alert(1)</script>"}


def test_every_file_that_the_page_needs_is_served_with_its_type(server: UiServer) -> None:
    for name in viewer.assets():
        got = ask(server, f"static/{name}")
        assert (got.status, got.body) == (200, viewer.assets()[name]), name
        assert got.headers["content-type"] == viewer.content_type(name)


def test_nothing_in_the_pages_comes_from_elsewhere_or_is_inline() -> None:
    page = viewer.page({}).decode()
    assert "http:" not in page
    assert "https:" not in page
    assert " style=" not in page
    assert " on" not in page.replace(" one", "").partition("<body>")[2].partition("<noscript>")[0]
    for name, data in viewer.assets().items():
        text = data.decode()
        assert "innerHTML" not in text, name
        assert "https://" not in text, name


# --- the address


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/{wrong}/",
        "/{token}",
        "/{token}x/",
        "/x/{token}/",
        "/{short}/",
        "/%2F{token}/",
        "http://127.0.0.1:{port}/{token}/",
        "/static/main.js",
        "/api/calls",
        "/favicon.ico",
        "/?{token}/",
    ],
)
def test_without_the_secret_path_there_is_nothing(
    server: UiServer, api: FakeApi, target: str
) -> None:
    token = server.token
    wrong = token[:-1] + ("A" if token[-1] != "A" else "B")
    path = target.format(token=token, wrong=wrong, short=token[:-1], port=server.server_port)
    got = ask_raw(server, path)
    assert got.status == 404
    assert token.encode() not in got.body
    assert api.requests == []


def test_the_secret_is_new_at_each_start_and_has_128_bits(server: UiServer) -> None:
    with UiServer(server.backend) as other:
        assert other.token != server.token
        assert len(other.token) >= 22


def test_the_entrance_leads_to_the_page_once(server: UiServer, api: FakeApi) -> None:
    entrance = server.entrance.removeprefix(server.origin)
    assert ask_raw(server, entrance, Sec_Fetch_Site="cross-site").status == 403
    assert ask_raw(server, entrance, Host="attacker.example").status == 421
    assert ask_raw(server, f"{entrance}/api/calls").status == 404
    got = ask_raw(server, entrance, Sec_Fetch_Site="none")
    assert (got.status, got.headers["location"]) == (303, server.url)
    assert got.headers["referrer-policy"] == "no-referrer"
    again = ask_raw(server, entrance)
    assert again.status == 404
    assert server.token not in str(again)
    assert api.requests == []


def test_it_listens_on_this_machine_alone(server: UiServer) -> None:
    assert server.socket.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize(
    "host",
    [
        "attacker.example",
        "attacker.example:{port}",
        "localhost:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1:{port}.attacker.example",
        "127.0.0.1:{port}@attacker.example",
        "[::1]:{port}",
        "127.1:{port}",
        "",
    ],
)
def test_a_name_that_points_here_is_refused(server: UiServer, api: FakeApi, host: str) -> None:
    got = ask(server, "api/calls", Host=host.format(port=server.server_port))
    assert got.status == 421
    assert api.requests == []


def test_two_hosts_or_none_are_refused(server: UiServer) -> None:
    target = f"GET /{server.token}/ HTTP/1.1\r\n".encode()
    right = f"Host: {server.host}\r\n".encode()
    assert b" 421 " in send_bytes(server, target + right + b"Host: attacker.example\r\n\r\n")
    assert b" 421 " in send_bytes(server, target + b"\r\n")


# --- other sites


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything", ""])
def test_other_sites_get_nothing(server: UiServer, api: FakeApi, site: str) -> None:
    for path in ("", "static/main.js", "api/calls", f"audio/{COMPLETED}/{RECORDING}"):
        assert ask(server, path, Sec_Fetch_Site=site).status == 403
    assert api.requests == []


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_the_page_and_an_address_typed_in_are_answered(server: UiServer, site: str) -> None:
    assert ask(server, "api/calls", Sec_Fetch_Site=site).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"api/calls/{FAILED}/retry"),
        ("POST", f"api/calls/{FAILED}/cancel"),
        ("POST", f"api/calls/{FAILED}/shares"),
        ("DELETE", f"api/calls/{FAILED}"),
        ("DELETE", f"api/calls/{FAILED}/shares/s1"),
    ],
)
def test_what_changes_something_needs_the_pages_own_origin(
    server: UiServer, api: FakeApi, method: str, path: str
) -> None:
    assert ask(server, path, method, b"").status == 403
    for origin in (
        "null",
        "http://attacker.example",
        f"https://{server.host}",
        server.origin + "0",
    ):
        assert ask(server, path, method, b"", Origin=origin).status == 403
    assert api.requests == []
    assert ask(server, path, method, b"", Origin=server.origin).status < 300
    assert [(one[0], one[1]) for one in api.requests] == [(method, path.removeprefix("api"))]


def test_reading_for_another_origin_is_refused(server: UiServer, api: FakeApi) -> None:
    assert ask(server, "api/calls", Origin="http://127.0.0.1:1").status == 403
    assert api.requests == []


def test_no_answer_allows_another_origin(server: UiServer) -> None:
    for path in ("", "api/calls", "nothing"):
        assert not [name for name in ask(server, path).headers if name.startswith("access-control")]


# --- what may be asked for


@pytest.mark.parametrize(
    "path",
    [
        "static/../ui.py",
        "static/..%2fui.py",
        "static/%2e%2e/ui.py",
        "static/__init__.py",
        "static/index.html",
        "static//etc/passwd",
        "static/",
        "../../etc/passwd",
        "audio/../../etc/passwd",
        f"audio/{COMPLETED}/../x",
        "main.js",
    ],
)
def test_no_other_file_can_be_read(server: UiServer, path: str) -> None:
    assert ask(server, path).status == 404


@pytest.mark.parametrize(
    "path",
    [
        "dialing",
        "scheduled-calls",
        "do-not-call/%2B14155550100",
        "calls/",
        "calls/../dialing",
        f"calls/{COMPLETED}/../../dialing",
        f"calls/{COMPLETED}%2F..%2F..%2Fdialing",
        f"calls/{COMPLETED}/transcript/",
        f"calls/{COMPLETED}\n/retry".replace("\n", "%0a"),
        "calls/x",
        "imports/import-1",
        "/calls",
    ],
)
def test_no_other_part_of_the_api_is_forwarded(server: UiServer, api: FakeApi, path: str) -> None:
    assert ask(server, f"api/{path}").status == 404
    assert api.requests == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "api/calls", 405),  # the viewer places no calls
        ("DELETE", "api/calls", 405),
        ("POST", f"api/calls/{COMPLETED}", 405),
        ("DELETE", f"api/calls/{COMPLETED}/transcript", 405),
        ("GET", f"api/calls/{COMPLETED}/retry", 405),
        ("POST", "api/retries", 404),
        ("POST", "api/erasures", 404),
        ("POST", "api/search", 404),
        ("POST", "", 405),
        ("POST", "static/main.js", 405),
        ("PUT", "api/dialing", 501),
        ("PATCH", "", 501),
        ("HEAD", "", 501),
        ("OPTIONS", "api/calls", 501),
        ("TRACE", "", 501),
        ("CONNECT", "", 501),
    ],
)
def test_no_other_method_is_possible(
    server: UiServer, api: FakeApi, method: str, path: str, status: int
) -> None:
    assert ask(server, path, method, b"", Origin=server.origin).status == status
    assert api.requests == []


def test_only_known_parameters_are_passed_on(server: UiServer, api: FakeApi) -> None:
    ask(server, "api/calls?status=failed&limit=5&x=1&call_id=2")
    ask(server, f"api/calls/{COMPLETED}?status=failed")
    assert [one[2] for one in api.requests] == [{"status": "failed", "limit": "5"}, {}]


def test_odd_requests_are_refused_and_break_nothing(server: UiServer, api: FakeApi) -> None:
    head = f"GET /{server.token}/"
    host = f"Host: {server.host}\r\n"
    for request, status in (
        (f"{head}api/calls?{'a=1&' * 11} HTTP/1.1\r\n{host}\r\n", b" 400 "),
        (f"{head}{'x' * 70_000} HTTP/1.1\r\n{host}\r\n", b" 414 "),
        (f"{head} HTTP/1.1\r\n{host}X: {'x' * 70_000}\r\n\r\n", b" 431 "),
        (f"{head} HTTP/1.1\r\n{host}X: y\r\n" + "A: b\r\n" * 200 + "\r\n", b" 431 "),
        (f"{head}\x00\xff HTTP/1.1\r\n{host}\r\n", b" 404 "),
        (f"{head} HTTP/9.9\r\n{host}\r\n", b" 505 "),
        ("nonsense\r\n\r\n", b" 400 "),
    ):
        answer = send_bytes(server, request.encode("latin-1"))
        assert status in answer, request[:80]
        assert b"Traceback" not in answer
    assert api.requests == []
    assert ask(server).status == 200


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content_Type": "text/plain"}, b"{}", 415),
        ({"Content_Type": "application/x-www-form-urlencoded"}, b"a=b", 415),
        ({}, b"{}", 415),
        ({"Content_Type": "application/json"}, b"x" * 65_537, 413),
    ],
)
def test_a_body_is_json_and_small(
    server: UiServer, api: FakeApi, headers: dict[str, str], body: bytes, status: int
) -> None:
    path = f"api/calls/{COMPLETED}/shares"
    assert ask(server, path, "POST", body, Origin=server.origin, **headers).status == status
    assert api.requests == []


@pytest.mark.parametrize(
    "lines",
    [
        "Transfer-Encoding: chunked\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 0\r\nContent-Length: 5\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: +1\r\n",
        "Content-Length: 1_0\r\n",
        "Content-Length: 0x1\r\n",
    ],
)
def test_nothing_can_be_smuggled_behind_a_body(server: UiServer, api: FakeApi, lines: str) -> None:
    head = f"GET /{server.token}/ HTTP/1.1\r\nHost: {server.host}\r\n{lines}\r\n"
    second = f"GET /{server.token}/api/calls HTTP/1.1\r\nHost: {server.host}\r\n\r\n"
    answer = send_bytes(server, (head + "0\r\n\r\n" + second).encode())
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b" 411 " in answer
    assert api.requests == []


# --- what is answered


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("", "GET"),
        ("static/main.js", "GET"),
        ("api/calls", "GET"),
        (f"audio/{COMPLETED}/{RECORDING}", "GET"),
        ("nothing", "GET"),
        ("", "PUT"),
    ],
)
def test_every_answer_is_locked_down(server: UiServer, path: str, method: str) -> None:
    headers = ask(server, path, method).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["server"] == "callscribe"
    assert "set-cookie" not in headers


def test_the_apis_answers_come_through_as_they_are(server: UiServer) -> None:
    got = ask(server, f"api/calls/{FAILED}/transcript")
    assert (got.status, got.headers["content-type"]) == (404, "application/problem+json")
    assert json.loads(got.body)["type"] == "urn:callscribe:problem:no-transcript"


def test_an_api_that_does_not_answer_is_a_problem_with_its_reason() -> None:
    def forward(*_: object) -> Answer:
        raise ForwardError("the credentials have expired: aws sso login")

    got = _once(Backend(forward=forward))
    assert got.status == 502
    assert json.loads(got.body)["detail"] == "the credentials have expired: aws sso login"


def _once(backend: Backend) -> Got:
    with UiServer(backend) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        got = ask(server, "api/calls")
        thread.join()
    return got


def test_the_path_is_not_logged(server: UiServer, capfd: pytest.CaptureFixture[str]) -> None:
    ask(server)
    ask(server, "nothing")
    ask_raw(server, "/wrong/")
    send_bytes(server, b"nonsense\r\n\r\n")
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""


def test_other_formats_are_rendered_here(server: UiServer, api: FakeApi) -> None:
    got = ask(server, f"api/calls/{COMPLETED}/transcript?format=docx")
    assert (got.status, got.headers["content-type"]) == (200, "application/octet-stream")
    assert got.body == f"{COMPLETED} 1".encode()
    assert ask(server, f"api/calls/{FAILED}/transcript?format=docx").status == 404
    assert "docx" not in str(api.requests)


def test_search_is_answered_here(server: UiServer, api: FakeApi) -> None:
    hits = json.loads(ask(server, "api/search?q=refund").body)["hits"]
    assert [hit["call_id"] for hit in hits] == [COMPLETED]
    assert api.requests == []


# --- audio


def test_audio_is_passed_through_in_the_parts_that_are_asked_for(
    server: UiServer, api: FakeApi
) -> None:
    path = f"audio/{COMPLETED}/{RECORDING}"
    whole = ask(server, path)
    assert (whole.status, len(whole.body)) == (200, _WAV_BYTES)
    assert whole.headers["content-type"] == "audio/wav"
    part = ask(server, path, Range="bytes=0-3")
    assert (part.status, part.body) == (206, b"RIFF")
    assert part.headers["content-range"] == f"bytes 0-3/{_WAV_BYTES}"
    end = ask(server, path, Range="bytes=-10")
    assert (end.status, end.body) == (206, b"\x80" * 10)
    beyond = ask(server, path, Range="bytes=99999999-")
    assert (beyond.status, beyond.headers["content-range"]) == (416, f"bytes */{_WAV_BYTES}")
    assert api.links == 1


def test_a_range_that_is_none_is_not_passed_on(server: UiServer, api: FakeApi) -> None:
    for wanted in ("bytes=0-1,5-6", "items=0-1", "bytes=-", "bytes=a-b"):
        assert ask(server, f"audio/{COMPLETED}/{RECORDING}", Range=wanted).status == 200
    assert {wanted for _, wanted in api.ranges} == {None}


def test_an_expired_link_is_renewed(server: UiServer, api: FakeApi) -> None:
    path = f"audio/{COMPLETED}/{RECORDING}"
    ask(server, path, Range="bytes=0-3")
    api.expire_links()
    part = ask(server, path, Range="bytes=4-7")
    assert (part.status, len(part.body)) == (206, 4)
    assert api.links == 2


def test_a_recording_without_audio_is_not_found(server: UiServer) -> None:
    assert ask(server, f"audio/{COMPLETED}/RE{'b' * 32}").status == 404
    assert ask(server, f"audio/{'f' * 32}/{RECORDING}").status == 404


def test_what_is_not_audio_is_not_shown_as_a_page(server: UiServer, api: FakeApi) -> None:
    ask(server, f"audio/{COMPLETED}/{RECORDING}")
    api.expire_links()
    api.valid_links = _Never()
    got = ask(server, f"audio/{COMPLETED}/{RECORDING}")
    assert (got.status, got.headers["content-type"]) == (403, "application/octet-stream")


class _Never(dict[str, int]):
    def __contains__(self, link: object) -> bool:
        return False
