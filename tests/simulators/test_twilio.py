"""The Twilio simulator: its REST API, callbacks and calls, checked against the vendor's documents."""

from __future__ import annotations

import io
import re
import wave
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from local.http_server import DropConnection, Request, Response, Server
from local.simulators.twilio import TwilioSimulator
from local.simulators.twilio.callbacks import read_overrides
from local.simulators.twilio.signature import sign
from local.speech.clips import load_clips
from tests.support.fixtures import fixtures
from tests.support.waiting import wait_until

AC, SK, TOKEN, SECRET = "AC" + "1" * 32, "SK" + "1" * 32, "token", "secret"
OURS, PHONE = "+15005550006", "+14155550100"
HANGUP = "<Response><Hangup/></Response>"


class _Http(TwilioHttpClient):  # type: ignore[misc]  # the library is not typed
    def __init__(self, url: str) -> None:
        super().__init__(timeout=10)
        self._url = url

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        rewritten = re.sub(r"^https://(api|voice)\.twilio\.com", self._url, url)
        return super().request(method, rewritten, *args, **kwargs)


class World:
    """A simulator, Twilio's own client, and an application that answers with given TwiML."""

    def __init__(self) -> None:
        self.sim = TwilioSimulator(AC, TOKEN, SK, SECRET, numbers=[OURS], speed=200)
        self.client = Client(SK, SECRET, AC, http_client=_Http(self.sim.url))
        self.documents: dict[str, str] = {}
        self.statuses: list[int] = []
        self.received: list[tuple[str, dict[str, str]]] = []
        self.signatures: list[bool] = []
        self.server = Server(self._answer)

    def _answer(self, request: Request) -> Response:
        form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        self.received.append((request.raw_path, form))
        signature = request.header("X-Twilio-Signature")
        url = self.server.url + request.raw_path
        self.signatures.append(RequestValidator(TOKEN).validate(url, form, signature))
        if self.statuses and request.raw_path == "/voice":
            status = self.statuses.pop(0)
            if status == 0:
                raise DropConnection
            return Response(status=status)
        body = self.documents.get(request.raw_path, HANGUP).encode()
        return Response(headers={"Content-Type": "text/xml"}, body=body)

    def call(self, twiml: str = HANGUP, fragment: str = "", **more: Any) -> Any:
        self.documents["/voice"] = twiml
        placed = self.client.calls.create(
            to=more.pop("to", PHONE),
            from_=OURS,
            url=f"{self.server.url}/voice{fragment}",
            status_callback=f"{self.server.url}/status",
            status_callback_event=["initiated", "ringing", "answered", "completed"],
            **more,
        )
        return wait_until(lambda: self._ended(placed.sid))

    def _ended(self, sid: str) -> Any:
        call = self.client.calls(sid).fetch()
        return call if call.end_time else None

    def told(self, path: str) -> list[dict[str, str]]:
        return [form for received, form in self.received if received == path]

    def notifications(self) -> list[int]:
        return [n["code"] for n in self.sim.account.notifications]

    def close(self) -> None:
        self.sim.close()
        self.server.close()
        self.client.http_client.session.close()


@pytest.fixture
def world() -> Iterator[World]:
    running = World()
    yield running
    running.close()


def test_call_is_told_of_in_order_and_signed(world: World) -> None:
    call = world.call()
    wait_until(lambda: len(world.told("/status")) == 4)
    told = sorted(world.told("/status"), key=lambda form: int(form["SequenceNumber"]))
    statuses = [form["CallStatus"] for form in told]
    assert statuses == ["initiated", "ringing", "in-progress", "completed"]
    assert told[-1]["CallDuration"].isdecimal()
    assert told[-1]["SipResponseCode"] == "200"
    assert "CallDuration" not in told[0]
    assert all(form["FromCity"] == "" for form in told)
    assert call.status == "completed"
    assert all(world.signatures)


@pytest.mark.parametrize(
    ("behavior", "status"),
    [("busy", "busy"), ("no-answer", "no-answer"), ("fails", "failed"), ("hangs-up", "completed")],
)
def test_people_at_the_phone(world: World, behavior: str, status: str) -> None:
    body = {"number": PHONE, "behavior": behavior}
    requests.post(f"{world.sim.url}/_sim/phones", json=body, timeout=10)
    assert world.call().status == status


