"""A call is dialed once, whatever becomes of the answers, and its end is told."""

from __future__ import annotations

import json
import re

import pytest

from callscribe_cli.api import Api
from callscribe_cli.errors import CredentialsError, OutcomeUnknownError
from local.http_server import DropConnection, Request, Response, Server
from tests.cli.conftest import Callscribe
from tests.cli.double import ApiDouble, problem

TO = "+14155550100"
C1 = "c1" * 16
KEY = r"--idempotency-key (cli-[0-9a-f]{32})"


def test_transcript_is_all_that_standard_output_gets(
    callscribe: Callscribe, double: ApiDouble
) -> None:
    def meanwhile(now: float) -> None:
        call = next(iter(double.calls.values()))
        call["status"] = "ringing" if now < 10 else "in-progress"
        if now >= 20:
            double.add_transcript(call["call_id"], "Hello.", "Goodbye.")

    callscribe.meanwhile = meanwhile
    result = callscribe("call", TO, "--say", "Please tell us.", "--meta", "order=7")
    assert (result.code, result.out) == (0, "txt: Hello. Goodbye.\n")
    assert f"call {1:032x} queued" in result.err
    assert "call ringing" in result.err
    assert double.seen[0][3] == {"to": TO, "say": "Please tell us.", "metadata": {"order": "7"}}


def test_waiter_outlasts_a_lost_connection(callscribe: Callscribe, double: ApiDouble) -> None:
    callscribe.meanwhile = lambda now: (
        double.add_transcript(f"{1:032x}", "Hello.") if now > 60 else None
    )
    double.fault("GET", ".*/transcript", times=6)
    double.fault("GET", ".*/transcript", problem(503, "try-later"), times=6)
    result = callscribe("call", TO)
    assert (result.code, result.out) == (0, "txt: Hello.\n")
    assert "no answer, trying again" in result.err


def test_waiter_that_never_reached_the_stack_does_not_wait(
    callscribe: Callscribe, double: ApiDouble
) -> None:
    double.fault("GET", ".*/transcript", times=9)
    result = callscribe("wait", C1)
    assert result.code == 1
    assert "cannot be reached" in result.err


def test_waiter_asks_as_often_as_it_is_told(callscribe: Callscribe, double: ApiDouble) -> None:
    double.add_call(C1, "in-progress")
    result = callscribe("wait", C1, "--timeout", "60s")
    assert result.code == 1
    assert "no transcript after 60 s: call in-progress" in result.err
    assert result.fix == f"fix: callscribe wait {C1}"
    assert double.asked("GET", f"/calls/{C1}/transcript") == 60 / 5 + 1


def test_lost_answer_is_asked_for_again_with_the_same_key(
    callscribe: Callscribe, double: ApiDouble
) -> None:
    double.fault("POST", "/calls", done=True, times=2)
    result = callscribe("call", TO, "--no-wait")
    assert (result.code, result.out) == (0, f"{1:032x}\n")
    assert double.dialed == 1
    assert double.asked("POST", "/calls") == 3


def test_key_is_told_where_the_outcome_stays_unclear(
    callscribe: Callscribe, double: ApiDouble
) -> None:
    double.fault("POST", "/calls", done=True, times=4)
    result = callscribe("call", TO, "--no-wait")
    assert (result.code, result.out) == (1, "")
    key = re.search(KEY, result.fix)
    assert key is not None
    again = callscribe("call", TO, "--no-wait", "--idempotency-key", key[1])
    assert (again.code, again.out) == (0, f"{1:032x}\n")
    assert double.dialed == 1


@pytest.mark.parametrize(
    "last",
    [
        Response(status=429, body=b'{"message": "Too Many Requests"}'),
        Response(status=403, body=b'{"message": "Forbidden"}'),
        problem(503, "try-later", {"Retry-After": "3600"}),
    ],
    ids=["throttled", "forbidden", "later"],
)
def test_lost_answer_is_not_forgotten_over_a_later_refusal(
    callscribe: Callscribe, double: ApiDouble, last: Response
) -> None:
    double.fault("POST", "/calls", done=True)
    double.fault("POST", "/calls", last, times=9)
    result = callscribe("call", TO, "--no-wait")
    assert result.code == 1
    assert re.search(KEY, result.fix)
    assert double.dialed == 1


