"""A write whose answer is lost is repeated by boto3: its own first try must not pass for another's."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

import boto3
import pytest
import requests
from botocore.config import Config

from callscribe.adapters.aws.eventbridge import EventBridgePublisher
from callscribe.adapters.aws.s3 import S3Documents
from callscribe.adapters.aws.secrets import Secrets
from callscribe.adapters.aws.sqs import SQSDeadLetters, SQSRecordingsQueue
from callscribe.adapters.dynamodb.store import DynamoDBStore
from callscribe.domain.calls import Call, CallState, new_call_id
from callscribe.domain.errors import RetryLaterError
from callscribe.ports.telephony import RecordingStatusUpdate, VendorRecordingState
from local.http_server import DropConnection, Request, Response, Server
from tests.support.entries import a_call, a_recording
from tests.support.stack import Driver

NOW = "2026-03-04T05:06:07.000Z"
# as the functions' own clients try
THREE_TRIES = Config(retries={"mode": "standard", "total_max_attempts": 3})


def normalized(body: bytes) -> bytes:
    """Numbers as DynamoDB gives them back, without zeros at their end; the emulator keeps their text."""

    def number(found: re.Match[bytes]) -> bytes:
        return b'"N":"%s"' % f"{Decimal(found[1].decode()).normalize():f}".encode()

    return re.sub(rb'"N":\s*"([^"]*)"', number, body)


class Wire:
    """Stands between boto3 and the table. ``lose`` answers are dropped after the request was done;
    ``refuse`` requests are answered with a status, undone."""

    def __init__(self, target: str) -> None:
        self._target = target
        self.lose = 0
        self.refuse: list[int] = []
        self.seen = 0
        self.server = Server(self._pass_on)

    def _pass_on(self, request: Request) -> Response:
        self.seen += 1
        if self.refuse:
            return Response(status=self.refuse.pop(0), body=b"{}")
        answer = requests.request(
            request.method,
            self._target + request.raw_path,
            data=request.body,
            headers=dict(request.headers),
            timeout=10,
        )
        if self.lose:
            self.lose -= 1
            raise DropConnection
        headers = {"Content-Type": answer.headers.get("Content-Type", "")}
        body = normalized(answer.content)
        checksum = {"x-amz-crc32": str(zlib.crc32(body))} if "x-amz-crc32" in answer.headers else {}
        return Response(status=answer.status_code, headers=headers | checksum, body=body)


@pytest.fixture
def wire(driver: Driver) -> Iterator[Wire]:
    wire = Wire(driver.stack.ministack.url)
    yield wire
    wire.server.close()


@pytest.fixture
def store(driver: Driver, wire: Wire) -> Iterator[DynamoDBStore]:
    client = driver.stack.ministack.session.client(
        "dynamodb",
        endpoint_url=wire.server.url,
        config=THREE_TRIES,
    )
    yield DynamoDBStore(client, driver.stack.connection.table_name)
    client.close()


def call() -> Call:
    return a_call("placing", call_id=new_call_id())


def test_repeated_add_knows_its_own_work(store: DynamoDBStore, wire: Wire) -> None:
    made = call()
    wire.lose = 1
    assert store.save(None, made)
    assert wire.seen == 2
    wire.lose = 1
    assert not store.save(None, replace(made, say="another's"))


def test_repeated_change_knows_its_own_work(store: DynamoDBStore, wire: Wire) -> None:
    made = replace(call(), due_at=NOW)
    store.save(None, made)
    wire.lose = 1
    claim = replace(made, status=CallState.QUEUED, claimed_at=NOW, due_at=None)
    assert store.save(made, claim)
    # without a repetition the same write is another's
    assert not store.save(made, claim)
    wire.lose = 1
    assert not store.save(made, replace(claim, claimed_at="2026-03-04T05:06:08.000Z"))


def test_repeated_change_of_a_recording_and_its_call_knows_its_own_work(
    store: DynamoDBStore, wire: Wire
) -> None:
    made = call()
    heard = a_recording(call_id=made.call_id)
    store.save(None, made)
    for before, after in ((None, heard), (heard, replace(heard, claims=1, updated_at=NOW))):
        wire.seen, wire.lose = 0, 1
        assert store.save(before, after, unchanged=["claims"])
        assert wire.seen == 2
        wire.lose = 1
        assert not store.save(before, after, unchanged=["claims"])


@pytest.mark.parametrize("number", [1.0, 0.5, 1e-7, 120])
def test_repeated_change_knows_its_own_numbers(
    store: DynamoDBStore, wire: Wire, number: float
) -> None:
    """DynamoDB gives 1.0 back as 1 and 1e-07 as 0.0000001."""
    made = call()
    store.save(None, made)
    wire.lose = 1
    claimed = replace(made, status=CallState.QUEUED, transcription={"temperature": number})
    assert store.save(made, claimed)


def test_repeated_binding_of_a_key_knows_its_own_work(store: DynamoDBStore, wire: Wire) -> None:
    digest, wanted = new_call_id(), new_call_id()
    wire.lose = 1
    assert store.bind_key(digest, wanted, now=1, expires_at=2) == wanted
    wire.lose = 1
    assert store.bind_key(digest, new_call_id(), now=1, expires_at=2) == wanted


def test_claim_of_another_at_the_same_moment_is_told_apart(
    store: DynamoDBStore, wire: Wire
) -> None:
    """Two requests with one key in one millisecond: all that differs is the claim's token."""
    made = replace(call(), claim_token="mine")
    assert store.save(None, made)
    wire.lose = 1
    assert not store.save(None, replace(made, claim_token="another's"))