def test_record_gives_the_speech_and_goes_on_at_its_action(world: World) -> None:
    world.call(
        f'<Response><Record action="{world.server.url}/next" trim="do-not-trim" timeout="2" '
        f'recordingStatusCallback="{world.server.url}/recording"/><Say>never</Say></Response>'
    )
    [action] = world.told("/next")
    wait_until(lambda: world.told("/recording"))
    [told] = world.told("/recording")
    assert told["RecordingSid"] == action["RecordingSid"]
    assert not {"From", "To", "CallStatus"} & told.keys()
    with wave.open(io.BytesIO(media(world, told["RecordingSid"]))) as file:
        pcm = file.readframes(file.getnframes())
    assert pcm.startswith(load_clips()["callee_message"].pcm)
    assert int(told["RecordingDuration"]) == -(-len(pcm) // 16000)


def test_record_without_an_action_is_a_loop_that_ends(world: World) -> None:
    world.call('<Response><Record maxLength="2" playBeep="false"/></Response>')
    assert 11215 in world.notifications()
    assert len(world.told("/voice")) == 50


def test_whole_call_on_two_channels_is_aligned(world: World) -> None:
    greeting = load_clips()["greeting"]
    world.call(
        f'<Response><Say>{greeting.text}</Say><Pause length="12"/></Response>',
        record=True,
        recording_channels="dual",
        recording_status_callback=f"{world.server.url}/recording",
    )
    wait_until(lambda: world.told("/recording"))
    sid = world.told("/recording")[0]["RecordingSid"]
    with wave.open(io.BytesIO(media(world, sid, "?RequestedChannels=2"))) as file:
        assert file.getnchannels() == 2
        frames = file.readframes(file.getnframes())
    samples = memoryview(frames).cast("h").tolist()
    person, application = samples[0::2], samples[1::2]
    spoken = memoryview(greeting.pcm).cast("h").tolist()
    assert application[: len(spoken)] == spoken
    assert not any(person[: len(spoken)])
    with wave.open(io.BytesIO(media(world, sid))) as file:
        assert file.getnchannels() == 1


def media(world: World, sid: str, query: str = "") -> bytes:
    url = f"{world.sim.url}/2010-04-01/Accounts/{AC}/Recordings/{sid}.wav{query}"
    assert requests.get(url, timeout=10).status_code == 401
    answer = requests.get(url, auth=(SK, SECRET), timeout=10)
    assert answer.headers["Content-Type"] == "audio/x-wav"
    return answer.content


def test_two_channels_of_a_mono_recording_are_refused(world: World) -> None:
    body = {"from": PHONE, "to": OURS}
    made = requests.post(f"{world.sim.url}/_sim/recordings", json=body, timeout=10).json()
    url = f"{world.sim.url}/2010-04-01/Accounts/{AC}/Recordings/{made['recording_sid']}.wav"
    answer = requests.get(url, auth=(SK, SECRET), params={"RequestedChannels": "2"}, timeout=10)
    assert answer.status_code == 400
    world.client.recordings(made["recording_sid"]).delete()
    assert requests.get(url, auth=(SK, SECRET), timeout=10).status_code == 404


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"to": "4155550100"}, 21211),
        ({"to": "+15005550001"}, 21211),
        ({"to": "+15005550003"}, 21215),
        ({"from_": "+14155550101"}, 21210),
        ({"url": "ftp://example.com"}, 21205),
        ({"status_callback": "https://a_b.example.com"}, 21205),
    ],
)
def test_refusals_have_twilios_codes(world: World, change: dict[str, str], code: int) -> None:
    good = {"to": PHONE, "from_": OURS, "url": "https://example.com"}
    with pytest.raises(TwilioRestException) as refused:
        world.client.calls.create(**{**good, **change})
    assert (refused.value.status, refused.value.code) == (400, code)


def test_wrong_credentials_are_20003(world: World) -> None:
    client = Client(SK, "wrong", AC, http_client=_Http(world.sim.url))
    with pytest.raises(TwilioRestException) as refused:
        client.calls("CA" + "0" * 32).fetch()
    assert (refused.value.status, refused.value.code) == (401, 20003)
    client.http_client.session.close()


def test_account_is_opened_by_its_token_and_not_by_a_key(world: World) -> None:
    with pytest.raises(TwilioRestException) as refused:
        world.client.api.accounts(AC).fetch()
    assert (refused.value.status, refused.value.code) == (401, 20003)
    owner = Client(AC, TOKEN, http_client=_Http(world.sim.url))
    account = owner.api.accounts(AC).fetch()
    assert (account.type, account.status, account.auth_token) == ("Full", "active", TOKEN)
    assert owner.balance.fetch().balance == "100.00"
    owner.http_client.session.close()