def test_lost_answer_is_not_forgotten_when_the_way_is_gone(
    callscribe: Callscribe, double: ApiDouble
) -> None:
    double.fault("POST", "/calls", done=True)
    closing = iter([double.close])
    callscribe.meanwhile = lambda _: next(closing, lambda: None)()
    result = callscribe("call", TO, "--no-wait")
    assert result.code == 1
    assert re.search(KEY, result.fix)


def test_lost_answer_is_not_forgotten_when_credentials_expire() -> None:
    signed: list[object] = []

    def sign(*request: object) -> dict[str, str]:
        signed.append(request)
        if len(signed) == 2:
            raise CredentialsError("the token has expired", fix="aws sso login")
        return {}

    def lose(_: Request) -> Response:
        raise DropConnection

    server = Server(lose)
    try:
        api = Api(server.url, sign, sleep=lambda _: None)
        with pytest.raises(OutcomeUnknownError, match="the token has expired") as caught:
            api.post("/calls", {"to": TO}, key="mine")
    finally:
        server.close()
    assert "--idempotency-key mine" in caught.value.fix


def test_answer_of_the_application_tells_what_became_of_the_key(
    callscribe: Callscribe, double: ApiDouble
) -> None:
    double.fault("POST", "/calls")
    double.fault("POST", "/calls", problem(403, "dialing-refused", code="do_not_call"))
    result = callscribe("call", TO, "--no-wait")
    assert (result.code, double.dialed) == (1, 0)
    assert "do-not-call remove" in result.fix


def test_key_that_cannot_be_sent_is_told(callscribe: Callscribe) -> None:
    result = callscribe("call", TO, "--idempotency-key", "a\nX-Other: b")
    assert result.code == 1
    assert "cannot be sent" in result.err


@pytest.mark.parametrize("kind", ["try-later", "internal-error"])
def test_error_of_the_stack_leaves_the_outcome_open(
    callscribe: Callscribe, double: ApiDouble, kind: str
) -> None:
    double.fault("POST", "/calls", problem(503, kind), done=True, times=9)
    result = callscribe("call", TO, "--no-wait")
    assert result.code == 1
    assert re.search(KEY, result.fix)
    assert double.dialed == 1


def test_ctrl_c_before_the_answer_tells_the_key(callscribe: Callscribe, double: ApiDouble) -> None:
    double.fault("POST", "/calls", done=True)
    callscribe.meanwhile = _interrupt
    result = callscribe("call", TO)
    assert result.code == 130
    assert re.search(KEY, result.fix)


def test_ctrl_c_while_waiting_tells_how_to_go_on(callscribe: Callscribe) -> None:
    callscribe.meanwhile = _interrupt
    result = callscribe("call", TO)
    assert result.code == 130
    assert result.fix == f"fix: the call goes on; callscribe wait {1:032x}"


def test_nothing_is_sent_again_without_a_key(callscribe: Callscribe, double: ApiDouble) -> None:
    double.add_call(C1)
    double.fault("POST", f"/calls/{C1}/retry")
    result = callscribe("retry", C1)
    assert result.code == 1
    assert "not known" in result.err
    assert double.asked("POST", f"/calls/{C1}/retry") == 1


def test_retry_after_is_obeyed(callscribe: Callscribe, double: ApiDouble) -> None:
    double.fault("POST", "/calls", problem(503, "try-later", {"Retry-After": "7"}))
    assert callscribe("call", TO, "--no-wait").code == 0
    assert callscribe.slept == [7.0]


def test_long_retry_after_is_told_and_not_sat_out(
    callscribe: Callscribe, double: ApiDouble
) -> None:
    double.fault("GET", "/calls", problem(503, "try-later", {"Retry-After": "3600"}))
    result = callscribe("list")
    assert (result.code, callscribe.slept) == (1, [])
    assert "try-later" in result.err


