"""The same stack against vendors that it did not start: other URLs, other keys, no change of code."""

from __future__ import annotations

import contextlib
from pathlib import Path

from botocore.credentials import Credentials

from cli.client import ApiClient
from local.options import read_options
from local.simulators.assemblyai import AssemblyAISimulator
from local.simulators.twilio import TwilioSimulator
from local.stack import LocalStack
from tests.support.stack import PHONE, recordings_ended
from tests.support.waiting import wait_until

KEYS = {
    "TWILIO_ACCOUNT_SID": "AC" + "7" * 32,
    "TWILIO_AUTH_TOKEN": "another-token",
    "TWILIO_API_KEY_SID": "SK" + "7" * 32,
    "TWILIO_API_KEY_SECRET": "another-secret",
    "TWILIO_FROM_NUMBER": "+14155550199",
    "ASSEMBLYAI_API_KEY": "another-key",
}


def test_audio_goes_through_the_upload_where_the_bucket_is_not_public(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stop:
        twilio = TwilioSimulator(
            KEYS["TWILIO_ACCOUNT_SID"],
            KEYS["TWILIO_AUTH_TOKEN"],
            KEYS["TWILIO_API_KEY_SID"],
            KEYS["TWILIO_API_KEY_SECRET"],
            numbers=[KEYS["TWILIO_FROM_NUMBER"]],
            speed=50,
        )
        stop.callback(twilio.close)
        assemblyai = AssemblyAISimulator(
            KEYS["ASSEMBLYAI_API_KEY"], queued_seconds=0.05, processing_seconds=0.05
        )
        stop.callback(assemblyai.close)
        arguments = ["--twilio-api-url", twilio.url, "--assemblyai-api-url", assemblyai.url]
        # with a Twilio that is not simulated here the template's rules hold, those of the night too
        arguments += ["--parameter", "QuietHours="]
        options, _ = read_options([*arguments, "--work-folder", str(tmp_path)], KEYS)
        stack = stop.enter_context(LocalStack(options))
        connection = stack.connection
        credentials = Credentials(connection.access_key_id, connection.secret_access_key)
        api = ApiClient(connection.api_url, credentials, connection.region)
        stop.callback(api.close)
        call_id = api.place_call({"to": PHONE})["call_id"]
        wait_until(lambda: recordings_ended(api.get_call(call_id)))
        call = api.get_call(call_id)
        assert call["from_number"] == KEYS["TWILIO_FROM_NUMBER"]
        assert call["recordings"][0]["status"] == "completed"
        assert [r["path"] for r in assemblyai.requests if r["method"] == "POST"] == [
            "/v2/upload",
            "/v2/transcript",
        ]