def test_numbers_are_listed_and_pointed(world: World) -> None:
    [number] = world.client.incoming_phone_numbers.list()
    assert (number.phone_number, number.voice_url) == (OURS, "")
    assert number.capabilities["voice"] is True
    url = "https://example.com/twiml"
    number.update(voice_url=url, voice_method="GET", trunk_sid="TK1")
    [changed] = world.client.incoming_phone_numbers.list(phone_number=OURS)
    assert (changed.voice_url, changed.voice_method) == (url, "GET")
    assert changed.update(voice_application_sid="AP1").trunk_sid is None
    assert world.client.incoming_phone_numbers.list(phone_number=PHONE) == []


@pytest.mark.parametrize(
    "change", [{"voice_url": "example.com"}, {"voice_method": "PUT"}, {"sms_url": "https://x.org"}]
)
def test_wrong_settings_of_a_number_change_nothing(world: World, change: dict[str, str]) -> None:
    [number] = world.client.incoming_phone_numbers.list()
    with pytest.raises(TwilioRestException) as refused:
        number.update(**{"status_callback": "https://example.com", **change})
    assert refused.value.status == 400
    assert world.client.incoming_phone_numbers.list()[0].status_callback == ""


def test_geographic_permissions_and_caller_ids_are_listed(world: World) -> None:
    world.sim.account.caller_ids.append(PHONE)
    assert [one.phone_number for one in world.client.outgoing_caller_ids.list()] == [PHONE]
    countries = world.client.voice.v1.dialing_permissions.countries.list()
    allowed = {one.iso_code: one.low_risk_numbers_enabled for one in countries}
    assert allowed == {"US": True, "BS": False, "DE": False, "GB": False}
    assert {tuple(one.country_codes) for one in countries} > {("+1",), ("+1242",)}


def test_lists_page_and_filter(world: World) -> None:
    body = {"from": PHONE, "to": OURS}
    for _ in range(5):
        requests.post(f"{world.sim.url}/_sim/recordings", json=body, timeout=10)
    recordings = world.client.recordings.list(page_size=2)
    assert len(recordings) == 5
    first = recordings[0]
    assert [r.sid for r in world.client.recordings.list(call_sid=first.call_sid)] == [first.sid]
    assert len(world.client.calls.list(to=OURS, limit=3)) == 3
    assert world.client.calls.list(to="+14155550155") == []


@pytest.mark.parametrize(
    ("document", "content_type_code"),
    [
        ("\n<?xml version='1.0'?><Response/>", 12100),
        ("<Response><Say>a", 12100),
        ("<Answer/>", 12100),
        ("<Response><Shout/></Response>", 12200),
        ('<Response><Say colour="red">a</Say></Response>', 12200),
        ("<Response><Say><Record/></Say></Response>", 0),
        ("<Response>" + "<Say>a</Say>" * 6000 + "</Response>", 11750),
    ],
)
def test_documents_are_read_as_twilio_reads_them(
    world: World, document: str, content_type_code: int
) -> None:
    world.call(document)
    if content_type_code:
        assert content_type_code in world.notifications()


def test_unreachable_document_ends_the_call(world: World) -> None:
    world.statuses = [500]
    world.call(fragment="#rc=0")
    assert 11200 in world.notifications()


@pytest.mark.parametrize(
    ("fragment", "statuses", "tries"),
    [
        ("", [500], 1),
        ("#rc=5&rp=all", [500, 404, 500], 4),
        ("#rc=1&rp=5xx", [500, 500], 2),
        ("#rc=5&rp=4xx", [500], 1),
        ("", [0], 2),
    ],
)
def test_overrides_of_the_fragment(
    world: World, fragment: str, statuses: list[int], tries: int
) -> None:
    world.documents["/voice"] = HANGUP
    world.statuses = list(statuses)
    placed = world.client.calls.create(
        to=PHONE, from_=OURS, url=f"{world.server.url}/voice{fragment}"
    )
    wait_until(lambda: world.client.calls(placed.sid).fetch().end_time)
    assert len(world.told("/voice")) == tries
    assert all(world.signatures)


def test_override_out_of_bounds_is_the_default() -> None:
    overrides = read_overrides("https://example.com#rc=9&ct=1&rt=200&tt=99999")
    assert (overrides.retries, overrides.connect_seconds) == (1, 5)
    assert (overrides.read_seconds, overrides.total_seconds) == (0.2, 15)