@pytest.mark.parametrize(
    ("status", "kind", "code", "fix"),
    [
        (403, "dialing-refused", "destination_not_allowed", "AllowedCountries"),
        (403, "dialing-refused", "dialing_stopped", "callscribe dialing resume"),
        (429, "dialing-refused", "quiet_hours", "--at"),
        (429, "dialing-refused", "cap_reached", "tomorrow"),
        (429, "twilio-refused", "twilio_busy", "docs/api.md"),
        (503, "twilio-refused", "twilio_unreachable", "docs/api.md"),
        (422, "idempotency-key-reused", "", "new --idempotency-key"),
    ],
)
def test_refusal_is_final(
    callscribe: Callscribe, double: ApiDouble, status: int, kind: str, code: str, fix: str
) -> None:
    headers = {"Retry-After": "1"}
    double.fault("POST", "/calls", problem(status, kind, headers, code=code), times=9)
    result = callscribe("call", TO)
    assert (result.code, result.out) == (1, "")
    assert fix in result.fix
    assert double.asked("POST", "/calls") == 1


def test_fields_at_fault_are_named(callscribe: Callscribe, double: ApiDouble) -> None:
    errors = [{"field": "to", "message": "must be E.164: write +442071838750"}]
    double.fault("POST", "/calls", problem(400, "invalid-input", errors=errors))
    result = callscribe("call", "+4402071838750")
    assert result.code == 1
    assert "to: must be E.164: write +442071838750" in result.err


def test_call_that_had_failed_under_its_key_is_no_success(
    callscribe: Callscribe, double: ApiDouble
) -> None:
    error = {"code": "to_invalid", "message": "no such number", "retryable": False}
    double.add_call(C1, "failed", error=error)
    double.keys["mine"] = C1
    result = callscribe("call", TO, "--idempotency-key", "mine")
    assert (result.code, result.out) == (1, "")
    assert "no such number (to_invalid)" in result.err


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled"])
def test_call_without_a_transcript_ends_the_waiting(
    callscribe: Callscribe, double: ApiDouble, status: str
) -> None:
    callscribe.meanwhile = lambda _: double.calls[f"{1:032x}"].update(status=status)
    result = callscribe("call", TO)
    assert (result.code, result.out) == (1, "")
    assert "no-transcript" in result.err


def test_scheduled_call_is_not_waited_for(callscribe: Callscribe, double: ApiDouble) -> None:
    result = callscribe("call", TO, "--at", "2026-12-01T15:00:00+01:00")
    assert (result.code, result.out) == (0, f"{1:032x}\n")
    assert double.seen[0][3]["place_at"] == "2026-12-01T14:00:00Z"


def test_prompt_comes_from_standard_input(callscribe: Callscribe, double: ApiDouble) -> None:
    prompt = "Grüß Gott.\nBitte sprechen Sie.\n"
    assert callscribe("call", TO, "--say", "-", "--no-wait", stdin=prompt.encode()).code == 0
    assert double.seen[0][3]["say"] == "Grüß Gott.\nBitte sprechen Sie."


def test_json_has_the_call_with_its_recordings(callscribe: Callscribe, double: ApiDouble) -> None:
    callscribe.meanwhile = lambda _: double.add_transcript(f"{1:032x}", "Hello.")
    result = callscribe("call", TO, "--json")
    assert json.loads(result.out)["recordings"][0]["text"] == "Hello."
    double.calls.clear()
    assert callscribe("call", TO, "--no-wait", "--query", "call_id").out == f"{2:032x}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        [TO, "--timeout", "soon"],
        [TO, "--timeout", "30"],
        [TO, "--mode", "talk"],
        [TO, "--meta", "order"],
        [TO, "--meta", "=7"],
        [TO, "--at", "tomorrow"],
        [TO, "--at", "2026-13-01"],
        [TO, "--query", "a["],
        [TO, "--no-such-option"],
        [TO, "another"],
    ],
)
def test_wrong_usage_is_told_before_anything_is_sent(
    callscribe: Callscribe, double: ApiDouble, arguments: list[str]
) -> None:
    result = callscribe("call", *arguments)
    assert (result.code, result.out) == (2, "")
    assert result.fix == "fix: callscribe call --help"
    assert double.seen == []


def _interrupt(_: float) -> None:
    raise KeyboardInterrupt