def test_answers_that_never_come_are_retried_later(store: DynamoDBStore, wire: Wire) -> None:
    wire.lose = 3
    with pytest.raises(RetryLaterError):
        store.save(None, call())


@pytest.mark.parametrize("status", [500, 503])
def test_server_errors_are_retried_later(store: DynamoDBStore, wire: Wire, status: int) -> None:
    wire.refuse = [status] * 3
    with pytest.raises(RetryLaterError):
        store.get_call("0" * 32)
    wire.refuse = [status]
    assert store.get_call("0" * 32) is None


def ask_s3(session: boto3.Session, url: str, driver: Driver) -> None:
    client = session.client("s3", endpoint_url=url, config=THREE_TRIES)
    bucket = driver.stack.deployment.outputs["BucketName"]
    S3Documents(client, bucket).put(f"transcripts/{new_call_id()}/test", {"a": 1})


def ask_sqs(session: boto3.Session, url: str, driver: Driver) -> None:
    client = session.client("sqs", endpoint_url=url, config=THREE_TRIES)
    # the queue's own URL names another port: the path is what counts
    queue = driver.stack.deployment.outputs["RecordingsDeadLetterQueueUrl"]
    SQSDeadLetters(client, queue).take(1)


def ask_secrets(session: boto3.Session, url: str, driver: Driver) -> None:
    client = session.client("ssm", endpoint_url=url, config=THREE_TRIES)
    Secrets(client).read(driver.stack.deployment.outputs["TwilioAuthTokenParameterName"])


def ask_events(session: boto3.Session, url: str, driver: Driver) -> None:
    client = session.client("events", endpoint_url=url, config=THREE_TRIES)
    bus = driver.stack.deployment.outputs["EventBusName"]
    made = call()
    EventBridgePublisher(client, bus).publish(made, a_recording("silent", call_id=made.call_id))


@pytest.mark.parametrize("ask", [ask_s3, ask_sqs, ask_secrets, ask_events])
@pytest.mark.parametrize("status", [500, 503])
def test_every_service_that_is_busy_is_asked_again_and_then_later(
    driver: Driver, wire: Wire, ask: Callable[..., None], status: int
) -> None:
    session = driver.stack.ministack.session
    wire.refuse = [status]
    ask(session, wire.server.url, driver)
    assert wire.seen == 2
    wire.refuse = [status] * 3
    with pytest.raises(RetryLaterError):
        ask(session, wire.server.url, driver)


def test_message_that_is_gone_needs_no_other_time(driver: Driver) -> None:
    sqs = driver.stack.ministack.client("sqs")
    url = sqs.create_queue(QueueName=f"gone-{new_call_id()}")["QueueUrl"]
    queue = SQSRecordingsQueue(sqs, url)
    queue.put(
        RecordingStatusUpdate(recording_sid="RE" + "1" * 32, status=VendorRecordingState.COMPLETED)
    )
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    queue.retry_in(message["ReceiptHandle"], 30)
    queue.retry_in("no receipt handle at all", 30)