@pytest.mark.parametrize(("fault", "count"), [("lose", 3), ("repeat", 5), ("reorder", 4)])
def test_callback_faults(world: World, fault: str, count: int) -> None:
    rule = {"operation": "callback.status", "fault": fault, "seconds": 0.2}
    requests.post(f"{world.sim.url}/_faults", json=rule, timeout=10)
    world.call()
    wait_until(lambda: len(world.told("/status")) == count)


def test_call_can_be_hung_up(world: World) -> None:
    world.documents["/voice"] = '<Response><Pause length="6000"/></Response>'
    placed = world.client.calls.create(to=PHONE, from_=OURS, url=f"{world.server.url}/voice")
    wait_until(lambda: world.client.calls(placed.sid).fetch().status == "in-progress")
    world.client.calls(placed.sid).update(status="completed")
    wait_until(lambda: world.client.calls(placed.sid).fetch().end_time)


def test_signatures_are_twilios() -> None:
    documents = fixtures("twilio-signatures", "contracts/twilio-signature-vectors.json")
    checked = 0
    for vector in [vector for document in documents for vector in document["vectors"]]:
        if vector.get("algorithm") == "HMAC_SHA256":
            continue
        fields = [
            (name, value)
            for name, values in vector["params"].items()
            for value in (values if isinstance(values, list) else [values])
        ]
        assert sign(vector["token"], vector["url_signed"], fields) == vector["signature"]
        checked += 1
    assert checked > 15


def test_resources_have_every_property_of_the_specification(world: World) -> None:
    ours, *specification = fixtures("twilio-resources", "contracts/twilio-calls-recordings.json")
    world.call(record=True)
    root = f"{world.sim.url}/2010-04-01/Accounts/{AC}"
    for name, kind in (("Calls", "call"), ("Recordings", "recording")):
        page = requests.get(f"{root}/{name}.json", auth=(SK, SECRET), timeout=10).json()
        [resource] = page[name.lower()]
        assert set(ours[kind]) - resource.keys() == set(), kind
        for document in specification:
            schema = document["schemas"][f"api.v2010.account.{kind}"]
            assert schema["properties"].keys() - resource.keys() == set(), kind


def test_callbacks_have_every_field_of_the_samples(world: World) -> None:
    documents = fixtures("twilio-callbacks", "samples/twilio-callbacks.constructed.json")
    world.call(
        f'<Response><Record action="{world.server.url}/next" '
        f'recordingStatusCallback="{world.server.url}/recording"/></Response>'
    )
    wait_until(lambda: world.told("/recording"))
    wait_until(lambda: len(world.told("/status")) == 4)
    completed = [f for f in world.told("/status") if f["CallStatus"] == "completed"]
    for sample, form in (
        ("voice_url", world.told("/voice")[0]),
        ("recording_completed", world.told("/recording")[0]),
        ("record_verb_action", world.told("/next")[0]),
        # the three recording fields come only with Record=true
        ("status_callback_completed", {**completed[0], **dict.fromkeys(RECORDING_FIELDS)}),
    ):
        for document in documents:
            assert document[sample].keys() - form.keys() == set(), sample


RECORDING_FIELDS = ("RecordingUrl", "RecordingSid", "RecordingDuration")


def test_fallback_is_asked_when_the_url_failed_for_good_and_is_told_why(world: World) -> None:
    world.statuses = [503, 503, 503]
    world.documents["/fallback"] = "<Response><Say>Hello</Say><Hangup/></Response>"
    url = world.server.url
    call = world.call(fragment="#rc=2&rp=all", fallback_url=f"{url}/fallback")
    assert len(world.told("/voice")) == 3
    [form] = world.told("/fallback")
    assert (form["ErrorCode"], form["ErrorUrl"]) == ("11200", f"{url}/voice#rc=2&rp=all")
    assert form["CallSid"] == call.sid
    assert all(world.signatures)
    assert world.sim.account.calls[call.sid].executed == ["Say", "Hangup"]


@pytest.mark.parametrize("with_fallback", [True, False])
def test_without_any_document_the_person_hears_so_and_is_hung_up_on(
    world: World, with_fallback: bool
) -> None:
    world.statuses = [503, 503]
    more = {"fallback_url": f"{world.server.url}/voice"} if with_fallback else {}
    call = world.call(**more)
    assert len(world.told("/voice")) == 1 + with_fallback
    assert world.sim.account.calls[call.sid].executed == ["(error message)"]
    assert call.status == "completed"


def test_document_that_is_none_falls_back_too(world: World) -> None:
    world.documents["/fallback"] = HANGUP
    world.call("no document", fallback_url=f"{world.server.url}/fallback")
    assert [form["ErrorCode"] for form in world.told("/fallback")] == ["12100"]
