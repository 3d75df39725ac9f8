from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callscribe.adapters.assemblyai.options.check import AssemblyAIOptions
from callscribe.adapters.assemblyai.options.names import ENGLISH_POLICIES
from callscribe.adapters.assemblyai.options.table import OPTIONS, OWNED, REPLACED
from callscribe.adapters.assemblyai.requests import build_transcript_request
from callscribe.domain.transcription_jobs import AudioReference, TranscriptionRequest
from tests.support.fixtures import fixtures
from tests.unit.transcription_cases import ACCEPTED, PARTS

MODELS = ("universal-3-5-pro", "universal-2")


CHECK = AssemblyAIOptions(MODELS).check


def checked(options: dict[str, Any]) -> dict[str, Any]:
    assert CHECK(options) == []
    return options


def build(options: dict[str, Any], channels: int) -> dict[str, Any]:
    wanted = TranscriptionRequest(
        audio=AudioReference("https://bucket.example/audio.wav?signature=x", "bucket.example/a"),
        channels=channels,
        callback_url="https://api.example/transcript-complete/1/2",
        callback_secret="s3cret",
        options=options,
    )
    return build_transcript_request(wanted, speech_models=MODELS)


def test_a_request_always_names_its_models_and_its_webhook() -> None:
    assert build({}, 1) == {
        "audio_url": "https://bucket.example/audio.wav?signature=x",
        "webhook_url": "https://api.example/transcript-complete/1/2",
        "webhook_auth_header_name": "X-Callscribe-Webhook-Secret",
        "webhook_auth_header_value": "s3cret",
        "speech_models": ["universal-3-5-pro", "universal-2"],
    }
    assert build({"speech_models": ["universal-2"]}, 1)["speech_models"] == ["universal-2"]


@pytest.mark.parametrize(
    ("asked", "channels", "expected"),
    [
        ({}, 2, True),
        ({"multichannel": True}, 2, True),
        ({"multichannel": False}, 2, False),
        ({}, 1, None),
        ({"multichannel": True}, 1, None),
    ],
)
def test_channels_are_transcribed_apart_where_there_are_two(
    asked: dict[str, Any], channels: int, expected: bool | None
) -> None:
    assert build(asked, channels).get("multichannel") is expected


def test_speakers_are_identified_on_one_channel_by_their_labels() -> None:
    options = {
        "multichannel": True,
        "speech_understanding": {"request": {"speaker_identification": {"speaker_type": "role"}}},
    }
    assert build(checked(options), 1)["speaker_labels"] is True
    assert "speaker_labels" not in build(checked(options), 2)


def schemas() -> list[dict[str, Any]]:
    found = fixtures(
        "assemblyai-request.schema", "contracts/assemblyai-transcript-request.schema.json"
    )
    for schema in found:
        # the documentation leaves out eleven policies that AssemblyAI's SDK 1.8.2 has
        schema["properties"]["redact_pii_policies"]["items"]["enum"] += sorted(ENGLISH_POLICIES)
    return found


VALIDATORS = [jsonschema.Draft202012Validator(schema) for schema in schemas()]


def validate(request: dict[str, Any]) -> None:
    for validator in VALIDATORS:
        validator.validate(request)


@pytest.mark.parametrize("channels", [1, 2])
def test_every_accepted_option_makes_a_request_valid_by_what_is_documented(channels: int) -> None:
    for options in ACCEPTED:
        validate(build(checked(options), channels))


@given(st.lists(st.sampled_from(PARTS), max_size=8).map(dict))
def test_whatever_passes_is_valid_by_what_is_documented(options: dict[str, Any]) -> None:
    if not CHECK(options):
        validate(build(options, 2))


def test_every_field_of_the_vendors_is_accepted_or_refused_on_purpose() -> None:
    ours = {*OPTIONS, *OWNED, *REPLACED, "speech_models"}
    for schema in schemas():
        assert set(schema["properties"]) - ours == set()


def test_no_field_is_both_accepted_and_refused() -> None:
    assert not {*OPTIONS, "speech_models"} & {*OWNED, *REPLACED}
